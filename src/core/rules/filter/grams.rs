//! Finds thousands of needles in a squeezed text at once.
//!
//! Of each needle a rare run of eight bytes (fewer for short needles) is put into a bitmap by two hashes, one bitmap for each
//! length. A text is read once; where a bitmap says yes twice, the needles of that hash are compared in full.

use std::collections::HashMap;

use super::frequency::{SHORTEST, WIDEST, gram_frequency};
use super::needle::Needle;
use super::squeeze::Squeezed;

/// One needle text and what it belongs to.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The first eight bytes from the gram on, as far as the text goes, and which bits of the word those are: most entries
    /// that share a bucket are told apart by them.
    word: u64,
    mask: u64,
    /// In `texts`.
    start: u32,
    length: u16,
    /// Of the gram in the text.
    gram: u16,
    owner: u32,
    least: u8,
    most: u8,
}

/// In `Entry::most`: the needle does not say where to start.
const ANYWHERE: u8 = u8::MAX;

/// A needle was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The number given with the needle.
    pub owner: u32,
    /// Where in the squeezed text it begins.
    pub at: u32,
    /// At least so many characters before that a match begins.
    pub least: u8,
    /// At most so many; nothing when it may begin anywhere.
    pub most: Option<u8>,
}

/// Bytes of a gram, one for each table: the longest that fits into a needle.
const WIDTHS: [usize; 4] = [SHORTEST, 4, 5, WIDEST];

/// All needles of a rule set.
#[derive(Debug)]
pub struct Grams {
    texts: Box<[u8]>,
    /// One for each of [`WIDTHS`].
    tables: [Table; WIDTHS.len()],
}

#[derive(Debug)]
struct Table {
    /// The bits of a word that a gram has.
    mask: u64,
    /// The hash is the upper bits of a product; these many.
    bits: u32,
    bitmap: Box<[u64]>,
    /// The same by another hash, asked where the first says yes.
    other_bitmap: Box<[u64]>,
    /// For each value of the upper bits of the hash, where its entries begin; one more at the end.
    buckets: Box<[u32]>,
    bucket_shift: u32,
    entries: Box<[Entry]>,
}

/// Two odd numbers with well-mixed bits (the fraction of the golden ratio, and one that has nothing to do with it).
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const OTHER_MIX: u64 = 0xD6E8_FEB8_6659_FD93;

impl Default for Grams {
    fn default() -> Self {
        Self::new(std::iter::empty())
    }
}

impl Grams {
    /// From needles, each with a number that says whose it is.
    pub fn new<'a>(needles: impl Iterator<Item = (u32, &'a Needle)>) -> Self {
        let mut texts = Vec::new();
        let mut used = HashMap::new();
        let mut by_width: [Vec<(Entry, u64)>; WIDTHS.len()] = Default::default();
        for (owner, needle) in needles {
            for text in &needle.texts {
                let Some(table) = WIDTHS.iter().rposition(|width| *width <= text.len()) else { continue };
                let width = WIDTHS[table];
                let gram = cheapest(text, width, &used);
                *used.entry(&text[gram..gram + width]).or_default() += 1;
                let mut word = [0; 8];
                let begins = &text[gram..text.len().min(gram + 8)];
                word[..begins.len()].copy_from_slice(begins);
                let entry = Entry {
                    word: u64::from_le_bytes(word),
                    mask: mask(begins.len()),
                    start: u32::try_from(texts.len()).unwrap_or(u32::MAX),
                    length: u16::try_from(text.len()).unwrap_or(u16::MAX),
                    gram: u16::try_from(gram).unwrap_or(u16::MAX),
                    owner,
                    least: u8::try_from(needle.least).unwrap_or(ANYWHERE),
                    most: needle.most.and_then(|most| u8::try_from(most).ok()).unwrap_or(ANYWHERE),
                };
                texts.extend_from_slice(text);
                by_width[table].push((entry, entry.word & mask(width)));
            }
        }
        let mut widths = WIDTHS.into_iter();
        let tables = by_width.map(|entries| Table::new(widths.next().unwrap_or(WIDEST), entries));
        Self { texts: texts.into(), tables }
    }

    /// Reports every needle in `text`, in no particular order. What is in `candidates` does not matter; it is memory to use.
    pub fn find(&self, text: &Squeezed, candidates: &mut Vec<u32>, mut report: impl FnMut(Found)) {
        let count = self.candidates(text, candidates);
        for candidate in &candidates[..count] {
            let at = (candidate >> WIDTHS.len()) as usize;
            let word = word_at(&text.padded()[at..]);
            for (bit, table) in self.tables.iter().enumerate() {
                if candidate >> bit & 1 == 0 {
                    continue;
                }
                for entry in table.entries_at(word) {
                    entry.compare(&self.texts, text.bytes(), at, &mut report);
                }
            }
        }
    }

    /// Puts the places that the bitmaps do not rule out at the beginning of `candidates`, each with a bit for every table that may
    /// have a gram there; how many those are. Without a branch for each place, which would often be taken wrongly.
    #[inline(never)]
    fn candidates(&self, squeezed: &Squeezed, candidates: &mut Vec<u32>) -> usize {
        let places = (squeezed.bytes().len() + 1).saturating_sub(SHORTEST);
        if candidates.len() < places {
            candidates.resize(places, 0);
        }
        let [a, b, c, d] = &self.tables;
        let mut count = 0;
        for (at, window) in squeezed.padded().windows(8).take(places).enumerate() {
            let word = word_at(window);
            let tables =
                a.may_have(word) | b.may_have(word) << 1 | c.may_have(word) << 2 | d.may_have(word) << 3;
            // Texts are far below 256 MiB.
            candidates[count] = (at as u32) << WIDTHS.len() | tables as u32;
            count += usize::from(tables != 0);
        }
        count
    }
}

