//! How fast posts are scanned, and which rules cost what. `cargo bench --bench scan -- --help` tells the options.
//!
//! Throughput is CPU time of this thread over a whole pass, so other load on the machine hardly counts. A latency is the least of
//! several scans of a post by the clock, for the same reason; that of the first pass stands beside it as it was.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../tests/support/hostile.rs"]
mod hostile;

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, RwLock};
use std::time::{Duration, Instant};

use smokestack::core::post::Post;
use smokestack::core::rules::{self, RuleSet, Scratch, SourceFile};
use smokestack::core::weight::Weights;
use smokestack::rules_folder;

const HELP: &str = "\
cargo bench --bench scan -- [OPTION]...

  --rules DIR    a folder of rules; may be given several times [rules/standard and the lists beside the repository]
  --only TEXT    only the rules files whose path contains TEXT
  --rule NAME    only this rule, named as in verdicts: `keto`, `watched_keywords:3020`
  --posts FILE   posts, one JSON object a line, or the same compressed with gzip
  --ids FILE     ids of posts that are measured once more by themselves
  --help         this text

Without posts beside the repository and none given it says so and measures the rest.";

/// Passes of which the least latency of each post counts.
const PASSES: usize = 5;

#[derive(Default)]
struct Arguments {
    rules: Vec<PathBuf>,
    posts: PathBuf,
    ids: PathBuf,
    only: Option<String>,
    rule: Option<String>,
}

fn arguments() -> Option<Arguments> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = project.join("../shared/data");
    let posts = beside.join("posts/dev-posts.jsonl.gz");
    let ids = beside.join("posts/bench-3000-ids.txt");
    let mut arguments = Arguments { posts, ids, ..Arguments::default() };
    let mut given = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = given.next() {
        if name == "--help" {
            return None;
        }
        let value = given.next().unwrap_or_default();
        match name.as_str() {
            "--rules" => arguments.rules.push(value.into()),
            "--posts" => arguments.posts = value.into(),
            "--ids" => arguments.ids = value.into(),
            "--only" => arguments.only = Some(value),
            "--rule" => arguments.rule = Some(value),
            other => eprintln!("`{other}` is not known and left out; `--help` tells what is"),
        }
    }
    if arguments.rules.is_empty() {
        arguments.rules = vec![project.join("rules/standard"), beside.join("smokedetector-rules")];
        arguments.rules.retain(|folder| folder.is_dir());
    }
    Some(arguments)
}

fn main() {
    let Some(arguments) = arguments() else {
        println!("{HELP}");
        return;
    };
    let mut sources = rules_folder::read(&arguments.rules).expect("the rules folders are there");
    if let Some(only) = &arguments.only {
        sources.retain(|source| source.path.contains(only.as_str()));
    }
    if let Some(rule) = &arguments.rule {
        sources = sources.iter().filter_map(|source| only_rule(source, rule)).collect();
    }
    let before = cpu();
    let loaded = rules::load(sources);
    println!(
        "{} entries and checks, {} mistakes, loaded in {:.2?} CPU{}",
        loaded.set.len(),
        loaded.errors.len(),
        cpu() - before,
        memory()
    );
    match lines(&arguments.posts) {
        None => println!("no posts at {}; give some with `--posts`", arguments.posts.display()),
        Some(lines) => {
            for pass in ["first", "second"] {
                measure(&loaded.set, &lines, &format!("{pass} pass"));
            }
            latencies(&loaded.set, &lines);
            if let Ok(ids) = std::fs::read_to_string(&arguments.ids) {
                let ids: HashSet<&str> = ids.lines().collect();
                let wanted = |line: &&Vec<u8>| {
                    serde_json::from_slice::<Post>(line).is_ok_and(|post| ids.contains(post.id.as_str()))
                };
                let some: Vec<Vec<u8>> = lines.iter().filter(wanted).cloned().collect();
                measure(&loaded.set, &some, &arguments.ids.file_name().unwrap_or_default().to_string_lossy());
            }
            costs(&loaded.set, &lines);
        }
    }
    hostile_posts(&loaded.set, "30 kB", hostile::posts().into_iter());
    hostile_posts(&loaded.set, "5 MB", hostile::huge_posts());
    changes(loaded.set);
}

