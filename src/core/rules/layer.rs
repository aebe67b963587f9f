//! Rules and entries put together so that a text meets all of them at once.

use std::sync::Arc;

use super::checks::{Check, Network};
use super::dialect::{Assertion, Flags, Node, parse};
use super::filter::grams::Grams;
use super::filter::needle::{Escape, Needle, needle};
use super::filter::signs::{Signs, needed_signs};
use super::lists::{Kind, List};
use super::network::{NetworkCheck, NetworkList, Trusted};
use super::numbers::Numbers;
use super::rule::Rule;
use super::source::RuleError;
use super::vm::{Machine, Program, compile, compile_backwards};
use crate::core::text::edges::Edges;

/// One entry of a list, or the pattern of a rule.
#[derive(Debug)]
pub(super) struct Entry {
    /// Index of its rule.
    pub(super) rule: u32,
    /// In the rule's file; 0 when the rule has only this one.
    pub(super) line: u32,
    /// As written.
    pub(super) text: Box<str>,
    /// Nothing for numbers.
    pub(super) program: Option<Program>,
    /// Must match to the left of a place before the whole program is tried: of the needle, or with `at_end`, of the end of the
    /// text.
    pub(super) before: Option<Box<Program>>,
}

/// An entry that needs no text worth a search.
#[derive(Debug)]
pub(super) struct Always {
    pub(super) entry: u32,
    /// It runs only on texts that have all of these.
    pub(super) signs: Signs,
    /// Its needle will do in texts without this.
    pub(super) if_present: Option<Escape>,
    /// It can match only at the end of the text, which `Entry::before` asks for.
    pub(super) at_end: bool,
}

/// Everything that looks at texts, immutable.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) rules: Vec<Rule>,
    pub(super) entries: Vec<Entry>,
    pub(super) grams: Option<Grams>,
    /// Entries that need no text worth a search.
    pub(super) always: Vec<Always>,
    /// Number lists, with their rules.
    pub(super) numbers: Vec<(u32, Numbers)>,
    /// Checks, with their rules.
    pub(super) checks: Vec<(u32, Check)>,
    /// Network rules with what they look for.
    pub(super) network: Vec<(u32, Arc<NetworkCheck>)>,
    /// What those leave alone.
    pub(super) trusted: Trusted,
}

/// Puts a layer together.
#[derive(Debug, Default)]
pub(super) struct Builder {
    layer: Layer,
    needles: Vec<(u32, Needle)>,
}

impl Builder {
    fn rule(&mut self, rule: Rule) -> u32 {
        self.layer.rules.push(rule);
        index(self.layer.rules.len() - 1)
    }

    /// Adds a list; entries that can not be used are errors and left out. `disabled` says which entries are switched off.
    pub(super) fn list(
        &mut self,
        list: List,
        disabled: impl Fn(&str, &str) -> bool,
        errors: &mut Vec<RuleError>,
    ) {
        let path = list.rule.path.clone();
        let name = list.rule.name.clone();
        let rule = self.rule(list.rule);
        let mut numbers = Numbers::default();
        for (line, text) in list.entries {
            if disabled(&name, &text) {
                continue;
            }
            if list.kind == Kind::Numbers {
                numbers.add(&text, index(self.layer.entries.len()));
                self.layer.entries.push(Entry {
                    rule,
                    line: index(line),
                    text: text.into(),
                    program: None,
                    before: None,
                });
                continue;
            }
            let bounded = list.kind == Kind::Keywords;
            if let Err(message) = self.pattern(rule, line, &text, list.kind.flags(), bounded) {
                errors.push(RuleError { path: path.clone(), line, column: None, message });
            }
        }
        if list.kind == Kind::Numbers {
            self.layer.numbers.push((rule, numbers));
        }
    }

