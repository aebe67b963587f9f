//! The rule set: what is shared by all who scan.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::compiled::Compiled;
use super::layer::{Builder, Layer, index};
use super::lists;
use super::network::{Facts, Query, scan_hosts};
use super::rule::{Rule, Status};
use super::scan::{Aside, Off, Scratch, scan};
use super::source::{RuleError, SourceFile};
use super::yaml_rules::{Finder, YamlRule};
use crate::core::post::Post;
use crate::core::verdict::Verdict;
use crate::core::weight::{Weights, is_experimental_text};

/// Rules ready to scan with. Immutable; a change makes a new set.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// What was loaded, then what was added since.
    layers: Vec<Arc<Layer>>,
    off: Arc<Off>,
    aside: Arc<Vec<Aside>>,
    added: Arc<Vec<Added>>,
    /// Reasons that only rules on trial report, as templates.
    watched: Arc<HashSet<String>>,
}

/// An entry that was added since the files were loaded.
#[derive(Clone, Debug)]
struct Added {
    path: String,
    list: String,
    line: usize,
    text: String,
    /// Nothing for a number.
    compiled: Option<Arc<Compiled>>,
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

/// Number, list and text of each entry.
fn entries_of(layer: &Layer) -> impl Iterator<Item = (u32, &str, &str)> {
    (0..)
        .zip(&layer.entries)
        .map(|(number, entry)| (number, layer.rules[entry.rule as usize].name.as_str(), &*entry.text))
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

/// An entry of a list that is not switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveEntry<'a> {
    /// Its list, as verdicts name it.
    pub list: &'a str,
    /// Its file.
    pub path: &'a str,
    /// Its line.
    pub line: usize,
    /// As written.
    pub text: &'a str,
}

impl RuleSet {
    pub(super) fn new(layer: Arc<Layer>) -> Self {
        let reasons = |status| {
            layer.rules.iter().filter(move |rule| rule.status == status).map(|rule| rule.reason.clone())
        };
        let trusted: HashSet<String> = reasons(Status::Blacklist).collect();
        let watched = reasons(Status::Watch).filter(|reason| !trusted.contains(reason)).collect();
        let (off, aside, added) = (Arc::default(), Arc::default(), Arc::default());
        Self { layers: vec![layer], off, aside, added, watched: Arc::new(watched) }
    }

    /// The verdict on `post`. Deterministic: no clock, and a fixed budget of steps.
    pub fn scan(&self, post: &Post, weights: &Weights) -> Verdict {
        self.scan_with(&mut Scratch::default(), post, weights)
    }

    /// The same, with memory kept from scan to scan, which is faster.
    pub fn scan_with(&self, scratch: &mut Scratch, post: &Post, weights: &Weights) -> Verdict {
        scan(&self.layers, &self.off, &self.aside, scratch, post, weights)
    }

    /// Adds to the verdict on `post` what network rules find by `facts`; gives what they would have to know beside those, empty
    /// when nothing is open. Linear in the post; at most a few tens of questions a post.
    pub fn scan_hosts(
        &self,
        post: &Post,
        facts: &Facts,
        weights: &Weights,
        verdict: &mut Verdict,
    ) -> BTreeSet<Query> {
        scan_hosts(&self.layers[0], post, facts, weights, verdict)
    }

    /// The set with one more entry of the list file at `path`, without reading any file again. Scans under way keep the set they
    /// began with. What was added is looked for beside the rest, so some hundred entries should be followed by a fresh load.
    ///
    /// # Errors
    /// When the path is not that of a list file, or the entry can not be used.
    pub fn with_entry(&self, path: &str, line: usize, text: &str) -> Result<Self, RuleError> {
        let refused = |message| RuleError { path: path.to_owned(), line, column: None, message };
        let list = |path: &str| {
            let source = SourceFile { path: path.to_owned(), text: Vec::new() };
            lists::read(&source, &mut Vec::new())
        };
        let (Some(name), Some(own)) = (lists::name(path), list(path)) else {
            return Err(refused("not the file of a list".to_owned()));
        };
        let compiled = Compiled::entry(own.kind, text).map_err(refused)?.map(Arc::new);
        // What was added and taken away again is forgotten here.
        let gone: HashSet<(&str, &str)> = self.off_in(1).collect();
        let is_gone = |entry: &Added| gone.contains(&(entry.list.as_str(), entry.text.as_str()));
        let mut added: Vec<Added> = self.added.iter().filter(|entry| !is_gone(entry)).cloned().collect();
        added.push(Added { path: path.to_owned(), list: name, line, text: text.to_owned(), compiled });
        added.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        let mut builder = Builder::default();
        for entries in added.chunk_by(|a, b| a.path == b.path) {
            let Some(list) = list(&entries[0].path) else { continue };
            let compiled = |entry: &Added| entry.compiled.as_deref().cloned();
            let entries = entries.iter().map(|entry| (entry.line, entry.text.as_str(), compiled(entry)));
            builder.compiled_list(list, entries).map_err(refused)?;
        }
        let layers = vec![Arc::clone(&self.layers[0]), Arc::new(builder.finish())];
        let off = self.off.iter().filter(|(layer, _)| *layer == 0).copied().collect();
        let aside = self.aside.iter().filter(|aside| aside.layer == 0).cloned().collect();
        Ok(Self {
            layers,
            off: Arc::new(off),
            aside: Arc::new(aside),
            added: Arc::new(added),
            ..self.clone()
        })
    }

