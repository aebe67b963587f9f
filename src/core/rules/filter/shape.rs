//! What four bytes in a row look like where a pattern begins, or where some part of it does that no match can do without.
//!
//! For patterns that need no text worth a search, this tells most places apart from the few where they must be tried, with four
//! look-ups a place.

use std::sync::Arc;

use crate::core::rules::dialect::{CharSet, Node, any_case};

/// Bytes that are looked at.
pub const LENGTH: usize = 4;
/// Ways that are followed; with more, what comes later may be anything.
const MAX_WAYS: usize = 512;
/// Characters outside of ASCII that a set may have for each to be followed by itself.
const MAX_WIDE: usize = 8;

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bytes([u64; 4]);

impl Bytes {
    const NONE: Self = Self([0; 4]);

    fn one(byte: u8) -> Self {
        let mut bytes = Self::NONE;
        bytes.add(byte);
        bytes
    }

    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
    }

    fn first(&self) -> Option<u8> {
        (0..=u8::MAX).find(|byte| self.contains(*byte))
    }

    /// An estimate of how often a byte of posts is one of these.
    fn frequency(&self) -> f64 {
        (0..=u8::MAX).filter(|byte| self.contains(*byte)).map(byte_frequency).sum::<f64>().min(1.0)
    }
}

fn byte_frequency(byte: u8) -> f64 {
    match byte {
        b'a'..=b'z' => super::frequency::letter_frequency(byte) * 0.75,
        b'A'..=b'Z' => super::frequency::letter_frequency(byte.to_ascii_lowercase()) * 0.06,
        b' ' => 0.15,
        b'<' | b'>' | b'/' => 0.02,
        b'\n' | b'.' | b',' | b'"' | b'=' | b'-' => 0.01,
        b'0'..=b'9' => 0.004,
        0x80.. => 0.000_3,
        _ => 0.002,
    }
}

/// Bytes that can stand at the beginning, one set for each; what is behind the last may be anything, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    sets: Vec<Bytes>,
    /// What follows in the pattern can still be added.
    open: bool,
}

impl Way {
    fn goes_on(&self) -> bool {
        self.open && self.sets.len() < LENGTH
    }

    fn with(&self, sets: impl IntoIterator<Item = Bytes>, open: bool) -> Self {
        let mut all = self.sets.clone();
        all.extend(sets);
        all.truncate(LENGTH);
        Self { sets: all, open }
    }

    /// Whether `byte` can be the one at `at`, or with nothing given, whether the text can end there.
    pub(super) fn allows(&self, at: usize, byte: Option<u8>) -> bool {
        self.sets.get(at).is_none_or(|set| byte.is_some_and(|byte| set.contains(byte)))
    }

    /// Whether it can be found where all bytes are ASCII.
    pub(super) fn is_ascii(&self) -> bool {
        self.sets.iter().all(|set| set.0[0] | set.0[1] != 0)
    }

    fn frequency(&self) -> f64 {
        let has = |text: &&str| text.bytes().zip(&self.sets).all(|(byte, set)| set.contains(byte));
        let common = COMMON.iter().filter(|text| has(text)).count() as f64 * COMMON_FREQUENCY;
        self.sets.iter().map(Bytes::frequency).product::<f64>().max(common)
    }
}

/// Four bytes that nearly every body has, whatever their letters say.
const COMMON: &[&str] = &[
    "http", "ttps", "tps:", "ps:/", "tp:/", "s://", "p://", "://w", "www.", ".com", "com/", "org/", "<a h",
    " hre", "href", "ref=", "ef=\"", "f=\"h", "</a>", "</p>", "<p>I", "<p>T", "code", "<cod", "</co", "/cod",
    "ode>", "<pre", "</pr", "/pre", "pre>", "rel=", "nofo", "llow", "<li>", "</li", "<str", "</st", "<blo",
    "</bl", "the ", " the", "and ", "ing ", "tion", "that", "this", "with", "have", "for ", "you ", "your",
    "what", "from", "not ", "are ",
];
/// How often each of them is met, per byte.
const COMMON_FREQUENCY: f64 = 1e-3;

/// The ways in which something begins.
#[derive(Clone, Debug)]
pub struct Shape {
    ways: Vec<Way>,
}

impl Shape {
    /// How `nodes`, one after the other, begin.
    pub fn of(nodes: &[Node]) -> Self {
        let mut ways = vec![Way { sets: Vec::new(), open: true }];
        for node in nodes {
            ways = append(ways, node);
        }
        Self { ways }
    }

    /// The shape that is met least often among those of the parts of a pattern that follow one another, and the number of that part;
    /// the beginning itself unless another is much rarer.
    pub fn rarest(root: &Node) -> (usize, Self) {
        let nodes = match root {
            Node::Concat(nodes) => &nodes[..],
            node => std::slice::from_ref(node),
        };
        let first = Self::of(nodes);
        let worth = first.frequency() / 20.0;
        (1..nodes.len())
            .map(|index| (index, Self::of(&nodes[index..])))
            .filter(|(_, shape)| shape.frequency() < worth)
            .min_by(|(_, a), (_, b)| a.frequency().total_cmp(&b.frequency()))
            .unwrap_or((0, first))
    }

    /// An estimate of how often it is met, per byte of posts.
    pub fn frequency(&self) -> f64 {
        self.ways.iter().map(Way::frequency).sum::<f64>().min(1.0)
    }

