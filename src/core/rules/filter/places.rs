//! Where patterns can begin, told by look-ups of four bytes: one pattern in a whole text ([`Starts`]), the branches of an
//! alternation at one place ([`Branches`]), and many shapes at once ([`Shapes`]).

use super::first::first_characters;
use super::shape::{LENGTH, Shape, Way};
use crate::core::rules::dialect::Node;

/// Four look-ups that say which of some things can begin at a place: a bit for each.
#[derive(Clone)]
struct Table<T> {
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
                    for (byte, bits) in (0..=u8::MAX).map(Some).chain([None]).zip(row.iter_mut()) {
                        *bits |= if way.allows(at, byte) { mask } else { 0 };
                    }
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

table!(u64);
table!(u128);

/// Where one pattern can begin.
#[derive(Clone, Debug)]
pub struct Starts(Table<u64>);

impl Starts {
    /// For a pattern; nothing when it can begin nearly anywhere.
    pub fn of(root: &Node) -> Option<Self> {
        let shape = Shape::of(std::slice::from_ref(root));
        if shape.frequency() > 0.2 {
            return None;
        }
        let mut table = Table::<u64>::empty();
        for (bit, way) in (0..).zip(shape.joined(64)) {
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

/// Which branches of an alternation can begin at a place; a bit for each, at most 64.
#[derive(Clone)]
pub struct Branches {
    /// By position and ASCII character.
    rows: Box<[[u64; 128]; LENGTH]>,
    /// Before a character that is not ASCII.
    wide: u64,
    /// At the end of the text.
    end: u64,
}

impl std::fmt::Debug for Branches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Branches")
    }
}

impl Branches {
    /// For these branches.
    pub fn of(nodes: &[Node]) -> Self {
        let mut branches = Self { rows: Box::new([[0; 128]; LENGTH]), wide: 0, end: 0 };
        for (bit, node) in (0..u64::BITS).map(|index| 1u64 << index).zip(nodes) {
            branches.add(node, bit);
        }
        branches
    }

    fn add(&mut self, node: &Node, bit: u64) {
        let first = first_characters(node);
        self.wide |= first.as_ref().map_or(bit, |set| if set.is_ascii() { 0 } else { bit });
        self.end |= if first.is_none() { bit } else { 0 };
        // Where four characters are ASCII, ways over others do not count, so that letters with a case there stay telling.
        let shape = Shape::of(std::slice::from_ref(node));
        for way in shape.ways().iter().filter(|way| way.is_ascii()) {
            for (at, row) in self.rows.iter_mut().enumerate().skip(1) {
                for (byte, bits) in (0..128u8).zip(row) {
                    *bits |= if way.allows(at, Some(byte)) { bit } else { 0 };
                }
            }
        }
        for (byte, bits) in (0..128u8).zip(&mut self.rows[0]) {
            *bits |= if first.as_ref().is_none_or(|set| set.contains_ascii(byte)) { bit } else { 0 };
        }
    }

    /// Those that can begin at `at`.
    #[inline]
    pub fn at(&self, text: &[u8], at: usize) -> u64 {
        let rest = &text[at..];
        match rest.first_chunk::<LENGTH>().map(|bytes| bytes.map(usize::from)) {
            Some([a, b, c, d]) if a | b | c | d < 128 => {
                self.rows[0][a] & self.rows[1][b] & self.rows[2][c] & self.rows[3][d]
            }
            _ => match rest.first() {
                None => self.end,
                Some(byte) if byte.is_ascii() => self.rows[0][usize::from(*byte)],
                Some(_) => self.wide,
            },
        }
    }
}

/// Where each of some shapes is met.
#[derive(Clone, Debug)]
pub struct Shapes {
    table: Table<u128>,
    /// A bit for every two bytes that a shape can begin with: most places are passed over by this alone.
    pairs: Box<[u64; 1024]>,
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
        let bits = |each: usize| shapes.iter().map(|shape| shape.ways().len().min(each)).sum::<usize>();
        let each = (1..=MOST_BITS).rev().find(|each| bits(*each) <= MOST).unwrap_or(1);
        let mut found = Self {
            table: Table::<u128>::empty(),
            pairs: Box::new([0; 1024]),
            masks: Vec::new(),
            owners: Vec::new(),
        };
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
        for pair in 0..=u16::MAX {
            let [first, second] = pair.to_be_bytes().map(usize::from);
            if found.table.rows[0][first] & found.table.rows[1][second] != 0 {
                found.pairs[usize::from(pair) / 64] |= 1 << (pair % 64);
            }
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
            let Some(bytes) = bytes.first_chunk::<LENGTH>() else { continue };
            let pair = u16::from_be_bytes([bytes[0], bytes[1]]);
            if self.pairs[usize::from(pair / 64)] >> (pair % 64) & 1 == 1 {
                met(at, self.table.bits_of(*bytes) & wanted);
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
    fn what_begins_with_anything_has_no_starts() {
        for pattern in [r".*x", r"\w+"] {
            assert!(
                Starts::of(&parse(pattern, Flags::KEYWORDS).expect("a pattern").root).is_none(),
                "{pattern}"
            );
        }
    }

    #[test]
    fn branches_are_told_apart_by_four_characters() {
        let parsed = parse(r"kill|kilt|ki|\u212ax|a?b|(?=z).", Flags::KEYWORDS).expect("a pattern").root;
        let Node::Alternate(nodes) = parsed else { panic!("an alternation") };
        let branches = Branches::of(&nodes);
        for (text, expected) in [
            ("kill", 0b100101),
            ("KILTS", 0b100110),
            ("kid ", 0b100100),
            ("k", 0b101111),
            ("\u{212a}xyz", 0b101111),
            ("abcd", 0b110000),
            ("acbd", 0b110000),
            ("", 0),
        ] {
            assert_eq!(branches.at(text.as_bytes(), 0), expected, "{text}");
        }
    }
}