    /// The set without the entries of a list (named as in verdicts, before the colon) that are written as `text`; and how many
    /// those are.
    pub fn without_entry(&self, list: &str, text: &str) -> (Self, usize) {
        let mut off = Off::clone(&self.off);
        let before = off.len();
        for (number, layer) in self.layers.iter().enumerate() {
            let found = entries_of(layer).filter(|(_, name, entry)| *name == list && *entry == text);
            off.extend(found.map(|(entry, _, _)| (number, entry)));
        }
        let count = off.len() - before;
        (Self { off: Arc::new(off), ..self.clone() }, count)
    }

    /// The set without what is named so in verdicts, an entry or a rule, because it costs too much: verdicts on posts that it would
    /// look at are incomplete and name it. Nothing when there is none of that name, or it is set aside already.
    pub fn set_aside(&self, name: &str) -> Option<Self> {
        if self.aside.iter().any(|aside| aside.name == name) {
            return None;
        }
        let found = self.layers.iter().enumerate().find_map(|(number, layer)| {
            let (rule, entry) = match layer.entry_named(name) {
                Some(entry) => (layer.entries[entry as usize].rule, Some(entry)),
                None => (index(layer.rules.iter().position(|rule| rule.name == name)?), None),
            };
            Some(Aside { layer: number, rule, entry, name: name.to_owned() })
        })?;
        let mut off = Off::clone(&self.off);
        off.extend(found.entry.map(|entry| (found.layer, entry)));
        let mut aside = self.aside.to_vec();
        aside.push(found);
        Some(Self { off: Arc::new(off), aside: Arc::new(aside), ..self.clone() })
    }

