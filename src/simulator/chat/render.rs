//! How the source of a message becomes the HTML that chat shows: the Markdown subset of single lines, plain text of
//! several lines, one-boxes, and the zero-width characters that chat puts into long words.

use super::markdown;
use super::style::Style;
use super::words::{bare_link, bare_url, escape};
use crate::simulator::html;

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

/// Splits `:123 text` into the id and the text behind it.
pub fn reply_prefix(text: &str) -> Option<(i64, &str)> {
    let rest = text.strip_prefix(':')?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let body = rest[digits..].strip_prefix([' ', '\n'])?;
    Some((rest[..digits].parse().ok()?, body))
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

/// A message that is one address and nothing else becomes a box.
fn one_box(source: &str) -> Option<String> {
    let forced = source.starts_with('!');
    let url = source.strip_prefix('!').unwrap_or(source);
    if bare_url(url, None)? != url {
        return None;
    }
    let href = html::escape(url.split_once(':').map_or(url, |(_, rest)| rest));
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
        html::escape(host)
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
