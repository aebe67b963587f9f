//! A text that a pattern should match: the shortest way through its tree, in plain characters.

use super::ast::{Node, Pattern};
use super::class::CharSet;

/// No sample is longer, in characters.
const MAX_SAMPLE: usize = 2_000;

/// A text that the pattern probably matches: the first alternative of each choice, each repeat as seldom as it may be, conditions
/// ignored. Whoever needs to be sure runs the pattern over it.
pub fn sample(pattern: &Pattern) -> String {
    let mut groups = vec![String::new(); pattern.groups as usize + 1];
    let mut text = String::new();
    write(&pattern.root, &mut text, &mut groups);
    text
}

fn write(node: &Node, text: &mut String, groups: &mut [String]) {
    if text.chars().count() >= MAX_SAMPLE {
        return;
    }
    match node {
        Node::Empty | Node::Assert(_) | Node::Look { .. } | Node::Call(_) => {}
        Node::Char(c) | Node::CharAnyCase(c) => text.push(*c),
        Node::Set(set) => text.extend(plainest(set)),
        Node::Concat(nodes) => nodes.iter().for_each(|node| write(node, text, groups)),
        // An empty alternative says nothing of what the pattern looks for.
        Node::Alternate(nodes) => {
            if let Some(node) = nodes.iter().find(|node| node.width().0 > 0).or_else(|| nodes.first()) {
                write(node, text, groups);
            }
        }
        Node::Repeat { node, min, .. } => (0..*min).for_each(|_| write(node, text, groups)),
        Node::Group { index, node } => {
            let start = text.len();
            write(node, text, groups);
            if let Some(group) = groups.get_mut(*index as usize) {
                text.get(start..).unwrap_or_default().clone_into(group);
            }
        }
        Node::Atomic(node) => write(node, text, groups),
        Node::BackReference { group, .. } => {
            let before = groups.get(*group as usize).cloned().unwrap_or_default();
            text.push_str(&before);
        }
        Node::Conditional { group, yes, no } => {
            let matched = groups.get(*group as usize).is_some_and(|group| !group.is_empty());
            write(if matched { yes } else { no }, text, groups);
        }
    }
}

/// The member of a set that is likeliest in a text.
fn plainest(set: &CharSet) -> Option<char> {
    let plain = ('a'..='z').chain('0'..='9').chain([' ', '-', '_', '.', '/']);
    plain.into_iter().find(|c| set.contains(*c)).or_else(|| set.ranges().next().map(|(first, _)| first))
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, parse};
    use super::sample;

    #[test]
    fn a_sample_takes_the_shortest_way_through_the_pattern() {
        for (pattern, expected) in [
            (r"weight[\W_]*+loss[\W_]*+pills?", "weightlosspill"),
            (r"(?:buy|order)\s++cheap", "buy cheap"),
            (r"example\.com/\d{3}", "example.com/000"),
            (r"(?<!not )(a|b)\1{2}", "aaa"),
            (r"(?:|x)y", "xy"),
            (r"[\u0e01-\u0e03]", "\u{e01}"),
        ] {
            let parsed = parse(pattern, Flags::KEYWORDS).expect("a good pattern");
            assert_eq!(sample(&parsed), expected, "{pattern}");
        }
        let long = parse("(?:a{1000}){1000}", Flags::KEYWORDS).expect("a good pattern");
        assert!(sample(&long).len() <= 3_000, "bounded");
    }
}
