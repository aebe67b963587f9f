//! The parser: pattern text to tree, or what is wrong with it and where.

mod calls;
mod escapes;
mod groups;

use std::collections::HashMap;

use regex_syntax::hir::ClassUnicode;

use super::ast::{Assertion, Greed, Node, Pattern};
use super::class::{add_cases, any_case, range, shared};

/// Longest pattern that is taken, in bytes.
const MAX_LENGTH: usize = 10_000;
/// Deepest nesting of groups and sets.
const MAX_DEPTH: usize = 100;
/// Largest tree, after subroutine calls are written out.
const MAX_NODES: usize = 50_000;
/// Largest count in `{m,n}`; no list comes near it, and it bounds the work of one repeat.
const MAX_REPEAT: u32 = 100_000;

/// Flags that hold from the start of a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `i`: case is ignored.
    pub ignore_case: bool,
    /// `s`: `.` matches a line feed too.
    pub dot_all: bool,
    /// `m`: `^` and `$` also hold at lines.
    pub multi_line: bool,
    /// `w`: `\b` is the default word boundary of UAX #29.
    pub word: bool,
    /// `x`: white space and `#` comments are skipped.
    pub verbose: bool,
}

impl Flags {
    /// How SmokeDetector compiles keyword lists: `i` and `s`.
    pub const KEYWORDS: Self =
        Self { ignore_case: true, dot_all: true, multi_line: false, word: false, verbose: false };
    /// How it compiles website and user name lists: `i`.
    pub const WEBSITES: Self = Self { dot_all: false, ..Self::KEYWORDS };
}

/// Why a pattern can not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}, at character {at} of the pattern")]
pub struct PatternError {
    /// Counted from 1, in characters of the pattern.
    pub at: usize,
    /// A lower-case fragment.
    pub what: String,
}

/// Parses `text`.
///
/// # Errors
/// The first thing in it that is broken, or that this program does not know, by name.
pub fn parse(text: &str, flags: Flags) -> Result<Pattern, PatternError> {
    if text.len() > MAX_LENGTH {
        return Err(PatternError { at: 1, what: format!("longer than {MAX_LENGTH} bytes") });
    }
    let chars: Vec<char> = text.chars().collect();
    let mut parser = Parser::new(&chars, flags);
    let root = parser.whole()?;
    let root = parser.write_out_calls(root)?;
    Ok(Pattern { root, groups: parser.groups })
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
    flags: Flags,
    depth: usize,
    groups: u32,
    names: HashMap<String, u32>,
    /// Trees of groups that are called somewhere, by index.
    bodies: HashMap<u32, Node>,
    calls: Vec<(usize, String)>,
}

/// What a set item is: one character, or a class.
enum Item {
    Char(char),
    Class(ClassUnicode),
}

impl<'a> Parser<'a> {
    fn new(chars: &'a [char], flags: Flags) -> Self {
        Self {
            chars,
            at: 0,
            flags,
            depth: 0,
            groups: 0,
            names: HashMap::new(),
            bodies: HashMap::new(),
            calls: Vec::new(),
        }
    }

