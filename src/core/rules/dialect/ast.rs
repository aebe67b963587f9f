//! The tree of a parsed pattern.

use std::sync::Arc;

use super::class::CharSet;

/// A parsed pattern. Flags are already resolved into its nodes.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The tree.
    pub root: Node,
    /// How many capture groups it has; group 0, the whole match, is not counted.
    pub groups: u32,
}

/// One node of a pattern's tree.
#[derive(Clone, Debug)]
pub enum Node {
    /// Matches the empty text.
    Empty,
    /// One character, exactly.
    Char(char),
    /// One character that has other cases, in any of them.
    CharAnyCase(char),
    /// One character out of a set; other cases are already in it.
    Set(Arc<CharSet>),
    /// A condition on the place, without width.
    Assert(Assertion),
    /// One after the other.
    Concat(Vec<Node>),
    /// The first alternative that leads to a match.
    Alternate(Vec<Node>),
    /// A node several times.
    Repeat {
        /// What is repeated.
        node: Box<Node>,
        /// At least so often.
        min: u32,
        /// At most so often; without limit when absent.
        max: Option<u32>,
        /// Which number of times is tried first, and whether others are.
        greed: Greed,
    },
    /// A capture group.
    Group {
        /// From 1.
        index: u32,
        /// What it holds.
        node: Box<Node>,
    },
    /// Once matched, never tried another way.
    Atomic(Box<Node>),
    /// A condition on what follows or precedes.
    Look {
        /// Looks at what precedes.
        behind: bool,
        /// Holds when the node does not match.
        negate: bool,
        /// What is looked for.
        node: Box<Node>,
    },
    /// What a group matched, again.
    BackReference {
        /// The group.
        group: u32,
        /// In any case.
        any_case: bool,
    },
    /// One of two, by whether a group has matched.
    Conditional {
        /// The group.
        group: u32,
        /// If it has.
        yes: Box<Node>,
        /// If it has not.
        no: Box<Node>,
    },
    /// A group used as a subroutine; the parser replaces it by the group's tree before it returns.
    Call(u32),
}

/// How a repeat chooses its number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greed {
    /// As often as possible, then less.
    Greedy,
    /// As seldom as possible, then more.
    Lazy,
    /// As often as possible, and nothing else.
    Possessive,
}

/// A condition on a place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assertion {
    /// `^`, `\A`: the start of the text.
    TextStart,
    /// `\Z`: the end of the text.
    TextEnd,
    /// `$`: the end of the text, or before a line feed that ends it.
    TextEndOrFinalNewline,
    /// `^` with flag `m`.
    LineStart,
    /// `$` with flag `m`.
    LineEnd,
    /// `\b`: exactly one of the two neighbours is a word character.
    WordEdge,
    /// `\B`.
    NotWordEdge,
    /// `\m`: a word begins here.
    WordStart,
    /// `\M`: a word ends here.
    WordEnd,
    /// `(?w:\b)`: a default word boundary of UAX #29.
    DefaultWordEdge,
    /// `(?w:\B)`.
    NotDefaultWordEdge,
    /// What stands before a bounded entry: start of text or either kind of word boundary.
    KeywordStart,
    /// What stands after it: end of text (or its final newline) or either kind of word boundary.
    KeywordEnd,
}

impl Node {
    /// Shortest and longest text the node matches, in characters; no longest when there is no limit or it is not known.
    pub fn width(&self) -> (usize, Option<usize>) {
        match self {
            Self::Empty | Self::Assert(_) | Self::Look { .. } => (0, Some(0)),
            Self::Char(_) | Self::CharAnyCase(_) | Self::Set(_) => (1, Some(1)),
            Self::Concat(nodes) => {
                nodes.iter().map(Self::width).fold((0, Some(0)), |(lo, hi), (low, high)| {
                    (lo + low, hi.zip(high).and_then(|(a, b)| a.checked_add(b)))
                })
            }
            Self::Alternate(nodes) => nodes
                .iter()
                .map(Self::width)
                .reduce(|(lo, hi), (low, high)| (lo.min(low), hi.zip(high).map(|(a, b)| a.max(b))))
                .unwrap_or((0, Some(0))),
            Self::Repeat { node, min, max, .. } => {
                let (low, high) = node.width();
                let high = match (high, max) {
                    (Some(0), _) => Some(0),
                    (Some(high), Some(max)) => high.checked_mul(*max as usize),
                    _ => None,
                };
                (low.saturating_mul(*min as usize), high)
            }
            Self::Group { node, .. } | Self::Atomic(node) => node.width(),
            Self::Conditional { yes, no, .. } => {
                let (a, b) = (yes.width(), no.width());
                (a.0.min(b.0), a.1.zip(b.1).map(|(x, y)| x.max(y)))
            }
            Self::BackReference { .. } | Self::Call(_) => (0, None),
        }
    }

    /// The number of nodes below and with this one.
    pub fn size(&self) -> usize {
        1 + match self {
            Self::Concat(nodes) | Self::Alternate(nodes) => nodes.iter().map(Self::size).sum(),
            Self::Repeat { node, .. }
            | Self::Group { node, .. }
            | Self::Atomic(node)
            | Self::Look { node, .. } => node.size(),
            Self::Conditional { yes, no, .. } => yes.size() + no.size(),
            _ => 0,
        }
    }
}
