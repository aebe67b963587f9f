//! Rules and entries put together so that a text meets all of them at once.

use std::sync::Arc;

use super::checks::{Check, Network};
use super::dialect::{Assertion, CharSet, Flags, Node, any_case, exactly, parse};
use super::filter::grams::Grams;
use super::filter::needle::{Escape, Needle, needle};
use super::filter::places::{MOST, Shapes};
use super::filter::shape::Shape;
use super::filter::signs::{Signs, needed_signs};
use super::lists::{Kind, List};
use super::network::{NetworkCheck, NetworkList, Trusted};
use super::numbers::Numbers;
use super::rule::Rule;
use super::scan::lead_of;
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
    /// What alone can stand between the start of a match and the needle, if the needle does not tell how much of it.
    pub(super) lead: Option<Arc<CharSet>>,
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

/// Where a match begins, as seen from a place that it needs.
#[derive(Debug)]
pub(super) enum Start {
    /// There.
    Here,
    /// There, or before any number of these characters to the left.
    After(Arc<CharSet>),
    Anywhere,
}

impl Shaped {
    /// Where a match may begin, first and last place, for one that needs some place between `first` and `last`.
    pub(super) fn starts(&self, text: &str, first: usize, last: usize) -> Option<(u32, u32)> {
        let first = match &self.start {
            Start::Here => first,
            Start::After(lead) => lead_of(text, first, lead),
            Start::Anywhere => return None,
        };
        Some((first as u32, last as u32))
    }
}

/// An entry with this bit is no entry but the number of a check: its needle decides whether the check runs.
pub(super) const GATE: u32 = 1 << 31;

/// A shape that is met more often than this, per byte, decides nothing.
const COMMON_SHAPE: f64 = 0.05;
/// A needle that is met more often than this and does not tell where to start is worse than a shape.
const COMMON_NEEDLE: f64 = 3e-4;

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
        let mut numbers = match list.kind {
            Kind::Numbers(form) => Some(Numbers::new(form)),
            Kind::Keywords | Kind::Anywhere => None,
        };
        for (line, text) in list.entries {
            if disabled(&name, &text) {
                continue;
            }
            if let Some(numbers) = &mut numbers {
                if let Err(message) = numbers.add(&text, index(self.layer.entries.len())) {
                    errors.push(RuleError { path: path.clone(), line, column: None, message });
                    continue;
                }
                self.layer.entries.push(Entry {
                    rule,
                    line: index(line),
                    text: text.into(),
                    program: None,
                    before: None,
                    lead: None,
                });
                continue;
            }
            let bounded = list.kind == Kind::Keywords;
            if let Err(message) = self.pattern(rule, line, &text, list.kind.flags(), bounded) {
                errors.push(RuleError { path: path.clone(), line, column: None, message });
            }
        }
        self.layer.numbers.extend(numbers.map(|numbers| (rule, numbers)));
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
            self.layer.entries.push(Entry {
                rule: *first,
                line: index(line),
                text: values.join(" ").into(),
                program: None,
                before: None,
                lead: None,
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
        let mut program = compile(&pattern, bounded).map_err(|e| e.to_string())?;
        if pattern.root.width().0 == 0 && matches_nothing(&program) {
            return Err(
                "matches the empty text, and so every post; make it need at least one character".to_owned()
            );
        }
        let entry = index(self.layer.entries.len());
        let (mut before, mut before_needle) = (None, None);
        let mut needle = needle(&pattern.root);
        if needle.as_ref().is_none_or(|needle| needle.most.is_none()) {
            program.look_for_starts(&pattern.root);
        }
        let bad_needle = |needle: &Needle| needle.most.is_none() && needle.frequency() > COMMON_NEEDLE;
        if needle.is_none() && ends_text(&pattern.root) {
            before = compile_backwards(&pattern, usize::MAX);
        }
        let at_end = before.is_some();
        if needle.as_ref().is_none_or(bad_needle) && !program.starts_text() && !at_end {
            let (part, shape) = Shape::rarest(&pattern.root);
            let enough = if needle.is_some() { COMMON_NEEDLE } else { COMMON_SHAPE };
            if shape.frequency() < enough {
                needle = None;
                let signs = needed_signs(&pattern.root);
                let start = match lead(&pattern.root, part) {
                    _ if part == 0 => Start::Here,
                    Some(lead) => Start::After(lead),
                    None => Start::Anywhere,
                };
                self.layer.shaped.push(Shaped { entry, signs, start });
                self.shapes.push(shape);
            }
        }
        let is_shaped = self.layer.shaped.last().is_some_and(|shaped| shaped.entry == entry);
        let if_present = needle.as_ref().and_then(|needle| needle.unless);
        if needle.is_none() && !is_shaped || if_present.is_some() {
            self.layer.always.push(Always { entry, signs: needed_signs(&pattern.root), if_present, at_end });
        }
        if let Some(needle) = needle {
            if let (None, Some(node), None) = (needle.most, needle.node, &before) {
                before_needle = lead(&pattern.root, node);
                if before_needle.is_none() {
                    before = compile_backwards(&pattern, node);
                }
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
            lead: before_needle,
        });
        Ok(())
    }

    pub(super) fn finish(mut self) -> Layer {
        let shapes: Vec<&Shape> = self.shapes.iter().collect();
        self.layer.shapes = shapes.chunks(MOST).map(Shapes::new).collect();
        self.layer.grams = Grams::new(self.needles.iter().map(|(owner, needle)| (*owner, needle)));
        self.layer
    }
}

/// The characters that the first `count` parts of a pattern are made of, if each is one or a run of such.
fn lead(root: &Node, count: usize) -> Option<Arc<CharSet>> {
    let Node::Concat(nodes) = root else { return None };
    let of = |node: &Node| match node {
        Node::Set(set) => Some(Arc::clone(set)),
        Node::Char(c) => Some(exactly(*c)),
        Node::CharAnyCase(c) => Some(any_case(*c)),
        _ => None,
    };
    let sets: Option<Vec<_>> = nodes
        .get(..count)?
        .iter()
        .filter(|node| !matches!(node, Node::Assert(_) | Node::Look { .. } | Node::Empty))
        .map(|node| match node {
            Node::Repeat { node, .. } => of(node),
            node => of(node),
        })
        .collect();
    sets.map(|sets| Arc::new(CharSet::union(&sets)))
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
pub(super) fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
