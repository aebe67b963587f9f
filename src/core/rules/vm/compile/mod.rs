//! Tree to program.

mod repeat;

use std::sync::Arc;

use crate::core::rules::dialect::{self, Assertion, CharSet, Greed, Node, Pattern};
use crate::core::rules::filter;
use crate::core::rules::filter::places::Branches;

use super::program::{MAX_BRANCHES, MAX_INSTRUCTIONS, MIN_BRANCHES, Next, Op, Program, Table, TooLarge};

/// Compiles `pattern`; with `bounded` a match must begin and end where a keyword may.
///
/// # Errors
/// When the program gets too large.
pub fn compile(pattern: &Pattern, bounded: bool) -> Result<Program, TooLarge> {
    let mut compiler = Compiler::new(pattern)?;
    if bounded {
        compiler.push(Op::Assert(Assertion::KeywordStart))?;
    }
    compiler.node(&pattern.root, false)?;
    if bounded {
        compiler.push(Op::Assert(Assertion::KeywordEnd))?;
    }
    let mut program = compiler.finish()?;
    program.first = filter::first_characters(&pattern.root);
    program.at_start = starts_text(&pattern.root);
    Ok(program)
}

/// Compiles the first `count` nodes of `pattern` to be matched from their end to the left, so that a place can be ruled out
/// without knowing where a match would begin. It matches wherever they do, and perhaps elsewhere. Nothing when they can not
/// be read backwards.
pub fn compile_backwards(pattern: &Pattern, count: usize) -> Option<Program> {
    let mut compiler = Compiler::new(pattern).ok()?;
    if compiler.uses_groups {
        return None;
    }
    let nodes = match &pattern.root {
        Node::Concat(nodes) => &nodes[..count.min(nodes.len())],
        node => &std::slice::from_ref(node)[..count.min(1)],
    };
    for node in nodes.iter().rev() {
        compiler.node(&loosened(node), true).ok()?;
    }
    compiler.finish().ok()
}

/// The node without possession, which from the other side would mean something else.
fn loosened(node: &Node) -> Node {
    let all = |nodes: &[Node]| nodes.iter().map(loosened).collect();
    match node {
        Node::Concat(nodes) => Node::Concat(all(nodes)),
        Node::Alternate(nodes) => Node::Alternate(all(nodes)),
        Node::Repeat { node, min, max, .. } => {
            Node::Repeat { node: Box::new(loosened(node)), min: *min, max: *max, greed: Greed::Greedy }
        }
        Node::Group { node, .. } | Node::Atomic(node) => loosened(node),
        other => other.clone(),
    }
}

/// Whether a match can only begin where the text does.
fn starts_text(node: &Node) -> bool {
    match node {
        Node::Assert(Assertion::TextStart) => true,
        Node::Concat(nodes) => {
            let zero_width = |node: &&Node| node.width().1 == Some(0);
            nodes.iter().take_while(zero_width).any(starts_text)
                || nodes.iter().find(|node| !zero_width(node)).is_some_and(starts_text)
        }
        Node::Alternate(nodes) => nodes.iter().all(starts_text),
        Node::Group { node, .. } | Node::Atomic(node) => starts_text(node),
        _ => false,
    }
}

fn refers_to_groups(node: &Node) -> bool {
    match node {
        Node::BackReference { .. } | Node::Conditional { .. } => true,
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().any(refers_to_groups),
        Node::Repeat { node, .. }
        | Node::Group { node, .. }
        | Node::Atomic(node)
        | Node::Look { node, .. } => refers_to_groups(node),
        _ => false,
    }
}

struct Compiler {
    ops: Vec<Op>,
    text: String,
    sets: Vec<Arc<CharSet>>,
    tables: Vec<Table>,
    slots: u16,
    memos: u16,
    uses_groups: bool,
}

impl Compiler {
    fn new(pattern: &Pattern) -> Result<Self, TooLarge> {
        let uses_groups = refers_to_groups(&pattern.root);
        Ok(Self {
            ops: Vec::new(),
            text: String::new(),
            sets: Vec::new(),
            tables: Vec::new(),
            // Two slots for each group, but only if a group is ever asked for.
            slots: if uses_groups {
                u16::try_from(2 * (pattern.groups + 1)).map_err(|_| TooLarge)?
            } else {
                0
            },
            memos: 0,
            uses_groups,
        })
    }

