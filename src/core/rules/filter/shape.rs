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
    const ALL: Self = Self([u64::MAX; 4]);

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
        b'a'..=b'z' => super::grams::letter_frequency(byte) * 0.75,
        b'A'..=b'Z' => super::grams::letter_frequency(byte.to_ascii_lowercase()) * 0.06,
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
struct Way {
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

    /// As at most `count` ways, joined where they are most alike.
    fn joined(&self, count: usize) -> Vec<Way> {
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

/// Four look-ups that say which of some things can begin at a place: a bit for each.
#[derive(Clone)]
pub struct Table<T> {
    /// By position and byte; the last is for the end of the text.
    rows: Box<[[T; 257]; LENGTH]>,
}

impl<T> std::fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Table")
    }
}

macro_rules! table {
    ($bits:ty) => {
        impl Table<$bits> {
            fn empty() -> Self {
                Self { rows: Box::new([[0; 257]; LENGTH]) }
            }

            fn add(&mut self, way: &Way, bit: u32) {
                let mask: $bits = 1 << bit;
                for (at, row) in self.rows.iter_mut().enumerate() {
                    let set = way.sets.get(at).unwrap_or(&Bytes::ALL);
                    for (byte, bits) in (0..=u8::MAX).zip(row.iter_mut()) {
                        *bits |= if set.contains(byte) { mask } else { 0 };
                    }
                    row[256] |= if at >= way.sets.len() { mask } else { 0 };
                }
            }

            /// What can begin at `at`.
            #[inline]
            fn bits(&self, text: &[u8], at: usize) -> $bits {
                let row = |index: usize| {
                    self.rows[index][text.get(at + index).map_or(256, |byte| usize::from(*byte))]
                };
                row(0) & row(1) & row(2) & row(3)
            }

            /// The same for the place where these four bytes are.
            #[inline]
            fn bits_of(&self, bytes: [u8; LENGTH]) -> $bits {
                let [a, b, c, d] = bytes.map(usize::from);
                self.rows[0][a] & self.rows[1][b] & self.rows[2][c] & self.rows[3][d]
            }
        }
    };
}

table!(u8);
table!(u128);

/// Where one pattern can begin.
#[derive(Clone, Debug)]
pub struct Starts(Table<u8>);

impl Starts {
    /// For a pattern; nothing when it can begin nearly anywhere.
    pub fn of(root: &Node) -> Option<Self> {
        let shape = Shape::of(std::slice::from_ref(root));
        if shape.frequency() > 0.2 {
            return None;
        }
        let mut table = Table::<u8>::empty();
        for (bit, way) in (0..).zip(shape.joined(8)) {
            table.add(&way, bit);
        }
        Some(Self(table))
    }

    /// The first place from `from` to `to` (both included) where the pattern can begin.
    #[inline]
    pub fn next(&self, text: &[u8], from: usize, to: usize) -> Option<usize> {
        let to = to.min(text.len());
        if from > to {
            return None;
        }
        let whole = text.get(from..text.len().min(to + LENGTH)).unwrap_or_default();
        for (index, bytes) in whole.windows(LENGTH).enumerate() {
            if let Some(bytes) = bytes.first_chunk::<LENGTH>()
                && self.0.bits_of(*bytes) != 0
            {
                return Some(from + index);
            }
        }
        let looked = (whole.len() + 1).saturating_sub(LENGTH);
        (from + looked..=to).find(|at| self.0.bits(text, *at) != 0)
    }
}

/// Where each of some shapes is met.
#[derive(Clone, Debug)]
pub struct Shapes {
    table: Table<u128>,
    /// The bits of each shape.
    masks: Vec<u128>,
    /// The shape of each bit.
    owners: Vec<usize>,
}

/// Most shapes of one [`Shapes`].
pub const MOST: usize = 128;
/// Most bits of one shape.
const MOST_BITS: usize = 8;

