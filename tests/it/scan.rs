//! `smokestack scan` as people run it, and a SmokeDetector list folder alone against what the reference engine says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use smokestack::core::post::Post;
use smokestack::core::rules::{self, Scratch, SourceFile};
use smokestack::core::text::edges::Edges;
use smokestack::core::verdict::Part;
use smokestack::core::weight::Weights;
use smokestack::rules_folder;

/// A folder with rules of each sort, one of them broken.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    write("lists/bad_keywords.txt", b"# comment\nmagic[\\W_]*+pills\n(?:broken\n\xff\xfe\n");
    write("lists/watched_keywords.txt", b"1500000000\tAnn\tpill\\.example\nno columns\n");
    write("ours/own.yml", b"rules:\n  - id: shout\n    reason: shouting in {}\n    status: watch\n    description: All capitals.\n    pattern: '^[A-Z ]+$'\n");
    folder
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_smokestack"))
        .arg("scan")
        .arg("--rules")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program is built")
}

fn scan(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = start(folder, arguments);
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // Who fills one pipe while the other is full waits for ever, so writing has a thread of its own.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("writing does not panic");
    output
}

fn post(id: &str, title: &str, body: &str) -> String {
    serde_json::json!({"id": id, "site": "superuser.com", "post_type": "question", "title": title, "body": body}).to_string()
}

#[test]
fn verdicts_come_in_input_order_and_lines_that_are_no_posts_in_their_place() {
    let folder = folder();
    let mut input = String::new();
    for index in 0..2_000 {
        let body =
            if index % 7 == 0 { "<p>caf\u{e9} &amp; Magic-Pills now</p>" } else { "<p>nothing here</p>" };
        input.push_str(&post(&format!("so-{index}"), "a title", body));
        input.push('\n');
        if index == 2 {
            input.push_str("no json\n\n{\"id\":\"x\"}\n");
        }
    }
    let output = scan(folder.path(), &["--format", "json"], input.as_bytes());
    assert_eq!(output.status.code(), Some(1), "some lines were no posts");
    let lines: Vec<serde_json::Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(&line.expect("UTF-8")).expect("one object a line"))
        .collect();
    assert_eq!(lines.len(), 2_002);
    assert_eq!(lines[3]["line"], 4);
    assert_eq!(lines[4]["line"], 6);
    assert!(lines[4]["error"].as_str().is_some_and(|text| text.contains("site")), "{}", lines[4]);
    let ids: Vec<_> = lines.iter().filter_map(|line| line["id"].as_str()).collect();
    assert_eq!(ids, (0..2_000).map(|index| format!("so-{index}")).collect::<Vec<_>>());
    assert_eq!(
        lines[0],
        serde_json::json!({
            "id": "so-0", "reasons": ["bad keyword in body"], "weight": 50,
            "why": [{"reason": "bad keyword in body", "rule": "bad_keywords:2", "part": "body",
                     "start": 14, "end": 25, "text": "Magic-Pills"}],
        })
    );
    assert_eq!(lines[1]["reasons"], serde_json::json!([]));
}