    fn finish(mut self) -> Result<Program, TooLarge> {
        self.push(Op::Match)?;
        for index in 1..self.ops.len() {
            let first = |start: u32| self.text.as_bytes()[start as usize];
            let follows = match self.ops[index] {
                Op::Text { start, .. } => Next::Byte(first(start)),
                // These three have cases outside of ASCII.
                Op::AnyCase { start, .. } if matches!(first(start), b'i' | b'k' | b's') => Next::Anything,
                Op::AnyCase { start, .. } if first(start).is_ascii_alphabetic() => Next::Letter(first(start)),
                Op::AnyCase { start, .. } => Next::Byte(first(start)),
                Op::Assert(assertion) => Next::Place(assertion),
                _ => Next::Anything,
            };
            let run = if matches!(self.ops[index - 1], Op::Passed { .. }) {
                index.saturating_sub(2)
            } else {
                index - 1
            };
            if let Op::Run { next, back, .. } = &mut self.ops[run]
                && (!*back || matches!(follows, Next::Place(_)))
            {
                *next = follows;
            }
        }
        Ok(Program {
            ops: self.ops.into(),
            text: self.text.into(),
            sets: self.sets.into(),
            tables: self.tables.into(),
            slots: self.slots,
            memos: self.memos,
            at_start: false,
            uses_groups: self.uses_groups,
            first: None,
            starts: None,
        })
    }

    fn push(&mut self, op: Op) -> Result<usize, TooLarge> {
        if self.ops.len() >= MAX_INSTRUCTIONS {
            return Err(TooLarge);
        }
        self.ops.push(op);
        Ok(self.ops.len() - 1)
    }

    fn here(&self) -> u32 {
        u32::try_from(self.ops.len()).unwrap_or(u32::MAX)
    }

    fn set(&mut self, set: &Arc<CharSet>) -> Result<u16, TooLarge> {
        let known = self.sets.iter().position(|known| Arc::ptr_eq(known, set));
        let index = known.unwrap_or_else(|| {
            self.sets.push(Arc::clone(set));
            self.sets.len() - 1
        });
        u16::try_from(index).map_err(|_| TooLarge)
    }

    fn slot(&mut self) -> Result<u16, TooLarge> {
        self.slots = self.slots.checked_add(1).ok_or(TooLarge)?;
        Ok(self.slots - 1)
    }

    fn node(&mut self, node: &Node, back: bool) -> Result<(), TooLarge> {
        match node {
            Node::Empty | Node::Call(_) => {}
            Node::Char(_) | Node::CharAnyCase(_)
                if !back && self.text_run(std::slice::from_ref(node))? == 1 => {}
            Node::Char(c) => self.character(*c, false, back)?,
            Node::CharAnyCase(c) => self.character(*c, true, back)?,
            Node::Set(set) => {
                let set = self.set(set)?;
                self.push(Op::Set { set, back })?;
            }
            Node::Assert(assertion) => {
                self.push(Op::Assert(*assertion))?;
            }
            Node::Concat(nodes) if back => {
                for node in nodes.iter().rev() {
                    self.node(node, true)?;
                }
            }
            Node::Concat(nodes) => {
                let mut rest = &nodes[..];
                while let Some(first) = rest.first() {
                    let length = self.text_run(rest)?;
                    if length == 0 {
                        self.node(first, false)?;
                    }
                    rest = &rest[length.max(1)..];
                }
            }
            Node::Alternate(nodes) => self.alternate(nodes, back)?,
            Node::Repeat { node, min, max, greed } => self.repeat(node, *min, *max, *greed, back)?,
            Node::Group { index, node } if self.uses_groups => {
                let slot = u16::try_from(2 * index).map_err(|_| TooLarge)?;
                self.push(Op::Save { slot: slot + u16::from(back) })?;
                self.node(node, back)?;
                self.push(Op::Save { slot: slot + u16::from(!back) })?;
            }
            Node::Group { node, .. } => self.node(node, back)?,
            Node::Atomic(node) => self.atomic(|compiler| compiler.node(node, back))?,
            Node::Look { behind, negate, node } => {
                let look = self.push(Op::End)?;
                let memo = self.look_body(node, *behind)?;
                self.push(Op::End)?;
                self.ops[look] = Op::Look { negate: *negate, end: self.here(), memo };
            }
            Node::BackReference { group, any_case } => {
                let group = u16::try_from(*group).map_err(|_| TooLarge)?;
                self.push(Op::BackReference { group, any_case: *any_case, back })?;
            }
            Node::Conditional { group, yes, no } => {
                let group = u16::try_from(*group).map_err(|_| TooLarge)?;
                let test = self.push(Op::IfGroup { group, no: 0 })?;
                self.node(yes, back)?;
                let skip = self.push(Op::Jump(0))?;
                self.ops[test] = Op::IfGroup { group, no: self.here() };
                self.node(no, back)?;
                self.ops[skip] = Op::Jump(self.here());
            }
        }
        Ok(())
    }

