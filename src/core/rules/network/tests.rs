//! Network rules over posts, by recorded facts.

use std::collections::BTreeSet;

use super::{Facts, Query};
use crate::core::post::{Post, PostType};
use crate::core::rules::{Loaded, SourceFile, load};
use crate::core::verdict::Verdict;
use crate::core::weight::Weights;

fn post(site: &str, post_type: PostType, body: &str) -> Post {
    Post {
        id: "a".to_owned(),
        site: site.to_owned(),
        post_type,
        title: "A question".to_owned(),
        body: body.to_owned(),
        ..Post::default()
    }
}

fn lists() -> Loaded {
    let file = |name: &str, schema: &str, items: &str| SourceFile {
        path: format!("lists/{name}"),
        text: format!("Schema: {schema}\nSchema_version: '2019120601'\nitems:\n{items}").into_bytes(),
    };
    let loaded = load(vec![
        file("blacklisted_nses.yml", "yaml_ns", "- ns: evil-dns.example.\n- ns:\n  - ns2.pair.example.\n  - NS1.pair.example.\n"),
        file("watched_nses.yml", "yaml_ns", "- ns: odd-dns.example.\n- ns: off.example.\n  disable: true\n"),
        file("blacklisted_cidrs.yml", "yaml_cidr", "- ip: 192.0.2.66\n"),
        file("watched_cidrs.yml", "yaml_cidr", "- ip: 192.0.2.77\n"),
        file("watched_asns.yml", "yaml_asn", "- asn: '64500'\n"),
        SourceFile {
            path: "ours/own.yml".to_owned(),
            text: b"rules: [{id: self, reason: 'potentially problematic NS configuration in {}', status: watch, description: x, \
                    check: host-serves-itself, applies_to: {strip_code: true}}]"
                .to_vec(),
        },
        SourceFile { path: "ours/trusted_hosts.txt".to_owned(), text: b"# these\ntrusted.com\n".to_vec() },
    ]);
    assert_eq!(loaded.errors, []);
    loaded
}

fn facts() -> Facts {
    serde_json::from_str(
        r#"{"addresses": {
                "one.com": ["192.0.2.66"], "two.com": ["192.0.2.2"], "www.three.com": ["192.0.2.3"], "four.com": ["192.0.2.4", "192.0.2.5"],
                "ns.evil-dns.example": ["192.0.2.99"], "ns1.pair.example": ["192.0.2.99"], "ns2.pair.example": ["192.0.2.77"],
                "ns.odd-dns.example": ["192.0.2.99"], "ns3.pair.example": ["192.0.2.99"],
                "a.four.com": ["192.0.2.4"], "b.four.com": ["192.0.2.5"], "trusted.com": ["192.0.2.66"]},
            "name_servers": {
                "one.com": ["ns.evil-dns.example"], "two.com": ["ns1.pair.example", "ns2.pair.example"],
                "three.com": ["ns.odd-dns.example", "ns1.pair.example", "ns2.pair.example", "ns3.pair.example"],
                "four.com": ["a.four.com", "b.four.com"], "trusted.com": ["ns.evil-dns.example"]},
            "systems": {"192.0.2.66": [], "192.0.2.2": [64501], "192.0.2.3": [64499, 64500], "192.0.2.4": [], "192.0.2.5": []}}"#,
    )
    .expect("facts")
}

/// Reasons, and what is lacking.
fn judge(loaded: &Loaded, post: &Post, facts: &Facts) -> (Verdict, BTreeSet<Query>) {
    let mut verdict = loaded.set.scan(post, &Weights::default());
    let lacking = loaded.set.scan_hosts(post, facts, &Weights::default(), &mut verdict);
    (verdict, lacking)
}

fn reasons(body: &str) -> Vec<String> {
    let (verdict, lacking) = judge(&lists(), &post("superuser.com", PostType::Question, body), &facts());
    assert_eq!(lacking, BTreeSet::new());
    verdict.reasons
}

#[test]
fn each_list_finds_what_it_lists() {
    assert_eq!(reasons("<p>one.com</p>"), ["bad IP for hostname in body", "bad NS for domain in body"]);
    assert_eq!(
        reasons("<p>two.com</p>"),
        ["bad NS for domain in body", "potentially bad IP for hostname in body"],
        "a set of name servers, and the address of one of them"
    );
    assert_eq!(
        reasons("<a href=\"http://www.three.com/x\">x</a>"),
        [
            "potentially bad ASN for hostname in body",
            "potentially bad IP for hostname in body",
            "potentially bad NS for domain in body"
        ],
        "a larger set is not the listed one"
    );
    assert_eq!(reasons("<p>four.com</p>"), ["potentially problematic NS configuration in body"]);
    assert_eq!(reasons("<p>trusted.com and <code>one.com</code></p>"), Vec::<String>::new());
}

