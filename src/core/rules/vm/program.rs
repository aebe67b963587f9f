//! What a program is made of.

use std::sync::Arc;

use super::text::Text;
use crate::core::rules::dialect::{Assertion, CharSet, Greed, Node};
use crate::core::rules::filter::places::{Branches, Starts};

/// Most instructions of one program.
pub(super) const MAX_INSTRUCTIONS: usize = 20_000;

/// A pattern is too large to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too large: its repeats written out are more than {MAX_INSTRUCTIONS} steps; use smaller counts")]
pub struct TooLarge;

/// One instruction. Those with `back` read the character before the place and move to the left.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A character, exactly.
    Char {
        c: char,
        back: bool,
    },
    /// Bytes of the program's text, exactly; only forward.
    Text {
        start: u32,
        length: u16,
    },
    /// The same with ASCII letters in any case (stored in lower case), as the dialect has it.
    AnyCase {
        start: u32,
        length: u16,
    },
    /// A character out of a set.
    Set {
        set: u16,
        back: bool,
    },
    /// Characters out of a set, `min` to `max` times.
    Run {
        set: u16,
        back: bool,
        greed: Greed,
        next: Next,
        min: u32,
        max: u32,
    },
    /// First `first`, then `second`.
    Split {
        first: u32,
        second: u32,
    },
    /// Those branches of a table that can begin with the next character, in order.
    Switch {
        table: u32,
    },
    Jump(u32),
    Assert(Assertion),
    /// The program between here and `end` must match here, or must not; goes on at `end`.
    /// With the number of its memo, if it has one.
    Look {
        negate: bool,
        end: u32,
        memo: Option<u16>,
    },
    /// The loop that the body of a `Look` with this memo begins with ends here.
    Passed {
        memo: u16,
    },
    /// The program between here and `end`, without a way back into it.
    Atomic {
        end: u32,
    },
    /// The end of the program of a `Look` or `Atomic`.
    End,
    /// Remembers the place.
    Save {
        slot: u16,
    },
    /// Goes on at `exit` if nothing was taken since the place in `slot`.
    Progress {
        slot: u16,
        exit: u32,
    },
    BackReference {
        group: u16,
        any_case: bool,
        back: bool,
    },
    IfGroup {
        group: u16,
        no: u32,
    },
    Match,
}

/// What must follow a run of characters for the match to go on, as far as one byte says it, or be true of the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Anything,
    /// This byte.
    Byte(u8),
    /// This ASCII letter in either case.
    Letter(u8),
    /// A place of which this holds.
    Place(Assertion),
}

impl Next {
    /// Whether the match may go on at `at`.
    #[inline]
    pub(super) fn allows(self, text: &Text<'_, '_>, at: usize) -> bool {
        let byte = text.bytes.get(at).copied();
        match self {
            Self::Anything => true,
            Self::Byte(wanted) => byte == Some(wanted),
            Self::Letter(wanted) => byte.is_some_and(|byte| byte.to_ascii_lowercase() == wanted),
            Self::Place(assertion) => text.holds(assertion, at),
        }
    }
}

/// The branches of an alternation.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Which to try where.
    pub(super) branches: Branches,
    /// Where each branch is.
    pub(super) targets: Box<[u32]>,
}

/// Fewest branches that a table is made for.
pub(super) const MIN_BRANCHES: usize = 4;
/// Most branches of a table; there is a bit for each.
pub(super) const MAX_BRANCHES: usize = 64;

/// A pattern ready to run.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) ops: Box<[Op]>,
    pub(super) text: Box<str>,
    pub(super) sets: Box<[Arc<CharSet>]>,
    pub(super) tables: Box<[Table]>,
    pub(super) slots: u16,
    /// How many memos its lookarounds have.
    pub(super) memos: u16,
    /// Whether it can match only at the start of a text.
    pub(super) at_start: bool,
    /// Whether what a state leads to depends on more than its place.
    pub(super) uses_groups: bool,
    /// What a match begins with, if it can not be empty.
    pub(super) first: Option<Arc<CharSet>>,
    /// Tells most places where no match begins, for programs that are run over whole texts.
    pub(super) starts: Option<Starts>,
}

impl Program {
    /// Makes searches over whole texts faster: `root` is the tree that the program was made of.
    pub fn look_for_starts(&mut self, root: &Node) {
        self.starts = Starts::of(root);
    }

    /// Whether a match can only begin where the text does.
    pub fn starts_text(&self) -> bool {
        self.at_start
    }

    /// How many instructions it has.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether it has none; it never has.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// What a match begins with; absent when that can be anything, or nothing.
    pub fn first(&self) -> Option<&CharSet> {
        self.first.as_deref()
    }
}
