//! What is scanned, what is not, and what is watched.

use super::*;
use crate::core::fetch_plan::MAX_IDS;

const SITE: &str = "superuser.com";

/// A bot, with what it asked for since the last look.
struct Intake {
    bot: Bot,
    now: Timestamp,
    journal: Vec<(Timestamp, Entry)>,
    actions: Vec<Action>,
}

impl Intake {
    fn new() -> Self {
        Self::from(State::default(), Timestamp::from_secs(1_000_000))
    }

    fn from(state: State, now: Timestamp) -> Self {
        let bot = Bot::new(state, settings(), rooms(), plan(now), now);
        Self { bot, now, journal: Vec::new(), actions: Vec::new() }
    }

    fn tell(&mut self, event: Event) {
        let step = self.bot.handle(event, self.now);
        self.journal.extend(step.entries.into_iter().map(|entry| (step.at, entry)));
        self.actions.extend(step.actions);
    }

    fn later(&mut self, secs: u64) {
        self.now = self.now + Duration::from_secs(secs);
        self.tell(Event::Wake);
    }

    fn active(&mut self, question: i64) {
        self.tell(Event::Active(vec![Active { site: SITE.to_owned(), question, urgent: false }]));
    }

    /// Only the journal is left.
    fn restart(&mut self) {
        let mut state = State::default();
        self.journal.iter().for_each(|(at, entry)| drop(state.apply(entry, *at)));
        assert_eq!(&state, self.bot.state(), "the journal rebuilds the state");
        let journal = std::mem::take(&mut self.journal);
        *self = Self { journal, ..Self::from(state, self.now) };
        self.tell(Event::Wake);
    }

    fn requests(&mut self) -> Vec<Request> {
        let (mut requests, mut others) = (Vec::new(), Vec::new());
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Fetch(request) => requests.push(request),
                other => others.push(other),
            }
        }
        self.actions = others;
        requests
    }

    /// The API answers everything that was asked with these posts; gives the batches to scan.
    fn answer(&mut self, posts: &[FetchedPost]) -> Vec<Batch> {
        for request in self.requests() {
            let found = posts.iter().map(|post| post.question).collect();
            let posts = posts.to_vec();
            self.tell(Event::Fetched { request, answer: Answer { found, ..Answer::default() }, posts });
        }
        self.batches()
    }

    fn batches(&mut self) -> Vec<Batch> {
        let actions = std::mem::take(&mut self.actions);
        actions
            .into_iter()
            .filter_map(|action| if let Action::Scan(batch) = action { Some(batch) } else { None })
            .collect()
    }

    /// Scans a batch; posts with `spam` in their title are caught, those with `poison` fail.
    fn scan(&mut self, batch: Batch) {
        let Batch { site, questions, last_activity, posts } = batch;
        let mut scanned = Scanned { site, questions, last_activity, ..Scanned::default() };
        for fetched in posts {
            if fetched.post.title.contains("poison") {
                scanned.failed.push(Failed { fetched, why: "the scan crashed".to_owned() });
                continue;
            }
            let caught = fetched.post.title.contains("spam").then(|| "bad keyword in title".to_owned());
            let verdict = Verdict { reasons: caught.into_iter().collect(), ..Verdict::default() };
            let content = fetched.post.content_hash();
            scanned.posts.push(ScannedPost { fetched, verdict, only_experimental: false, content });
        }
        self.tell(Event::Scanned(scanned));
    }

    /// A question becomes active, is fetched and scanned; the numbers of the posts that were scanned.
    fn visit(&mut self, post: &FetchedPost) -> Vec<i64> {
        self.active(post.question);
        self.later(4);
        let batches = self.answer(std::slice::from_ref(post));
        let scanned = batches.iter().flat_map(|batch| &batch.posts).map(|post| post.key.number).collect();
        batches.into_iter().for_each(|batch| self.scan(batch));
        scanned
    }

    /// The next process fetches the question, which is spam by then and all there is to do.
    fn restart_and_catch(&mut self, number: i64) {
        self.restart();
        self.later(4);
        let batches = self.answer(&[question(number, "spam")]);
        batches.into_iter().for_each(|batch| self.scan(batch));
        assert_eq!((self.reports(), self.bot.state().pending.len()), (1, 0));
    }

    fn reports(&self) -> usize {
        self.journal.iter().filter(|(_, entry)| matches!(entry, Entry::Reported { .. })).count()
    }

    fn set_aside(&self) -> Vec<i64> {
        self.bot.intake().set_aside.iter().map(|(key, _)| key.number).collect()
    }
}

