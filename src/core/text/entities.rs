//! HTML character references, decoded once, exactly as Python's `html.unescape` does.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Longest name of a reference, without `&`.
const LONGEST_NAME: usize = 32;

/// Every named reference, without `&`; some end in `;` and some are known without.
static NAMED: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    entities::ENTITIES.iter().map(|e| (e.entity.trim_start_matches('&'), e.characters)).collect()
});

/// What the bytes 0x80 to 0x9F mean in numeric references: Windows code page 1252, as HTML says.
const WINDOWS_1252: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}',
    '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}',
    '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}',
    '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

/// The reference at the start of `text` (which begins with `&`): its length in bytes and what it stands for.
/// Nothing when none is there.
pub fn decode(text: &str) -> Option<(usize, Cow<'static, str>)> {
    let after = text.strip_prefix('&')?;
    // Nearly all references in posts are one of these.
    const FREQUENT: [(&str, &str); 5] =
        [("lt;", "<"), ("gt;", ">"), ("amp;", "&"), ("quot;", "\""), ("#39;", "'")];
    if let Some((name, value)) = FREQUENT.iter().find(|(name, _)| after.starts_with(name)) {
        return Some((name.len() + 1, Cow::Borrowed(value)));
    }
    if let Some(number) = after.strip_prefix('#') {
        return numeric(number).map(|(length, value)| (length + 2, value));
    }
    let length: usize = after
        .chars()
        .take(LONGEST_NAME)
        .take_while(|c| !matches!(c, '\t' | '\n' | '\u{c}' | ' ' | '<' | '&' | '#' | ';'))
        .map(char::len_utf8)
        .sum();
    if length == 0 {
        return None;
    }
    if after[length..].starts_with(';')
        && let Some(value) = NAMED.get(&after[..=length])
    {
        return Some((length + 2, Cow::Borrowed(value)));
    }
    // The longest known beginning; those that are known without `;` are at least two characters long.
    (2..=length)
        .rev()
        .filter(|end| after.is_char_boundary(*end))
        .find_map(|end| NAMED.get(&after[..end]).map(|value| (end + 1, Cow::Borrowed(*value))))
}

fn numeric(text: &str) -> Option<(usize, Cow<'static, str>)> {
    let (radix, skip) = if text.starts_with(['x', 'X']) { (16, 1) } else { (10, 0) };
    let digits: &str = text[skip..].split(|c: char| !c.is_digit(radix)).next().unwrap_or("");
    if digits.is_empty() {
        return None;
    }
    let mut length = skip + digits.len();
    length += usize::from(text[length..].starts_with(';'));
    // A number too large for the type is too large for a character as well.
    let code = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    let value = match code {
        0 => "\u{fffd}".to_owned(),
        0x0d => "\r".to_owned(),
        0x80..=0x9f => WINDOWS_1252[(code - 0x80) as usize].to_string(),
        0x01..=0x08 | 0x0b | 0x0e..=0x1f | 0x7f | 0xfdd0..=0xfdef => String::new(),
        _ if code <= 0x10_ffff && code & 0xfffe == 0xfffe => String::new(),
        _ => char::from_u32(code).unwrap_or('\u{fffd}').to_string(),
    };
    Some((length, Cow::Owned(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_as_python_does() {
        for (text, length, value) in [
            ("&amp;lt;", 5, "&"),
            ("&lt", 3, "<"),
            ("&notit;", 4, "\u{ac}"),
            ("&notin;", 7, "\u{2209}"),
            ("&#39;", 5, "'"),
            ("&#x27z", 5, "'"),
            ("&#128;", 6, "\u{20ac}"),
            ("&#0;", 4, "\u{fffd}"),
            ("&#xD800;", 8, "\u{fffd}"),
            ("&#99999999999;", 14, "\u{fffd}"),
            ("&#1;", 4, ""),
            ("&NotEqualTilde;", 15, "\u{2242}\u{338}"),
        ] {
            assert_eq!(decode(text), Some((length, Cow::Borrowed(value))), "{text}");
        }
        for text in ["&", "& ", "&;", "&#;", "&#x;", "&zzz;", "&\u{e9};", "&a"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
