//! One pattern made ready: its program, and what the filter looks for in its place.

use std::sync::Arc;

use super::dialect::{Assertion, CharSet, Flags, Node, any_case, exactly, parse};
use super::filter::escape::Escape;
use super::filter::needle::{Needle, needle};
use super::filter::shape::Shape;
use super::filter::signs::{Signs, needed_signs};
use super::lists::Kind;
use super::start::Start;
use super::vm::{Machine, Program, compile, compile_backwards};
use crate::core::text::edges::Edges;

/// A shape that is met more often than this, per byte, decides nothing.
const COMMON_SHAPE: f64 = 0.05;
/// A needle that is met more often than this and does not tell where to start is worse than a shape.
const COMMON_NEEDLE: f64 = 3e-4;

/// A pattern that can be put into a layer, as often as one likes.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) program: Program,
    /// See [`Entry::before`](super::layer::Entry::before).
    pub(super) before: Option<Box<Program>>,
    /// See [`Entry::lead`](super::layer::Entry::lead).
    pub(super) lead: Option<Arc<CharSet>>,
    /// All of these are in every text that it matches.
    pub(super) signs: Signs,
    pub(super) needle: Option<Needle>,
    /// A place that it needs, and where it begins from there.
    pub(super) shape: Option<(Shape, Start)>,
    /// When it is tried on whole texts: only where there is this escape, and whether it can match only at the end.
    pub(super) always: Option<(Option<Escape>, bool)>,
}

impl Compiled {
    /// An entry of a list; nothing for a number.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub(super) fn entry(kind: Kind, text: &str) -> Result<Option<Self>, String> {
        match kind {
            Kind::Numbers(_) => Ok(None),
            kind => Self::new(text, kind.flags(), kind == Kind::Keywords).map(Some),
        }
    }

    /// A pattern; with `bounded` its matches must begin and end where a keyword may.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(text: &str, flags: Flags, bounded: bool) -> Result<Self, String> {
        let pattern = parse(text, flags).map_err(|e| e.to_string())?;
        let mut program = compile(&pattern, bounded).map_err(|e| e.to_string())?;
        if pattern.root.width().0 == 0 && matches_nothing(&program) {
            return Err(
                "matches the empty text, and so every post; make it need at least one character".to_owned()
            );
        }
        let mut needle = needle(&pattern.root);
        if needle.as_ref().is_none_or(|needle| needle.most.is_none()) {
            program.look_for_starts(&pattern.root);
        }
        let bad_needle = |needle: &Needle| needle.most.is_none() && needle.frequency() > COMMON_NEEDLE;
        let (mut before, mut before_needle) = (None, None);
        if needle.is_none() && ends_text(&pattern.root) {
            before = compile_backwards(&pattern, usize::MAX);
        }
        let at_end = before.is_some();
        let mut shape = None;
        if needle.as_ref().is_none_or(bad_needle) && !program.starts_text() && !at_end {
            let (part, rarest) = Shape::rarest(&pattern.root);
            let enough = if needle.is_some() { COMMON_NEEDLE } else { COMMON_SHAPE };
            if rarest.frequency() < enough {
                needle = None;
                let start = match lead(&pattern.root, part) {
                    _ if part == 0 => Start::Here,
                    Some(lead) => Start::After(lead),
                    None => Start::Anywhere,
                };
                shape = Some((rarest, start));
            }
        }
        let if_present = needle.as_ref().and_then(|needle| needle.unless);
        let runs_always = needle.is_none() && shape.is_none() || if_present.is_some();
        if let Some(needle) = &needle
            && let (None, Some(node), None) = (needle.most, needle.node, &before)
        {
            before_needle = lead(&pattern.root, node);
            if before_needle.is_none() {
                before = compile_backwards(&pattern, node);
            }
        }
        Ok(Self {
            program,
            before: before.map(Box::new),
            lead: before_needle,
            signs: needed_signs(&pattern.root),
            needle,
            shape,
            always: runs_always.then_some((if_present, at_end)),
        })
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