impl Shapes {
    /// For some shapes, [`MOST`] of which count.
    pub fn new(shapes: &[&Shape]) -> Self {
        let shapes = &shapes[..shapes.len().min(MOST)];
        // As many bits for each as there are for all.
        let bits = |each: usize| shapes.iter().map(|shape| shape.ways.len().min(each)).sum::<usize>();
        let each = (1..=MOST_BITS).rev().find(|each| bits(*each) <= MOST).unwrap_or(1);
        let mut found = Self { table: Table::<u128>::empty(), masks: Vec::new(), owners: Vec::new() };
        for (owner, shape) in shapes.iter().enumerate() {
            let mut mask = 0;
            for way in shape.joined(each) {
                let bit = u32::try_from(found.owners.len()).unwrap_or(u32::MAX);
                found.table.add(&way, bit);
                found.owners.push(owner);
                mask |= 1 << bit;
            }
            found.masks.push(mask);
        }
        found
    }

    /// The bits of those shapes of which `wanted` holds.
    pub fn bits(&self, wanted: impl Fn(usize) -> bool) -> u128 {
        self.masks.iter().enumerate().filter(|(shape, _)| wanted(*shape)).fold(0, |all, (_, mask)| all | mask)
    }

    /// Reports each place where a shape with a bit in `wanted` is met, and the shape.
    #[inline]
    pub fn find(&self, text: &[u8], wanted: u128, mut report: impl FnMut(usize, usize)) {
        let mut met = |at: usize, mut bits: u128| {
            while bits != 0 {
                report(at, self.owners[bits.trailing_zeros() as usize]);
                bits &= bits - 1;
            }
        };
        for (at, bytes) in text.windows(LENGTH).enumerate() {
            let bits = bytes.first_chunk::<LENGTH>().map_or(0, |bytes| self.table.bits_of(*bytes)) & wanted;
            if bits != 0 {
                met(at, bits);
            }
        }
        for at in (text.len() + 1).saturating_sub(LENGTH)..=text.len() {
            met(at, self.table.bits(text, at) & wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rules::dialect::{Flags, parse};

    fn places(pattern: &str, text: &str) -> Vec<usize> {
        let pattern = parse(pattern, Flags::KEYWORDS).expect("a pattern");
        let starts = Starts::of(&pattern.root).expect("it does not begin just anywhere");
        let shapes = Shapes::new(&[&Shape::of(std::slice::from_ref(&pattern.root))]);
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(at) = starts.next(text.as_bytes(), from, text.len()) {
            places.push(at);
            from = at + 1;
        }
        let mut all = Vec::new();
        shapes.find(text.as_bytes(), shapes.bits(|_| true), |at, _| all.push(at));
        all.dedup();
        assert_eq!(all, places);
        all
    }

    #[test]
    fn a_pattern_is_tried_where_it_can_begin_and_nowhere_else() {
        for (pattern, text, expected) in [
            ("QQ\\W{0,5}\\d", "qq1 Q Q qq", vec![0]),
            ("kill|fist", "skills FIST \u{212a}ill fis", vec![1, 7, 12]),
            ("x+y", "xy xxxxy x", vec![0, 3, 4, 5, 6]),
            ("(?:a|bc)?z", "z az bcz bz", vec![0, 2, 3, 5, 7, 10]),
            ("\u{1f346}", "a\u{1f346}b\u{1f347}", vec![1]),
            ("ab", "ab", vec![0]),
            ("(?<=q)(?!x)lo\\b", "lo", vec![0]),
            ("[^\\x00-\\x7f]q", "a\u{e9}q", vec![1]),
        ] {
            assert_eq!(places(pattern, text), expected, "{pattern}");
        }
    }

    #[test]
    fn the_rarest_part_is_found_and_anything_is_no_shape() {
        let parsed = |text| parse(text, Flags::KEYWORDS).expect("a pattern").root;
        let (index, shape) = Shape::rarest(&parsed(r"(?:\w\W){3,}@(?:\W\w){3,}"));
        assert!(index == 1 && shape.frequency() < 1e-3, "{index} {}", shape.frequency());
        assert!(Starts::of(&parsed(r".*x")).is_none() && Starts::of(&parsed(r"\w+")).is_none());
    }
}