#[test]
fn text_shows_each_hit_in_its_surroundings_with_file_and_line_of_the_entry() {
    let folder = folder();
    let list = "Schema: yaml_cidr\nSchema_version: '2019120601'\nitems:\n- ip: 192.0.2.66\n";
    std::fs::write(folder.path().join("lists/blacklisted_cidrs.yml"), list).expect("it can be written");
    let facts = folder.path().join("facts.json");
    std::fs::write(&facts, r#"{"addresses": {"some-shop.com": ["192.0.2.66"]}}"#).expect("it can be written");
    let body = "<p>An honest beginning that is longer than what is shown; magic -- pills &amp;\u{202e} more\nat some-shop.com.</p>";
    let input = [
        post("a-1", "GET MAGIC PILLS", body),
        post("a-2", "Nothing here", "<p>x</p>"),
        post("a-3", "x", &format!("<p>magic{}pills and magic{}pills</p>", " ".repeat(300), "_".repeat(300))),
    ];
    let arguments = ["--facts", facts.to_str().expect("a plain name")];
    let output = scan(folder.path(), &arguments, input.join("\n").as_bytes());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let text = text.replace(folder.path().to_str().expect("a plain name"), "RULES");
    insta::assert_snapshot!(text, @r#"
a-1: bad IP for hostname in body, bad keyword in body, bad keyword in title, shouting in title (weight 200)
  question on superuser.com by a deleted user: GET MAGIC PILLS
  bad IP for hostname in body
    body: ...is shown; magic -- pills &amp; more at [[some-shop.com]].</p>
      RULES/lists/blacklisted_cidrs.yml:4: 192.0.2.66
  bad keyword in body
    body: ...ning that is longer than what is shown; [[magic -- pills]] &amp; more at some-shop.com.</p>
      RULES/lists/bad_keywords.txt:2: magic[\W_]*+pills
  bad keyword in title
    title: GET [[MAGIC PILLS]]
      RULES/lists/bad_keywords.txt:2: magic[\W_]*+pills
  shouting in title
    title: [[GET MAGIC PILLS]]
      RULES/ours/own.yml:2: shout ^[A-Z ]+$
a-2: nothing found
a-3: bad keyword in body (weight 50)
  question on superuser.com by a deleted user: x
  bad keyword in body
    body: <p>[[magic pills]] and magic______________________________...
    body: ... pills and [[magic___________________________________________________________________________________________________________________...]]</p>
      RULES/lists/bad_keywords.txt:2: magic[\W_]*+pills
"#);
}

/// Texts that made a rule try every place again and again, before its pattern was mended.
#[test]
fn no_rule_of_ours_uses_up_its_budget_on_texts_made_for_that() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let set = rules::load(rules_folder::read(&[root.join("rules")]).expect("the folder is there")).set;
    for (piece, post_type) in [
        ("loan", "question"),
        ("gratis ", "question"),
        ("fitness", "question"),
        ("serum", "question"),
        ("<a href=\"http://a.com\"", "answer"),
        ("<a href=\"http://a.example/b\" rel=\"nofollow\">c</a> ", "answer"),
        ("x<a href=\"http://a.example/b", "question"),
        ("<blockquote>", "question"),
        ("qq ", "question"),
        ("<a href=\"http://goo.gl/", "question"),
        ("watch a ", "question"),
    ] {
        let post: Post = serde_json::from_value(
            serde_json::json!({"id": "x", "site": "superuser.com", "post_type": post_type,
            "title": piece, "body": piece.repeat(30_000 / piece.len())}),
        )
        .expect("a post");
        let verdict = set.scan(&post, &Weights::default());
        assert_eq!(verdict.over_budget, Vec::<String>::new(), "{piece}");
    }
}

#[test]
fn a_verdict_does_not_depend_on_the_posts_before_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let set = rules::load(rules_folder::read(&[root.join("rules")]).expect("the folder is there")).set;
    let wave = std::fs::read_to_string(root.join("fixtures/demo.jsonl")).expect("the wave is there");
    let lines = wave.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let mut posts: Vec<Post> =
        lines.filter_map(|line| serde_json::from_value(line.get("post")?.clone()).ok()).collect();
    // One that uses up budgets leaves the machine in the middle of its work.
    posts.push(Post { body: "<a href=\"http://a.example/b".repeat(300), ..posts[0].clone() });
    let weights = Weights::default();
    let alone: Vec<_> = posts.iter().map(|post| set.scan(post, &weights)).collect();
    let mut scratch = Scratch::default();
    let mut backwards: Vec<_> =
        posts.iter().rev().map(|post| set.scan_with(&mut scratch, post, &weights)).collect();
    backwards.reverse();
    assert_eq!(alone, backwards);
}

#[test]
fn facts_that_are_none_are_told() {
    let folder = folder();
    let facts = folder.path().join("facts.json");
    std::fs::write(&facts, r#"{"adresses": {}}"#).expect("it can be written");
    let output = scan(folder.path(), &["--facts", facts.to_str().expect("a plain name")], b"");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("facts.json` holds no facts") && errors.contains("`adresses`"), "{errors}");
}

#[test]
fn broken_entries_are_told_with_file_and_line_and_the_rest_works() {
    let folder = folder();
    let output = scan(folder.path(), &[], post("a", "THIS IS LOUD", "<p>see pill.example</p>").as_bytes());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in
        ["bad_keywords.txt:3: missing `)`", "bad_keywords.txt:4: not UTF-8", "watched_keywords.txt:2: "]
    {
        assert!(told.contains(part), "{part} in:\n{told}");
    }
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in ["shouting in title", "see [[pill.example]]", "watched_keywords.txt:1", "own.yml:2: shout"] {
        assert!(shown.contains(part), "{part} in:\n{shown}");
    }
    assert_eq!(output.status.code(), Some(1), "a rule could not be used");
}

