//! Characters that a pattern can not do without: a cheap gate for patterns that need no text worth a search.

use crate::core::rules::dialect::Node;

/// A set of ASCII characters, letters in lower case; the last bit stands for all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs(u128);

/// The bit of U+007F, which no pattern needs, stands for everything that is not ASCII.
const WIDE: u32 = 127;

impl Signs {
    /// The characters that occur in `text`.
    pub fn of(text: &str) -> Self {
        let mut seen = [false; 256];
        for byte in text.bytes() {
            seen[usize::from(byte)] = true;
        }
        let mut signs = 0;
        for byte in 0..128u8 {
            signs |= u128::from(seen[usize::from(byte)]) << byte.to_ascii_lowercase();
        }
        signs |= u128::from(seen[128..].contains(&true)) << WIDE;
        Self(signs)
    }

    /// Whether all of `other` are in it.
    #[inline]
    pub fn contain(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn one(c: char) -> Self {
        Self(1 << if c.is_ascii() { u32::from(c.to_ascii_lowercase()) } else { WIDE })
    }
}

/// The characters that every match of `node` has, or that must be near it.
pub fn needed_signs(node: &Node) -> Signs {
    match node {
        Node::Char(c) => Signs::one(*c),
        // These three have cases outside of ASCII, so the letter itself may be missing.
        Node::CharAnyCase(c) if matches!(c.to_ascii_lowercase(), 'i' | 'k' | 's') => Signs::default(),
        Node::CharAnyCase(c) => {
            if c.is_ascii() {
                Signs::one(*c)
            } else {
                Signs::default()
            }
        }
        Node::Set(set) if !set.has_ascii() => Signs(1 << WIDE),
        Node::Concat(nodes) => nodes.iter().map(needed_signs).fold(Signs::default(), |a, b| Signs(a.0 | b.0)),
        Node::Alternate(nodes) => {
            nodes.iter().map(needed_signs).reduce(|a, b| Signs(a.0 & b.0)).unwrap_or_default()
        }
        Node::Repeat { node, min, .. } if *min > 0 => needed_signs(node),
        Node::Group { node, .. } | Node::Atomic(node) | Node::Look { negate: false, node, .. } => {
            needed_signs(node)
        }
        Node::Conditional { yes, no, .. } => Signs(needed_signs(yes).0 & needed_signs(no).0),
        _ => Signs::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rules::dialect::{Flags, parse};

    #[test]
    fn a_pattern_needs_what_all_its_matches_have() {
        for (pattern, text, may_match) in [
            (r"(?:\w\W){3,}@", "a-b-c-", false),
            (r"(?:\w\W){3,}@", "a-b-c-@", true),
            (r"\u262b.{0,20}", "abc", false),
            (r"\u262b.{0,20}", "\u{262b}", true),
            (r"k|K", "\u{212a}", true),
            (r"(?:a|b)c", "xyz", false),
            (r"(?:a|b)c", "xyzC", true),
        ] {
            let Ok(pattern) = parse(pattern, Flags::KEYWORDS) else { continue };
            assert_eq!(Signs::of(text).contain(needed_signs(&pattern.root)), may_match, "{text}");
        }
    }
}