fn question(number: i64, title: &str) -> FetchedPost {
    let key = PostKey { site: SITE.to_owned(), number };
    let post =
        Post { id: key.to_string(), site: SITE.to_owned(), title: title.to_owned(), ..Post::default() };
    FetchedPost {
        post,
        key,
        question: number,
        owner_url: None,
        created: 0,
        edited: false,
        last_activity: 999_990,
    }
}

#[test]
fn an_unchanged_post_is_not_scanned_again_and_an_edited_one_is() {
    let mut intake = Intake::new();
    assert_eq!(intake.visit(&question(1, "honest")), [1]);
    intake.later(120);
    assert_eq!(intake.visit(&question(1, "honest")), [] as [i64; 0]);
    assert!(intake.bot.state().pending.is_empty(), "it is dealt with all the same");
    intake.later(120);
    intake.restart();
    assert_eq!(intake.visit(&question(1, "honest")), [] as [i64; 0], "also after a restart");
    intake.later(120);
    assert_eq!(intake.visit(&question(1, "spam")), [1]);
    assert_eq!(intake.reports(), 1);
    assert_eq!(intake.bot.intake().n_unchanged, 1, "counted since the restart");
}

#[test]
fn a_crash_between_fetch_and_verdict_loses_nothing() {
    let mut intake = Intake::new();
    intake.active(1);
    intake.later(4);
    let batches = intake.answer(&[question(1, "spam")]);
    assert_eq!(batches.len(), 1);
    intake.restart_and_catch(1);
}

#[test]
fn a_question_that_is_active_again_during_its_scan_is_fetched_again() {
    let mut intake = Intake::new();
    intake.active(1);
    intake.later(4);
    let batches = intake.answer(&[question(1, "honest")]);
    intake.active(1);
    batches.into_iter().for_each(|batch| intake.scan(batch));
    assert_eq!(intake.bot.state().pending.len(), 1, "what came meanwhile is still to be fetched");
    intake.restart_and_catch(1);
}

