//! From the realtime feed to reports: what is fetched, and what becomes of posts that the rules caught.

use std::collections::BTreeSet;

use super::{Action, Active, Answer, Batch, Bot, Happening, ScannedPost};
use crate::core::fetch_plan::{Request, Told, Work};
use crate::core::journal::Entry;
use crate::core::outbox::{Class, Content, Item};
use crate::core::people::{Listed, UserKey, UserList};
use crate::core::post::{FetchedPost, PostKey};
use crate::core::report::{Report, ReportId};
use crate::core::rooms::{Priority, RoomKey};
use crate::core::state::{Change, DeliveryState};
use crate::core::talk::Mode;
use crate::core::time::Timestamp;
use crate::core::verdict::{Part, Verdict, Why};

/// The reason of a post whose author is on the blacklist.
const BLACKLISTED_USER: &str = "blacklisted user";

/// Adds the reason that the author is known for spam.
fn blacklisted(verdict: &mut Verdict, listed: &Listed, name: &str, weight: i64) {
    let why = Why {
        reason: BLACKLISTED_USER.to_owned(),
        rule: format!("users/blacklist: {} by {}", listed.why, listed.by.name),
        part: Part::Username,
        start: 0,
        end: name.chars().count(),
        text: name.to_owned(),
    };
    if let Err(place) = verdict.reasons.binary_search(&why.reason) {
        verdict.reasons.insert(place, why.reason.clone());
        verdict.why.push(why);
        verdict.why.sort();
        verdict.weight += weight;
    }
}

impl Bot {
    /// Questions that were seen and not scanned are fetched, and what was reported lately is watched again.
    pub(super) fn resume_intake(&mut self, now: Timestamp) {
        for (site, last_activity) in &self.state.last_activity {
            self.plan.on_site(site, Some(*last_activity), now);
        }
        for (site, question) in self.state.pending.keys() {
            self.plan.on_activity(site, *question, false, now);
        }
        self.give_up_shed(now);
        self.watch_reported(now);
    }

    pub(super) fn on_active(&mut self, activities: Vec<Active>, now: Timestamp) {
        for Active { site, question, urgent } in activities {
            self.plan.on_activity(&site, question, urgent, now);
            if !self.state.pending.contains_key(&(site.clone(), question)) {
                self.record(Entry::Active { site, question }, now);
            }
        }
        self.give_up_shed(now);
    }

    /// What the plan shed is not pending any more.
    fn give_up_shed(&mut self, now: Timestamp) {
        for (site, questions) in self.plan.take_shed() {
            self.record(Entry::GivenUp { site, questions }, now);
        }
    }

    /// A process that ends while it catches up must not leave its successor to begin with what was seen since.
    pub(super) fn close_gap(&mut self, now: Timestamp) {
        if self.catches_up && !self.plan.has_gap() && self.n_in_scan() == 0 {
            self.catches_up = false;
            self.record(Entry::CaughtUp, now);
        }
    }

    pub(super) fn on_gap(&mut self, from: Timestamp, to: Timestamp, now: Timestamp) {
        let from = self.state.missed_since.map_or(from, |since| since.min(from));
        if self.state.missed_since != Some(from) {
            self.record(Entry::Missed { since: from }, now);
        }
        self.catches_up = true;
        self.plan.on_gap(from, to, now);
        // Deletions are told once, and not again after a reconnect.
        self.watch_reported(now);
    }

    /// Everything the plan allows to be asked now is asked.
    pub(super) fn fetch_due(&mut self, now: Timestamp) {
        if self.state.talk.mode == Mode::Standby {
            return;
        }
        while !self.is_behind()
            && let Some(request) = self.plan.due(now)
        {
            self.act(Action::Fetch(request));
        }
    }

    pub(super) fn on_fetched(
        &mut self,
        request: Request,
        answer: Answer,
        posts: Vec<FetchedPost>,
        now: Timestamp,
    ) {
        let site = request.site;
        let newest = posts.iter().map(|post| post.last_activity).max();
        let told = Told {
            found: &answer.found,
            has_more: answer.has_more,
            newest_activity: newest,
            quota_max: answer.quota_max,
            quota_remaining: answer.quota_remaining,
            backoff: answer.backoff,
        };
        self.plan.on_answer(request.id, told, now);
        let asked = match request.work {
            Work::Posts { ids } => {
                for number in ids.into_iter().filter(|id| !answer.found.contains(id)) {
                    self.on_post_deleted(PostKey { site: site.clone(), number }, now);
                }
                return;
            }
            Work::Questions { ids } => ids,
            Work::Active { .. } => Vec::new(),
        };
        for post in &posts {
            self.watch_young(post, now);
        }
        let questions: BTreeSet<i64> =
            asked.into_iter().chain(answer.found).chain(posts.iter().map(|post| post.question)).collect();
        let questions = questions.into_iter().collect();
        self.take_posts(Batch { site, questions, last_activity: newest.unwrap_or(0), posts }, now);
    }

