//! Subroutine calls: each is replaced by the tree of the group it calls.

use std::collections::HashSet;

use super::super::ast::Node;
use super::{MAX_NODES, Parser, PatternError};

impl Parser<'_> {
    pub(super) fn write_out_calls(&self, root: Node) -> Result<Node, PatternError> {
        if self.calls.is_empty() {
            return Ok(root);
        }
        let mut budget = MAX_NODES;
        self.expand(root, &mut HashSet::new(), &mut budget)
    }

    fn expand(&self, node: Node, open: &mut HashSet<u32>, budget: &mut usize) -> Result<Node, PatternError> {
        if *budget == 0 {
            return self.error("too large when its subroutine calls are written out");
        }
        *budget -= 1;
        let mut each = |node: Box<Node>| self.expand(*node, open, budget).map(Box::new);
        Ok(match node {
            Node::Call(number) => {
                let (at, name) = &self.calls[number as usize];
                let wrong = |what: String| PatternError { at: *at, what };
                let index = name.parse().ok().or_else(|| self.names.get(name).copied());
                let Some((index, body)) = index.and_then(|index| Some((index, self.bodies.get(&index)?)))
                else {
                    return Err(wrong(format!("there is no group `{name}` to call")));
                };
                if !open.insert(index) {
                    return Err(wrong(format!("the group `{name}` calls itself, which is not known")));
                }
                let node = self.expand(body.clone(), open, budget)?;
                open.remove(&index);
                node
            }
            Node::Concat(nodes) => Node::Concat(self.expand_all(nodes, open, budget)?),
            Node::Alternate(nodes) => Node::Alternate(self.expand_all(nodes, open, budget)?),
            Node::Repeat { node, min, max, greed } => Node::Repeat { node: each(node)?, min, max, greed },
            Node::Group { index, node } => Node::Group { index, node: each(node)? },
            Node::Atomic(node) => Node::Atomic(each(node)?),
            Node::Look { behind, negate, node } => Node::Look { behind, negate, node: each(node)? },
            Node::Conditional { group, yes, no } => {
                Node::Conditional { group, yes: each(yes)?, no: each(no)? }
            }
            other => other,
        })
    }

    fn expand_all(
        &self,
        nodes: Vec<Node>,
        open: &mut HashSet<u32>,
        budget: &mut usize,
    ) -> Result<Vec<Node>, PatternError> {
        nodes.into_iter().map(|node| self.expand(node, open, budget)).collect()
    }
}
