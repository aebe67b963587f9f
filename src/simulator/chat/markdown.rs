//! The Markdown subset of chat, for one line: bold, italic, code, struck, links, tags, bare addresses.

use super::style::Style;
use super::words::{bare_link, bare_url, escape};
use crate::simulator::html;

/// Markers nest no deeper; what is deeper stays literal. Bounds the work on hostile text.
const MAX_DEPTH: usize = 8;

/// HTML of one line of Markdown.
pub(super) fn inline(source: &str, tag_host: &str, style: &Style) -> String {
    Renderer { tag_host, style }.span(source, None, 0, true)
}

struct Renderer<'a> {
    tag_host: &'a str,
    style: &'a Style,
}

impl Renderer<'_> {
    /// HTML of a piece of a line. `before` is the character in front of it; `links` is off inside a link's text.
    fn span(&self, text: &str, before: Option<char>, depth: usize, links: bool) -> String {
        let mut html = String::with_capacity(text.len() + 16);
        let mut literal = String::new();
        let mut at = 0;
        let mut previous = before;
        while let Some(char) = text[at..].chars().next() {
            let rest = &text[at..];
            if let Some(escaped) = backslash(rest) {
                literal.push(escaped);
                at += 1 + escaped.len_utf8();
                previous = Some(escaped);
                continue;
            }
            let found = match char {
                _ if depth >= MAX_DEPTH => None,
                '`' => self.code(rest),
                '[' if links => self.bracket(rest, depth),
                '-' => self.strike(rest, previous, depth, links),
                '*' | '_' => self.emphasis(rest, char, previous, depth, links),
                'h' | 'H' | 'f' | 'F' if links => {
                    bare_url(rest, previous).map(|url| (bare_link(url), url.len()))
                }
                _ => None,
            };
            // A run of markers without a partner is literal as a whole: its tail must not start a shorter one.
            let (piece, len) = match found {
                Some((piece, len)) => (Some(piece), len),
                None if matches!(char, '`' | '*' | '_') => (None, run_len(rest, char)),
                None => (None, char.len_utf8()),
            };
            match piece {
                Some(piece) => {
                    html.push_str(&escape(&literal, self.style));
                    literal.clear();
                    html.push_str(&piece);
                }
                None => literal.push_str(&rest[..len]),
            }
            previous = rest[..len].chars().next_back();
            at += len;
        }
        html.push_str(&escape(&literal, self.style));
        html
    }

    fn code(&self, rest: &str) -> Option<(String, usize)> {
        let ticks = run_len(rest, '`');
        let mut at = ticks;
        while let Some(found) = rest[at..].find('`') {
            let close = at + found;
            let run = run_len(&rest[close..], '`');
            if run == ticks {
                let inner = rest[ticks..close].trim();
                let html = format!("<code>{}</code>", escape(inner, self.style));
                return (!inner.is_empty()).then_some((html, close + run));
            }
            at = close + run;
        }
        None
    }

    fn strike(
        &self,
        rest: &str,
        previous: Option<char>,
        depth: usize,
        links: bool,
    ) -> Option<(String, usize)> {
        let marker = "---";
        if !rest.starts_with(marker) || previous == Some('-') || rest[3..].starts_with(['-', ' ']) {
            return None;
        }
        let close = close_of(rest, marker, |before, after| !before.is_whitespace() && after != Some('-'))?;
        let inner = self.span(&rest[3..close], Some('-'), depth + 1, links);
        Some((format!("<strike>{inner}</strike>"), close + 3))
    }

    fn emphasis(
        &self,
        rest: &str,
        marker: char,
        previous: Option<char>,
        depth: usize,
        links: bool,
    ) -> Option<(String, usize)> {
        let is_word = |c: char| c.is_alphanumeric();
        if marker == '_' && previous.is_some_and(is_word) {
            return None;
        }
        let run = run_len(rest, marker);
        let (width, tag) = match run {
            1 => (1, "i"),
            2 => (2, "b"),
            // `***x***` is an italic inside a bold.
            3 => (2, "b"),
            _ => return None,
        };
        let token = &rest[..width];
        let after_open = rest[width..].chars().next()?;
        if after_open.is_whitespace() {
            return None;
        }
        let ends = |before: char, after: Option<char>| {
            !before.is_whitespace()
                && after != Some(marker)
                && (marker != '_' || !after.is_some_and(is_word))
                && (width == 2 || before != marker)
        };
        let close = close_of(rest, token, ends)?;
        let inner = self.span(&rest[width..close], Some(marker), depth + 1, links);
        Some((format!("<{tag}>{inner}</{tag}>"), close + width))
    }

    fn bracket(&self, rest: &str, depth: usize) -> Option<(String, usize)> {
        let close = matching(rest, '[', ']')?;
        let text = &rest[1..close];
        if let Some((site, tag)) = tag(text) {
            let host = if site { format!("meta.{}", self.tag_host) } else { self.tag_host.to_owned() };
            let html = format!(
                "<a href=\"//{host}/questions/tagged/{0}\"><span class=\"ob-post-tag\" \
                 style=\"background-color: #E0EAF1; color: #3E6D8E;\">{0}</span></a>",
                html::escape(tag)
            );
            return Some((html, close + 1));
        }
        let after = &rest[close + 1..];
        let end = after.starts_with('(').then(|| matching(after, '(', ')'))??;
        let (url, title) = destination(&after[1..end])?;
        let text = self.span(text, Some('['), depth + 1, false);
        let title = title.map_or(String::new(), |t| format!(" title=\"{}\"", html::escape(t)));
        let href = html::escape(url);
        let html = format!("<a href=\"{href}\"{title} rel=\"nofollow noopener noreferrer\">{text}</a>");
        Some((html, close + 1 + end + 1))
    }
}

