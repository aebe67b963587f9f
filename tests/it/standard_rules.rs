//! `rules/standard` and the list files beside it, row by row of the table of SmokeDetector's rules of 2020: what each looks at, and
//! whom it leaves alone.

use std::collections::BTreeSet;
use std::path::Path;

use smokestack::core::rules::{Rule, Sites, SourceFile, Status, load};
use smokestack::rules_folder;

/// Rows that have no rule; `rules/README.md` says why.
const WITHOUT: &[u32] = &[34, 37, 38, 52, 56, 93, 94, 102, 103, 104, 105, 106, 107, 110, 112];
/// Rows that are kept, and never find anything.
const RETIRED: &[(u32, &str)] = &[(7, "non-latin-link-intended"), (96, "kangaroos-on-academia")];
const LAST_ROW: u32 = 112;

/// Sites that several rows name; `.stackexchange.com` is left out everywhere.
const SETS: &[(&str, &str)] = &[
    ("S1", "superuser.com askubuntu.com drupal meta security patents money gaming arduino workplace"),
    ("S2", "S1 stackoverflow.com webapps apple graphicdesign"),
    (
        "S4",
        "stackoverflow.com ja.so pt.so es.so islam japanese anime hinduism judaism buddhism chinese french spanish portuguese codegolf korean ukrainian",
    ),
    (
        "S5",
        "ja.so ru.so rus islam japanese hinduism judaism buddhism chinese russian codegolf korean ukrainian",
    ),
    (
        "S6",
        "stackoverflow.com pt.so ru.so es.so ja.so superuser.com askubuntu.com serverfault.com unix webmasters",
    ),
    ("S7", "fitness biology medicalsciences skeptics bicycles"),
    (
        "S8",
        "biology bitcoin ell english expatriates gaming medicalsciences money parenting rpg scifi travel worldbuilding",
    ),
];