    /// Compiles what stands in a lookaround; the number of its memo, if it begins with a loop over single characters.
    fn look_body(&mut self, node: &Node, back: bool) -> Result<Option<u16>, TooLarge> {
        let parts = match node {
            Node::Concat(nodes) if back => nodes.split_last(),
            Node::Concat(nodes) => nodes.split_first(),
            _ => None,
        };
        // What a reference finds depends on more than the place.
        let Some((first, rest)) = parts.filter(|(first, _)| is_loop(first) && !self.uses_groups) else {
            self.node(node, back)?;
            return Ok(None);
        };
        let memo = self.memos;
        self.memos = self.memos.checked_add(1).ok_or(TooLarge)?;
        match first {
            // Whether there is a match does not depend on which is tried first, and from the nearest place on more is known.
            Node::Repeat { node, min, max, greed: Greed::Greedy } => {
                self.repeat(node, *min, *max, Greed::Lazy, back)?
            }
            first => self.node(first, back)?,
        }
        self.push(Op::Passed { memo })?;
        self.node(&Node::Concat(rest.to_vec()), back)?;
        Ok(Some(memo))
    }

    fn character(&mut self, c: char, any_case: bool, back: bool) -> Result<(), TooLarge> {
        if any_case {
            let set = self.set(&dialect::any_case(c))?;
            self.push(Op::Set { set, back })?;
        } else {
            self.push(Op::Char { c, back })?;
        }
        Ok(())
    }

    /// Compiles the characters that `nodes` begins with as one text; how many nodes that took.
    fn text_run(&mut self, nodes: &[Node]) -> Result<usize, TooLarge> {
        let mut any_case = None;
        let start = self.text.len();
        let mut taken = 0;
        for node in nodes {
            // An ASCII letter says whether case counts; other characters fit both ways.
            // `I` has other cases than `i` has, so only its set says all of them.
            let (c, letter) = match node {
                Node::CharAnyCase(c) if c.is_ascii() && *c != 'I' => (c.to_ascii_lowercase(), Some(true)),
                Node::Char(c) if c.is_ascii_alphabetic() => (*c, Some(false)),
                Node::Char(c) => (*c, None),
                _ => break,
            };
            if letter.is_some() && any_case.is_some() && letter != any_case {
                break;
            }
            any_case = any_case.or(letter);
            self.text.push(c);
            taken += 1;
        }
        if taken > 0 {
            let length = u16::try_from(self.text.len() - start).map_err(|_| TooLarge)?;
            let start = u32::try_from(start).map_err(|_| TooLarge)?;
            let any_case = any_case == Some(true);
            self.push(if any_case { Op::AnyCase { start, length } } else { Op::Text { start, length } })?;
        }
        Ok(taken)
    }

    fn alternate(&mut self, nodes: &[Node], back: bool) -> Result<(), TooLarge> {
        if !back && (MIN_BRANCHES..=MAX_BRANCHES).contains(&nodes.len()) {
            return self.switch(nodes);
        }
        if !back && nodes.len() > MAX_BRANCHES {
            let parts: Vec<Node> =
                nodes.chunks(MAX_BRANCHES).map(|part| Node::Alternate(part.to_vec())).collect();
            return self.alternate(&parts, back);
        }
        let mut jumps = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            if index + 1 == nodes.len() {
                self.node(node, back)?;
                break;
            }
            let split = self.push(Op::Jump(0))?;
            self.node(node, back)?;
            jumps.push(self.push(Op::Jump(0))?);
            self.ops[split] = Op::Split { first: index_of(split + 1), second: self.here() };
        }
        for jump in jumps {
            self.ops[jump] = Op::Jump(self.here());
        }
        Ok(())
    }

    fn switch(&mut self, nodes: &[Node]) -> Result<(), TooLarge> {
        let table = u32::try_from(self.tables.len()).map_err(|_| TooLarge)?;
        self.push(Op::Switch { table })?;
        // The table's place is taken now, since branches may have tables of their own.
        self.tables.push(Table { branches: Branches::of(nodes), targets: Box::default() });
        let mut targets = Vec::with_capacity(nodes.len());
        let mut jumps = Vec::new();
        for node in nodes {
            targets.push(self.here());
            self.node(node, false)?;
            jumps.push(self.push(Op::Jump(0))?);
        }
        for jump in jumps {
            self.ops[jump] = Op::Jump(self.here());
        }
        self.tables[table as usize].targets = targets.into();
        Ok(())
    }

    fn atomic(&mut self, body: impl FnOnce(&mut Self) -> Result<(), TooLarge>) -> Result<(), TooLarge> {
        let atomic = self.push(Op::Atomic { end: 0 })?;
        body(self)?;
        self.push(Op::End)?;
        self.ops[atomic] = Op::Atomic { end: self.here() };
        Ok(())
    }
}

/// Whether a node is any number of single characters, each taken or not for what it is and where it stands.
fn is_loop(node: &Node) -> bool {
    matches!(node, Node::Repeat { node, min: 0, max: None, .. } if node.width() == (1, Some(1)))
}

fn index_of(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
