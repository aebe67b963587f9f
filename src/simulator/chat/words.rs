//! Words of a message: entities, the zero-width characters that chat puts into long ones, and addresses made links.

use super::style::Style;
use crate::simulator::html;

/// The address that `text` starts with, if it is one that chat makes a link of. `before` is the character in front.
pub(super) fn bare_url(text: &str, before: Option<char>) -> Option<&str> {
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let scheme = ["https://", "http://", "ftp://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '\u{200b}' | '\u{200c}'))
        .unwrap_or(text.len());
    let mut url = &text[..end];
    while let Some(last) = url.chars().next_back() {
        let unbalanced = last == ')' && url.matches(')').count() > url.matches('(').count();
        if !unbalanced && !matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | ']') {
            break;
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    (url.len() > scheme.len()).then_some(url)
}

/// How much of an address is shown.
const LINK_TEXT_CHARS: usize = 40;

pub(super) fn bare_link(url: &str) -> String {
    let shown = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let text = match shown.char_indices().nth(LINK_TEXT_CHARS) {
        Some((cut, _)) => format!("{}&hellip;", html::escape(&shown[..cut])),
        None => html::escape(shown),
    };
    format!("<a href=\"{}\" rel=\"nofollow noopener noreferrer\">{text}</a>", html::escape(url))
}

/// Text with its entities, and with zero-width characters in its long words.
pub(super) fn escape(text: &str, style: &Style) -> String {
    html::escape(&break_long_words(text, style.long_word))
}

/// Puts U+200C U+200B after each `every` characters of a word that goes on.
pub(super) fn break_long_words(text: &str, every: usize) -> String {
    if every == 0 {
        return text.to_owned();
    }
    let mut broken = String::with_capacity(text.len());
    let mut run = 0;
    for char in text.chars() {
        if char.is_whitespace() {
            run = 0;
        } else if run == every {
            broken.push_str("\u{200c}\u{200b}");
            run = 1;
        } else {
            run += 1;
        }
        broken.push(char);
    }
    broken
}