/// The file with only one rule in it, on the lines where it was.
fn only_rule(source: &SourceFile, rule: &str) -> Option<SourceFile> {
    let text = String::from_utf8_lossy(&source.text);
    let mut wanted = true;
    let kept: Vec<&str> = match rule.rsplit_once(':') {
        Some((list, line)) if source.path.ends_with(&format!("{list}.txt")) => {
            let line: usize = line.parse().ok()?;
            (1..).zip(text.lines()).map(|(number, text)| if number == line { text } else { "" }).collect()
        }
        None if text.lines().any(|line| line.trim() == format!("- id: {rule}")) => text
            .lines()
            .map(|line| {
                if let Some(id) = line.trim().strip_prefix("- id: ") {
                    wanted = id == rule;
                }
                if wanted { line } else { "" }
            })
            .collect(),
        _ => return None,
    };
    Some(SourceFile { path: source.path.clone(), text: kept.join("\n").into_bytes() })
}

/// CPU time of this thread, or the time on the clock where that is not known.
fn cpu() -> Duration {
    // The count is brought up to date when another thread may run.
    std::thread::yield_now();
    let own = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = own.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(clock, Duration::from_nanos)
}

/// Time since the first call.
fn clock() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

fn lines(path: &Path) -> Option<Vec<Vec<u8>>> {
    let mut text = Vec::new();
    let mut file = std::fs::File::open(path).ok()?;
    if path.extension().is_some_and(|end| end == "gz") {
        flate2::read::GzDecoder::new(file).read_to_end(&mut text).expect("the file is sound");
    } else {
        file.read_to_end(&mut text).expect("the file can be read");
    }
    Some(text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
}

/// What `scan --format json` does for each line: read it, scan it, write the verdict. How many reasons it has.
fn scan_line(set: &RuleSet, scratch: &mut Scratch, line: &[u8], out: &mut Vec<u8>) -> usize {
    let post: Post = serde_json::from_slice(line).expect("a post");
    let verdict = set.scan_with(scratch, &post, &Weights::default());
    out.clear();
    serde_json::to_writer(out, &verdict).expect("memory can be written");
    verdict.reasons.len()
}

fn measure(set: &RuleSet, lines: &[Vec<u8>], name: &str) {
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    let mut reasons = 0;
    let mut times = Vec::with_capacity(lines.len());
    let before = cpu();
    for line in lines {
        let began = clock();
        reasons += scan_line(set, &mut scratch, line, &mut out);
        times.push(clock() - began);
    }
    let spent = (cpu() - before).as_secs_f64();
    let bytes: usize = lines.iter().map(Vec::len).sum();
    println!(
        "{name}: {} posts, {reasons} reasons, {:.0} posts/s, {:.1} MB/s (CPU); {}",
        lines.len(),
        lines.len() as f64 / spent,
        bytes as f64 / spent / 1e6,
        spread(times),
    );
}

fn latencies(set: &RuleSet, lines: &[Vec<u8>]) {
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    let mut least = vec![Duration::MAX; lines.len()];
    for _ in 0..PASSES {
        for (line, least) in lines.iter().zip(&mut least) {
            let began = clock();
            scan_line(set, &mut scratch, line, &mut out);
            *least = (*least).min(clock() - began);
        }
    }
    println!("least of {PASSES} passes: {}", spread(least));
}

/// Quantiles of some times.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| times.get((times.len().saturating_sub(1) as f64 * share) as usize).copied();
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| at(share).unwrap_or_default());
    format!("p50 {p50:.1?}, p99 {p99:.1?}, max {max:.1?} (clock)")
}

fn costs(set: &RuleSet, lines: &[Vec<u8>]) {
    let mut scratch = Scratch::measuring(clock);
    for line in lines {
        let post: Post = serde_json::from_slice(line).expect("a post");
        set.scan_with(&mut scratch, &post, &Weights::default());
    }
    let costs = scratch.costs();
    let sum: Duration = costs.iter().map(|(_, spent, _)| *spent).sum();
    let share = |spent: &Duration| spent.as_secs_f64() * 100.0 / sum.as_secs_f64().max(1e-9);
    let (common, rules): (Vec<_>, Vec<_>) = costs.iter().partition(|(name, ..)| name.starts_with('('));
    let common: Vec<_> =
        common.iter().map(|(name, spent, _)| format!("{name} {:.1} %", share(spent))).collect();
    println!("for all rules together: {}; the costliest rules:", common.join(", "));
    for (name, spent, times) in rules.iter().take(10) {
        let text: String =
            set.origin(name).map(|origin| origin.text).unwrap_or_default().chars().take(60).collect();
        println!("  {:>5.1} %  {:>6} texts  {name}  {text}", share(spent), times);
    }
}