#[test]
fn a_poison_post_is_tried_twice_and_its_neighbours_are_not_stopped() {
    let mut intake = Intake::new();
    intake.active(1);
    intake.active(2);
    intake.later(4);
    let batches = intake.answer(&[question(1, "poison"), question(2, "spam")]);
    batches.into_iter().for_each(|batch| intake.scan(batch));
    assert_eq!((intake.reports(), intake.set_aside().len()), (1, 0));
    let again = intake.batches();
    assert_eq!(
        again.iter().flat_map(|batch| &batch.posts).map(|post| post.key.number).collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(intake.bot.state().pending.len(), 2, "its batch is not settled before the second try");
    again.into_iter().for_each(|batch| intake.scan(batch));
    assert_eq!((intake.set_aside(), intake.batches().len()), (vec![1], 0));
    assert!(intake.bot.state().pending.is_empty());
    intake.restart();
    intake.later(120);
    assert_eq!(intake.visit(&question(1, "poison")), [] as [i64; 0], "also after a restart");
    intake.later(120);
    assert_eq!(intake.visit(&question(1, "spam, mended")), [1]);
    assert_eq!((intake.reports(), intake.set_aside().len()), (2, 0));
}

#[test]
fn a_post_that_ended_two_processes_is_set_aside() {
    let mut intake = Intake::new();
    let post = question(1, "spam");
    for _ in 0..2 {
        intake.active(1);
        intake.later(4);
        assert_eq!(intake.answer(std::slice::from_ref(&post)).len(), 1);
        // The process ends here; the next one reads the mark.
        intake.restart();
        intake.tell(Event::ScanDied { key: post.key.clone(), content: post.post.content_hash() });
    }
    intake.later(4);
    assert_eq!(intake.answer(std::slice::from_ref(&post)).len(), 0);
    assert_eq!(intake.set_aside(), [1]);
    assert!(intake.bot.state().pending.is_empty());
}

#[test]
fn more_than_can_wait_is_given_up_in_the_journal_too() {
    let options = PlanOptions { max_pending: 100, ..PlanOptions::new(true) };
    let mut intake = Intake::new();
    intake.bot.plan = FetchPlan::new(options, None, intake.now);
    let flood = (1..=5_000).map(|question| Active { site: SITE.to_owned(), question, urgent: question == 7 });
    intake.tell(Event::Active(flood.collect()));
    let state = intake.bot.state();
    assert!(state.pending.len() <= 100, "{} wait", state.pending.len());
    assert!(state.pending.contains_key(&(SITE.to_owned(), 7)), "what looks like spam is kept");
    assert_eq!(intake.bot.intake().plan.shed as usize, 5_000 - state.pending.len());
    intake.restart();
}

#[test]
fn a_reported_post_is_watched_and_looked_for_also_after_a_restart_and_a_gap() {
    let mut intake = Intake::new();
    intake.visit(&question(1, "spam"));
    let watched = |intake: &mut Intake| {
        let actions = std::mem::take(&mut intake.actions);
        let (mut watched, mut looked_up) = (0, 0);
        for action in actions {
            match action {
                Action::Watch { question: 1, .. } => watched += 1,
                Action::Fetch(Request { work: Work::Posts { ids }, .. }) => {
                    looked_up += usize::from(ids == [1])
                }
                _ => {}
            }
        }
        (watched, looked_up)
    };
    intake.later(4);
    assert_eq!(
        watched(&mut intake),
        (1, 1),
        "deleted before the watch began, it is missed but for the look-up"
    );
    intake.later(60);
    intake.restart();
    intake.later(4);
    assert_eq!(watched(&mut intake), (1, 1), "after a restart");
    intake.later(120);
    intake.tell(Event::Gap { from: intake.now, to: intake.now });
    intake.later(70);
    assert_eq!(watched(&mut intake), (0, 1), "the client itself watches again after a reconnect");
    intake.tell(Event::PostDeleted(PostKey { site: SITE.to_owned(), number: 1 }));
    intake.restart();
    intake.later(4);
    assert_eq!(watched(&mut intake), (0, 0), "what is gone needs no watch");
}

#[test]
fn a_look_up_that_does_not_find_a_reported_post_covers_it() {
    let mut intake = Intake::new();
    intake.visit(&question(1, "spam"));
    intake.later(4);
    intake.answer(&[]);
    let deleted = |(_, entry): &&(Timestamp, Entry)| matches!(entry, Entry::PostDeleted { .. });
    assert_eq!(intake.journal.iter().filter(deleted).count(), 1);
}

#[test]
fn a_young_post_is_watched_for_edits_and_looked_at_again_when_its_grace_is_over() {
    let mut intake = Intake::new();
    let young = FetchedPost { created: intake.now.as_secs(), ..question(1, "honest") };
    intake.active(1);
    intake.later(4);
    for request in intake.requests() {
        let answer = Answer { found: vec![1], ..Answer::default() };
        intake.tell(Event::Fetched { request, answer, posts: vec![young.clone()] });
    }
    let watches = |intake: &mut Intake| {
        let actions = std::mem::take(&mut intake.actions);
        let watch = |action: &&Action| matches!(action, Action::Watch { question: 1, .. });
        let unwatch = |action: &&Action| matches!(action, Action::Unwatch { question: 1, .. });
        (actions.iter().filter(watch).count(), actions.iter().filter(unwatch).count())
    };
    assert_eq!(watches(&mut intake), (1, 0));
    // With quota to spare one call is made for it alone.
    intake.later(301);
    let asked: Vec<_> = intake.requests().into_iter().map(|request| request.work).collect();
    assert_eq!(asked, [Work::Questions { ids: vec![1] }]);
    intake.later(300);
    assert_eq!(watches(&mut intake), (0, 1), "the watch ends");
}

#[test]
fn while_too_much_is_being_scanned_nothing_more_is_fetched() {
    let mut intake = Intake::new();
    let posts: Vec<_> = (1..=5_000).map(|n| question(n, "honest")).collect();
    intake.tell(Event::Given(Batch { site: SITE.to_owned(), posts, ..Batch::default() }));
    let batches = intake.batches();
    assert!(intake.bot.is_behind());
    intake.active(9_000);
    intake.later(4);
    assert_eq!(intake.requests(), []);
    batches.into_iter().for_each(|batch| intake.scan(batch));
    assert!(!intake.bot.is_behind());
    let asked = intake.requests();
    assert!(asked.len() == 1 && MAX_IDS == 100, "{asked:?}");
}

#[test]
fn what_the_plan_learned_survives_a_restart() {
    let mut intake = Intake::new();
    for n in 0..50 {
        intake.active(n + 1);
        intake.later(60);
        let requests = intake.requests();
        for request in requests {
            let answer =
                Answer { quota_max: Some(10_000), quota_remaining: Some(5_000), ..Answer::default() };
            intake.tell(Event::Fetched { request, answer, posts: Vec::new() });
        }
    }
    let step = intake.bot.learned(intake.now);
    let entries = step.entries.into_iter().map(|entry| (step.at, entry));
    intake.journal.extend(entries);
    intake.restart();
    let state = intake.bot.state().clone();
    let learned = FetchPlan::new(PlanOptions::new(true), state.learned, intake.now);
    assert!(learned.status().quota_remaining <= 5_000, "{:?}", learned.status());
}

#[test]
fn what_was_missed_is_remembered_over_restarts_until_it_is_fetched() {
    let mut intake = Intake::new();
    intake.visit(&question(1, "spam"));
    let since = intake.now;
    intake.later(60);
    intake.tell(Event::Gap { from: since, to: intake.now });
    assert_eq!(intake.bot.state().missed_since, Some(since));
    // The process ends before that is fetched; the next one missed less by itself.
    intake.restart();
    let now = intake.now;
    intake.tell(Event::Gap { from: now, to: now });
    assert_eq!(intake.bot.state().missed_since, Some(since), "the older gap is still open");
    for _ in 0..60 {
        intake.later(60);
        intake.answer(&[]);
    }
    assert_eq!(intake.bot.state().missed_since, None, "it was fetched");
}

#[test]
fn what_the_api_shows_before_the_feed_is_up_again_hides_nothing_that_was_missed() {
    let mut intake = Intake::new();
    assert_eq!(intake.bot.state().complete_until(), None, "nobody ever listened");
    intake.active(1);
    let heard = Some(intake.now);
    assert_eq!(intake.bot.state().complete_until(), heard, "before anything is scanned");
    intake.later(600);
    intake.restart();
    // The question of the process before is fetched before the feed is up, and was active meanwhile.
    intake.later(4);
    let post = FetchedPost { last_activity: intake.now.as_secs(), ..question(1, "honest") };
    intake.answer(&[post]).into_iter().for_each(|batch| intake.scan(batch));
    assert!(intake.bot.state().pending.is_empty());
    assert_eq!(intake.bot.state().complete_until(), heard);
}

#[test]
fn a_clock_that_was_set_back_hides_nothing_that_was_missed() {
    let mut intake = Intake::new();
    intake.active(1);
    let heard = intake.now;
    intake.now = intake.now - Duration::from_secs(3_600);
    intake.restart();
    let until = intake.bot.state().complete_until();
    assert!(until.is_some_and(|until| until <= heard - Duration::from_secs(3_600)), "{until:?}");
}