    fn error<T>(&self, what: impl Into<String>) -> Result<T, PatternError> {
        Err(PatternError { at: self.at + 1, what: what.into() })
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn eat_text(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn until(&mut self, close: char) -> Result<String, PatternError> {
        let rest = &self.chars[self.at..];
        match rest.iter().position(|c| *c == close) {
            Some(length) => {
                self.at += length + 1;
                Ok(rest[..length].iter().collect())
            }
            None => self.error(format!("missing `{close}`")),
        }
    }

    fn whole(&mut self) -> Result<Node, PatternError> {
        let root = self.alternatives()?;
        if self.at < self.chars.len() {
            return self.error("`)` without `(`");
        }
        Ok(root)
    }

    fn alternatives(&mut self) -> Result<Node, PatternError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.error(format!("nested deeper than {MAX_DEPTH}"));
        }
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Alternate(branches) })
    }

    fn sequence(&mut self) -> Result<Node, PatternError> {
        let mut nodes = Vec::new();
        loop {
            self.skip_blank();
            let Some(c) = self.peek() else { break };
            if c == '|' || c == ')' {
                break;
            }
            let Some(node) = self.atom()? else { continue };
            nodes.push(self.repeats(node)?);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        })
    }

    fn skip_blank(&mut self) {
        while self.flags.verbose {
            match self.peek() {
                Some(c) if c.is_whitespace() => self.at += 1,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
    }

    /// One atom; nothing for a comment or a flag.
    fn atom(&mut self) -> Result<Option<Node>, PatternError> {
        let Some(c) = self.peek() else { return Ok(None) };
        if matches!(c, '*' | '+' | '?') {
            return self.error(format!("nothing before `{c}` to repeat"));
        }
        self.at += 1;
        Ok(Some(match c {
            '(' => return self.group(),
            '[' => self.set()?,
            '.' => self.dot(),
            '^' if self.flags.multi_line => Node::Assert(Assertion::LineStart),
            '^' => Node::Assert(Assertion::TextStart),
            '$' if self.flags.multi_line => Node::Assert(Assertion::LineEnd),
            '$' => Node::Assert(Assertion::TextEndOrFinalNewline),
            '\\' => self.escape()?,
            c => self.literal(c),
        }))
    }

    fn dot(&self) -> Node {
        let dot_all = self.flags.dot_all;
        Node::Set(shared(if dot_all { "(?s:.)" } else { "(?-s:.)" }, false, || {
            let mut class = range('\0', char::MAX);
            if !dot_all {
                class.difference(&range('\n', '\n'));
            }
            class
        }))
    }

    fn literal(&self, c: char) -> Node {
        if !self.flags.ignore_case {
            return Node::Char(c);
        }
        let single = if c.is_ascii() { !c.is_ascii_alphabetic() } else { any_case(c).count_up_to(2) == 1 };
        if single { Node::Char(c) } else { Node::CharAnyCase(c) }
    }

    /// The set that was read from `start` on; `text` of it says all there is to say, but for the flag.
    fn class_node(&self, start: usize, mut class: ClassUnicode, negated: bool) -> Node {
        let text: String = self.chars[start..self.at].iter().collect();
        Node::Set(shared(&text, self.flags.ignore_case, || {
            if self.flags.ignore_case {
                add_cases(&mut class);
            }
            if negated {
                class.negate();
            }
            class
        }))
    }

    fn repeats(&mut self, node: Node) -> Result<Node, PatternError> {
        self.skip_blank();
        let start = self.at;
        let Some((min, max)) = self.counts()? else {
            self.refuse_fuzzy()?;
            return Ok(node);
        };
        if max.is_some_and(|max| max < min) {
            self.at = start;
            return self.error("a repeat whose smaller number is larger");
        }
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT) {
            self.at = start;
            return self.error(format!("a repeat of more than {MAX_REPEAT} times"));
        }
        let greed = match self.peek() {
            Some('?') => Greed::Lazy,
            Some('+') => Greed::Possessive,
            _ => Greed::Greedy,
        };
        self.at += usize::from(greed != Greed::Greedy);
        self.skip_blank();
        if self.counts()?.is_some() {
            return self.error("a repeat of a repeat");
        }
        if max == Some(0) {
            return Ok(Node::Empty);
        }
        Ok(Node::Repeat { node: Box::new(node), min, max, greed })
    }

    /// The numbers of a quantifier, if one stands here; `{` that is none is a character.
    fn counts(&mut self) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        let simple = match self.peek() {
            Some('*') => Some((0, None)),
            Some('+') => Some((1, None)),
            Some('?') => Some((0, Some(1))),
            _ => None,
        };
        if simple.is_some() {
            self.at += 1;
            return Ok(simple);
        }
        let start = self.at;
        if !self.eat('{') {
            return Ok(None);
        }
        let low = self.digits();
        let (min, max) = if self.eat(',') {
            let high = self.digits();
            (low.unwrap_or(Ok(0)), high.transpose())
        } else {
            match low {
                Some(low) => (low.clone(), low.map(Some)),
                None => {
                    self.at = start;
                    return Ok(None);
                }
            }
        };
        if !self.eat('}') {
            self.at = start;
            return Ok(None);
        }
        Ok(Some((min?, max?)))
    }

    fn digits(&mut self) -> Option<Result<u32, PatternError>> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        (!text.is_empty()).then(|| match text.parse() {
            Ok(number) => Ok(number),
            Err(_) => self.error(format!("the number `{text}` is too large")),
        })
    }

    fn refuse_fuzzy(&mut self) -> Result<(), PatternError> {
        if self.peek() != Some('{') {
            return Ok(());
        }
        let inner: String = self.chars[self.at + 1..].iter().take_while(|c| **c != '}').collect();
        let fuzzy = inner.starts_with(['e', 'i', 'd', 's'])
            && inner[1..].trim_start().starts_with(['<', '+', ',', ':'])
            || inner.starts_with(|c: char| c.is_ascii_digit()) && inner.contains('<')
            || ["e", "i", "d", "s"].contains(&inner.as_str()) && self.at + 2 < self.chars.len();
        if fuzzy { self.error("fuzzy matching `{e<=1}` is not known") } else { Ok(()) }
    }
}
