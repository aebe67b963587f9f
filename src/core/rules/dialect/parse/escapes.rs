//! Escapes and sets: what stands for one character out of some, or for a place.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::super::ast::{Assertion, Node};
use super::super::class::{builtin, range, shared};
use super::super::lists;
use super::super::properties::{posix, property};
use super::{Item, Parser, PatternError};

impl Parser<'_> {
    pub(super) fn escape(&mut self) -> Result<Node, PatternError> {
        let Some(c) = self.peek() else { return self.error("ends in `\\`") };
        self.at += 1;
        let assertion = match c {
            'b' if self.flags.word => Some(Assertion::DefaultWordEdge),
            'B' if self.flags.word => Some(Assertion::NotDefaultWordEdge),
            'b' => Some(Assertion::WordEdge),
            'B' => Some(Assertion::NotWordEdge),
            'A' => Some(Assertion::TextStart),
            'Z' | 'z' => Some(Assertion::TextEnd),
            'm' => Some(Assertion::WordStart),
            'M' => Some(Assertion::WordEnd),
            _ => None,
        };
        if let Some(assertion) = assertion {
            return Ok(Node::Assert(assertion));
        }
        match c {
            'L' => self.named_list(),
            'g' => {
                if !self.eat('<') {
                    return self.error("`\\g` without `<name>`");
                }
                let name = self.until('>')?;
                self.back_reference(&name)
            }
            '1'..='3' if self.chars[self.at..].iter().take(2).filter(|c| c.is_digit(8)).count() == 2 => {
                let octal: String = self.chars[self.at - 1..self.at + 2].iter().collect();
                self.at += 2;
                Ok(self.literal(u32::from_str_radix(&octal, 8).ok().and_then(char::from_u32).unwrap_or('\0')))
            }
            '1'..='9' => {
                let mut name = c.to_string();
                if let Some(second) = self.peek().filter(char::is_ascii_digit) {
                    self.at += 1;
                    name.push(second);
                }
                self.back_reference(&name)
            }
            'R' => {
                let line_ends = range('\n', '\r');
                let mut class = line_ends;
                for c in ['\u{85}', '\u{2028}', '\u{2029}'] {
                    class.push(ClassUnicodeRange::new(c, c));
                }
                let pair = Node::Concat(vec![Node::Char('\r'), Node::Char('\n')]);
                let single = Node::Set(shared(r"\R", false, || class));
                Ok(Node::Atomic(Box::new(Node::Alternate(vec![pair, single]))))
            }
            _ => {
                self.at -= 1;
                let start = self.at - 1;
                Ok(match self.escaped_item()? {
                    Item::Char(c) => self.literal(c),
                    Item::Class(class) => self.class_node(start, class, false),
                })
            }
        }
    }

    /// What an escape means both inside and outside of a set; the place is after the backslash.
    pub(super) fn escaped_item(&mut self) -> Result<Item, PatternError> {
        let Some(c) = self.peek() else { return self.error("ends in `\\`") };
        self.at += 1;
        let class = match c {
            'w' => builtin(r"\w"),
            'W' => builtin(r"\W"),
            'd' => builtin(r"\d"),
            'D' => builtin(r"\D"),
            's' => builtin(r"\s"),
            'S' => builtin(r"\S"),
            'h' => builtin(r"[\p{Zs}\t]"),
            'p' | 'P' => return self.property(c == 'P').map(Item::Class),
            _ => None,
        };
        if let Some(class) = class {
            return Ok(Item::Class(class));
        }
        Ok(Item::Char(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'a' => '\u{7}',
            'x' => self.hex(2)?,
            'u' => self.hex(4)?,
            'U' => self.hex(8)?,
            '0' => {
                let mut value = 0;
                for _ in 0..2 {
                    if let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) {
                        value = value * 8 + digit;
                        self.at += 1;
                    }
                }
                char::from_u32(value).unwrap_or('\0')
            }
            c if c.is_ascii_alphanumeric() => {
                self.at -= 1;
                return self.error(format!("the escape `\\{c}` is not known"));
            }
            c => c,
        }))
    }

    fn hex(&mut self, length: usize) -> Result<char, PatternError> {
        let text: String = self.chars[self.at..].iter().take(length).collect();
        let value = if text.len() == length { u32::from_str_radix(&text, 16).ok() } else { None };
        match value.and_then(char::from_u32) {
            Some(c) => {
                self.at += length;
                Ok(c)
            }
            None => self
                .error(format!("`{text}` is not the number of a character in {length} hexadecimal digits")),
        }
    }

    fn property(&mut self, negated: bool) -> Result<ClassUnicode, PatternError> {
        let name = if self.eat('{') {
            self.until('}')?
        } else {
            let c = self.peek();
            self.at += 1;
            c.map(String::from).unwrap_or_default()
        };
        let (name, negated) =
            name.strip_prefix('^').map_or((name.as_str(), negated), |bare| (bare, !negated));
        let Some(mut class) = property(name) else {
            return self.error(format!("the property `{name}` is not known"));
        };
        if negated {
            class.negate();
        }
        Ok(class)
    }

    fn named_list(&mut self) -> Result<Node, PatternError> {
        if !self.eat('<') {
            return self.error("`\\L` without `<name>`");
        }
        let name = self.until('>')?;
        let Some(words) = lists::named(&name) else {
            return self.error(format!("the named list `{name}` is not known; `city` is"));
        };
        Ok(Node::Alternate(
            words.iter().map(|word| Node::Concat(word.chars().map(|c| self.literal(c)).collect())).collect(),
        ))
    }

    /// A set, after its `[`.
    pub(super) fn set(&mut self) -> Result<Node, PatternError> {
        let start = self.at;
        let negated = self.eat('^');
        let mut class = ClassUnicode::empty();
        let mut first = true;
        loop {
            let Some(c) = self.peek() else {
                self.at = start;
                return self.error("a set `[` without `]`");
            };
            if c == ']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            match self.set_item()? {
                Item::Class(item) => class.union(&item),
                Item::Char(low) => {
                    let is_range =
                        self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
                    if !is_range {
                        class.push(ClassUnicodeRange::new(low, low));
                        continue;
                    }
                    self.at += 1;
                    match self.set_item()? {
                        Item::Char(high) if low <= high => class.push(ClassUnicodeRange::new(low, high)),
                        Item::Char(high) => {
                            return self.error(format!("the range `{low}-{high}` runs backwards"));
                        }
                        Item::Class(item) => {
                            // Before a class the hyphen stands for itself.
                            class.push(ClassUnicodeRange::new(low, low));
                            class.push(ClassUnicodeRange::new('-', '-'));
                            class.union(&item);
                        }
                    }
                }
            }
        }
        Ok(self.class_node(start - 1, class, negated))
    }

    fn set_item(&mut self) -> Result<Item, PatternError> {
        if self.eat_text("[:") {
            let rest: String = self.chars[self.at..].iter().collect();
            if let Some(end) = rest.find(":]") {
                let name = &rest[..end];
                let (bare, negated) = name.strip_prefix('^').map_or((name, false), |bare| (bare, true));
                let Some(mut class) = posix(bare).or_else(|| property(bare)) else {
                    return self.error(format!("the class `[:{name}:]` is not known"));
                };
                if negated {
                    class.negate();
                }
                self.at += name.chars().count() + 2;
                return Ok(Item::Class(class));
            }
            self.at -= 2;
        }
        let Some(c) = self.peek() else { return self.error("a set `[` without `]`") };
        self.at += 1;
        match c {
            '\\' if self.eat('b') => Ok(Item::Char('\u{8}')),
            '\\' => self.escaped_item(),
            c => Ok(Item::Char(c)),
        }
    }
}
