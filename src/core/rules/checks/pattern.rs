//! Patterns that checks are written with: the same dialect and machine as in lists and rules.

use std::ops::Range;
use std::sync::Arc;

use super::Budget;
use crate::core::rules::dialect::{CharSet, Flags, Node, parse};
use crate::core::rules::vm::{Machine, Program, compile};
use crate::core::text::edges::Edges;

/// A constant pattern; case counts unless it begins with `(?i)`.
#[derive(Debug)]
pub(super) struct Pattern(Program);

impl Pattern {
    /// Compiles a constant.
    pub(super) fn new(text: &str) -> Self {
        let pattern = parse(text, Flags::default()).expect("a constant that the tests compile");
        let mut program = compile(&pattern, false).expect("a constant that the tests compile");
        program.look_for_starts(&pattern.root);
        Self(program)
    }

    /// The first match that begins in `starts`; nothing either when the budget does not suffice.
    pub(super) fn find_in(&self, text: &str, starts: Range<usize>, budget: &Budget) -> Option<Range<usize>> {
        self.search(&Edges::new(text), starts, &mut Machine::default(), budget)
    }

    /// The first match.
    pub(super) fn find(&self, text: &str, budget: &Budget) -> Option<Range<usize>> {
        self.find_in(text, 0..text.len(), budget)
    }

    /// Whether there is a match.
    pub(super) fn is_in(&self, text: &str, budget: &Budget) -> bool {
        self.find(text, budget).is_some()
    }

    /// At most `limit` matches, from the left, none overlapping another.
    pub(super) fn all(&self, text: &str, limit: usize, budget: &Budget) -> Vec<Range<usize>> {
        let (edges, mut machine) = (Edges::new(text), Machine::default());
        let mut found = Vec::new();
        let mut from = 0;
        while found.len() < limit
            && from <= text.len()
            && let Some(range) = self.search(&edges, from..text.len(), &mut machine, budget)
        {
            // No pattern here matches the empty text; were one to, the search must go on all the same.
            from = range.end.max(text.ceil_char_boundary(range.start + 1));
            found.push(range);
        }
        found
    }

    fn search(
        &self,
        edges: &Edges<'_>,
        starts: Range<usize>,
        machine: &mut Machine,
        budget: &Budget,
    ) -> Option<Range<usize>> {
        let mut steps = budget.left();
        let found = machine.find(&self.0, edges, starts, &mut steps);
        budget.spend(budget.left() - steps);
        found.unwrap_or_else(|_| {
            // One more than there is says that it did not suffice.
            budget.spend(1);
            None
        })
    }
}

/// The set of characters that is written as `text`, such as `\p{Script=Latin}`.
pub(super) fn set(text: &str) -> Arc<CharSet> {
    match parse(text, Flags::default()).map(|pattern| pattern.root) {
        Ok(Node::Set(set)) => set,
        other => unreachable!("`{text}` is a constant that the tests read, and no set: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Pattern, set};

    #[test]
    fn matches_do_not_overlap_and_end_with_the_budget() {
        let pattern = Pattern::new(r"(?i)\ba\w\b");
        let budget = Budget::new(10_000);
        assert_eq!(pattern.all("ab AB abc \u{e9}ab ac", 9, &budget), [0..2, 3..5, 15..17]);
        assert_eq!(pattern.all("ab ac ad", 2, &budget).len(), 2);
        assert!(!budget.is_overrun());
        assert!(
            pattern.all(&"ab ".repeat(10_000), usize::MAX, &budget).len() < 10_000 && budget.is_overrun()
        );
    }

    #[test]
    fn a_set_is_read() {
        assert!(set(r"\p{Script=Latin}").contains('\u{e9}') && !set(r"\p{Script=Latin}").contains('\u{436}'));
    }
}