/// CPU time of the least of three scans of each, cold (with new memory) and warm.
fn hostile_posts(set: &RuleSet, what: &str, posts: impl Iterator<Item = Post>) {
    let scan = |scratch: &mut Scratch, post: &Post| {
        let began = cpu();
        let verdict = set.scan_with(scratch, post, &Weights::default());
        (cpu() - began, verdict.incomplete)
    };
    let mut rows = Vec::new();
    for post in posts {
        let cold = (0..3).map(|_| scan(&mut Scratch::default(), &post).0).min().unwrap_or_default();
        let mut scratch = Scratch::default();
        let first = scan(&mut scratch, &post);
        let warm = (0..3).map(|_| scan(&mut scratch, &post).0).min().unwrap_or_default();
        rows.push((cold, warm, post.id, first.1));
    }
    rows.sort();
    println!("{} hostile posts of {what}, the slowest (least of three, CPU):", rows.len());
    for (cold, warm, name, incomplete) in rows.iter().rev().take(8) {
        println!("  {cold:>9.2?} cold, {warm:>9.2?} warm  {name}  {}", incomplete.join(" "));
    }
}

/// Entries come, change and go while another thread scans.
fn changes(set: RuleSet) {
    const TIMES: usize = 100;
    let shared = RwLock::new(Arc::new(set));
    let (done, scans) = (AtomicBool::new(false), AtomicUsize::new(0));
    let now = || Arc::clone(&shared.read().expect("no thread panics"));
    let posts = hostile::posts();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut scratch = Scratch::default();
            while !done.load(Ordering::Relaxed) {
                for post in &posts {
                    now().scan_with(&mut scratch, post, &Weights::default());
                    scans.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let change = |change: &dyn Fn(&RuleSet, usize) -> RuleSet| {
            let times = (0..TIMES).map(|index| {
                let before = now();
                let once = || {
                    let (began, spent) = (clock(), cpu());
                    // Made before anybody has to wait for it.
                    let after = Arc::new(change(&before, index));
                    *shared.write().expect("no thread panics") = after;
                    (clock() - began, cpu() - spent)
                };
                let (clocks, spent): (Vec<_>, Vec<_>) = (0..3).map(|_| once()).unzip();
                (clocks.into_iter().min().unwrap_or_default(), spent.into_iter().min().unwrap_or_default())
            });
            let (clocks, spent): (Vec<_>, Vec<_>) = times.unzip();
            format!("{}; at most {:.1?} CPU", spread(clocks), spent.into_iter().max().unwrap_or_default())
        };
        let path = "blacklist/keywords.txt";
        let entry = |index: usize| format!(r"(?<!not[\W_]{{1,3}})spam(?:my)?[\W_]*+entry[\W_]*+{index}\w*");
        let with = |set: &RuleSet, index: usize, text: &str| {
            set.with_entry(path, index + 1, text).expect("a good entry")
        };
        let added = change(&|set, index| with(set, index, &entry(index)));
        println!("one entry live, {TIMES} entries (least of three) while posts are scanned: added {added}");
        let replaced = change(&|set, index| {
            with(
                &set.without_entry("blacklist/keywords", &entry(index)).0,
                index,
                &format!("{}s", entry(index)),
            )
        });
        println!("  replaced {replaced}");
        let removed =
            change(&|set, index| set.without_entry("blacklist/keywords", &format!("{}s", entry(index))).0);
        println!("  removed {removed}");
        done.store(true, Ordering::Relaxed);
    });
    println!("  {} posts were scanned meanwhile", scans.into_inner());
}

/// Memory in use now, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.strip_prefix("VmRSS:").map(|size| format!(", {} resident", size.trim())).unwrap_or_default()
}
