//! Sets of characters, and which characters are equal when case is ignored.
//!
//! Case: simple case folding, and the two Turkish letters as Python's module has them: `i` also matches U+0130 and `I`
//! also matches U+0131, each back again, but not one the other's.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// An immutable set of characters; a bit per ASCII character, sorted ranges for the others.
#[derive(Clone, Debug)]
pub struct CharSet {
    ascii: [u64; 2],
    rest: Box<[(char, char)]>,
    squeezed: OnceLock<Option<Vec<Vec<u8>>>>,
}

/// Most texts that [`CharSet::squeezed`] gives.
const MAX_SQUEEZED: usize = 8;

impl CharSet {
    /// Whether `c` is in the set.
    #[inline]
    pub fn contains(&self, c: char) -> bool {
        if c.is_ascii() { self.contains_ascii(c as u8) } else { self.contains_wide(c) }
    }

    /// Whether this ASCII byte is in the set.
    #[inline]
    pub fn contains_ascii(&self, byte: u8) -> bool {
        self.ascii[usize::from(byte >> 6) & 1] >> (byte & 63) & 1 == 1
    }

    fn contains_wide(&self, c: char) -> bool {
        match &*self.rest {
            [] => false,
            [(low, high)] => *low <= c && c <= *high,
            rest => {
                let at = rest.partition_point(|(_, high)| *high < c);
                rest.get(at).is_some_and(|(low, _)| *low <= c)
            }
        }
    }

    /// The set as sorted ranges, both ends included.
    pub fn ranges(&self) -> impl Iterator<Item = (char, char)> + '_ {
        let mut ascii = Vec::new();
        let mut from = None;
        for byte in 0..=128u8 {
            let inside = byte < 128 && self.contains_ascii(byte);
            match (inside, from) {
                (true, None) => from = Some(byte),
                (false, Some(start)) => {
                    ascii.push((char::from(start), char::from(byte - 1)));
                    from = None;
                }
                _ => {}
            }
        }
        ascii.into_iter().chain(self.rest.iter().copied())
    }

    /// Number of characters in it, as far as `limit`.
    pub fn count_up_to(&self, limit: usize) -> usize {
        let mut count = 0usize;
        for (low, high) in self.ranges() {
            count = count.saturating_add((high as usize - low as usize) + 1);
            if count >= limit {
                return limit;
            }
        }
        count
    }

    /// Whether it has any ASCII character.
    pub fn has_ascii(&self) -> bool {
        self.ascii != [0, 0]
    }

    /// Whether all of it are word characters.
    pub fn is_within_words(&self) -> bool {
        self.ranges().all(|range| WORD.overlapping(range.0, range.1).next() == Some(range))
    }

    /// The parts of its ranges that lie between `low` and `high`.
    fn overlapping(&self, low: char, high: char) -> impl Iterator<Item = (char, char)> + '_ {
        let first = self.rest.partition_point(|(_, end)| *end < low);
        let ascii = if low.is_ascii() {
            self.ranges().take_while(|(from, _)| from.is_ascii()).collect()
        } else {
            Vec::new()
        };
        let wide = self.rest[first..].iter().copied();
        let cut = move |(from, to): (char, char)| (from.max(low), to.min(high));
        ascii
            .into_iter()
            .chain(wide)
            .take_while(move |(from, _)| *from <= high)
            .map(cut)
            .filter(|(from, to)| from <= to)
    }

    /// Whether it has ASCII characters only.
    pub fn is_ascii(&self) -> bool {
        self.rest.is_empty()
    }

    /// What its characters are in the squeezed view, each once, if that is few texts: an empty text for all that are left out there.
    pub fn squeezed(&self) -> Option<&[Vec<u8>]> {
        let make = || {
            let mut texts: Vec<Vec<u8>> = Vec::new();
            let mut push = |text: Vec<u8>| {
                if !texts.contains(&text) {
                    texts.push(text);
                }
                texts.len() <= MAX_SQUEEZED
            };
            for (low, high) in self.ranges() {
                // Only word characters are looked at one by one; a set like `\W` has a million others.
                let mut others = high as usize - low as usize + 1;
                for (from, to) in WORD.overlapping(low, high) {
                    for c in from..=to {
                        others -= 1;
                        if !push(canonical(c).map(|c| c.to_string().into_bytes()).unwrap_or_default()) {
                            return None;
                        }
                    }
                }
                if others > 0 && !push(Vec::new()) {
                    return None;
                }
            }
            Some(texts)
        };
        self.squeezed.get_or_init(make).as_deref()
    }

    /// Everything that is in one of `sets`.
    pub fn union(sets: &[Arc<Self>]) -> Self {
        let ranges = sets.iter().flat_map(|set| set.ranges().collect::<Vec<_>>());
        Self::from_class(&ClassUnicode::new(ranges.map(|(low, high)| ClassUnicodeRange::new(low, high))))
    }

    /// From a class of the `regex-syntax` crate, whose set operations and Unicode tables are used.
    pub fn from_class(class: &ClassUnicode) -> Self {
        let mut ascii = [0u64; 2];
        let mut rest = Vec::new();
        for range in class.ranges() {
            for byte in u32::from(range.start())..=u32::from(range.end()).min(127) {
                ascii[(byte >> 6) as usize] |= 1 << (byte & 63);
            }
            if !range.end().is_ascii() {
                rest.push((range.start().max('\u{80}'), range.end()));
            }
        }
        Self { ascii, rest: rest.into(), squeezed: OnceLock::new() }
    }
}

