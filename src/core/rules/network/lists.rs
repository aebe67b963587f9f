//! SmokeDetector's lists of name servers, addresses and autonomous systems, read and checked.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;

use serde::Deserialize;

use super::super::rule::{Rule, Sites, Status};
use super::super::source::{RuleError, SourceFile};
use super::checks::NetworkCheck;
use crate::core::yaml::{self, Spanned};

/// The newest form that is known.
const NEWEST_VERSION: u64 = 2_019_120_601;

/// What the entries of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::core::rules) enum Kind {
    /// Names of name servers, alone or as whole sets.
    NameServers,
    /// IPv4 addresses.
    Addresses,
    /// Numbers of autonomous systems.
    Systems,
}

/// A network list, read.
pub(in crate::core::rules) struct NetworkList {
    /// The rules that look at it; all of one name.
    pub(in crate::core::rules) rules: Vec<Rule>,
    kind: Kind,
    /// Line and values of each entry: one value, or for name servers the whole set that a domain must have.
    pub(in crate::core::rules) entries: Vec<(usize, Vec<String>)>,
}

impl NetworkList {
    /// The check for the entries, which are numbered from `first` on in the order of the list. Of equal entries the first stays.
    pub(in crate::core::rules) fn check(&self, first: u32) -> NetworkCheck {
        let numbered = || (first..).zip(self.entries.iter().map(|(_, values)| values));
        match self.kind {
            Kind::NameServers => {
                let mut names = HashMap::new();
                let mut sets = HashMap::new();
                for (entry, values) in numbered() {
                    match &values[..] {
                        [name] => {
                            names.entry(name.clone()).or_insert(entry);
                        }
                        all => {
                            sets.entry(all.iter().cloned().collect::<BTreeSet<_>>()).or_insert(entry);
                        }
                    }
                }
                NetworkCheck::NameServers { names, sets }
            }
            Kind::Addresses => NetworkCheck::Addresses(only_values(numbered())),
            Kind::Systems => NetworkCheck::Systems(only_values(numbered())),
        }
    }
}

/// Entries of one value each; all were parsed once when they were read.
fn only_values<'a, T: std::str::FromStr + std::hash::Hash + Eq>(
    entries: impl Iterator<Item = (u32, &'a Vec<String>)>,
) -> HashMap<T, u32> {
    let mut values = HashMap::new();
    for (entry, texts) in entries {
        if let Some(value) = texts.first().and_then(|text| text.parse().ok()) {
            values.entry(value).or_insert(entry);
        }
    }
    values
}

/// What a file is by its name, and whether its entries are trusted.
pub(in crate::core::rules) fn kind(source: &SourceFile) -> Option<(Kind, Status)> {
    let name = source.file_name();
    let (status, rest) = match name.strip_prefix("blacklisted_") {
        Some(rest) => (Status::Blacklist, rest),
        None => (Status::Watch, name.strip_prefix("watched_")?),
    };
    let kind = match rest {
        "nses.yml" => Kind::NameServers,
        "cidrs.yml" => Kind::Addresses,
        "asns.yml" => Kind::Systems,
        _ => return None,
    };
    Some((kind, status))
}

/// The rules of a list, with the limits and parts of the reference's. That for watched name servers leaves questions on Stack
/// Overflow alone, so it is two.
fn rules(source: &SourceFile, kind: Kind, status: Status) -> Vec<Rule> {
    let what = match kind {
        Kind::NameServers => "bad NS for domain in {}",
        Kind::Addresses => "bad IP for hostname in {}",
        Kind::Systems => "bad ASN for hostname in {}",
    };
    let reason = match status {
        Status::Blacklist => what.to_owned(),
        Status::Watch => format!("potentially {what}"),
    };
    let base = Rule {
        name: source.file_name().trim_end_matches(".yml").to_owned(),
        path: source.path.clone(),
        line: 0,
        reason,
        status,
        title: true,
        body: true,
        username: false,
        summary: true,
        questions: true,
        answers: true,
        max_rep: 1,
        max_score: 0,
        sites: Sites::all(),
        strip_code: true,
        function: true,
    };
    if (kind, status) != (Kind::NameServers, Status::Watch) {
        return vec![base];
    }
    let sites = Sites::Except(["stackoverflow.com".to_owned()].into());
    vec![Rule { answers: false, sites, ..base.clone() }, Rule { questions: false, ..base }]
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "Schema")]
    schema: String,
    #[serde(rename = "Schema_version")]
    version: String,
    #[serde(default)]
    items: Vec<Spanned<Item>>,
}

#[derive(Deserialize)]
struct Item {
    ns: Option<Names>,
    ip: Option<String>,
    asn: Option<String>,
    #[serde(default)]
    disable: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Set(Vec<String>),
}

/// Reads such a list; an entry that is not what the file's name says is an error and left out.
pub(in crate::core::rules) fn read(
    source: &SourceFile,
    (kind, status): (Kind, Status),
    errors: &mut Vec<RuleError>,
) -> Option<NetworkList> {
    let mut error = |line: u64, message: String| {
        let line = usize::try_from(line).unwrap_or(0);
        errors.push(RuleError { path: source.path.clone(), line, column: None, message });
    };
    let Ok(text) = std::str::from_utf8(&source.text) else {
        error(0, "not UTF-8".to_owned());
        return None;
    };
    let file: File = match yaml::parse(text, &source.path) {
        Ok(file) => file,
        Err(problem) => {
            error(problem.at.line, problem.what);
            return None;
        }
    };
    let (schema, key) = match kind {
        Kind::NameServers => ("yaml_ns", "ns"),
        Kind::Addresses => ("yaml_cidr", "ip"),
        Kind::Systems => ("yaml_asn", "asn"),
    };
    if file.schema != schema {
        error(1, format!("`Schema` is `{}`, but must be `{schema}` in a file of this name", file.schema));
        return None;
    }
    if file.version.parse::<u64>().map_or(true, |version| version > NEWEST_VERSION) {
        error(
            1,
            format!("`Schema_version` is `{}`; {NEWEST_VERSION} is the newest that is known", file.version),
        );
        return None;
    }
    let mut entries = Vec::new();
    for item in file.items {
        let line = yaml::position(&item).line;
        if item.value.disable {
            continue;
        }
        match values(kind, item.value) {
            Some(values) => entries.push((usize::try_from(line).unwrap_or(0), values)),
            None => error(line, format!("an item without `{key}`, or with one that can not be read")),
        }
    }
    Some(NetworkList { rules: rules(source, kind, status), kind, entries })
}

/// The values of an item in the form in which facts have them; nothing when they are none.
fn values(kind: Kind, item: Item) -> Option<Vec<String>> {
    let name = |name: String| {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(name)
    };
    match (kind, item) {
        (Kind::NameServers, Item { ns: Some(Names::One(one)), .. }) => Some(vec![name(one)?]),
        (Kind::NameServers, Item { ns: Some(Names::Set(names)), .. }) if !names.is_empty() => {
            names.into_iter().map(name).collect()
        }
        (Kind::Addresses, Item { ip: Some(ip), .. }) => ip.parse::<Ipv4Addr>().is_ok().then_some(vec![ip]),
        (Kind::Systems, Item { asn: Some(asn), .. }) => asn.parse::<u32>().is_ok().then_some(vec![asn]),
        _ => None,
    }
}
