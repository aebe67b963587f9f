//! What stands in parentheses, and what refers to it.

use super::super::ast::Node;
use super::{Flags, Parser, PatternError};

impl Parser<'_> {
    pub(super) fn group(&mut self) -> Result<Option<Node>, PatternError> {
        if !self.eat('?') {
            return self.capture(None).map(Some);
        }
        if self.eat('#') {
            self.until(')')?;
            return Ok(None);
        }
        if self.eat_text("<=") {
            return self.look(true, false).map(Some);
        }
        if self.eat_text("<!") {
            return self.look(true, true).map(Some);
        }
        if self.eat('=') {
            return self.look(false, false).map(Some);
        }
        if self.eat('!') {
            return self.look(false, true).map(Some);
        }
        if self.eat('>') {
            let node = self.body(self.flags)?;
            return Ok(Some(Node::Atomic(Box::new(node))));
        }
        if self.eat_text("P<") || self.eat('<') {
            let name = self.until('>')?;
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return self.error(format!("`{name}` is no name of a group"));
            }
            return self.capture(Some(name)).map(Some);
        }
        if self.eat_text("P=") {
            let name = self.until(')')?;
            return self.back_reference(&name).map(Some);
        }
        if self.eat_text("P>") || self.eat('&') {
            let name = self.until(')')?;
            return self.call(&name).map(Some);
        }
        match self.peek() {
            Some('(') => {
                self.at += 1;
                self.conditional().map(Some)
            }
            Some('|') => self.error("branch reset `(?|...)` is not known"),
            Some('R' | '0') => self.error("recursion of the whole pattern is not known"),
            Some(c) if c.is_ascii_digit() => {
                let number = self.until(')')?;
                self.call(&number).map(Some)
            }
            _ => self.flag_group(),
        }
    }

    /// Up to the closing parenthesis, under `flags`.
    fn body(&mut self, flags: Flags) -> Result<Node, PatternError> {
        let outer = std::mem::replace(&mut self.flags, flags);
        let node = self.alternatives()?;
        self.flags = outer;
        if !self.eat(')') {
            return self.error("missing `)`");
        }
        Ok(node)
    }

    fn look(&mut self, behind: bool, negate: bool) -> Result<Node, PatternError> {
        let node = Box::new(self.body(self.flags)?);
        Ok(Node::Look { behind, negate, node })
    }

    fn capture(&mut self, name: Option<String>) -> Result<Node, PatternError> {
        let index = match name.as_ref().and_then(|name| self.names.get(name)) {
            Some(index) => *index,
            None => {
                self.groups += 1;
                self.groups
            }
        };
        if let Some(name) = name {
            self.names.insert(name, index);
        }
        let node = self.body(self.flags)?;
        self.bodies.insert(index, node.clone());
        Ok(Node::Group { index, node: Box::new(node) })
    }

    fn conditional(&mut self) -> Result<Node, PatternError> {
        let name = self.until(')')?;
        let yes = self.sequence()?;
        let no = if self.eat('|') { self.sequence()? } else { Node::Empty };
        if !self.eat(')') {
            return self.error("missing `)`, or more than two branches in a conditional");
        }
        if name == "DEFINE" {
            // Only defines groups; matches nothing itself.
            return Ok(Node::Empty);
        }
        let group = self.group_index(&name)?;
        Ok(Node::Conditional { group, yes: Box::new(yes), no: Box::new(no) })
    }

    pub(super) fn group_index(&self, name: &str) -> Result<u32, PatternError> {
        let index = name.parse().ok().or_else(|| self.names.get(name).copied());
        match index {
            Some(index) if (1..=self.groups).contains(&index) => Ok(index),
            _ => self.error(format!("there is no group `{name}` before this place")),
        }
    }

    pub(super) fn back_reference(&mut self, name: &str) -> Result<Node, PatternError> {
        Ok(Node::BackReference { group: self.group_index(name)?, any_case: self.flags.ignore_case })
    }

    /// A call may stand before its group, so it is looked up when the whole pattern is read.
    pub(super) fn call(&mut self, name: &str) -> Result<Node, PatternError> {
        self.calls.push((self.at, name.to_owned()));
        let number = u32::try_from(self.calls.len() - 1).unwrap_or(u32::MAX);
        Ok(Node::Call(number))
    }

    fn flag_group(&mut self) -> Result<Option<Node>, PatternError> {
        let mut flags = self.flags;
        let mut on = true;
        loop {
            let Some(c) = self.peek() else { return self.error("missing `)`") };
            self.at += 1;
            let field = match c {
                'i' => Some(&mut flags.ignore_case),
                's' => Some(&mut flags.dot_all),
                'm' => Some(&mut flags.multi_line),
                'w' => Some(&mut flags.word),
                'x' => Some(&mut flags.verbose),
                // All text is Unicode already.
                'u' => None,
                '-' if on => {
                    on = false;
                    None
                }
                ':' => {
                    return self.body(flags).map(Some);
                }
                ')' if on => {
                    // Holds to the end of the group that it stands in.
                    self.flags = flags;
                    return Ok(None);
                }
                c => {
                    self.at -= 1;
                    return self.error(format!("the group `(?{c}` or flag `{c}` is not known"));
                }
            };
            if let Some(flag) = field {
                *flag = on;
            }
        }
    }
}