    /// Adds a rule that is one pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub(super) fn pattern_rule(&mut self, rule: Rule, text: &str) -> Result<(), String> {
        let number = index(self.layer.rules.len());
        self.pattern(number, 0, text, Flags::default(), false)?;
        self.rule(rule);
        Ok(())
    }

    /// Adds a rule that is a check.
    pub(super) fn check_rule(&mut self, rule: Rule, check: Check) {
        let rule = self.rule(rule);
        match check {
            Check::Network(Network::ServesItself) => {
                self.layer.network.push((rule, Arc::new(NetworkCheck::ServesItself)));
            }
            check => self.layer.checks.push((rule, check)),
        }
    }

    /// Adds a list of name servers, addresses or systems.
    pub(super) fn network_list(&mut self, list: NetworkList) {
        let check = Arc::new(list.check(index(self.layer.entries.len())));
        let rules: Vec<u32> = list.rules.into_iter().map(|rule| self.rule(rule)).collect();
        // All rules of a list have its name, so an entry may belong to any of them.
        let Some(first) = rules.first() else { return };
        for (line, values) in list.entries {
            self.layer.entries.push(Entry {
                rule: *first,
                line: index(line),
                text: values.join(" ").into(),
                program: None,
                before: None,
            });
        }
        self.layer.network.extend(rules.into_iter().map(|rule| (rule, Arc::clone(&check))));
    }

    /// Adds a domain that network rules leave alone.
    pub(super) fn trust(&mut self, host: &str) {
        self.layer.trusted.add(host);
    }

    fn pattern(
        &mut self,
        rule: u32,
        line: usize,
        text: &str,
        flags: Flags,
        bounded: bool,
    ) -> Result<(), String> {
        let pattern = parse(text, flags).map_err(|e| e.to_string())?;
        let program = compile(&pattern, bounded).map_err(|e| e.to_string())?;
        if pattern.root.width().0 == 0 && matches_nothing(&program) {
            return Err(
                "matches the empty text, and so every post; make it need at least one character".to_owned()
            );
        }
        let entry = index(self.layer.entries.len());
        let mut before = None;
        let needle = needle(&pattern.root);
        let if_present = needle.as_ref().and_then(|needle| needle.unless);
        if needle.is_none() || if_present.is_some() {
            let at_end = needle.is_none() && ends_text(&pattern.root);
            if at_end {
                before = compile_backwards(&pattern, usize::MAX);
            }
            let at_end = before.is_some();
            self.layer.always.push(Always { entry, signs: needed_signs(&pattern.root), if_present, at_end });
        }
        if let Some(needle) = needle {
            if let (None, Some(node), None) = (needle.most, needle.node, &before) {
                before = compile_backwards(&pattern, node);
            }
            self.needles.push((entry, needle));
        }
        let before = before.map(Box::new);
        self.layer.entries.push(Entry {
            rule,
            line: index(line),
            text: text.into(),
            program: Some(program),
            before,
        });
        Ok(())
    }

    pub(super) fn finish(mut self) -> Layer {
        self.layer.grams = Some(Grams::new(self.needles.iter().map(|(entry, needle)| (*entry, needle))));
        self.layer
    }
}

/// Whether a match can only end where the text does.
fn ends_text(root: &Node) -> bool {
    let end =
        |node: &Node| matches!(node, Node::Assert(Assertion::TextEnd | Assertion::TextEndOrFinalNewline));
    match root {
        Node::Concat(nodes) => nodes.last().is_some_and(end),
        node => end(node),
    }
}

/// Whether a pattern finds the empty text somewhere in an ordinary one, or in an empty one.
fn matches_nothing(program: &Program) -> bool {
    ["", "One, two"].into_iter().any(|text| {
        let mut steps = 10_000;
        let found = Machine::default().find(program, &Edges::new(text), 0..text.len(), &mut steps);
        matches!(found, Ok(Some(range)) if range.is_empty())
    })
}

/// Files are far below 4 GiB, so lines and entries fit.
fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
