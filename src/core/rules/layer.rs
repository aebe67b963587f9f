//! Rules and entries put together so that a text meets all of them at once.

use std::sync::Arc;

use super::checks::{Check, Network};
use super::compiled::Compiled;
use super::dialect::{CharSet, Flags, parse};
use super::filter::escape::Escape;
use super::filter::grams::Grams;
use super::filter::needle::{Needle, needle};
use super::filter::places::{MOST, Shapes};
use super::filter::shape::Shape;
use super::filter::signs::{Signs, needed_signs};
use super::lists::List;
use super::network::{NetworkCheck, NetworkList, Trusted};
use super::numbers::Numbers;
use super::rule::Rule;
use super::source::RuleError;
use super::start::Start;
use super::vm::Program;

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
    /// What alone can stand between the start of a match and the needle, if the needle does not tell how much of it.
    pub(super) lead: Option<Arc<CharSet>>,
}

impl Entry {
    /// One that is looked up in a table.
    fn without_pattern(rule: u32, line: usize, text: &str) -> Self {
        Self { rule, line: index(line), text: text.into(), program: None, before: None, lead: None }
    }
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

/// An entry that is tried only on texts with a place that looks like its beginning, or like another part of it.
#[derive(Debug)]
pub(super) struct Shaped {
    pub(super) entry: u32,
    /// It runs only on texts that have all of these.
    pub(super) signs: Signs,
    /// Where it begins from there.
    pub(super) start: Start,
}

/// An entry with this bit is no entry but the number of a check: its needle decides whether the check runs.
pub(super) const GATE: u32 = 1 << 31;

/// Everything that looks at texts, immutable.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) rules: Vec<Rule>,
    pub(super) entries: Vec<Entry>,
    /// The needles of all entries and checks that have some.
    pub(super) grams: Grams,
    /// Entries that need no text worth a search.
    pub(super) always: Vec<Always>,
    /// Entries that need a place of some shape, in the order of `shapes`, [`MOST`] to each.
    pub(super) shaped: Vec<Shaped>,
    pub(super) shapes: Vec<Shapes>,
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
    shapes: Vec<Shape>,
}

impl Layer {
    /// The entry, or the pattern of a rule, that verdicts name so.
    pub(super) fn entry_named(&self, name: &str) -> Option<u32> {
        let (list, line) = match name.rsplit_once(':') {
            Some((list, line)) => (list, line.parse().unwrap_or(0)),
            None => (name, 0),
        };
        // Entries are in the order of their rules, those of a list in the order of their lines.
        let find = |list: &str, line: u32| {
            (0..).zip(&self.rules).filter(|(_, rule)| rule.name == list).find_map(|(rule, _)| {
                let at = self.entries.partition_point(|entry| (entry.rule, entry.line) < (rule, line));
                let found = self.entries.get(at).filter(|entry| (entry.rule, entry.line) == (rule, line))?;
                (self.rules[found.rule as usize].entry_name(found.line) == name).then(|| index(at))
            })
        };
        find(list, line).or_else(|| find(name, 0))
    }
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
        let mut numbers = list.kind.numbers();
        for (line, text) in list.entries {
            if disabled(&name, &text) {
                continue;
            }
            let added = Compiled::entry(list.kind, &text)
                .and_then(|compiled| self.entry(rule, line, &text, compiled, &mut numbers));
            if let Err(message) = added {
                errors.push(RuleError { path: path.clone(), line, column: None, message });
            }
        }
        self.layer.numbers.extend(numbers.map(|numbers| (rule, numbers)));
    }

    /// Adds entries that were compiled before to a list that has none.
    ///
    /// # Errors
    /// What is wrong with a number.
    pub(super) fn compiled_list<'a>(
        &mut self,
        list: List,
        entries: impl Iterator<Item = (usize, &'a str, Option<Compiled>)>,
    ) -> Result<(), String> {
        let rule = self.rule(list.rule);
        let mut numbers = list.kind.numbers();
        for (line, text, compiled) in entries {
            self.entry(rule, line, text, compiled, &mut numbers)?;
        }
        self.layer.numbers.extend(numbers.map(|numbers| (rule, numbers)));
        Ok(())
    }

    /// Adds a pattern, or to a list of numbers a number.
    fn entry(
        &mut self,
        rule: u32,
        line: usize,
        text: &str,
        compiled: Option<Compiled>,
        numbers: &mut Option<Numbers>,
    ) -> Result<(), String> {
        if let Some(compiled) = compiled {
            self.compiled(rule, line, text, compiled);
        } else if let Some(numbers) = numbers {
            numbers.add(text, index(self.layer.entries.len()))?;
            self.layer.entries.push(Entry::without_pattern(rule, line, text));
        }
        Ok(())
    }

    /// Adds a rule that is one pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub(super) fn pattern_rule(&mut self, rule: Rule, text: &str) -> Result<(), String> {
        let number = index(self.layer.rules.len());
        let compiled = Compiled::new(text, Flags::default(), false)?;
        self.compiled(number, 0, text, compiled);
        self.rule(rule);
        Ok(())
    }

    /// Adds a rule that is a check.
    pub(super) fn check_rule(&mut self, rule: Rule, check: Check) {
        let rule = self.rule(rule);
        let number = index(self.layer.checks.len());
        for gate in check.gates() {
            let pattern = parse(gate, Flags::WEBSITES).expect("gates are constants that the tests parse");
            match needle(&pattern.root) {
                Some(needle) => self.needles.push((GATE | number, needle)),
                None => {
                    let (entry, signs) = (GATE | number, needed_signs(&pattern.root));
                    self.layer.shaped.push(Shaped { entry, signs, start: Start::Anywhere });
                    self.shapes.push(Shape::rarest(&pattern.root).1);
                }
            }
        }
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
            self.layer.entries.push(Entry::without_pattern(*first, line, &values.join(" ")));
        }
        self.layer.network.extend(rules.into_iter().map(|rule| (rule, Arc::clone(&check))));
    }

    /// Adds a domain that network rules leave alone.
    pub(super) fn trust(&mut self, host: &str) {
        self.layer.trusted.add(host);
    }

    fn compiled(&mut self, rule: u32, line: usize, text: &str, compiled: Compiled) {
        let entry = index(self.layer.entries.len());
        let Compiled { program, before, lead, signs, needle, shape, always } = compiled;
        if let Some((shape, start)) = shape {
            self.layer.shaped.push(Shaped { entry, signs, start });
            self.shapes.push(shape);
        }
        if let Some((if_present, at_end)) = always {
            self.layer.always.push(Always { entry, signs, if_present, at_end });
        }
        self.needles.extend(needle.map(|needle| (entry, needle)));
        self.layer.entries.push(Entry {
            rule,
            line: index(line),
            text: text.into(),
            program: Some(program),
            before,
            lead,
        });
    }

    pub(super) fn finish(mut self) -> Layer {
        let shapes: Vec<&Shape> = self.shapes.iter().collect();
        self.layer.shapes = shapes.chunks(MOST).map(Shapes::new).collect();
        self.layer.grams = Grams::new(self.needles.iter().map(|(owner, needle)| (*owner, needle)));
        self.layer
    }
}

/// Files are far below 4 GiB, so lines and entries fit.
pub(super) fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