    pub(super) fn ways(&self) -> &[Way] {
        &self.ways
    }

    /// As at most `count` ways, joined where they are most alike.
    pub(super) fn joined(&self, count: usize) -> Vec<Way> {
        let mut ways = self.ways.clone();
        ways.sort_by_key(|way| (way.sets.len(), way.sets.iter().map(Bytes::first).collect::<Vec<_>>()));
        let share = ways.len().div_ceil(count).max(1);
        let join = |ways: &[Way]| {
            let length = ways.iter().map(|way| way.sets.len()).min().unwrap_or(0);
            let mut sets = vec![Bytes::NONE; length];
            for way in ways {
                sets.iter_mut().zip(&way.sets).for_each(|(a, b)| a.join(b));
            }
            Way { sets, open: false }
        };
        ways.chunks(share).map(join).collect()
    }
}

fn append(ways: Vec<Way>, node: &Node) -> Vec<Way> {
    let (ways, mut done): (Vec<Way>, Vec<Way>) = ways.into_iter().partition(Way::goes_on);
    if ways.is_empty() {
        return done;
    }
    let ways = match node {
        Node::Empty | Node::Assert(_) | Node::Look { .. } => ways,
        Node::Char(c) => append_text(ways, *c),
        Node::CharAnyCase(c) => append_set(ways, &any_case(*c)),
        Node::Set(set) => append_set(ways, set),
        Node::Concat(nodes) => nodes.iter().fold(ways, append),
        Node::Alternate(nodes) => either(&ways, nodes.iter()),
        Node::Conditional { yes, no, .. } => either(&ways, [&**yes, &**no].into_iter()),
        Node::Group { node, .. } | Node::Atomic(node) => append(ways, node),
        Node::Repeat { node, min, max, .. } => append_repeat(ways, node, *min, *max),
        Node::BackReference { .. } | Node::Call(_) => closed(ways),
    };
    done.extend(if ways.len() > MAX_WAYS { closed(ways) } else { ways });
    distinct(done)
}

fn closed(ways: Vec<Way>) -> Vec<Way> {
    distinct(ways.into_iter().map(|way| Way { open: false, ..way }).collect())
}

fn distinct(mut ways: Vec<Way>) -> Vec<Way> {
    ways.sort_by(|a, b| (&a.sets, a.open).cmp(&(&b.sets, b.open)));
    ways.dedup();
    ways
}

fn either<'n>(ways: &[Way], nodes: impl Iterator<Item = &'n Node>) -> Vec<Way> {
    distinct(nodes.flat_map(|node| append(ways.to_vec(), node)).collect())
}

fn append_text(ways: Vec<Way>, c: char) -> Vec<Way> {
    let mut buffer = [0; 4];
    let bytes = c.encode_utf8(&mut buffer).as_bytes();
    let add =
        |way: Way| if way.goes_on() { way.with(bytes.iter().copied().map(Bytes::one), true) } else { way };
    ways.into_iter().map(add).collect()
}

fn append_set(ways: Vec<Way>, set: &Arc<CharSet>) -> Vec<Way> {
    let (mut ascii, mut leads, mut wide) = (Bytes::NONE, Bytes::NONE, Vec::new());
    let few = set
        .ranges()
        .filter(|(_, high)| !high.is_ascii())
        .all(|(low, high)| (u32::from(high) - u32::from(low) + 1) as usize <= MAX_WIDE && !low.is_ascii());
    for (low, high) in set.ranges() {
        for byte in u32::from(low)..=u32::from(high).min(127) {
            ascii.add(byte as u8);
        }
        if high.is_ascii() {
            continue;
        }
        let lead = |c: char| c.encode_utf8(&mut [0; 4]).as_bytes()[0];
        (lead(low.max('\u{80}'))..=lead(high)).for_each(|byte| leads.add(byte));
        if few {
            wide.extend(low..=high);
        }
    }
    let mut all = Vec::new();
    for way in ways {
        if !way.goes_on() {
            all.push(way);
            continue;
        }
        if ascii != Bytes::NONE {
            all.push(way.with([ascii], true));
        }
        // What follows one of these is not looked at, so that letters with a case outside of ASCII do not multiply.
        if few && wide.len() <= MAX_WIDE {
            for c in &wide {
                let mut buffer = [0; 4];
                all.push(way.with(c.encode_utf8(&mut buffer).bytes().map(Bytes::one), false));
            }
        } else if leads != Bytes::NONE {
            all.push(way.with([leads], false));
        }
    }
    distinct(all)
}

fn append_repeat(ways: Vec<Way>, node: &Node, min: u32, max: Option<u32>) -> Vec<Way> {
    let (mut all, mut ways) = (Vec::new(), ways);
    for count in 0..=LENGTH as u32 {
        if count >= min {
            all.extend(ways.iter().cloned());
        }
        if max == Some(count) || !ways.iter().any(Way::goes_on) {
            break;
        }
        ways = append(ways, node);
    }
    // A repeat of what may be empty may still go on.
    all.extend(closed(ways));
    distinct(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rules::dialect::{Flags, parse};

    #[test]
    fn the_rarest_part_is_found() {
        let parsed = |text| parse(text, Flags::KEYWORDS).expect("a pattern").root;
        let (index, shape) = Shape::rarest(&parsed(r"(?:\w\W){3,}@(?:\W\w){3,}"));
        assert!(index == 1 && shape.frequency() < 1e-3, "{index} {}", shape.frequency());
    }
}
