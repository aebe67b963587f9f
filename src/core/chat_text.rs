//! Text from posts on its way into a chat message: data that can not ping, link, break the form, or hide characters.

use unicode_normalization::char::is_combining_mark;

/// What a chat message of one line may hold, in UTF-16 units.
pub const SINGLE_LINE_UNITS: usize = 500;

/// Length as chat counts it (UTF-16 units; see section 12.1 of the chat reference).
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The longest prefix of at most `limit` UTF-16 units; never splits a character.
pub fn cut(text: &str, limit: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > limit {
            return &text[..at];
        }
    }
    text
}

/// Makes text of a post safe to stand in a line of Markdown: one line, nothing invisible, no bare link, no ping.
///
/// Line breaks show as a return symbol; `http://`, `https://` and `ftp://` are removed, so that chat links nothing;
/// an `@` before a letter gets a joiner behind it, so that it pings nobody; control, bidirectional and zero-width
/// characters are dropped.
pub fn plain(text: &str) -> String {
    // First of all, so that nothing hidden splits a scheme or stands between an `@` and a name.
    let text: String = text.chars().filter(|c| "\r\n\t".contains(*c) || !is_hidden(*c)).collect();
    let text = strip_schemes(&text);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => out.push('⏎'),
            '\t' => out.push(' '),
            '@' | '＠' => {
                out.push(c);
                if chars.peek().is_some_and(|next| next.is_alphanumeric() || *next == '_') {
                    out.push('\u{200c}');
                }
            }
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// [`plain`] text with Markdown's own characters escaped, for use inside `[...]` or beside it.
///
/// A backslash before such a character is dropped: whether chat would read the pair as an escape is not known. Three
/// hyphens begin struck text and can not be escaped; they are set apart.
pub fn escaped(text: &str) -> String {
    let text = plain(text).replace("---", "- - -");
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek().is_none_or(|next| "\\_*`[]()".contains(*next)) => {}
            '_' | '*' | '`' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether anything of a text shows: a blank, an empty Braille cell or a combining mark does not by itself.
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !(c.is_whitespace() || is_combining_mark(c) || c == '\u{2800}'))
}

/// Removes link schemes until none is left, so that `hthttp://tp://` does not become one.
fn strip_schemes(text: &str) -> String {
    const SCHEMES: [&str; 3] = ["https://", "http://", "ftp://"];
    let mut text = text.to_owned();
    loop {
        let lower = text.to_ascii_lowercase();
        let Some((at, scheme)) = SCHEMES.iter().filter_map(|s| lower.find(s).map(|at| (at, s))).min() else {
            return text;
        };
        text.replace_range(at..at + scheme.len(), "");
    }
}

/// Characters that are not seen, or change how others are seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn post_text_can_not_ping_link_or_hide() {
        for (given, shown) in [
            ("ask @all now", "ask @\u{200c}all now"),
            ("a @ b", "a @ b"),
            ("see http://x.example", "see x.example"),
            ("hthttps://tps://x", "x"),
            ("HTTP://x", "x"),
            ("ht\u{200b}tp://x", "x"),
            ("@\u{200b}all, @\u{200c}ann", "@\u{200c}all, @\u{200c}ann"),
            ("two\r\nlines\nhere", "two⏎lines⏎here"),
            ("a\u{202e}b\u{200b}c\u{0}d", "abcd"),
            ("  padded\t", "padded"),
        ] {
            assert_eq!(plain(given), shown, "{given:?}");
        }
    }

    #[test]
    fn markdown_characters_are_escaped() {
        for (given, shown) in [
            ("a_b*c`d[e]f", r"a\_b\*c\`d\[e\]f"),
            (r"\[x\]", r"\[x\]"),
            (r"$\sum$", r"$\sum$"),
            (r"ends in \", "ends in "),
            ("](javascript:x)", r"\](javascript:x)"),
            ("---x----", "- - -x- - --"),
        ] {
            assert_eq!(escaped(given), shown, "{given:?}");
        }
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("ab😀c", 3), "ab");
        assert_eq!(cut("ab😀c", 4), "ab😀");
        assert_eq!(units("ab😀c"), 5);
    }
}
