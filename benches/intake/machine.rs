//! What the machine needs: from a frame to the verdict on the disk, and a flood of frames.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use smokestack::app::demo;
use smokestack::core::bot::{Action, Active, Answer, Bot, Event, Scanned, ScannedPost, Settings, Step};
use smokestack::core::fetch_plan::{FetchPlan, PlanOptions, Request, Work};
use smokestack::core::post::{FetchedPost, Post, PostKey};
use smokestack::core::rules::{self, RuleSet};
use smokestack::core::time::Timestamp;
use smokestack::core::wave::{WaveAction, parse_wave};
use smokestack::core::weight::Weights;
use smokestack::realtime::{Frame, parse};
use smokestack::rules_folder;
use smokestack::store::{self, Append, Journal};

use crate::fetch_day::{percentile, sorted};

const PER_SECOND: u64 = 200;
const SECONDS: u64 = 20;

/// Frames at 200 a second on one thread, as the loop takes them, beside a thread that only calls `fsync`. What is left out
/// is the API: the answer is there at once.
pub(crate) fn durable() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut machine = Machine::open(dir.path());
    let posts = posts();
    let rules = rules_of_the_project();
    let weights = Weights::default();
    let stop = Arc::new(AtomicBool::new(false));
    let fsyncs = measure_fsyncs(dir.path(), Arc::clone(&stop));
    let (done, verdicts) = mpsc::channel();
    let start = Instant::now();
    let mut late = 0;
    for n in 0..PER_SECOND * SECONDS {
        let due = start + Duration::from_nanos(1_000_000_000 / PER_SECOND * n);
        match due.checked_duration_since(Instant::now()) {
            Some(wait) => std::thread::sleep(wait),
            None => late += 1,
        }
        let received = Instant::now();
        let post = &posts[n as usize % posts.len()];
        let fetched = fetched(post, n as i64 + 1);
        let Frame::Activity(activity) = parse(&frame(&fetched)) else { unreachable!("a frame of our own") };
        let urgent = activity.summary_post().is_some_and(|post| rules.scan(&post, &weights).is_spam());
        let (site, question) = (activity.site, activity.question);
        let step = machine.handle(Event::Active(vec![Active { site: site.clone(), question, urgent }]));
        machine.append(step, || {});
        // The answer of the API.
        let request = Request { id: 0, site, work: Work::Questions { ids: vec![question] } };
        let answer = Answer { found: vec![question], ..Answer::default() };
        let step = machine.handle(Event::Fetched { request, answer, posts: vec![fetched] });
        let batches = step.actions.iter().filter_map(|action| match action {
            Action::Scan(batch) => Some(batch.clone()),
            _ => None,
        });
        let batches: Vec<_> = batches.collect();
        machine.append(step, || {});
        for batch in batches {
            let scanned = batch.posts.into_iter().map(|fetched| {
                let verdict = rules.scan(&fetched.post, &weights);
                ScannedPost {
                    content: fetched.post.content_hash(),
                    fetched,
                    verdict,
                    only_experimental: false,
                }
            });
            let (site, questions, last_activity) = (batch.site, batch.questions, batch.last_activity);
            let posts = scanned.collect();
            let scanned = Scanned { site, questions, last_activity, posts, failed: Vec::new() };
            let step = machine.handle(Event::Scanned(scanned));
            let done = done.clone();
            machine.append(step, move || {
                let _ = done.send(received.elapsed().as_secs_f64() * 1000.0);
            });
        }
    }
    drop(machine);
    drop(done);
    stop.store(true, Ordering::Relaxed);
    let fsyncs = fsyncs.join().expect("it only measures");
    let verdicts = sorted(verdicts.iter());
    let (fsync, verdict) = (percentile(&fsyncs, 0.99), percentile(&verdicts, 0.99));
    println!(
        "\nfrom a frame to the verdict on the disk, {PER_SECOND} a second for {SECONDS} s ({late} began late), in ms"
    );
    println!("  fsync    p50 {:>7.2}  p99 {fsync:>7.2}  ({} times)", percentile(&fsyncs, 0.5), fsyncs.len());
    println!(
        "  verdict  p50 {:>7.2}  p99 {verdict:>7.2}  ({} times)",
        percentile(&verdicts, 0.5),
        verdicts.len()
    );
    println!("  goal: p99 at most twice that of fsync and 3 ms, that is {:.2}", 2.0 * fsync + 3.0);
}