/// The character that a backslash at the start of `rest` makes literal.
fn backslash(rest: &str) -> Option<char> {
    let escaped = rest.strip_prefix('\\')?.chars().next()?;
    matches!(escaped, '*' | '_' | '(' | ')' | '[' | ']' | '`').then_some(escaped)
}

fn run_len(text: &str, char: char) -> usize {
    text.len() - text.trim_start_matches(char).len()
}

/// Byte position of the closing `token`, at least one character after the opening one at the start of `rest`. It is not
/// looked for inside code, and `fits` sees the characters on both sides.
fn close_of(rest: &str, token: &str, fits: impl Fn(char, Option<char>) -> bool) -> Option<usize> {
    let mut before = rest[token.len()..].chars().next()?;
    let mut at = token.len() + before.len_utf8();
    if before == '\\' {
        let escaped = rest[at..].chars().next()?;
        at += escaped.len_utf8();
        before = escaped;
    }
    while let Some(char) = rest[at..].chars().next() {
        if rest[at..].starts_with(token) && fits(before, rest[at + token.len()..].chars().next()) {
            return Some(at);
        }
        if char == '\\'
            && let Some(escaped) = backslash(&rest[at..])
        {
            at += 1 + escaped.len_utf8();
            before = escaped;
            continue;
        }
        if char == '`' {
            let run = run_len(&rest[at..], '`');
            let skip = rest[at + run..].find(&rest[at..at + run]).map_or(run, |found| run + found + run);
            at += skip;
            before = '`';
            continue;
        }
        at += char.len_utf8();
        before = char;
    }
    None
}

/// Position of the bracket that closes the one at the start of `text`.
fn matching(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        if char == '\\' {
            chars.next();
        } else if char == open {
            depth += 1;
        } else if char == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// `tag:x` or `meta-tag:x`: whether it is of the meta site, and the tag.
fn tag(text: &str) -> Option<(bool, &str)> {
    let (meta, tag) = match text.strip_prefix("meta-tag:") {
        Some(tag) => (true, tag),
        None => (false, text.strip_prefix("tag:")?),
    };
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '+' | '#' | '_');
    (!tag.is_empty() && tag.chars().all(fits)).then_some((meta, tag))
}

/// Address and title between the parentheses of a link.
fn destination(inside: &str) -> Option<(&str, Option<&str>)> {
    let inside = inside.trim();
    let (url, title) = match inside.split_once(char::is_whitespace) {
        None => (inside, None),
        Some((url, title)) => {
            let title = title.trim();
            (url, Some(title.strip_prefix('"')?.strip_suffix('"')?))
        }
    };
    let lower = url.to_ascii_lowercase();
    let known = ["http://", "https://", "ftp://", "//"].into_iter().any(|scheme| {
        lower.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    });
    (known && !url.contains(['<', '>'])).then_some((url, title))
}