/// A class of one range, both ends included.
pub(super) fn range(low: char, high: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(low, high)])
}

/// Adds to `class` every character that equals one of it when case is ignored.
pub(super) fn add_cases(class: &mut ClassUnicode) {
    let has = |c: char| class.ranges().iter().any(|r| r.start() <= c && c <= r.end());
    let turkish: Vec<char> = [('i', '\u{130}'), ('\u{130}', 'i'), ('I', '\u{131}'), ('\u{131}', 'I')]
        .into_iter()
        .filter_map(|(from, to)| has(from).then_some(to))
        .collect();
    class.case_fold_simple();
    for c in turkish {
        class.push(ClassUnicodeRange::new(c, c));
    }
}

/// All characters that a pattern's `c` matches when case is ignored.
pub(super) fn cases(c: char) -> ClassUnicode {
    let mut class = range(c, c);
    add_cases(&mut class);
    class
}

/// All characters that a pattern's `c` matches when case is ignored, as a set.
pub fn any_case(c: char) -> Arc<CharSet> {
    shared(&c.to_string(), true, || cases(c))
}

/// The set of one character.
pub fn exactly(c: char) -> Arc<CharSet> {
    shared(&c.to_string(), false, || range(c, c))
}

/// Most sets that are kept for patterns to come.
const MAX_SHARED: usize = 4_096;

type Shared = HashMap<(String, bool), Arc<CharSet>>;

/// The set that is written as `text`, made by `make` unless an equal one was made before: the same few sets stand in
/// thousands of patterns, and the larger ones take kilobytes.
pub(super) fn shared(text: &str, any_case: bool, make: impl FnOnce() -> ClassUnicode) -> Arc<CharSet> {
    static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);
    let key = (text.to_owned(), any_case);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = shared.get(&key) {
        return Arc::clone(known);
    }
    let set = Arc::new(CharSet::from_class(&make()));
    if shared.len() < MAX_SHARED {
        shared.insert(key, Arc::clone(&set));
    }
    set
}

/// Parses one of this program's own class texts, such as `\w` or `\p{Greek}`.
pub(super) fn builtin(text: &str) -> Option<ClassUnicode> {
    static COMMON: LazyLock<HashMap<&'static str, ClassUnicode>> = LazyLock::new(|| {
        [r"\w", r"\W", r"\d", r"\D", r"\s", r"\S"]
            .into_iter()
            .filter_map(|text| Some((text, parsed(text)?)))
            .collect()
    });
    COMMON.get(text).cloned().or_else(|| parsed(text))
}

fn parsed(text: &str) -> Option<ClassUnicode> {
    match regex_syntax::parse(text).ok()?.into_kind() {
        regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => Some(class),
        regex_syntax::hir::HirKind::Literal(literal) => {
            let c = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(range(c, c))
        }
        _ => None,
    }
}

fn builtin_set(text: &str) -> Arc<CharSet> {
    Arc::new(CharSet::from_class(&builtin(text).expect("the text is one of this file's")))
}

static WORD: LazyLock<Arc<CharSet>> = LazyLock::new(|| builtin_set(r"\w"));
static DIGIT: LazyLock<Arc<CharSet>> = LazyLock::new(|| builtin_set(r"\d"));

/// Whether `c` is a word character, `\w`: letter, mark, decimal digit, connector or joiner.
#[inline]
pub fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { WORD.contains(c) }
}

/// Whether `c` is a decimal digit of any script, `\d`.
pub fn is_digit(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { DIGIT.contains(c) }
}

/// For each character of the Basic Multilingual Plane: 0 when it is no word character or is `_`, else one character that stands
/// for all that equal it when case is ignored.
static CANONICAL: LazyLock<Box<[u16]>> = LazyLock::new(|| {
    let mut table = vec![0u16; 0x10000].into_boxed_slice();
    for (low, high) in WORD.ranges() {
        for code in u32::from(low)..=u32::from(high).min(0xFFFF) {
            table[code as usize] = u16::try_from(code).unwrap_or(0);
        }
    }
    table[usize::from(b'_')] = 0;
    // Only characters that fold to another are looked at one by one; all are in the scripts that have case.
    let mut cased = builtin(r"[\p{L}\p{M}\p{N}\p{So}]").expect("the text is one of this file's");
    cased.intersect(
        &builtin(r"[\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]")
            .expect("the text is one of this file's"),
    );
    for code in cased.ranges().iter().flat_map(|r| u32::from(r.start())..=u32::from(r.end()).min(0xFFFF)) {
        let Some(c) = char::from_u32(code) else { continue };
        table[code as usize] = u16::try_from(u32::from(fold(c))).unwrap_or(0);
    }
    table
});

/// One character for each set of characters that are equal in some case, over-approximated: both Turkish letters join `i`.
fn fold(c: char) -> char {
    if matches!(c, '\u{130}' | '\u{131}') {
        return 'i';
    }
    let class = cases(c);
    let ascii = class.ranges().iter().flat_map(|r| [r.start(), r.end()]).find(char::is_ascii_lowercase);
    ascii.or_else(|| class.ranges().first().map(ClassUnicodeRange::start)).unwrap_or(c)
}

/// What `c` is in the squeezed view: nothing for what is not a letter, mark or digit, else one character that stands for all of
/// its cases. Two characters that any pattern may take for each other when case is ignored have the same one.
#[inline]
pub fn canonical(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase());
    }
    match CANONICAL.get(c as usize) {
        Some(0) => None,
        Some(code) => char::from_u32(u32::from(*code)),
        None => WORD.contains(c).then(|| fold(c)),
    }
}