impl Table {
    fn new(width: usize, mut entries: Vec<(Entry, u64)>) -> Self {
        // About one bit in 32 is set, within reason: an eighth of a megabyte stays in a core's own cache.
        let bits = (entries.len() * 32).next_power_of_two().ilog2().clamp(10, 20);
        let bucket_bits = (entries.len() * 2).next_power_of_two().ilog2().clamp(4, bits);
        let bucket_shift = bits - bucket_bits;
        let (mut bitmap, mut other_bitmap) = (vec![0u64; 1 << (bits - 6)], vec![0u64; 1 << (bits - 6)]);
        entries.sort_by_key(|(_, gram)| hash(*gram, bits));
        let mut buckets = vec![0u32; (1 << bucket_bits) + 1];
        for (_, gram) in &entries {
            let other = hash_with(OTHER_MIX, *gram, bits);
            other_bitmap[other / 64] |= 1 << (other % 64);
            let hash = hash(*gram, bits);
            bitmap[hash / 64] |= 1 << (hash % 64);
            buckets[(hash >> bucket_shift) + 1] += 1;
        }
        for index in 1..buckets.len() {
            buckets[index] += buckets[index - 1];
        }
        Self {
            mask: mask(width),
            bits,
            bitmap: bitmap.into(),
            other_bitmap: other_bitmap.into(),
            buckets: buckets.into(),
            bucket_shift,
            entries: entries.into_iter().map(|(entry, _)| entry).collect(),
        }
    }

    /// 1 if a gram may begin `word`, as far as its first hash tells; else 0.
    #[inline]
    fn may_have(&self, word: u64) -> u64 {
        let hash = hash(word & self.mask, self.bits);
        self.bitmap[hash / 64] >> (hash % 64) & 1
    }

    /// The entries of which all bytes that are kept beside them begin `word`, if its gram may be one.
    #[inline]
    fn entries_at(&self, word: u64) -> impl Iterator<Item = &Entry> {
        let gram = word & self.mask;
        let (first, other) = (hash(gram, self.bits), hash_with(OTHER_MIX, gram, self.bits));
        let range = if self.other_bitmap[other / 64] >> (other % 64) & 1 == 1 {
            let bucket = first >> self.bucket_shift;
            self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize
        } else {
            0..0
        };
        self.entries[range].iter().filter(move |entry| word & entry.mask == entry.word)
    }
}

/// The eight bytes that `bytes` begins with.
#[inline]
fn word_at(bytes: &[u8]) -> u64 {
    bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

impl Entry {
    /// Reports the entry if its text is where its gram was met.
    fn compare(&self, texts: &[u8], text: &[u8], at: usize, report: &mut impl FnMut(Found)) {
        let Some(begin) = at.checked_sub(usize::from(self.gram)) else { return };
        let wanted = &texts[self.start as usize..][..usize::from(self.length)];
        if text[begin..].starts_with(wanted) {
            let most = (self.most != ANYWHERE).then_some(self.most);
            report(Found { owner: self.owner, at: begin as u32, least: self.least, most });
        }
    }
}

/// The bits of the first `width` bytes of a word.
fn mask(width: usize) -> u64 {
    u64::MAX >> (64 - 8 * width)
}

#[inline]
fn hash(word: u64, bits: u32) -> usize {
    hash_with(MIX, word, bits)
}

#[inline]
fn hash_with(mix: u64, word: u64, bits: u32) -> usize {
    (word.wrapping_mul(mix) >> (64 - bits)) as usize
}

/// What comes on top of the frequency of a gram with a number of entries, so that they are spread: a look into the table costs
/// about as much as so many comparisons.
const LOOK: f64 = 8.0;

/// Where the run of `width` bytes of `text` is that makes the least work, if `entries` have the grams that are counted there.
fn cheapest(text: &[u8], width: usize, entries: &HashMap<&[u8], u32>) -> usize {
    let work = |at: usize| {
        let gram = &text[at..at + width];
        let others = entries.get(gram).copied().unwrap_or(0);
        gram_frequency(gram) * (LOOK + f64::from(others))
    };
    let works = (0..=text.len() - width).map(|at| (at, work(at)));
    works.min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_needle_where_it_is() {
        let needle = |texts: &[&str], least, most| Needle {
            texts: texts.iter().map(|t| t.as_bytes().to_vec()).collect(),
            least,
            most,
            unless: None,
            node: None,
        };
        let needles = [
            needle(&["abc"], 0, Some(0)),
            needle(&["kingmodapk", "modapk"], 1, Some(3)),
            needle(&["wxyz"], 0, None),
        ];
        let grams = Grams::new(needles.iter().enumerate().map(|(i, n)| (i as u32, n)));
        let mut squeezed = Squeezed::default();
        squeezed.fill("wxyz King-Mod APK, abc");
        let mut found = Vec::new();
        grams.find(&squeezed, &mut Vec::new(), |f| found.push((f.owner, f.at, f.least, f.most)));
        found.sort_unstable();
        assert_eq!(found, [(0, 14, 0, Some(0)), (1, 4, 1, Some(3)), (1, 8, 1, Some(3)), (2, 0, 0, None)]);
    }
}