#[test]
fn a_missing_folder_is_wrong_usage_and_a_missing_file_an_error() {
    let folder = folder();
    let output = scan(&folder.path().join("nowhere"), &[], b"");
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere"));
    let output = scan(folder.path(), &["no-such-file.jsonl"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-file.jsonl"));
}

#[test]
fn a_reader_that_goes_away_ends_the_scan_quietly() {
    let folder = folder();
    let line = post("a", "a title", "<p>magic pills</p>") + "\n";
    let mut child = start(&folder.path().join("ours"), &["--format", "json"]);
    let mut stdin = child.stdin.take().expect("it is piped");
    drop(child.stdout.take());
    let many = line.repeat(20_000);
    let _ = stdin.write_all(many.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn hostile_posts_are_answered_within_their_budget() {
    let folder = folder();
    let long = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let mut input = String::new();
    for (index, body) in [
        long("magic ", 5_000_000),
        long("<a href=\"http://a.example\">x</a>", 2_000_000),
        long("<div>", 1_000_000),
        long("\u{202e}\u{200b}\u{300}", 500_000),
        long("&amp;", 1_000_000),
        long("<code>", 600_000),
        long("magic-", 30_000) + "pills",
        String::new(),
    ]
    .into_iter()
    .enumerate()
    {
        input.push_str(&post(&index.to_string(), "t", &body));
        input.push('\n');
    }
    let output = scan(folder.path(), &["--format", "json"], input.as_bytes());
    let lines: Vec<serde_json::Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(&line.expect("UTF-8")).expect("one object a line"))
        .collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[6]["why"][0]["text"], "magic-pills");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, ..Default::default() })]

    /// Whatever a post and an entry hold, nothing panics, and places are those of the part as given.
    #[test]
    fn any_text_is_scanned_with_any_entry(
        entry in r"(\(\?:|\)|\[|\]|\||\*|\+|\?|\{2\}|\\[wWbsd]|\.|[a-c&;#é\u{200b}İ]){1,8}",
        body in r"(&amp;|&#8203;|&lt;|&nsbp;|<code>|</code>|<pre>|</pre>|[a-c&;#é\u{200b}\u{300}İ -]){0,30}",
    ) {
        let lists = ["bad_keywords.txt", "blacklisted_websites.txt", "blacklisted_usernames.txt"];
        let sources = lists.map(|name| SourceFile { path: name.to_owned(), text: entry.clone().into_bytes() });
        let set = rules::load(sources.into()).set;
        let text = post("a", &body, &body);
        let post: Post = serde_json::from_str(&text).expect("a post");
        for why in set.scan(&post, &Weights::default()).why {
            let slice: String = body.chars().skip(why.start).take(why.end - why.start).collect();
            proptest::prop_assert_eq!(slice, why.text);
        }
    }
}

fn shared() -> Option<PathBuf> {
    let shared = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    if shared.join("data/posts/dev-posts.jsonl.gz").exists() {
        return Some(shared);
    }
    eprintln!("skipped: {} is not there", shared.display());
    None
}

fn gz_lines(path: &Path) -> impl Iterator<Item = String> + use<> {
    let file = std::fs::File::open(path).expect("the file is there");
    BufReader::new(flate2::read::GzDecoder::new(file)).lines().map(|line| line.expect("UTF-8"))
}

#[derive(serde::Deserialize)]
struct Planted {
    #[serde(flatten)]
    post: Post,
    source: String,
    plant: Option<serde_json::Value>,
}

#[derive(serde::Deserialize)]
struct Reference {
    id: String,
    reasons: Vec<String>,
}

/// Reasons that come from lists alone.
fn of_lists(reasons: &[String]) -> Vec<&str> {
    let lists = ["blacklisted website in ", "blacklisted username", "bad phone number in "];
    reasons
        .iter()
        .map(String::as_str)
        .filter(|reason| lists.iter().any(|list| reason.starts_with(list)))
        .collect()
}

/// Keyword reasons, which patterns in the reference's code give as well, so that some are missing here.
fn of_keywords(reasons: &[String]) -> Vec<&str> {
    let keyword = |reason: &&str| {
        let rest = reason.strip_prefix("potentially ").unwrap_or(reason).strip_prefix("bad keyword in ");
        rest.is_some_and(|part| ["title", "body", "answer", "username"].contains(&part))
    };
    reasons.iter().map(String::as_str).filter(keyword).collect()
}

