//! Our verdicts beside those of the reference engine, on real posts: both ways, reason by reason.
//!
//! The posts are not part of the repository; without them beside it the test says so and passes. `cargo nextest run --no-capture -E
//! 'test(verdicts_agree)'` prints the table, which `rules/README.md` explains.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use smokestack::core::post::Post;
use smokestack::core::rules::{self, RuleSet};
use smokestack::core::weight::Weights;
use smokestack::rules_folder;

/// Share of (post, reason) pairs that must agree where the reason comes from the lists.
const LIST_FLOOR: f64 = 0.999;
/// The same for all other pairs.
const RULE_FLOOR: f64 = 0.99;

#[derive(serde::Deserialize)]
struct Reference {
    id: String,
    reasons: BTreeSet<String>,
}

/// How often a reason was found by both, only by the reference, only by us.
#[derive(Clone, Copy, Default)]
struct Tally {
    both: usize,
    missed: usize,
    extra: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.both += other.both;
        self.missed += other.missed;
        self.extra += other.extra;
    }

    /// Of what we find, the share that the reference finds too.
    fn precision(self) -> f64 {
        self.both as f64 / (self.both + self.extra).max(1) as f64
    }

    /// Of what the reference finds, the share that we find too.
    fn recall(self) -> f64 {
        self.both as f64 / (self.both + self.missed).max(1) as f64
    }

    /// As a row: expected, found, both, precision, recall.
    fn row(self) -> String {
        let Self { both, missed, extra } = self;
        let (precision, recall) = (self.precision(), self.recall());
        format!("{:>8} {:>6} {both:>6} {precision:>9.4} {recall:>6.4}", both + missed, both + extra)
    }

    fn share(self) -> f64 {
        self.both as f64 / (self.both + self.missed + self.extra).max(1) as f64
    }
}

/// Whether a reason is one of SmokeDetector's lists: those that only lists give, and those that rules give too, in the
/// posts that were made from list entries.
fn comes_from_a_list(id: &str, reason: &str) -> bool {
    if reason.starts_with("blacklisted website")
        || reason.starts_with("bad phone number")
        || reason == "blacklisted username"
    {
        return true;
    }
    let made_from_entries = id.starts_with("plant-") || id.starts_with("nearmiss-");
    let keyword = reason.strip_prefix("potentially ").unwrap_or(reason);
    made_from_entries
        && ["title", "body", "answer", "username"]
            .iter()
            .any(|part| keyword.strip_prefix("bad keyword in ").is_some_and(|rest| rest == *part))
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    let file = flate2::read::GzDecoder::new(std::fs::File::open(path).expect("the file is there"));
    BufReader::new(file)
        .lines()
        .map(|line| serde_json::from_str(&line.expect("UTF-8")).expect("one object a line"))
        .collect()
}

fn load(shared: &Path) -> RuleSet {
    let standard = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/standard");
    let sources = rules_folder::read(&[standard, shared.join("data/smokedetector-rules")])
        .expect("both folders are there");
    let loaded = rules::load(sources);
    let ours: Vec<_> = loaded.errors.iter().filter(|e| e.path.contains("standard")).collect();
    assert!(ours.is_empty(), "rules/standard does not load: {ours:?}");
    loaded.set
}

#[test]
fn verdicts_agree_with_the_reference_engine() {
    let shared = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let posts = shared.join("data/posts/dev-posts.jsonl.gz");
    if !posts.exists() {
        eprintln!("skipped: {} is not there", posts.display());
        return;
    }
    let set = load(&shared);
    let pairs: Vec<(Post, Reference)> = lines::<Post>(&posts)
        .into_iter()
        .zip(lines::<Reference>(&shared.join("data/posts/dev-verdicts.jsonl.gz")))
        .collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let tables: Vec<BTreeMap<(bool, String), Tally>> = std::thread::scope(|scope| {
        let parts = pairs.chunks(pairs.len().div_ceil(threads));
        let running: Vec<_> = parts.map(|part| scope.spawn(|| compare(&set, part))).collect();
        running.into_iter().map(|part| part.join().expect("no scan panics")).collect()
    });
    let mut table: BTreeMap<(bool, String), Tally> = BTreeMap::new();
    for (row, tally) in tables.into_iter().flatten() {
        table.entry(row).or_default().add(tally);
    }
    let mut sums = [Tally::default(); 2];
    eprintln!("expected  found   both precision recall  reason ({} posts)", pairs.len());
    for ((list, reason), tally) in &table {
        sums[usize::from(*list)].add(*tally);
        let source = if *list { " [list]" } else { "" };
        eprintln!("{}  {reason}{source}", tally.row());
    }
    let [rules, lists] = sums;
    eprintln!("{}  all reasons of the lists", lists.row());
    eprintln!("{}  all other reasons", rules.row());
    eprintln!("pairs that agree both ways: lists {:.4}, others {:.4}", lists.share(), rules.share());
    assert!(lists.both > 3_000 && rules.both > 1_500, "too few pairs to say anything");
    assert!(lists.share() >= LIST_FLOOR, "only {:.4} of the pairs of the lists agree", lists.share());
    assert!(rules.share() >= RULE_FLOOR, "only {:.4} of the other pairs agree", rules.share());
}

fn compare(set: &RuleSet, pairs: &[(Post, Reference)]) -> BTreeMap<(bool, String), Tally> {
    let weights = Weights::default();
    let mut table: BTreeMap<(bool, String), Tally> = BTreeMap::new();
    for (post, reference) in pairs {
        assert_eq!(post.id, reference.id, "the two files have the same order");
        let ours: BTreeSet<String> = set.scan(post, &weights).reasons.into_iter().collect();
        for reason in ours.union(&reference.reasons) {
            let tally = table.entry((comes_from_a_list(&post.id, reason), reason.clone())).or_default();
            match (ours.contains(reason), reference.reasons.contains(reason)) {
                (true, true) => tally.both += 1,
                (false, _) => tally.missed += 1,
                (true, false) => tally.extra += 1,
            }
        }
    }
    table
}
