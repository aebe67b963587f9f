//! How the source of a message becomes the HTML that chat shows: the Markdown subset of single lines, plain text of
//! several lines, one-boxes, and the zero-width characters that chat puts into long words.

use super::markdown;

/// The parts of rendering that are not published, or that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// A word longer than this many characters gets U+200C U+200B after each so many; 0 for never.
    pub long_word: usize,
    /// A message of more lines than this shows only the first so many.
    pub partial_lines: usize,
    /// A message of several lines with more characters than this shows only the first lines that fit.
    pub partial_chars: usize,
    /// Whether a reply still gets `@Name` in front, as until 2025.
    pub old_replies: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { long_word: 80, partial_lines: 10, partial_chars: 2_000, old_replies: false }
    }
}

/// What surrounds a message when it is rendered.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// Host that `[tag:x]` leads to, such as `stackoverflow.com`.
    pub tag_host: &'a str,
    /// Whether the message is a reply in the old syntax; such a one is never a one-box.
    pub is_reply: bool,
    /// Whether the source as typed had several lines, even if only one is left behind the reply prefix.
    pub multi_line: bool,
}

/// The HTML of a message, given its source without the reply prefix; outer white space is dropped.
pub fn message(source: &str, around: Surroundings<'_>, style: &Style) -> String {
    if around.multi_line || source.trim().contains('\n') {
        return several_lines(source, style);
    }
    if source.starts_with("    ") && !source.trim().is_empty() {
        return format!("<code>{}</code>", escape(source.trim(), style));
    }
    let source = source.trim();
    if !around.is_reply
        && let Some(html) = one_box(source)
    {
        return html;
    }
    markdown::inline(source, around.tag_host, style)
}

/// A message of several lines in full, as `/messages/ROOM/ID` shows it.
pub fn in_full(source: &str, around: Surroundings<'_>, style: &Style) -> String {
    let unlimited = Style { partial_lines: usize::MAX, partial_chars: usize::MAX, ..style.clone() };
    message(source, around, &unlimited)
}

fn several_lines(source: &str, style: &Style) -> String {
    let text = source.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim_end().trim_start_matches('\n');
    let lines: Vec<&str> = text.split('\n').collect();
    let is_code = lines.iter().all(|line| line.starts_with("    ") || line.trim().is_empty())
        && lines.iter().any(|line| !line.trim().is_empty());
    let (tag, separator) = if is_code { ("pre", "\n") } else { ("div", " <br> ") };
    let shown = lines_shown(&lines, style);
    let is_whole = shown == lines.len() && first_chars(lines[0], style.partial_chars) == lines[0];
    let class = if is_whole { "full" } else { "partial" };
    let html: Vec<String> = lines[..shown]
        .iter()
        .enumerate()
        .map(|(index, line)| (index, first_chars(line, style.partial_chars)))
        .map(|(index, line)| match is_code {
            true => escape(line.get(4..).unwrap_or(""), style),
            false if index == 0 => plain(line.trim_start(), style),
            false => plain(line, style),
        })
        .collect();
    format!("<{tag} class='{class}'>{}</{tag}>", html.join(separator))
}

/// How many lines fit; at least one.
fn lines_shown(lines: &[&str], style: &Style) -> usize {
    let mut chars = 0;
    let fitting = lines.iter().take(style.partial_lines).take_while(|line| {
        chars += line.chars().count() + 1;
        chars <= style.partial_chars.saturating_add(1)
    });
    fitting.count().max(1)
}

fn first_chars(line: &str, count: usize) -> &str {
    line.char_indices().nth(count).map_or(line, |(cut, _)| &line[..cut])
}

/// Plain text with bare addresses made links; no other Markdown.
fn plain(line: &str, style: &Style) -> String {
    let mut html = String::with_capacity(line.len() + 16);
    let mut rest = line;
    let mut before = None;
    while let Some((at, url)) = next_url(rest, before) {
        html.push_str(&escape(&rest[..at], style));
        html.push_str(&bare_link(url));
        before = url.chars().next_back();
        rest = &rest[at + url.len()..];
    }
    html.push_str(&escape(rest, style));
    html
}

fn next_url(text: &str, mut before: Option<char>) -> Option<(usize, &str)> {
    for (at, char) in text.char_indices() {
        if matches!(char, 'h' | 'f' | 'H' | 'F')
            && let Some(url) = bare_url(&text[at..], before)
        {
            return Some((at, url));
        }
        before = Some(char);
    }
    None
}

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
        Some((cut, _)) => format!("{}&hellip;", escape_plain(&shown[..cut])),
        None => escape_plain(shown),
    };
    format!("<a href=\"{}\" rel=\"nofollow noopener noreferrer\">{text}</a>", escape_plain(url))
}

/// Text with its entities, and with zero-width characters in its long words.
pub(super) fn escape(text: &str, style: &Style) -> String {
    escape_plain(&break_long_words(text, style.long_word))
}

/// Text with its entities.
pub fn escape_plain(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // A line of control characters is not what anybody typed.
            '\0' => html.push('\u{fffd}'),
            other => html.push(other),
        }
    }
    html
}

/// Puts U+200C U+200B after each `every` characters of a word that goes on.
pub fn break_long_words(text: &str, every: usize) -> String {
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

/// A message that is one address and nothing else becomes a box.
fn one_box(source: &str) -> Option<String> {
    let forced = source.starts_with('!');
    let url = source.strip_prefix('!').unwrap_or(source);
    if bare_url(url, None)? != url {
        return None;
    }
    let href = escape_plain(url.split_once(':').map_or(url, |(_, rest)| rest));
    let (host, path) = url.split_once("://")?.1.split_once('/').unwrap_or((url.split_once("://")?.1, ""));
    let path_only = path.split(['?', '#']).next().unwrap_or("").to_ascii_lowercase();
    let is_image =
        [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"].into_iter().any(|end| path_only.ends_with(end));
    if forced || is_image {
        return Some(format!(
            "<div class=\"onebox ob-image\"><a rel=\"nofollow noopener noreferrer\" href=\"{href}\">\
             <img src=\"{href}\" class=\"user-image\" alt=\"user image\" /></a></div>"
        ));
    }
    let kind = one_box_kind(&host.to_ascii_lowercase(), &path_only)?;
    Some(format!(
        "<div class=\"onebox {kind}\"><a rel=\"nofollow noopener noreferrer\" href=\"{href}\">{}</a></div>",
        escape_plain(host)
    ))
}

fn one_box_kind(host: &str, path: &str) -> Option<&'static str> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    let is = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'));
    match () {
        () if host.starts_with("chat.") && starts(&["transcript/"]) => Some("ob-message"),
        () if host.starts_with("chat.") => None,
        () if is("wikipedia.org") && starts(&["wiki/"]) => Some("ob-wikipedia"),
        () if is("youtube.com") && starts(&["watch"]) || host == "youtu.be" => Some("ob-youtube"),
        () if is("xkcd.com") && !path.is_empty() => Some("ob-xkcd"),
        () if host == "stackoverflow.blog" => Some("ob-blog"),
        () if is_network_site(host) && starts(&["questions/", "q/", "a/"]) => Some("ob-post"),
        () => None,
    }
}

fn is_network_site(host: &str) -> bool {
    let domains = [
        "stackexchange.com",
        "stackoverflow.com",
        "superuser.com",
        "serverfault.com",
        "askubuntu.com",
        "mathoverflow.net",
        "stackapps.com",
    ];
    domains.iter().any(|domain| {
        host == *domain || host.strip_suffix(domain).is_some_and(|prefix| prefix.ends_with('.'))
    })
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