/// 5,000 events a second for half a minute, all of different questions: what they cost and what they leave in memory.
pub(crate) fn flood() {
    const EVENTS: i64 = 150_000;
    let dir = tempfile::tempdir().expect("a folder");
    let mut machine = Machine::open(dir.path());
    let mut memory = Vec::new();
    let start = Instant::now();
    for n in 0..EVENTS / 250 {
        let active = (0..250).map(|k| Active {
            site: format!("s{}.com", (n + k) % 180),
            question: n * 250 + k + 1,
            urgent: k == 0,
        });
        machine.now = machine.now + Duration::from_millis(50);
        let step = machine.bot.handle(Event::Active(active.collect()), machine.now);
        machine.append(step, || {});
        if n % 100 == 99 {
            memory.push(resident_mib());
        }
    }
    let took = start.elapsed();
    let status = machine.bot.intake().plan;
    let pending = machine.bot.state().pending.len();
    drop(machine);
    println!(
        "\n{EVENTS} events that would come in 30 s took {:.1} s, and {:.1} s to the disk",
        took.as_secs_f64(),
        start.elapsed().as_secs_f64()
    );
    println!("  {} wait, {} in the state, {} were given up", status.pending, pending, status.shed);
    println!("  resident memory after each 25,000 events, in MiB: {memory:?}");
}

/// The bot and its store, as the loop of the service has them.
struct Machine {
    bot: Bot,
    journal: Journal,
    now: Timestamp,
    _lock: store::DirLock,
}

impl Machine {
    fn open(dir: &Path) -> Self {
        let opened = store::open(dir).expect("a new store");
        let now = Timestamp::from_secs(1_790_000_000);
        let rooms = demo::rooms().expect("the shipped rooms");
        let plan = FetchPlan::new(PlanOptions::new(true), None, now);
        let settings = Settings { instance: "bench".to_owned(), ..Settings::default() };
        let bot = Bot::new(opened.state, settings, rooms, plan, now);
        Self { bot, journal: opened.journal, now, _lock: opened.lock }
    }

    fn handle(&mut self, event: Event) -> Step {
        self.now = self.now + Duration::from_millis(2);
        self.bot.handle(event, self.now)
    }

    fn append(&self, step: Step, then: impl FnOnce() + Send + 'static) {
        let Step { at, entries, changes, .. } = step;
        self.journal.append(Append { at, entries, changes, ..Append::default() }, move |committed| {
            committed.expect("the disk takes it");
            then();
        });
    }
}

fn measure_fsyncs(dir: &Path, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<f64>> {
    let mut file = std::fs::File::create(dir.join("fsync")).expect("a file");
    std::thread::spawn(move || {
        let times = Mutex::new(Vec::new());
        while !stop.load(Ordering::Relaxed) {
            file.write_all(&[7; 4096]).expect("written");
            let start = Instant::now();
            file.sync_data().expect("synced");
            times.lock().expect("one thread").push(start.elapsed().as_secs_f64() * 1000.0);
            std::thread::sleep(Duration::from_millis(20));
        }
        sorted(times.into_inner().expect("one thread").into_iter())
    })
}

fn posts() -> Vec<Post> {
    let wave = parse_wave(demo::WAVE).expect("the shipped wave");
    let posts = wave.into_iter().filter_map(|event| match event.what {
        WaveAction::Post { post, .. } => Some(post),
        _ => None,
    });
    posts.collect()
}

fn rules_of_the_project() -> RuleSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    rules::load(rules_folder::read(&[folder]).expect("the shipped rules")).set
}

fn fetched(post: &Post, number: i64) -> FetchedPost {
    let key = PostKey { site: "superuser.com".to_owned(), number };
    let post = Post { id: key.to_string(), site: key.site.clone(), ..post.clone() };
    FetchedPost { post, key, question: number, owner_url: None, created: 0, edited: false, last_activity: 0 }
}

fn frame(post: &FetchedPost) -> String {
    let summary: String = post.post.body.chars().take(200).collect();
    let data = serde_json::json!({"siteBaseHostAddress": post.key.site, "id": post.question, "titleEncodedFancy": post.post.title,
        "bodySummary": summary, "ownerUrl": "https://superuser.com/users/1/a", "ownerDisplayName": post.post.owner.name});
    serde_json::json!({"action": "155-questions-active", "data": data.to_string()}).to_string()
}

/// Of this process; 0 where the system does not tell.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
