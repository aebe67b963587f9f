//! Phone number in title: a number that is valid in the countries most phone spam comes from.
//!
//! Candidates are found here, because the library only parses a number that stands alone.

use std::sync::LazyLock;

use super::pattern::Pattern;
use super::{Budget, Hit, TextInput};
use phonenumber::country::Id;

/// Longer titles do not exist on Stack Exchange; in bytes.
const MAX_TITLE: usize = 2_000;
/// Digits of a number, at least.
const DIGITS: usize = 10;
/// More candidates than this in one title are not tried.
const MAX_CANDIDATES: usize = 20;

/// Words that explain a number, and numbers that everybody knows.
static HARMLESS: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(concat!(
        r"(?i)\b(?:error|err(?:or)?code|version|address)\b",
        r"|192\.168\.",
        r"|2147483[56]\d\d|429496729\d|922337203685477580\d|1844674407370955161\d",
        r"|\b(?:0x)?(?:c|8)00[0-9a-f]{5}\b|\b(?:-?1073741\d{3}|322122\d{4}|-?214702\d{4})\b",
    ))
});

/// Ten digits in groups of 3, 3 and 4, or 10 without a break, with up to three digits of country code before.
static CANDIDATE: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::new(r"(?:[0-9]{2}\s*[0-9]?|[0-9]\s*)?[0-9]{3}\s*[0-9]{3}\s*[0-9]{4}"));

/// Hits each number that is valid in India, the United States or Nigeria, or with its country code.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let title = input.text;
    if title.len() > MAX_TITLE {
        return Vec::new();
    }
    let Some((text, offsets)) = readable(title) else { return Vec::new() };
    if HARMLESS.is_in(title, input.budget) {
        return Vec::new();
    }
    candidates(&text, input.budget)
        .take(MAX_CANDIDATES)
        .filter(|at| is_valid(&text[at.clone()]))
        .map(|at| {
            let number: String = text[at.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
            Hit::noted(offsets[at.start].0..offsets[at.end - 1].1, number)
        })
        .collect()
}

/// The title with letters that look like digits read as such, and without punctuation; for each byte, where the
/// character it came from starts and ends. None when there are too few digits for a number.
fn readable(title: &str) -> Option<(String, Vec<(usize, usize)>)> {
    // Ten digits with nothing between them but white space and what is left out; most titles are done with here. The
    // bytes of other characters than ASCII count as left out.
    let mut digits = 0;
    let enough = title.bytes().any(|byte| {
        match if byte.is_ascii() { read(char::from(byte)) } else { None } {
            Some('0'..='9') => digits += 1,
            Some(' ') | None => {}
            Some(_) => digits = 0,
        }
        digits == DIGITS
    });
    if !enough {
        return None;
    }
    let mut text = String::with_capacity(title.len());
    let mut offsets = Vec::with_capacity(title.len());
    for (at, c) in title.char_indices() {
        if let Some(read) = read(c) {
            text.push(read);
            offsets.push((at, at + c.len_utf8()));
        }
    }
    Some((text, offsets))
}

/// What a character of a title is read as; nothing for punctuation.
fn read(c: char) -> Option<char> {
    match c {
        'o' | 'O' => Some('0'),
        's' | 'S' => Some('5'),
        'i' | 'I' | 'l' | 'L' | '|' => Some('1'),
        c if c.is_ascii_alphanumeric() => Some(c),
        c if c.is_whitespace() => Some(' '),
        _ => None,
    }
}

/// Non-overlapping candidates that do not stand inside a longer number. `regex` has no look-around, so a match
/// next to another digit is dropped and the search goes on behind its first digits.
fn candidates<'t>(text: &'t str, budget: &'t Budget) -> impl Iterator<Item = std::ops::Range<usize>> + 't {
    let is_digit = move |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let found = CANDIDATE.find_in(text, from..text.len(), budget)?;
            let starts_inside = found.start > 0 && is_digit(found.start - 1);
            if starts_inside {
                from = end_of_digits(text, found.start);
            } else if is_digit(found.end) {
                match shorter(text, found.start, budget) {
                    Some(end) => {
                        from = end;
                        return Some(found.start..end);
                    }
                    None => from = end_of_digits(text, found.start),
                }
            } else {
                from = found.end;
                return Some(found);
            }
        }
    })
}

/// The same search from `start` with each shorter country code, for a match that must end where the digits end.
fn shorter(text: &str, start: usize, budget: &Budget) -> Option<usize> {
    static FORMS: LazyLock<[Pattern; 4]> = LazyLock::new(|| {
        [r"[0-9]{2}\s*[0-9]", r"[0-9]{2}\s*", r"[0-9]\s*", ""]
            .map(|code| Pattern::new(&format!(r"^{code}[0-9]{{3}}\s*[0-9]{{3}}\s*[0-9]{{4}}")))
    });
    FORMS.iter().find_map(|form| {
        let end = start + form.find(&text[start..], budget)?.end;
        (!text.as_bytes().get(end).is_some_and(u8::is_ascii_digit)).then_some(end)
    })
}

fn end_of_digits(text: &str, from: usize) -> usize {
    text.as_bytes()[from..].iter().position(|b| !b.is_ascii_digit()).map_or(text.len(), |i| from + i)
}

fn is_valid(number: &str) -> bool {
    [Some(Id::IN), Some(Id::US), Some(Id::NG), None]
        .into_iter()
        .any(|country| phonenumber::parse(country, number).is_ok_and(|number| number.is_valid()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_title;
    use super::check;

    #[test]
    fn numbers_are_found_through_their_dressing() {
        for (title, note) in [
            ("Acme mail support +1-888-621-0339 toll free", Some("18886210339")),
            ("Contact: 8.8.8.6.2.1.0.3.3.9.", Some("8886210339")),
            ("baba ji +91-9876543210", Some("919876543210")),
            ("Call 888/621/0339 now", Some("11 8886210339")),
            ("dial 888 621 O339", Some("1 888 621 0339")),
            ("error 888-621-0339", None),
            ("2147483648 is too large", None),
            ("reach 192.168.100.1 from 8886210339", None),
            ("Why is 1000000000000000 in range(1000000000000001) so fast?", None),
            ("order 62 1033 9888 6", None),
            ("no number at all", None),
        ] {
            assert_eq!(on_title(check, title).first().map(|h| h.note.as_str()), note, "{title}");
        }
    }

    #[test]
    fn a_hit_covers_the_number_as_written() {
        let title = "Acme ☎ (888) 621–0339!";
        let hits = on_title(check, title);
        assert_eq!(hits.iter().map(|h| &title[h.start..h.end]).collect::<Vec<_>>(), ["888) 621–0339"]);
    }
}
