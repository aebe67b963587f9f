//! SmokeDetector's lists of name servers, addresses and autonomous systems: read and checked, kept for checks that
//! are given the facts of the network.

use serde::Deserialize;

use super::source::{RuleError, SourceFile};
use crate::core::yaml;

/// The newest form that is known.
const NEWEST_VERSION: u64 = 2_019_120_601;

/// Which list a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// Names of name servers, alone or as whole sets.
    NameServers,
    /// IPv4 addresses.
    Addresses,
    /// Numbers of autonomous systems.
    SystemNumbers,
}

/// A list of network facts that speak against a host.
#[derive(Clone, Debug)]
pub struct NetworkList {
    /// Stem of the file's name.
    pub name: String,
    /// What the entries are.
    pub kind: NetworkKind,
    /// Each entry: one value, or for name servers the whole set that a host must have.
    pub entries: Vec<Vec<String>>,
}

/// What a file is by its name.
pub(super) fn kind(source: &SourceFile) -> Option<NetworkKind> {
    let name = source.file_name();
    [
        ("_nses.yml", NetworkKind::NameServers),
        ("_cidrs.yml", NetworkKind::Addresses),
        ("_asns.yml", NetworkKind::SystemNumbers),
    ]
    .into_iter()
    .find_map(|(end, kind)| name.ends_with(end).then_some(kind))
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "Schema")]
    schema: String,
    #[serde(rename = "Schema_version")]
    version: String,
    #[serde(default)]
    items: Vec<Item>,
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
pub(super) fn read(
    source: &SourceFile,
    kind: NetworkKind,
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
        NetworkKind::NameServers => ("yaml_ns", "ns"),
        NetworkKind::Addresses => ("yaml_cidr", "ip"),
        NetworkKind::SystemNumbers => ("yaml_asn", "asn"),
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
    for (index, item) in file.items.into_iter().enumerate() {
        if item.disable {
            continue;
        }
        let values = match (kind, item) {
            (NetworkKind::NameServers, Item { ns: Some(Names::One(name)), .. }) => vec![name],
            (NetworkKind::NameServers, Item { ns: Some(Names::Set(names)), .. }) => names,
            (NetworkKind::Addresses, Item { ip: Some(ip), .. })
                if ip.parse::<std::net::Ipv4Addr>().is_ok() =>
            {
                vec![ip]
            }
            (NetworkKind::SystemNumbers, Item { asn: Some(asn), .. }) if asn.parse::<u32>().is_ok() => {
                vec![asn]
            }
            _ => {
                error(0, format!("item {} has no `{key}` that can be read", index + 1));
                continue;
            }
        };
        entries.push(values);
    }
    let name = source.file_name().trim_end_matches(".yml").to_owned();
    Some(NetworkList { name, kind, entries })
}