#[test]
fn a_list_folder_alone_gives_the_reasons_of_the_reference_and_names_each_planted_entry() {
    let Some(shared) = shared() else { return };
    let sources =
        rules_folder::read(&[shared.join("data/smokedetector-rules")]).expect("the folder is there");
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for SourceFile { path, text } in &sources {
        let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        for (index, line) in String::from_utf8_lossy(text).lines().enumerate() {
            let entry =
                if stem.starts_with("watched") { line.splitn(3, '\t').nth(2).unwrap_or(line) } else { line };
            names.entry(entry.trim_end().to_owned()).or_default().push(format!("{stem}:{}", index + 1));
        }
    }
    let loaded = rules::load(sources);
    assert!(loaded.errors.is_empty(), "every entry of the lists can be used: {:?}", loaded.errors);
    // A build without optimisation is some twenty times slower.
    let step = if cfg!(debug_assertions) { 6 } else { 1 };
    let mut scratch = Scratch::default();
    let (mut planted, mut named, mut keywords) = (0, 0, [0u32, 0]);
    let pairs = gz_lines(&shared.join("data/posts/dev-posts.jsonl.gz"))
        .zip(gz_lines(&shared.join("data/posts/dev-verdicts.jsonl.gz")))
        .filter(|(post, _)| post.contains("\"plant-"));
    for (line, reference) in pairs.step_by(step) {
        let Planted { post, source, plant } = serde_json::from_str(&line).expect("a post");
        let reference: Reference = serde_json::from_str(&reference).expect("a verdict");
        assert_eq!(post.id, reference.id);
        let verdict = loaded.set.scan_with(&mut scratch, &post, &Weights::default());
        assert!(verdict.incomplete.is_empty(), "{}: {:?}", post.id, verdict.incomplete);
        assert_eq!(of_lists(&verdict.reasons), of_lists(&reference.reasons), "{}", post.id);
        let ours = of_keywords(&verdict.reasons);
        for reason in &ours {
            assert!(reference.reasons.iter().any(|r| r == reason), "{}: {reason} is only ours", post.id);
        }
        keywords[0] += ours.len() as u32;
        keywords[1] += of_keywords(&reference.reasons).len() as u32;
        for why in &verdict.why {
            let part = match why.part {
                Part::Title => &post.title,
                Part::Body => &post.body,
                Part::Username => &post.owner.name,
            };
            let slice: String = part.chars().skip(why.start).take(why.end - why.start).collect();
            assert_eq!(slice, why.text, "{}: places are those of the part as given", post.id);
        }
        let entry = plant.as_ref().and_then(|plant| plant["entry"].as_str());
        if let Some(names) = entry.and_then(|entry| names.get(entry)).filter(|_| source.starts_with("plant"))
        {
            planted += 1;
            // Several numbers of a list may have the same digits; the first of them is named.
            let is_named = |rule: &str| {
                names.iter().any(|name| name == rule || name.contains("numbers") && rule.contains("numbers"))
            };
            match verdict.why.iter().any(|why| is_named(&why.rule)) {
                true => named += 1,
                false => eprintln!("{}: {entry:?} is not named", post.id),
            }
        }
    }
    assert!(planted > 300, "{planted} are too few to say anything");
    // A few texts went in next to others, so that the reference names another entry as well.
    assert!(named * 100 >= planted * 99, "only {named} of {planted} planted entries are named");
    let share = f64::from(keywords[0]) / f64::from(keywords[1]);
    assert!(
        share > 0.98,
        "only {share:.3} of the keyword reasons are found; the rest should be those of patterns in code"
    );
}

#[derive(serde::Deserialize)]
struct Sample {
    text: String,
    any: Vec<usize>,
}

#[test]
fn keywords_may_begin_where_the_reference_says() {
    let Some(shared) = shared() else { return };
    let mut samples = 0;
    for line in gz_lines(&shared.join("data/posts/boundary-samples.jsonl.gz")) {
        let sample: Sample = serde_json::from_str(&line).expect("a sample");
        let edges = Edges::new(&sample.text);
        let found: Vec<usize> = sample
            .text
            .char_indices()
            .map(|(at, _)| at)
            .chain([sample.text.len()])
            .enumerate()
            .filter(|(_, at)| *at == 0 || edges.either_edge(*at))
            .map(|(index, _)| index)
            .collect();
        assert_eq!(found, sample.any, "{:?}", sample.text);
        samples += 1;
    }
    assert!(samples > 200);
}
