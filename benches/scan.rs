//! How fast posts are scanned, and which rules cost what.
//!
//! `cargo bench --bench scan -- [--rules DIR]... [--posts FILE] [--ids FILE] [--only PREFIX]`. FILE is JSON lines, or the same
//! compressed with gzip. `--only` keeps the rules files whose path contains the text, so that a part can be measured alone.
//! Without posts beside the repository and none given it says so and ends.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use smokestack::core::post::Post;
use smokestack::core::rules::{self, RuleSet, Scratch};
use smokestack::core::weight::Weights;
use smokestack::rules_folder;

struct Arguments {
    rules: Vec<PathBuf>,
    posts: PathBuf,
    ids: Option<PathBuf>,
    only: Option<String>,
}

fn arguments() -> Arguments {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let mut arguments = Arguments {
        rules: Vec::new(),
        posts: beside.join("posts/dev-posts.jsonl.gz"),
        ids: None,
        only: None,
    };
    let mut given = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = given.next() {
        let value = given.next().unwrap_or_default();
        match name.as_str() {
            "--rules" => arguments.rules.push(value.into()),
            "--posts" => arguments.posts = value.into(),
            "--ids" => arguments.ids = Some(value.into()),
            "--only" => arguments.only = Some(value),
            other => eprintln!("`{other}` is not known and left out"),
        }
    }
    if arguments.rules.is_empty() {
        arguments.rules = vec![
            Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/standard"),
            beside.join("smokedetector-rules"),
        ];
    }
    arguments
}

/// CPU time of this thread, which other load on the machine does not count into; wall-clock time where it is not known.
fn cpu(start: Instant) -> Duration {
    let own = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = own.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

fn posts(arguments: &Arguments) -> Option<(Vec<Vec<u8>>, usize)> {
    let mut text = Vec::new();
    let mut file = std::fs::File::open(&arguments.posts).ok()?;
    if arguments.posts.extension().is_some_and(|end| end == "gz") {
        flate2::read::GzDecoder::new(file).read_to_end(&mut text).expect("the file is sound");
    } else {
        file.read_to_end(&mut text).expect("the file can be read");
    }
    let ids: Option<HashSet<String>> = arguments.ids.as_ref().map(|path| {
        let text = std::fs::read_to_string(path).expect("the file can be read");
        text.lines().map(str::to_owned).collect()
    });
    let wanted = |line: &&[u8]| match &ids {
        None => !line.is_empty(),
        Some(ids) => serde_json::from_slice::<Post>(line).is_ok_and(|post| ids.contains(&post.id)),
    };
    let lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').filter(wanted).map(<[u8]>::to_vec).collect();
    let bytes = lines.iter().map(Vec::len).sum();
    Some((lines, bytes))
}

fn main() {
    let arguments = arguments();
    let start = Instant::now();
    let mut sources = rules_folder::read(&arguments.rules).expect("the rules folders are there");
    if let Some(only) = &arguments.only {
        sources.retain(|source| source.path.contains(only.as_str()));
    }
    let before = cpu(start);
    let loaded = rules::load(sources);
    let load = cpu(start) - before;
    println!(
        "{} entries and checks, {} mistakes, loaded in {load:.2?} CPU{}",
        loaded.set.len(),
        loaded.errors.len(),
        memory()
    );
    let Some((lines, bytes)) = posts(&arguments) else {
        println!("no posts at {}; give some with `--posts`", arguments.posts.display());
        return;
    };
    for pass in ["first", "second"] {
        measure(&loaded.set, &lines, bytes, pass, start);
    }
    println!("hostile posts of 30 kB:");
    for (name, body) in hostile() {
        let post = Post {
            id: name.to_owned(),
            site: "stackoverflow.com".to_owned(),
            post_type: smokestack::core::post::PostType::Question,
            title: "title".to_owned(),
            body,
            body_is_summary: false,
            owner: Default::default(),
            score: 0,
        };
        let mut scratch = Scratch::default();
        let before = cpu(start);
        let verdict = loaded.set.scan_with(&mut scratch, &post, &Weights::default());
        println!("  {:>9.2?}  {name} {:?}", cpu(start) - before, verdict.incomplete);
    }
    costs(&loaded.set, &lines);
}

/// What `scan --format json` does for each line: read it, scan it, write the verdict.
fn measure(set: &RuleSet, lines: &[Vec<u8>], bytes: usize, pass: &str, start: Instant) {
    let mut scratch = Scratch::default();
    let weights = Weights::default();
    let mut out = Vec::new();
    let mut times = Vec::with_capacity(lines.len());
    let mut reasons = 0;
    let before = cpu(start);
    for line in lines {
        let began = Instant::now();
        let post: Post = serde_json::from_slice(line).expect("a post");
        let verdict = set.scan_with(&mut scratch, &post, &weights);
        out.clear();
        serde_json::to_writer(&mut out, &verdict).expect("memory can be written");
        reasons += verdict.reasons.len();
        times.push(began.elapsed());
    }
    let spent = (cpu(start) - before).as_secs_f64();
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{pass} pass: {} posts, {reasons} reasons, {:.0} posts/s, {:.1} MB/s (CPU); p50 {:.1?}, p99 {:.1?}, max {:.1?} (clock)",
        lines.len(),
        lines.len() as f64 / spent,
        bytes as f64 / spent / 1e6,
        at(0.5),
        at(0.99),
        at(1.0),
    );
}