    fn off_in(&self, layer: usize) -> impl Iterator<Item = (&str, &str)> {
        self.off.iter().filter(move |(number, _)| *number == layer).map(|(number, entry)| {
            let layer = &self.layers[*number];
            let entry = &layer.entries[*entry as usize];
            (layer.rules[entry.rule as usize].name.as_str(), &*entry.text)
        })
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
            let Some(entry) = layer.entry_named(name).map(|entry| &layer.entries[entry as usize]) else {
                let rule = layer.rules.iter().find(|rule| rule.name == name)?;
                return Some(Origin { path: rule.path.clone(), line: rule.line, text: String::new() });
            };
            let rule = &layer.rules[entry.rule as usize];
            let line = if entry.line == 0 { rule.line } else { entry.line as usize };
            Some(Origin { path: rule.path.clone(), line, text: entry.text.to_string() })
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

    /// All entries of lists that are not switched off.
    pub fn live_entries(&self) -> impl Iterator<Item = LiveEntry<'_>> {
        self.layers.iter().enumerate().flat_map(move |(number, layer)| {
            (0..).zip(&layer.entries).filter_map(move |(index, entry)| {
                let rule = &layer.rules[entry.rule as usize];
                let live = entry.line > 0 && !self.off.contains(&(number, index));
                live.then(|| LiveEntry {
                    list: &rule.name,
                    path: &rule.path,
                    line: entry.line as usize,
                    text: &entry.text,
                })
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

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::*;

    fn post(title: String) -> Post {
        Post { id: "a".to_owned(), site: "superuser.com".to_owned(), title, ..Post::default() }
    }

    fn found(set: &RuleSet, title: &str) -> Vec<String> {
        let post = post(title.to_owned());
        set.scan(&post, &Weights::default()).why.into_iter().map(|why| why.rule).collect()
    }

    #[test]
    fn entries_come_and_go_without_a_load_and_older_sets_stay_as_they_are() {
        let path = "rules/starter/blacklist/keywords.txt";
        let source = SourceFile { path: path.to_owned(), text: b"one\ntwo\n".to_vec() };
        let first = load(vec![source]).set;
        let second = first.with_entry(path, 3, "three").expect("a good entry");
        let third = second.with_entry("x/watchlist/numbers.txt", 1, "555 0100 999").expect("a good entry");
        let (fourth, count) = third.without_entry("blacklist/keywords", "three");
        assert_eq!(count, 1);
        let (fifth, _) = fourth.without_entry("blacklist/keywords", "one");
        let sixth = fifth.with_entry(path, 4, "four").expect("a good entry");
        let seventh = sixth.with_entry(path, 5, "three").expect("a good entry");
        let title = "one two three four 5550100999";
        let number = "watchlist/numbers:1";
        let all = |set: &RuleSet| found(set, title);
        assert_eq!(all(&first), ["blacklist/keywords:1", "blacklist/keywords:2"]);
        assert_eq!(all(&second), ["blacklist/keywords:1", "blacklist/keywords:2", "blacklist/keywords:3"]);
        assert_eq!(
            all(&third),
            ["blacklist/keywords:1", "blacklist/keywords:2", "blacklist/keywords:3", number]
        );
        assert_eq!(all(&fourth), ["blacklist/keywords:1", "blacklist/keywords:2", number]);
        assert_eq!(all(&fifth), ["blacklist/keywords:2", number]);
        assert_eq!(all(&sixth), ["blacklist/keywords:2", "blacklist/keywords:4", number]);
        let lines = all(&seventh);
        assert!(
            lines.contains(&"blacklist/keywords:5".to_owned()),
            "what was off and is added again is on: {lines:?}"
        );
    }

    #[test]
    fn what_is_set_aside_finds_nothing_and_is_named_where_it_would_have_looked() {
        let source =
            |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.as_bytes().to_vec() };
        let set = load(vec![
            source("x/blacklist/keywords.txt", "one\ntwo\n"),
            source(
                "x/own.yml",
                "rules:\n  - {id: own, reason: r, status: watch, description: d, pattern: two, applies_to: {sites: [superuser.com]}}\n  \
                 - {id: check, reason: c, status: watch, description: d, check: no-whitespace-title, applies_to: {max_rep: 0}}\n",
            ),
        ])
        .set;
        assert_eq!(found(&set, "one two"), ["blacklist/keywords:1", "blacklist/keywords:2", "own"]);
        let aside = ["blacklist/keywords:2", "own", "check"]
            .into_iter()
            .fold(set, |set, name| set.set_aside(name).expect("a known name"));
        assert_eq!(found(&aside, "one two"), ["blacklist/keywords:1"]);
        let mut post = post("x".repeat(30));
        let incomplete = |post: &Post| aside.scan(post, &Weights::default()).incomplete;
        assert_eq!(
            incomplete(&post),
            ["blacklist/keywords:2", "own"],
            "the check leaves this author alone anyway"
        );
        post.owner.reputation = 0;
        assert_eq!(incomplete(&post), ["blacklist/keywords:2", "check", "own"]);
        assert_eq!(aside.scan(&post, &Weights::default()).reasons, Vec::<String>::new());
        post.site = "askubuntu.com".to_owned();
        assert_eq!(incomplete(&post), ["blacklist/keywords:2", "check"]);
        assert!(aside.set_aside("own").is_none() && aside.set_aside("unheard-of").is_none());
    }

    #[test]
    fn an_entry_that_asks_whether_a_tag_follows_is_not_set_aside_on_a_long_text() {
        let source = SourceFile {
            path: "x/blacklist/websites.txt".to_owned(),
            text: b"spammy\\.example(?![^>]*<)\n".to_vec(),
        };
        let set = load(vec![source]).set;
        for (end, found) in [("<", 0), (">", 1)] {
            let body = format!("{}{end}", "spammy.example ".repeat(7_000));
            let verdict = set.scan(&Post { body, ..post(String::new()) }, &Weights::default());
            assert_eq!((verdict.incomplete, verdict.reasons.len()), (vec![], found), "{end}");
        }
    }

    #[test]
    fn a_broken_entry_is_refused_and_changes_nothing() {
        let set = load(Vec::new()).set;
        let error = set.with_entry("a/watchlist/keywords.txt", 7, "(x").expect_err("it is broken");
        assert_eq!(
            error.to_string(),
            "a/watchlist/keywords.txt:7: missing `)`, at character 3 of the pattern"
        );
        assert!(set.with_entry("a/notes.txt", 1, "x").is_err());
        assert!(set.is_empty());
    }
}
