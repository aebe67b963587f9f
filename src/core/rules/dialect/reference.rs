//! The plain matcher: a tree walk that follows the meaning of each node and nothing else. Slow, and the measure for the
//! fast one. For tests and for `rules test`.

use super::ast::{Assertion, Greed, Node, Pattern};
use super::class::{cases, is_word};

/// The budget of steps was used up, or the text was too long for the recursion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GaveUp;

/// A text and how far one may go in it.
pub struct Matcher<'t> {
    chars: &'t [char],
    /// Places of default word boundaries, as indexes into `chars`, sorted.
    word_edges: &'t [usize],
    groups: Vec<Option<(usize, usize)>>,
    steps: usize,
    depth: usize,
}

type Next<'a, 't> = &'a mut dyn FnMut(&mut Matcher<'t>, usize) -> Result<bool, GaveUp>;

/// Deeper than this the plain matcher gives up instead of using up the stack.
const MAX_DEPTH: usize = 3_000;

/// The first match of `pattern` at or after `from`, as character indexes.
///
/// # Errors
/// When `steps` tree nodes were visited without a result.
pub fn find(
    pattern: &Pattern,
    chars: &[char],
    word_edges: &[usize],
    from: usize,
    steps: usize,
) -> Result<Option<(usize, usize)>, GaveUp> {
    let groups = vec![None; pattern.groups as usize + 1];
    let mut matcher = Matcher { chars, word_edges, groups, steps, depth: 0 };
    for start in from..=chars.len() {
        matcher.groups.fill(None);
        let mut end = None;
        let found = matcher.node(&pattern.root, start, false, &mut |_, at| {
            end = Some(at);
            Ok(true)
        })?;
        if found {
            return Ok(end.map(|end| (start, end)));
        }
    }
    Ok(None)
}