#[test]
fn evidence_names_entry_and_place() {
    let (verdict, _) =
        judge(&lists(), &post("superuser.com", PostType::Question, "<p>&lt;one.com</p>"), &facts());
    let why: Vec<_> =
        verdict.why.iter().map(|w| (w.rule.as_str(), w.start, w.end, w.text.as_str())).collect();
    assert_eq!(why, [("blacklisted_cidrs:4", 7, 14, "one.com"), ("blacklisted_nses:4", 7, 14, "one.com")]);
    let origin = lists().set.origin("blacklisted_cidrs:4").expect("a listed entry");
    assert_eq!(
        (origin.path.as_str(), origin.line, origin.text.as_str()),
        ("lists/blacklisted_cidrs.yml", 4, "192.0.2.66")
    );
}

#[test]
fn watched_name_servers_leave_questions_on_stack_overflow_alone() {
    let watched = |site, post_type| {
        let (verdict, _) = judge(&lists(), &post(site, post_type, "<p>www.three.com</p>"), &facts());
        verdict
            .reasons
            .iter()
            .filter(|reason| reason.starts_with("potentially bad NS"))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(watched("stackoverflow.com", PostType::Question), Vec::<String>::new());
    assert_eq!(watched("stackoverflow.com", PostType::Answer), ["potentially bad NS for domain in answer"]);
    assert_eq!(watched("superuser.com", PostType::Question), ["potentially bad NS for domain in body"]);
}

#[test]
fn what_is_not_known_is_asked_for_step_by_step_and_a_known_author_asks_nothing() {
    let loaded = lists();
    let mut spammy = post("superuser.com", PostType::Question, "<p>www.three.com</p>");
    let mut known = Facts::default();
    let (verdict, lacking) = judge(&loaded, &spammy, &known);
    assert_eq!(verdict.reasons, Vec::<String>::new());
    let expected = [Query::Addresses("www.three.com".to_owned()), Query::NameServers("three.com".to_owned())];
    assert_eq!(lacking, expected.into());
    known.addresses.insert("www.three.com".to_owned(), facts().addresses["www.three.com"].clone());
    known.name_servers.insert("three.com".to_owned(), ["ns.odd-dns.example".to_owned()].into());
    let (verdict, lacking) = judge(&loaded, &spammy, &known);
    assert_eq!(verdict.reasons, ["potentially bad NS for domain in body"], "what is known counts already");
    let expected = [Query::Addresses("ns.odd-dns.example".to_owned()), Query::Systems([192, 0, 2, 3].into())];
    assert_eq!(lacking, expected.into());
    spammy.owner.reputation = 2;
    assert_eq!(judge(&loaded, &spammy, &known).1, BTreeSet::new());
}

#[test]
fn facts_change_nothing_in_what_was_found_before() {
    let mut loaded = lists();
    loaded.set = loaded.set.with_entry("x/blacklist/keywords.txt", 3, "pills").expect("an entry");
    let post = post("superuser.com", PostType::Question, "<p>pills at one.com</p>");
    let (verdict, _) = judge(&loaded, &post, &facts());
    assert_eq!(
        verdict.reasons,
        ["bad IP for hostname in body", "bad NS for domain in body", "bad keyword in body"]
    );
    assert_eq!(verdict.weight, 150);
    assert_eq!(verdict.id, "a");
}

#[test]
fn a_broken_item_is_named_with_its_line_and_the_rest_is_read() {
    let text = "Schema: yaml_cidr\nSchema_version: '2019120601'\nitems:\n- ip: 192.0.2.1\n- ip: 192.0.2.1/8\n- asn: '3'\n- ip: 192.0.2.4\n";
    let loaded = load(vec![SourceFile { path: "watched_cidrs.yml".to_owned(), text: text.into() }]);
    let told: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "watched_cidrs.yml:5: an item without `ip`, or with one that can not be read",
            "watched_cidrs.yml:6: an item without `ip`, or with one that can not be read"
        ]
    );
    assert_eq!(loaded.set.len(), 2);
}
