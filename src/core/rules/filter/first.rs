//! What a match can begin with.

use std::sync::Arc;

use crate::core::rules::dialect::{CharSet, Node, any_case, exactly};

/// The characters that a match of `node` can begin with; nothing when it can be empty or begin with nearly anything.
pub(in crate::core::rules) fn first_characters(node: &Node) -> Option<Arc<CharSet>> {
    let mut sets = Vec::new();
    let may_be_empty = collect(node, &mut sets);
    if may_be_empty || sets.is_empty() {
        return None;
    }
    if sets.len() == 1 { sets.pop() } else { Some(Arc::new(CharSet::union(&sets))) }
}

/// Adds what `node` can begin with; whether it can be empty.
fn collect(node: &Node, sets: &mut Vec<Arc<CharSet>>) -> bool {
    match node {
        Node::Empty | Node::Assert(_) | Node::Look { .. } => true,
        Node::Char(c) => {
            sets.push(exactly(*c));
            false
        }
        Node::CharAnyCase(c) => {
            sets.push(any_case(*c));
            false
        }
        Node::Set(set) => {
            sets.push(Arc::clone(set));
            false
        }
        Node::Concat(nodes) => nodes.iter().all(|node| collect(node, sets)),
        // Every branch must be looked at, so no short cut.
        Node::Alternate(nodes) => nodes.iter().fold(false, |empty, node| collect(node, sets) | empty),
        Node::Repeat { node, min, .. } => collect(node, sets) | (*min == 0),
        Node::Group { node, .. } | Node::Atomic(node) => collect(node, sets),
        Node::Conditional { yes, no, .. } => collect(yes, sets) | collect(no, sets),
        // May be anything, the empty text too.
        Node::BackReference { .. } | Node::Call(_) => true,
    }
}
