//! Finds thousands of needles in a squeezed text at once.
//!
//! Of each needle the rarest run of five bytes (four or three for short needles) is put into a bitmap by two hashes. A text is
//! read once for each length that occurs; where the bitmap says yes twice, the needles of that hash are compared in full.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::needle::{Needle, SHORTEST};
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

/// All needles of a rule set.
#[derive(Debug, Default)]
pub struct Grams {
    texts: Box<[u8]>,
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    width: usize,
    /// The hash is the upper bits of a product; these many.
    bits: u32,
    bitmap: Box<[u64]>,
    /// For each value of the upper bits of the hash, where its entries begin; one more at the end.
    buckets: Box<[u32]>,
    bucket_shift: u32,
    entries: Box<[Entry]>,
}

/// Two odd numbers with well-mixed bits (the fraction of the golden ratio, and one that has nothing to do with it).
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const OTHER_MIX: u64 = 0xD6E8_FEB8_6659_FD93;

impl Grams {
    /// From needles, each with a number that says whose it is.
    pub fn new<'a>(needles: impl Iterator<Item = (u32, &'a Needle)>) -> Self {
        let mut texts = Vec::new();
        let mut by_width: [Vec<(Entry, u64)>; 3] = Default::default();
        for (owner, needle) in needles {
            for text in &needle.texts {
                let width = text.len().min(5);
                if width < SHORTEST {
                    continue;
                }
                let gram = rarest(text, width);
                let mut word = [0; 8];
                let begins = &text[gram..text.len().min(gram + 8)];
                word[..begins.len()].copy_from_slice(begins);
                let entry = Entry {
                    word: u64::from_le_bytes(word),
                    mask: u64::MAX >> (64 - 8 * begins.len()),
                    start: u32::try_from(texts.len()).unwrap_or(u32::MAX),
                    length: u16::try_from(text.len()).unwrap_or(u16::MAX),
                    gram: u16::try_from(gram).unwrap_or(u16::MAX),
                    owner,
                    least: u8::try_from(needle.least).unwrap_or(ANYWHERE),
                    most: needle.most.and_then(|most| u8::try_from(most).ok()).unwrap_or(ANYWHERE),
                };
                texts.extend_from_slice(text);
                by_width[width - SHORTEST].push((entry, entry.word & (u64::MAX >> (64 - 8 * width))));
            }
        }
        let tables = by_width
            .into_iter()
            .enumerate()
            .filter(|(_, entries)| !entries.is_empty())
            .map(|(index, entries)| Table::new(index + SHORTEST, entries))
            .collect();
        Self { texts: texts.into(), tables }
    }

    /// Reports every needle in `text`, in no particular order. What is in `candidates` does not matter; it is memory to use.
    pub fn find(&self, text: &Squeezed, candidates: &mut Vec<u32>, mut report: impl FnMut(Found)) {
        for table in &self.tables {
            table.find(&self.texts, text, candidates, &mut report);
        }
    }
}

impl Table {
    fn new(width: usize, mut entries: Vec<(Entry, u64)>) -> Self {
        // About one bit in 32 is set, within reason: an eighth of a megabyte stays in a core's own cache.
        let bits = (entries.len() * 32).next_power_of_two().ilog2().clamp(10, 20);
        let bucket_bits = (entries.len() * 2).next_power_of_two().ilog2().clamp(4, bits);
        let bucket_shift = bits - bucket_bits;
        let mut bitmap = vec![0u64; 1 << (bits - 6)];
        entries.sort_by_key(|(_, gram)| hash(*gram, bits));
        let mut buckets = vec![0u32; (1 << bucket_bits) + 1];
        for (_, gram) in &entries {
            let other = hash_with(OTHER_MIX, *gram, bits);
            bitmap[other / 64] |= 1 << (other % 64);
            let hash = hash(*gram, bits);
            bitmap[hash / 64] |= 1 << (hash % 64);
            buckets[(hash >> bucket_shift) + 1] += 1;
        }
        for index in 1..buckets.len() {
            buckets[index] += buckets[index - 1];
        }
        Self {
            width,
            bits,
            bitmap: bitmap.into(),
            buckets: buckets.into(),
            bucket_shift,
            entries: entries.into_iter().map(|(entry, _)| entry).collect(),
        }
    }

