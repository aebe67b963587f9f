//! Escapes that obfuscated patterns allow between any two letters.

use crate::core::rules::dialect::{Node, is_digit};

/// Escapes that obfuscated patterns allow between any two letters, as in `k(?:[\W_]|&#?\w+;)*e`, and that texts seldom have:
/// without one, such a pattern needs the plain word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// `&name;` or `&#number;`.
    Entity,
    /// `%` and two hexadecimal digits, or digits of another script.
    Percent,
}

impl Escape {
    /// Whether `text` has one.
    pub fn is_in(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Percent => memchr::memchr_iter(b'%', bytes).any(|at| {
                bytes
                    .get(at + 1..at + 3)
                    .is_some_and(|two| two.iter().all(|byte| byte.is_ascii_hexdigit() || !byte.is_ascii()))
            }),
            Self::Entity => memchr::memchr_iter(b'&', bytes).any(|at| {
                // Letters of other scripts may stand there too, so all bytes that are not ASCII pass.
                let name = bytes[at + 1..].iter().skip_while(|byte| **byte == b'#');
                let mut after = name
                    .skip_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || !byte.is_ascii());
                after.next() == Some(&b';')
            }),
        }
    }

    /// Whether `nodes` begin with this escape, so that they match only where one is.
    pub(super) fn begins(self, nodes: &[Node]) -> bool {
        let hex = |node: &Node| match node {
            Node::Char(c) | Node::CharAnyCase(c) => c.is_ascii_hexdigit(),
            Node::Set(set) => {
                set.is_within_words()
                    && set.ranges().all(|(a, b)| (a..=b).all(|c| c.is_ascii_hexdigit() || is_digit(c)))
            }
            _ => false,
        };
        match (self, nodes) {
            (Self::Percent, [Node::Char('%'), Node::Repeat { node, min, .. }, ..]) => *min >= 2 && hex(node),
            (Self::Percent, [Node::Char('%'), a, b, ..]) => hex(a) && hex(b),
            (Self::Entity, [Node::Char('&'), rest @ ..]) => {
                let rest = match rest {
                    [Node::Repeat { node, min: 0, max: Some(1), .. }, rest @ ..]
                        if matches!(**node, Node::Char('#')) =>
                    {
                        rest
                    }
                    rest => rest,
                };
                matches!(rest, [Node::Repeat { node, min: 1.., .. }, Node::Char(';'), ..]
                    if matches!(&**node, Node::Set(set) if set.is_within_words()))
            }
            _ => false,
        }
    }
}