/// A line a rule: row, name, reason, status, parts (title, body, summary, username), kinds of post, reputation and score up to which,
/// whether code is left out, and sites.
const TABLE: &str = r#"
1 | misleading-link | misleading link | blacklist | B QA 11/1 code- | all
2 | repeating-words | repeating words in {} | blacklist | TB QA 11/0 code- | all
3 | few-unique-characters | few unique characters in {} | blacklist | B QA 10000/10000 code | all
4 | mostly-images | post is mostly images | blacklist | B QA 201/2 code | all
5 | repeating-characters | repeating characters in {} | blacklist | TB QA 10000/10000 code- | all
6 | link-at-end-sites | link at end of {} | blacklist | B QA 1/0 code | only S1
8 | mostly-non-latin | mostly non-Latin {} | blacklist | TBS QA 1/0 code- | not S4
9 | mostly-non-latin-answer-on-so | mostly non-Latin {} | blacklist | TBS A 1/0 code- | only stackoverflow.com
10 | phone-in-title | phone number detected in {} | blacklist | T Q 1/0 code | not patents math mathoverflow.net
11 | blacklisted_numbers | bad phone number in {} | blacklist | TBS QA 32/1 code- | all
12 | watched_numbers | potentially bad keyword in {} | watch | TBS QA 32/1 code- | all
13 | customer-service-scam | bad keyword in {} | blacklist | TB QA 1/0 code | all
14 | health-themed-title | bad keyword in {} | blacklist | T QA 1/0 code | only S2
15 | product-names | pattern-matching product name in {} | blacklist | TBS Q 12/1 code- | all
16 | keyword-with-email | bad keyword with email in {} | blacklist | TB QA 1/0 code- | all
17 | email-with-telling-name | pattern-matching email in {} | blacklist | TB QA 1/0 code- | all
17 | email-of-a-doctor | pattern-matching email in {} | blacklist | TB QA 1/0 code- | all
18 | thanks-with-link | bad keyword with a link in {} | blacklist | B A 1/0 code | all
19 | bad-link-text | bad keyword in link text in {} | blacklist | B QA 1/0 code- | all
20 | bad-url-ending | bad pattern in URL {} | blacklist | BS QA 1/0 code- | all
21 | host-serves-its-own-names | potentially problematic NS configuration in {} | watch | TBS QA 1/0 code- | all
22 | blacklisted_nses | bad NS for domain in {} | blacklist | TBS QA 1/0 code- | all
23 | watched_nses | potentially bad NS for domain in {} | watch | TBS Q 1/0 code- | not stackoverflow.com
24 | watched_nses | potentially bad NS for domain in {} | watch | TBS A 1/0 code- | all
25 | watched_cidrs | potentially bad IP for hostname in {} | watch | TBS QA 1/0 code- | all
26 | blacklisted_cidrs | bad IP for hostname in {} | blacklist | TBS QA 1/0 code- | all
27 | watched_asns | potentially bad ASN for hostname in {} | watch | TBS QA 1/0 code- | all
28 | offensive | offensive {} detected | blacklist | TBS QA 101/2 code- | all
29 | username-like-site | username similar to website in {} | blacklist | TBS A 1/0 code | all
30 | overused-character | single character over used in post | blacklist | TBS QA 22/0 code | only judaism
31 | mostly-punctuation | mostly punctuation marks in {} | blacklist | TB QA 52/0 code | not math mathoverflow.net codegolf
32 | no-whitespace-in-title | no whitespace in {} | blacklist | T Q 10000/10000 code | all
33 | no-whitespace-in-body | no whitespace in {} | blacklist | B QA 10000/10000 code | all
35 | title-in-body-with-link | body starts with title and ends in URL | blacklist | TBS Q 1/0 code | not codegolf
36 | luncheon-meat | luncheon meat detected | blacklist | B QA 21/0 code | only stackoverflow.com
39 | bad_keywords | bad keyword in {} | blacklist | TBSU QA 32/1 code | all
39 | keywords-anywhere | bad keyword in {} | blacklist | TBSU QA 32/1 code | all
40 | watched_keywords | potentially bad keyword in {} | watch | TBSU QA 32/1 code | all
41 | blacklisted_websites | blacklisted website in {} | blacklist | TBS QA 52/5 code | all
42 | blacklisted_usernames | blacklisted username | blacklist | U QA 1/0 code | all
43 | gratis | potentially bad keyword in {} | watch | TBS QA 11/0 code | not softwarerecs es.so
44 | keto | bad keyword in {} | blacklist | TBSU QA 32/1 code | not chemistry medicalsciences fitness biology stackoverflow.com
45 | keto-on-so | bad keyword in {} | blacklist | TBSU QA 32/1 code- | only stackoverflow.com
46 | keto-on-health-sites | potentially bad keyword in {} | watch | TBSU QA 32/1 code | only medicalsciences fitness biology
47 | seo-at-end-of-title | potentially bad keyword in {} | watch | T Q 32/1 code | not webmasters
48 | seo-at-end-of-name | potentially bad keyword in {} | watch | U QA 32/1 code | all
49 | offers-in-title-or-name | bad keyword in {} | blacklist | TU QA 32/1 code | all
50 | promises-in-title-or-name | potentially bad keyword in {} | watch | TU QA 32/1 code | all
51 | car-insurance-name | bad keyword in {} | blacklist | U QA 1/0 code | only superuser.com puzzling
53 | corn-on-blender | potentially bad keyword in {} | watch | TBU QA 1/0 code | only blender
54 | dotted-letters-in-title | potentially bad keyword in {} | watch | T QA 1/0 code | all
55 | help-write-a-book | bad keyword in {} | blacklist | T QA 22/2 code | all
57 | beauty-in-title | bad keyword in {} | blacklist | T QA 1/0 code | not fitness biology medicalsciences skeptics robotics blender
58 | health | bad keyword in {} | blacklist | TBS QA 1/0 code- | not S7 islam pets parenting scifi
59 | health-everywhere | bad keyword in {} | blacklist | TBS QA 1/0 code- | not scifi
60 | weight-loss-everywhere | potentially bad keyword in {} | watch | TBS QA 1/0 code- | not scifi
61 | hangul-in-title | Korean character in {} | blacklist | T QA 1/0 code | not korean
62 | han-in-title | Chinese character in {} | blacklist | T QA 1/0 code | not chinese japanese ja.so
63 | devanagari-in-title | Hindi character in {} | blacklist | T QA 1/0 code | not hinduism
64 | ascii-only-on-russian | English text in {} on a localized site | blacklist | TB QA 1/0 code- | only rus
65 | roof-repair | bad keyword in {} | blacklist | TBS QA 11/0 code- | not diy outdoors mechanics
66 | supplements | bad keyword in {} | blacklist | TBS QA 1/0 code- | only S2
67 | jesus-on-scifi | bad keyword in {} | blacklist | TBU QA 1/0 code | only scifi
68 | holocaust-denial | bad keyword in {} | blacklist | TB QA 1/0 code | only skeptics history
69 | poker-and-casino | bad keyword in {} | blacklist | TB QA 1/0 code | not poker
70 | supplement-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | health-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | fact-and-review-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | try-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | numbered-blogs | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | healthy-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | essay-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | loan-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | brand-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | support-number-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | adult-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | service-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | shop-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | stream-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | training-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | recovery-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | free-hosting | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
70 | top-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
71 | keyword-sites | pattern-matching website in {} | blacklist | TBS QA 1/1 code- | all
72 | country-shops | pattern-matching website in {} | blacklist | TBSU QA 1/0 code | not travel expatriates
73 | countries-of-spam | pattern-matching website in {} | blacklist | BSU A 1/0 code | all
74 | fitness-sites | pattern-matching website in {} | blacklist | TBSU QA 22/2 code | not S7
75 | arrow-before-link | link following arrow in {} | blacklist | TB Q 11/0 code- | all
76 | link-at-end-of-short-answer | link at end of {} | blacklist | B A 1/0 code | not raspberrypi softwarerecs
77 | repeated-link | repeated URL at end of long post | blacklist | B QA 1/0 code- | all
78 | bare-tk-at-end | pattern-matching website in {} | blacklist | B A 1/0 code | all
79 | bare-name-at-end-of-short-answer | link at end of {} | blacklist | B A 1/0 code | all
80 | short-link-at-end-of-question | shortened URL in {} | blacklist | B Q 1/0 code | not superuser.com askubuntu.com
81 | short-link-in-answer | shortened URL in {} | blacklist | B A 1/0 code- | not codegolf
82 | non-latin-link | non-Latin link in {} | blacklist | B A 1/0 code | not S5
83 | one-character-link | one-character link in {} | blacklist | B QA 11/1 code- | all
84 | linked-punctuation | linked punctuation in {} | blacklist | B A 11/1 code- | not codegolf
85 | url-in-title | URL in title | blacklist | T QA 11/0 code | not S6
86 | url-only-title | URL-only title | blacklist | T QA 11/0 code | only S6
87 | toll-free-number-in-body | phone number detected in {} | blacklist | B QA 1/0 code | not math
88 | email-on-some-sites | email in {} | blacklist | B A 1/0 code- | only S8
89 | email-at-end-of-question | email in {} | blacklist | TB Q 1/0 code- | only money travel gamedev gaming
90 | messenger-number | messaging number in {} | blacklist | TB QA 1/0 code- | all
91 | offensive-title | offensive {} detected | blacklist | T QA 101/5 code | all
92 | numbers-only-title | numbers-only title | blacklist | T QA 52/5 code | not math
95 | aubergine | potentially bad keyword in {} | watch | TB QA 5000/3 code | not es.so pt.so ru.so ja.so rus
97 | not-google | non-Google "google search" link in {} | blacklist | B QA 1/0 code- | all
98 | image-on-academia | image by low-rep user | blacklist | B QA 1/0 code- | only academia
99 | link-in-nested-quotes | link inside deeply nested blockquotes | blacklist | B QA 1/0 code- | all
100 | title-ends-with-comma | title ends with comma | blacklist | T QA 52/0 code | only interpersonal
101 | title-between-slashes | title starts and ends with a forward slash | blacklist | T QA 1/0 code | all
108 | campaign-words-on-workplace | potentially bad keyword in {} | watch | TBSU QA 100/1 code | only workplace workplace.meta
109 | capitals-on-workplace | potentially bad keyword in {} | watch | TBSU QA 100/1 code | only workplace workplace.meta
111 | link-at-beginning | link at beginning of {} | blacklist | B QA 32/1 code | all
"#;