/// Time since the first call.
fn clock() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

fn costs(set: &RuleSet, lines: &[Vec<u8>]) {
    let mut scratch = Scratch::measuring(clock);
    for line in lines {
        let post: Post = serde_json::from_slice(line).expect("a post");
        set.scan_with(&mut scratch, &post, &Weights::default());
    }
    let costs = scratch.costs();
    let sum: Duration = costs.iter().map(|(_, spent, _)| *spent).sum();
    println!("the costliest rules, of {sum:.2?} together; parentheses are work for all rules:");
    for (name, spent, _) in costs.iter().take(10) {
        let text: String =
            set.origin(name).map(|origin| origin.text).unwrap_or_default().chars().take(80).collect();
        println!("  {:>5.1} %  {name}  {text}", spent.as_secs_f64() * 100.0 / sum.as_secs_f64().max(1e-9));
    }
}

fn hostile() -> Vec<(&'static str, String)> {
    let fill = |piece: &str| piece.repeat(30_000 / piece.len());
    let with = |piece: &str, end: &str| fill(piece) + end;
    vec![
        ("signs and a number", with("- ", "2,000,000")),
        ("signs, then a price", with("- ", "$109.95")),
        ("buy", with("buy ", "now")),
        ("buy, balanced body", with("buy ", "balanced body")),
        ("buy, in code", "<code>".to_owned() + &fill("buy now ")),
        ("best after an open link", "<a ".to_owned() + &fill("best ")),
        ("best after links", fill("<a href=\"x\">best")),
        ("open parentheses", fill("(")),
        ("spaces", fill(" ")),
        ("one letter", fill("a")),
        ("digits", fill("1")),
        ("digits and signs", fill("1-")),
        ("percent signs", fill("%20i%20n")),
        ("entities", fill("&amp;lt;")),
        ("ampersands", fill("h&amp;x;a")),
        ("links", fill("<a href=\"http://a.example/b\" rel=\"nofollow\">c</a> ")),
        ("open links", fill("<a href=\"http://a.example/b")),
        ("open tags", fill("<p><b>")),
        ("words of keywords", fill("free movie online download watch full stream ")),
        ("combining marks", fill("a\u{300}\u{200b}")),
        ("han", fill("\u{4e00}\u{4e01}")),
        ("thai", fill("\u{e2b}\u{e27}")),
        ("right to left", fill("\u{202e}\u{5d0}")),
        ("emoji", fill("\u{1f600}\u{200d}")),
        ("nutrition", with("</a> nutrition ", "program")),
        ("file types", fill("MKV, MOV, ")),
        ("greek", fill("\u{3c3}\u{3c2}\u{3a3}")),
    ]
}

/// Memory in use now, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.strip_prefix("VmRSS:").map(|size| format!(", {} resident", size.trim())).unwrap_or_default()
}
