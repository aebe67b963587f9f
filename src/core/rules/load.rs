//! Files to a rule set.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::examples;
use super::layer::Builder;
use super::lists;
use super::network;
use super::set::RuleSet;
use super::source::{RuleError, SourceFile};
use super::yaml_rules::{self, Finder, YamlRule};

/// The file that switches entries of other lists off: a line is a list's name, a tab, and the entry as written there.
pub const DISABLED_FILE: &str = "disabled.txt";

/// Domains that network rules leave alone, one a line, with all hosts below them.
const TRUSTED_FILE: &str = "trusted_hosts.txt";

/// What became of some files.
#[derive(Debug)]
pub struct Loaded {
    /// Everything that could be used.
    pub set: RuleSet,
    /// Everything that could not, in the order of the files.
    pub errors: Vec<RuleError>,
    /// The YAML rules as written, with their examples.
    pub rules: Vec<YamlRule>,
}

/// Makes a rule set of files. Files of a name that no rule file has (notes, licences) are passed over.
pub fn load(sources: Vec<SourceFile>) -> Loaded {
    let mut errors = Vec::new();
    let mut builder = Builder::default();
    let mut rules = Vec::new();
    let mut ids = BTreeMap::new();
    let disabled = disabled_entries(&sources, &mut errors);
    for source in &sources {
        if let Some(list) = lists::read(source, &mut errors) {
            let off = |list: &str, entry: &str| disabled.contains(&(list.to_owned(), entry.to_owned()));
            builder.list(list, off, &mut errors);
        } else if let Some(kind) = network::kind(source) {
            if let Some(list) = network::read(source, kind, &mut errors) {
                builder.network_list(list);
            }
        } else if source.file_name() == TRUSTED_FILE {
            for (_, host) in plain_lines(source, &mut errors) {
                builder.trust(&host);
            }
        } else if source.file_name().ends_with(".yml") || source.file_name().ends_with(".yaml") {
            for rule in yaml_rules::read(source, &mut ids, &mut errors) {
                let added = match &rule.finder {
                    Finder::Pattern(text, line) => {
                        builder.pattern_rule(rule.rule.clone(), text).map_err(|message| RuleError {
                            path: source.path.clone(),
                            line: *line,
                            column: None,
                            message,
                        })
                    }
                    Finder::Check(check) => {
                        builder.check_rule(rule.rule.clone(), *check);
                        Ok(())
                    }
                };
                match added {
                    Ok(()) => rules.push(rule),
                    Err(error) => errors.push(error),
                }
            }
        }
    }
    errors.sort();
    examples::warm_up(&rules);
    Loaded { set: RuleSet::new(Arc::new(builder.finish())), errors, rules }
}

fn disabled_entries(sources: &[SourceFile], errors: &mut Vec<RuleError>) -> HashSet<(String, String)> {
    let mut disabled = HashSet::new();
    for source in sources.iter().filter(|source| source.file_name() == DISABLED_FILE) {
        for (line, text) in plain_lines(source, errors) {
            match text.split_once('\t') {
                Some((list, entry)) => {
                    disabled.insert((list.to_owned(), entry.to_owned()));
                }
                None => {
                    let message =
                        "must be the name of a list, a tab, and the entry as written there".to_owned();
                    errors.push(RuleError { path: source.path.clone(), line, column: None, message });
                }
            }
        }
    }
    disabled
}

/// The lines of a file with their numbers, without comments, empty lines and white space at their ends.
fn plain_lines(source: &SourceFile, errors: &mut Vec<RuleError>) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    for (index, line) in source.text.split(|byte| *byte == b'\n').enumerate() {
        match std::str::from_utf8(line).map(str::trim_end) {
            Ok(line) if line.is_empty() || line.starts_with('#') => {}
            Ok(line) => lines.push((index + 1, line.to_owned())),
            Err(_) => {
                let (path, message) = (source.path.clone(), "not UTF-8".to_owned());
                errors.push(RuleError { path, line: index + 1, column: None, message });
            }
        }
    }
    lines
}