impl<'t> Matcher<'t> {
    fn node(&mut self, node: &Node, at: usize, back: bool, next: Next<'_, 't>) -> Result<bool, GaveUp> {
        self.steps = self.steps.checked_sub(1).ok_or(GaveUp)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(GaveUp);
        }
        let result = self.step(node, at, back, next);
        self.depth -= 1;
        result
    }

    fn step(&mut self, node: &Node, at: usize, back: bool, next: Next<'_, 't>) -> Result<bool, GaveUp> {
        match node {
            Node::Empty => next(self, at),
            Node::Char(c) => self.one(at, back, next, |d| d == *c),
            Node::CharAnyCase(c) => {
                let class = cases(*c);
                self.one(at, back, next, |d| class.ranges().iter().any(|r| r.start() <= d && d <= r.end()))
            }
            Node::Set(set) => self.one(at, back, next, |d| set.contains(d)),
            Node::Assert(assertion) => Ok(self.holds(*assertion, at) && next(self, at)?),
            Node::Concat(nodes) => self.sequence(nodes, at, back, next),
            Node::Alternate(nodes) => {
                for node in nodes {
                    if self.node(node, at, back, next)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Repeat { node, min, max, greed: Greed::Possessive } => {
                match self.alone_repeat(node, *min, *max, at, back)? {
                    Some(end) => next(self, end),
                    None => Ok(false),
                }
            }
            Node::Repeat { node, min, max, greed } => {
                self.repeat(node, *min, *max, *greed, at, back, None, next)
            }
            Node::Group { index, node } => {
                let index = *index as usize;
                let before = self.groups[index];
                let found = self.node(node, at, back, &mut |m, end| {
                    let inner = m.groups[index].replace((at.min(end), at.max(end)));
                    let found = next(m, end)?;
                    if !found {
                        m.groups[index] = inner;
                    }
                    Ok(found)
                })?;
                if !found {
                    self.groups[index] = before;
                }
                Ok(found)
            }
            Node::Atomic(node) => match self.alone(node, at, back)? {
                Some(end) => next(self, end),
                None => Ok(false),
            },
            Node::Look { behind, negate, node } => {
                let groups = self.groups.clone();
                let found = self.alone(node, at, *behind)?.is_some();
                if found == *negate {
                    self.groups = groups;
                    return Ok(false);
                }
                if *negate {
                    self.groups = groups.clone();
                }
                let matched = next(self, at)?;
                if !matched {
                    self.groups = groups;
                }
                Ok(matched)
            }
            Node::BackReference { group, any_case } => {
                let Some((start, end)) = self.groups[*group as usize] else { return Ok(false) };
                let length = end - start;
                let from = if back {
                    at.checked_sub(length)
                } else {
                    (at + length <= self.chars.len()).then_some(at)
                };
                let Some(from) = from else { return Ok(false) };
                let equal = (0..length).all(|i| {
                    let (a, b) = (self.chars[start + i], self.chars[from + i]);
                    a == b || *any_case && cases(a).ranges().iter().any(|r| r.start() <= b && b <= r.end())
                });
                Ok(equal && next(self, if back { from } else { from + length })?)
            }
            Node::Conditional { group, yes, no } => {
                let branch = if self.groups[*group as usize].is_some() { yes } else { no };
                self.node(branch, at, back, next)
            }
            Node::Call(_) => Ok(false),
        }
    }

    fn one(
        &mut self,
        at: usize,
        back: bool,
        next: Next<'_, 't>,
        takes: impl Fn(char) -> bool,
    ) -> Result<bool, GaveUp> {
        let index = if back { at.checked_sub(1) } else { Some(at) };
        match index.and_then(|index| self.chars.get(index)) {
            Some(c) if takes(*c) => next(self, if back { at - 1 } else { at + 1 }),
            _ => Ok(false),
        }
    }

    fn sequence(
        &mut self,
        nodes: &[Node],
        at: usize,
        back: bool,
        next: Next<'_, 't>,
    ) -> Result<bool, GaveUp> {
        let split = if back { nodes.split_last() } else { nodes.split_first() };
        match split {
            None => next(self, at),
            Some((first, rest)) => self.node(first, at, back, &mut |m, at| m.sequence(rest, at, back, next)),
        }
    }

    /// The node by itself: how it matches first, without a way back into it.
    fn alone(&mut self, node: &Node, at: usize, back: bool) -> Result<Option<usize>, GaveUp> {
        let mut end = None;
        self.node(node, at, back, &mut |_, at| {
            end = Some(at);
            Ok(true)
        })?;
        Ok(end)
    }

    fn alone_repeat(
        &mut self,
        node: &Node,
        min: u32,
        max: Option<u32>,
        at: usize,
        back: bool,
    ) -> Result<Option<usize>, GaveUp> {
        let mut end = None;
        self.repeat(node, min, max, Greed::Greedy, at, back, None, &mut |_, at| {
            end = Some(at);
            Ok(true)
        })?;
        Ok(end)
    }

    #[expect(clippy::too_many_arguments, reason = "one repeat is described by all of them")]
    fn repeat(
        &mut self,
        node: &Node,
        min: u32,
        max: Option<u32>,
        greed: Greed,
        at: usize,
        back: bool,
        last: Option<usize>,
        next: Next<'_, 't>,
    ) -> Result<bool, GaveUp> {
        self.steps = self.steps.checked_sub(1).ok_or(GaveUp)?;
        // A round that took nothing and was not demanded is the last one.
        let stuck = min == 0 && last == Some(at);
        let more = max != Some(0) && !stuck;
        if min == 0 && greed == Greed::Lazy && next(self, at)? {
            return Ok(true);
        }
        if more {
            let found = self.node(node, at, back, &mut |m, end| {
                m.repeat(
                    node,
                    min.saturating_sub(1),
                    max.map(|max| max - 1),
                    greed,
                    end,
                    back,
                    Some(at),
                    next,
                )
            })?;
            if found {
                return Ok(true);
            }
        }
        Ok(min == 0 && greed != Greed::Lazy && next(self, at)?)
    }

    fn holds(&self, assertion: Assertion, at: usize) -> bool {
        let before = at.checked_sub(1).map(|i| self.chars[i]);
        let after = self.chars.get(at).copied();
        let word_before = before.is_some_and(is_word);
        let word_after = after.is_some_and(is_word);
        let default_edge = || self.word_edges.binary_search(&at).is_ok();
        let final_newline = after == Some('\n') && at + 1 == self.chars.len();
        match assertion {
            Assertion::TextStart => before.is_none(),
            Assertion::TextEnd => after.is_none(),
            Assertion::TextEndOrFinalNewline => after.is_none() || final_newline,
            Assertion::LineStart => before.is_none_or(|c| c == '\n'),
            Assertion::LineEnd => after.is_none_or(|c| c == '\n'),
            Assertion::WordEdge => word_before != word_after,
            Assertion::NotWordEdge => word_before == word_after,
            Assertion::WordStart => !word_before && word_after,
            Assertion::WordEnd => word_before && !word_after,
            Assertion::DefaultWordEdge => default_edge(),
            Assertion::NotDefaultWordEdge => !default_edge(),
            Assertion::KeywordStart => before.is_none() || word_before != word_after || default_edge(),
            Assertion::KeywordEnd => {
                after.is_none() || final_newline || word_before != word_after || default_edge()
            }
        }
    }
}