fn expand(sites: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for site in sites.split_whitespace() {
        match SETS.iter().find(|(name, _)| *name == site) {
            Some((_, sites)) => all.extend(expand(sites)),
            None => match site.strip_suffix(".so") {
                Some(language) => _ = all.insert(format!("{language}.stackoverflow.com")),
                None if site.contains('.') && !site.ends_with(".meta") => _ = all.insert(site.to_owned()),
                None => _ = all.insert(format!("{site}.stackexchange.com")),
            },
        }
    }
    all
}

/// A rule as a line of the table, with its sites beside.
fn line(rule: &Rule) -> (String, (&'static str, BTreeSet<String>)) {
    let letters = |letters: &[(bool, char)]| -> String {
        letters.iter().filter(|(is_on, _)| *is_on).map(|(_, letter)| *letter).collect()
    };
    let parts = letters(&[(rule.title, 'T'), (rule.body, 'B'), (rule.summary, 'S'), (rule.username, 'U')]);
    let kinds = letters(&[(rule.questions, 'Q'), (rule.answers, 'A')]);
    let status = if rule.status == Status::Watch { "watch" } else { "blacklist" };
    let code = if rule.strip_code { "code-" } else { "code" };
    let limits = format!("{}/{}", rule.max_rep, rule.max_score);
    let line = format!("{} | {} | {status} | {parts} {kinds} {limits} {code}", rule.name, rule.reason);
    let sites = match &rule.sites {
        Sites::Except(sites) if sites.is_empty() => ("all", BTreeSet::new()),
        Sites::Except(sites) => ("not", sites.iter().cloned().collect()),
        Sites::Only(sites) => ("only", sites.iter().cloned().collect()),
    };
    (line, sites)
}

/// The list files of SmokeDetector, each with one entry.
fn lists() -> Vec<SourceFile> {
    let network = |what: &str, entry: &str| {
        format!("Schema: yaml_{what}\nSchema_version: '2019120601'\nitems:\n- {entry}\n")
    };
    let file =
        |(name, text): (&str, String)| SourceFile { path: format!("lists/{name}"), text: text.into_bytes() };
    [
        ("bad_keywords.txt", "x y\n".to_owned()),
        ("watched_keywords.txt", "1\tann\tx z\n".to_owned()),
        ("blacklisted_websites.txt", "x\\.example\n".to_owned()),
        ("blacklisted_usernames.txt", "xyz\n".to_owned()),
        ("blacklisted_numbers.txt", "202-555-0147\n".to_owned()),
        ("watched_numbers.txt", "1\tann\t202-555-0148\n".to_owned()),
        ("blacklisted_nses.yml", network("ns", "ns: ns.example.")),
        ("watched_nses.yml", network("ns", "ns: ns2.example.")),
        ("blacklisted_cidrs.yml", network("cidr", "ip: 192.0.2.1")),
        ("watched_cidrs.yml", network("cidr", "ip: 192.0.2.2")),
        ("watched_asns.yml", network("asn", "asn: '64500'")),
    ]
    .map(file)
    .into()
}

#[test]
fn every_row_of_the_reference_is_in_force_with_its_parts_limits_and_sites() {
    let standard = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/standard");
    let mut sources = rules_folder::read(&[standard]).expect("the folder");
    let texts: Vec<String> =
        sources.iter().map(|file| String::from_utf8_lossy(&file.text).into_owned()).collect();
    sources.extend(lists());
    let loaded = load(sources);
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    let found: Vec<_> = loaded.set.rules().map(line).collect();
    let mut rows = BTreeSet::new();
    let mut expected = Vec::new();
    for row in TABLE.trim().lines() {
        let (number, rest) = row.split_once(" | ").expect("a number first");
        rows.insert(number.parse().expect("a number"));
        let (line, sites) = rest.rsplit_once(" | ").expect("sites at the end");
        let sites = match sites.split_once(' ') {
            Some(("not", sites)) => ("not", expand(sites)),
            Some(("only", sites)) => ("only", expand(sites)),
            _ => ("all", BTreeSet::new()),
        };
        expected.push((line.to_owned(), sites));
    }
    let missing: Vec<_> = expected.iter().filter(|line| !found.contains(line)).collect();
    let unknown: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "in the table only: {missing:#?}; in the rules only: {unknown:#?}"
    );
    assert_eq!(found.len(), expected.len(), "a rule is there twice");
    rows.extend(WITHOUT);
    for (row, name) in RETIRED {
        let id = format!("id: {name}\n");
        assert!(texts.iter().any(|text| text.contains(&id)), "row {row}, `{name}`, is kept");
        rows.insert(*row);
    }
    assert!(rows.into_iter().eq(1..=LAST_ROW), "a row without a rule");
}