    pub(super) fn on_scanned(&mut self, mut post: ScannedPost, seen_at: Timestamp, now: Timestamp) {
        let author = self.judge_author(&mut post);
        let ScannedPost { fetched, verdict, only_experimental, content } = post;
        if !verdict.is_spam()
            || !self.is_news(&fetched.key, &verdict.reasons, content)
            || self.state.people.silences(&fetched.key, author.as_ref(), &verdict.reasons)
        {
            return;
        }
        self.report(&fetched, verdict, only_experimental, content, seen_at, now);
    }

    /// Adds what is known of the author, who is given back; nobody where the account is gone.
    pub(super) fn judge_author(&self, post: &mut ScannedPost) -> Option<UserKey> {
        let author = post.fetched.owner_url.as_deref().and_then(UserKey::from_url)?;
        if let Some(listed) = self.state.people.listed(UserList::Blacklist, &author) {
            let (name, weight) = (&post.fetched.post.owner.name, self.weights.of(BLACKLISTED_USER));
            blacklisted(&mut post.verdict, listed, name, weight);
            post.only_experimental = false;
        }
        Some(author)
    }

    /// Queues a report for every room that wants it.
    pub(super) fn report(
        &mut self,
        fetched: &FetchedPost,
        verdict: Verdict,
        only_experimental: bool,
        content: u64,
        seen_at: Timestamp,
        now: Timestamp,
    ) -> ReportId {
        let id = self.state.next_report();
        let weights = &self.weights;
        let report = Report::new(id, fetched, verdict, |reason| weights.of(reason), seen_at, now);
        let rooms = self.rooms.route(&report.post.site, &report.reasons, only_experimental);
        let items = if self.settings.dry_run {
            Vec::new()
        } else {
            self.items(&report, self.mirror_groups(rooms), now)
        };
        self.tell(Happening::Reported {
            report: id,
            key: report.key(),
            title: report.post.title.clone(),
            reasons: report.reasons.clone(),
            weight: report.weight,
            n_rooms: items.len(),
        });
        self.watch_new_report(&report, now);
        self.record(Entry::Reported { report: Box::new(report), content, items }, now);
        id
    }

    /// Whether people should hear of it: never reported, or changed since and now caught for a reason not told yet.
    fn is_news(&self, key: &PostKey, reasons: &[String], content: u64) -> bool {
        match self.state.reported.get(key) {
            None => true,
            Some(told) => {
                told.content != content && reasons.iter().any(|reason| !told.reasons.contains(reason))
            }
        }
    }

    /// Rooms that mirror each other together, every other one alone.
    pub(super) fn mirror_groups(&self, rooms: Vec<RoomKey>) -> Vec<Vec<RoomKey>> {
        let mut groups: Vec<(Option<String>, Vec<RoomKey>)> = Vec::new();
        for room in rooms {
            let mirror = self.rooms.get(&room).and_then(|room| room.mirror.clone());
            match groups.iter_mut().find(|(name, _)| mirror.is_some() && *name == mirror) {
                Some((_, group)) => group.push(room),
                None => groups.push((mirror, vec![room])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// One item for each group of rooms.
    pub(super) fn items(
        &self,
        report: &Report,
        groups: impl IntoIterator<Item = Vec<RoomKey>>,
        now: Timestamp,
    ) -> Vec<Item> {
        let item = |(n, rooms): (u64, Vec<RoomKey>)| {
            let first = rooms.first()?;
            let room = self.rooms.get(first)?;
            let class = match room.priority {
                Priority::High => Class::High,
                Priority::Normal => Class::Normal,
                Priority::Low => Class::Low,
            };
            let not_before = if room.delay() { now + self.settings.delay } else { now };
            let content = Content::Report(report.id);
            let id = self.state.next_item(n);
            Some(Item {
                id,
                rooms,
                class,
                weight: report.weight,
                created_at: now,
                expires_at: None,
                not_before,
                content,
            })
        };
        (0..).zip(groups).filter_map(item).collect()
    }

    pub(super) fn on_post_deleted(&mut self, key: PostKey, now: Timestamp) {
        if self.state.reported.get(&key).is_none_or(|told| told.deleted) {
            return;
        }
        let before = self.step.changes.len();
        self.record(Entry::PostDeleted { key: key.clone() }, now);
        let covered =
            |change: &&Change| matches!(change, Change::Delivery { state: DeliveryState::Covered, .. });
        let n_covered = self.step.changes[before..].iter().filter(covered).count();
        self.clear_watchers(&key, now);
        self.tell(Happening::Gone { key, n_covered });
    }
}
