//! The rule set: what is shared by all who scan.

use std::collections::HashSet;
use std::sync::Arc;

use super::layer::{Builder, Layer};
use super::rule::{Rule, Status};
use super::scan::{Scratch, scan};
use super::yaml_rules::{Finder, YamlRule};
use crate::core::post::Post;
use crate::core::verdict::Verdict;
use crate::core::weight::{Weights, is_experimental_text};

/// Rules ready to scan with. Immutable; a change makes a new set.
#[derive(Clone, Debug)]
pub struct RuleSet {
    layers: Vec<Arc<Layer>>,
    /// Reasons that only rules on trial report, as templates.
    watched: Arc<HashSet<String>>,
}

/// Where a rule's name in a verdict leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: String,
    /// The line in it.
    pub line: usize,
    /// The entry as written; empty for checks.
    pub text: String,
}

/// An entry of a list, or the pattern of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryInfo<'a> {
    /// Its file.
    pub path: &'a str,
    /// Its line; 0 for the pattern of a rule.
    pub line: usize,
    /// As written.
    pub text: &'a str,
    /// Whether it needs no text that could be searched for first, so that it runs on every post.
    pub always: bool,
}

impl RuleSet {
    pub(super) fn new(layer: Arc<Layer>) -> Self {
        let reasons = |status| {
            layer.rules.iter().filter(move |rule| rule.status == status).map(|rule| rule.reason.clone())
        };
        let trusted: HashSet<String> = reasons(Status::Blacklist).collect();
        let watched = reasons(Status::Watch).filter(|reason| !trusted.contains(reason)).collect();
        Self { layers: vec![layer], watched: Arc::new(watched) }
    }

    /// The verdict on `post`. Deterministic: no clock, and a fixed budget of steps.
    pub fn scan(&self, post: &Post, weights: &Weights) -> Verdict {
        self.scan_with(&mut Scratch::default(), post, weights)
    }

    /// The same, with memory kept from scan to scan, which is faster.
    pub fn scan_with(&self, scratch: &mut Scratch, post: &Post, weights: &Weights) -> Verdict {
        scan(&self.layers, scratch, post, weights)
    }

    /// Whether a reason is on trial: a post with only such reasons goes only where those are asked for.
    pub fn is_experimental(&self, reason: &str) -> bool {
        if is_experimental_text(reason) {
            return true;
        }
        ["title", "body", "answer", "username"]
            .iter()
            .any(|part| self.watched.contains(&reason.replace(part, "{}")))
            || self.watched.contains(reason)
    }

    /// Where a rule named in a verdict comes from.
    pub fn origin(&self, name: &str) -> Option<Origin> {
        self.layers.iter().find_map(|layer| {
            layer
                .entries
                .iter()
                .find_map(|entry| {
                    let rule = &layer.rules[entry.rule as usize];
                    let line = if entry.line == 0 { rule.line } else { entry.line as usize };
                    (rule.entry_name(entry.line) == name).then(|| Origin {
                        path: rule.path.clone(),
                        line,
                        text: entry.text.to_string(),
                    })
                })
                .or_else(|| {
                    let rule = layer.rules.iter().find(|rule| rule.name == name)?;
                    Some(Origin { path: rule.path.clone(), line: rule.line, text: String::new() })
                })
        })
    }

    /// One YAML rule by itself.
    ///
    /// # Errors
    /// What is wrong with its pattern.
    pub(super) fn of_one(rule: &YamlRule) -> Result<Self, String> {
        let mut builder = Builder::default();
        match &rule.finder {
            Finder::Pattern(text, _) => builder.pattern_rule(rule.rule.clone(), text)?,
            Finder::Check(check) => builder.check_rule(rule.rule.clone(), *check),
        }
        Ok(Self::new(Arc::new(builder.finish())))
    }

    /// All entries of lists, and the patterns of rules.
    pub fn entries(&self) -> impl Iterator<Item = EntryInfo<'_>> {
        self.layers.iter().flat_map(|layer| {
            layer.entries.iter().enumerate().map(|(index, entry)| EntryInfo {
                path: &layer.rules[entry.rule as usize].path,
                line: entry.line as usize,
                text: &entry.text,
                always: layer
                    .always
                    .iter()
                    .any(|always| always.entry as usize == index && always.if_present.is_none()),
            })
        })
    }

    /// All rules; a list is one.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.layers.iter().flat_map(|layer| &layer.rules)
    }

    /// How many entries, patterns and checks there are.
    pub fn len(&self) -> usize {
        self.layers.iter().map(|layer| layer.entries.len() + layer.checks.len()).sum()
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