    fn find(
        &self,
        texts: &[u8],
        squeezed: &Squeezed,
        candidates: &mut Vec<u32>,
        report: &mut impl FnMut(Found),
    ) {
        let count = self.candidates(squeezed, candidates);
        let (text, padded) = (squeezed.bytes(), squeezed.padded());
        for at in candidates[..count].iter().map(|at| *at as usize) {
            let word = word_at(&padded[at..]);
            let gram = word & self.mask();
            let other = hash_with(OTHER_MIX, gram, self.bits);
            if self.bitmap[other / 64] >> (other % 64) & 1 == 0 {
                continue;
            }
            let bucket = hash(gram, self.bits) >> self.bucket_shift;
            let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
            for entry in self.entries[range].iter().filter(|entry| word & entry.mask == entry.word) {
                entry.compare(texts, text, at, report);
            }
        }
    }

    /// Puts the places that the bitmap does not rule out at the beginning of `candidates`; how many those are. Without a
    /// branch for each place, which would often be taken wrongly.
    #[inline(never)]
    fn candidates(&self, squeezed: &Squeezed, candidates: &mut Vec<u32>) -> usize {
        let places = (squeezed.bytes().len() + 1).saturating_sub(self.width);
        if candidates.len() < places {
            candidates.resize(places, 0);
        }
        let (mask, shift, bitmap) = (self.mask(), 64 - self.bits, &*self.bitmap);
        let mut count = 0;
        for (at, window) in squeezed.padded().windows(8).take(places).enumerate() {
            let hash = ((word_at(window) & mask).wrapping_mul(MIX) >> shift) as usize;
            candidates[count] = at as u32;
            count += (bitmap[hash / 64] >> (hash % 64) & 1) as usize;
        }
        count
    }

    /// The bits of a word that a gram has.
    fn mask(&self) -> u64 {
        u64::MAX >> (64 - 8 * self.width)
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

fn hash(word: u64, bits: u32) -> usize {
    hash_with(MIX, word, bits)
}

fn hash_with(mix: u64, word: u64, bits: u32) -> usize {
    (word.wrapping_mul(mix) >> (64 - bits)) as usize
}

/// How often letters occur in English text and HTML, in 1/1000, from a to z; digits and others below.
const LETTERS: [u16; 26] =
    [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1];
/// How often this lower-case letter stands among all letters, between 0 and 1.
pub(super) fn letter_frequency(letter: u8) -> f64 {
    LETTERS.get(usize::from(letter.wrapping_sub(b'a'))).map_or(0.0, |share| f64::from(*share) / 1000.0)
}

/// Squeezed text that nearly every post has, so that its grams are bad ones to look for.
const COMMON: &[&str] = &[
    "ahrefhttpswwwcomrelnofollownoreferrer",
    "pcodeprecodepre",
    "strongem",
    "ulliliol",
    "imgsrchttpsistackimgurcomaltenterimagedescriptionhere",
    "thethatthisthereththanthey",
    "andwithhaveforfrom",
    "youyourcanwouldcouldshould",
    "whatwhenwhichwhere",
    "question",
    "answer",
    "ingtheingfor",
    "tionofthe",
    "inthe",
    "forthe",
    "onthe",
    "tothe",
    "blockquote",
    "using",
    "because",
    "something",
    "problem",
    "someone",
    "online",
    "about",
    "website",
    "company",
    "service",
    "support",
    "number",
    "phone",
    "please",
    "people",
    "information",
];

static COMMON_GRAMS: LazyLock<HashSet<&'static [u8]>> = LazyLock::new(|| {
    let windows = |text: &'static str| (SHORTEST..=5).flat_map(move |width| text.as_bytes().windows(width));
    COMMON.iter().flat_map(|text| windows(text)).collect()
});

/// An estimate of how often `gram` is met, in squeezed texts, per position.
fn gram_frequency(gram: &[u8]) -> f64 {
    let letters: f64 = gram
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' => letter_frequency(*byte),
            b'0'..=b'9' => 0.01,
            _ => 0.02,
        })
        .product();
    if COMMON_GRAMS.contains(gram) { letters.max(1e-5) * 100.0 } else { letters }
}

/// An estimate of how often `text` (at least three bytes) is met, per position.
pub(super) fn frequency(text: &[u8]) -> f64 {
    let width = text.len().min(5);
    let gram = rarest(text, width);
    gram_frequency(&text[gram..gram + width])
}

/// Where the run of `width` bytes is that is met least often.
fn rarest(text: &[u8], width: usize) -> usize {
    (0..=text.len() - width)
        .min_by(|a, b| gram_frequency(&text[*a..a + width]).total_cmp(&gram_frequency(&text[*b..b + width])))
        .unwrap_or(0)
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
