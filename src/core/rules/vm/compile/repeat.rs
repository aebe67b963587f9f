//! Repeats as instructions.

use std::sync::Arc;

use super::super::program::{Next, Op, TooLarge};
use super::{Compiler, index_of};
use crate::core::rules::dialect::{self, Greed, Node};
use crate::core::rules::filter;

impl Compiler {
    pub(super) fn repeat(
        &mut self,
        node: &Node,
        min: u32,
        max: Option<u32>,
        greed: Greed,
        back: bool,
    ) -> Result<(), TooLarge> {
        let single = match node {
            Node::Set(set) => Some(Arc::clone(set)),
            Node::CharAnyCase(c) => Some(dialect::any_case(*c)),
            Node::Char(c) => Some(dialect::exactly(*c)),
            _ => None,
        };
        if let Some(set) = single {
            let set = self.set(&set)?;
            self.push(Op::Run { set, back, greed, next: Next::Anything, min, max: max.unwrap_or(u32::MAX) })?;
            return Ok(());
        }
        if greed == Greed::Possessive {
            if let Some(faster) = runs_in_alternation(node)
                && max.is_none()
                && min <= 1
            {
                return self.atomic(|compiler| compiler.repeat(&faster, min, max, Greed::Greedy, back));
            }
            return self.atomic(|compiler| compiler.repeat(node, min, max, Greed::Greedy, back));
        }
        let may_be_empty = node.width().0 == 0;
        if may_be_empty && node.width().1 == Some(0) {
            // Only conditions: once is as good as often.
            for _ in 0..min.min(1) {
                self.node(node, back)?;
            }
            if min > 0 {
                return Ok(());
            }
            return self.optional(1, greed, |compiler| compiler.node(node, back));
        }
        for _ in 0..min {
            self.node(node, back)?;
        }
        match max {
            Some(max) => self.optional(max - min, greed, |compiler| compiler.node(node, back)),
            None => self.endless(node, greed, back, may_be_empty),
        }
    }

    /// `times` nested options that all lead to the same end.
    fn optional(
        &mut self,
        times: u32,
        greed: Greed,
        body: impl Fn(&mut Self) -> Result<(), TooLarge>,
    ) -> Result<(), TooLarge> {
        let mut splits = Vec::new();
        for _ in 0..times {
            splits.push(self.push(Op::Jump(0))?);
            body(self)?;
        }
        let end = self.here();
        for split in splits {
            self.ops[split] = choice(index_of(split + 1), end, greed);
        }
        Ok(())
    }

    fn endless(&mut self, node: &Node, greed: Greed, back: bool, may_be_empty: bool) -> Result<(), TooLarge> {
        let top = self.push(Op::Jump(0))?;
        let slot = if may_be_empty { Some(self.slot()?) } else { None };
        if let Some(slot) = slot {
            self.push(Op::Save { slot })?;
        }
        self.node(node, back)?;
        let progress = match slot {
            Some(slot) => Some((slot, self.push(Op::Jump(0))?)),
            None => None,
        };
        self.push(Op::Jump(index_of(top)))?;
        let end = self.here();
        if let Some((slot, at)) = progress {
            self.ops[at] = Op::Progress { slot, exit: end };
        }
        self.ops[top] = choice(index_of(top + 1), end, greed);
        Ok(())
    }
}

/// For `(?:[^<]|<(?!code))*+`: the same with runs, `(?:[^<]++|<(?!code))*+`. Right where nothing is given back and the other
/// branches begin with characters that are not in the set.
fn runs_in_alternation(node: &Node) -> Option<Node> {
    let Node::Alternate(branches) = node else { return None };
    let (Node::Set(set), others) = branches.split_first()? else { return None };
    let apart = |other: &Node| {
        filter::first_characters(other).is_some_and(|first| {
            first.count_up_to(100) < 100 && first.ranges().flat_map(|(a, b)| a..=b).all(|c| !set.contains(c))
        })
    };
    if !others.iter().all(apart) {
        return None;
    }
    let run =
        Node::Repeat { node: Box::new(branches[0].clone()), min: 1, max: None, greed: Greed::Possessive };
    Some(Node::Alternate(std::iter::once(run).chain(others.iter().cloned()).collect()))
}

fn choice(body: u32, end: u32, greed: Greed) -> Op {
    if greed == Greed::Lazy {
        Op::Split { first: end, second: body }
    } else {
        Op::Split { first: body, second: end }
    }
}
