//! Combined messages: several reports in one, in the compact form (one line of Markdown) or the long one (plain text).
//!
//! ```text
//! 1. [Title](https://superuser.com/questions/1) superuser.com: bad keyword in body · 2. [Other title](https://…
//! ```
//!
//! ```text
//! 2 reports, the heaviest first:
//! 1. https://superuser.com/questions/1 superuser.com: bad keyword in body (173): Title
//! 2. https://…
//! +3 already deleted
//! ```
//!
//! As many of the items as fit are taken, in the order given; then the titles share the room that is left. Links and
//! numbers are never shortened. No link text is exactly `MS` or `SmokeDetector`: the community's userscripts would
//! attach every button to the first post. Titles are data; [`super::chat_text`] says what they can not do.

mod small;

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::chat_text::{SINGLE_LINE_UNITS, escaped, plain, units};

pub use small::{confirm, notify};

/// A title shorter than this is no help; fewer items are taken instead.
const LEAST_TITLE_UNITS: usize = 14;
/// A longer title helps nobody, and the first lines of a long message are all that chat shows.
const MOST_TITLE_UNITS: usize = 120;
/// More of a title is never looked at: hostile ones are long.
const TITLE_CHARS: usize = 600;
/// Room for a site and for a reason; real ones are shorter.
const NAME_UNITS: usize = 60;
/// Real links of posts are shorter; with a longer one there is no room for anything else.
const LINK_UNITS: usize = 300;
/// The link texts by which userscripts know a single report.
const SINGLE_REPORT_LABELS: [&str; 2] = ["MS", "SmokeDetector"];

/// One report of a combined message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchItem<'a> {
    /// Its number in the message, from 1.
    pub number: usize,
    /// The link of the post; `//` in front becomes `https://`.
    pub url: &'a str,
    /// The host of the site.
    pub site: &'a str,
    /// The title with entities decoded; anything at all.
    pub title: &'a str,
    /// The reason that weighs most.
    pub heaviest_reason: &'a str,
    /// The weight of the report.
    pub weight: u64,
}

/// The two forms of a combined message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One line of Markdown.
    Compact,
    /// Plain text of several lines.
    Long,
}

/// A combined message and how many items it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combined {
    /// The text; empty when not one item fits.
    pub text: String,
    /// The first so many items are in it.
    pub taken: usize,
}

/// An item on its way into the text.
struct Line {
    before: String,
    title: String,
    after: String,
}

/// Combines the first of `items`, as many as fit into `limit` UTF-16 units, and mentions `deleted` more whose posts
/// were gone before they were told. A compact message has at most 500 units whatever `limit` says. An item with a
/// link of more than 300 units is not taken, nor is any behind it.
pub fn combine(form: Form, items: &[BatchItem<'_>], deleted: usize, limit: usize) -> Combined {
    let limit = if form == Form::Compact { limit.min(SINGLE_LINE_UNITS) } else { limit };
    let (separator, tail) = match (form, deleted) {
        (Form::Compact, 0) => (" · ", String::new()),
        (Form::Compact, _) => (" · ", format!(" · +{deleted} already deleted")),
        (Form::Long, 0) => ("\n", String::new()),
        (Form::Long, _) => ("\n", format!("\n+{deleted} already deleted")),
    };
    let mut lines = Vec::new();
    // Without titles, and with the shortest that are still of use.
    let (mut fixed, mut needed) = (units(&tail), units(&tail));
    for item in items {
        let Some(line) = line(form, item) else { break };
        let around = units(&line.before) + units(&line.after) + units(separator);
        let title = units(&shown(form, &line.title)).min(LEAST_TITLE_UNITS);
        if needed + around + title + units(&head(form, lines.len() + 1)) > limit {
            break;
        }
        fixed += around;
        needed += around + title;
        lines.push(line);
    }
    if lines.is_empty() {
        return Combined { text: String::new(), taken: 0 };
    }
    let head = head(form, lines.len());
    let room = limit.saturating_sub(fixed + units(&head));
    let most = longest_title(&lines, form, room);
    let body: Vec<String> = lines
        .iter()
        .map(|line| format!("{}{}{}", line.before, shortened(form, &line.title, most), line.after))
        .collect();
    Combined { text: format!("{head}{}{tail}", body.join(separator)), taken: lines.len() }
}

/// The first line of a long message: chat shows only the first lines, so it tells how many there are.
fn head(form: Form, count: usize) -> String {
    match (form, count) {
        (Form::Compact, _) => String::new(),
        (Form::Long, 1) => "1 report:\n".to_owned(),
        (Form::Long, _) => format!("{count} reports, the heaviest first:\n"),
    }
}

fn line(form: Form, item: &BatchItem<'_>) -> Option<Line> {
    let number = item.number;
    let url = link(item.url)?;
    let show = |text: &str| shortened(form, &clean(form, text), NAME_UNITS);
    // As the community writes it.
    let site = show(&item.site.replace(".stackexchange.com", ".SE"));
    let reason = show(item.heaviest_reason);
    let title = clean(form, item.title);
    Some(match form {
        Form::Compact => {
            Line { before: format!("{number}. ["), title, after: format!("]({url}) {site}: {reason}") }
        }
        Form::Long => {
            let weight = item.weight;
            Line {
                before: format!("{number}. {url} {site}: {reason} ({weight}): "),
                title,
                after: String::new(),
            }
        }
    })
}

/// A full link that ends where it should, in Markdown and in plain text.
fn link(url: &str) -> Option<String> {
    let rest =
        ["https://", "http://", "//"].iter().find_map(|scheme| url.strip_prefix(scheme)).unwrap_or(url);
    let mut link = "https://".to_owned();
    for c in rest.chars() {
        if c.is_ascii_alphanumeric() || "-._~/?#=&%+:".contains(c) {
            link.push(c);
        } else {
            let mut bytes = [0; 4];
            link.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
        }
        if link.len() > LINK_UNITS {
            return None;
        }
    }
    Some(link)
}

/// Text from a post on one line, or `(no title)` when there is nothing to see.
fn clean(form: Form, text: &str) -> String {
    let start: String = text.chars().take(TITLE_CHARS).collect();
    // Three hyphens begin struck text, and can not be escaped.
    let text = plain(&start).replace("---", "- - -");
    if !shown(form, &text).chars().any(is_visible) {
        return "(no title)".to_owned();
    }
    // As it will stand there: escaping drops some backslashes.
    if SINGLE_REPORT_LABELS.iter().any(|label| shown(form, &text).trim() == *label) {
        format!("“{text}”")
    } else {
        text
    }
}

/// Whether a character shows by itself.
fn is_visible(c: char) -> bool {
    !(c.is_whitespace() || is_combining_mark(c) || c == '\u{2800}')
}

/// As it stands in the message.
fn shown(form: Form, text: &str) -> String {
    match form {
        Form::Compact => escaped(text),
        Form::Long => text.to_owned(),
    }
}

/// The text as it stands in the message, in at most `limit` units; never splits what is seen as one character.
fn shortened(form: Form, text: &str, limit: usize) -> String {
    let whole = shown(form, text);
    if units(&whole) <= limit {
        return whole;
    }
    let mut best = String::new();
    for (at, _) in text.grapheme_indices(true).skip(1) {
        let start = shown(form, text[..at].trim_end());
        if units(&start) + 1 > limit {
            break;
        }
        best = start;
    }
    if limit > 0 {
        best.push('…');
    }
    best
}

/// The longest length that all titles may have in `room` units together.
fn longest_title(lines: &[Line], form: Form, room: usize) -> usize {
    let lengths: Vec<usize> = lines.iter().map(|line| units(&shown(form, &line.title))).collect();
    let (mut low, mut high) = (0, MOST_TITLE_UNITS);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if lengths.iter().map(|length| (*length).min(middle)).sum::<usize>() <= room {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: usize, title: &str) -> BatchItem<'_> {
        BatchItem {
            number,
            url: "//superuser.com/questions/1234567",
            site: "superuser.com",
            title,
            heaviest_reason: "bad keyword in body",
            weight: 173,
        }
    }

    #[test]
    fn a_compact_message_is_one_line_of_links() {
        let mut second = item(2, "Another one");
        second.url = "https://diy.stackexchange.com/a/5";
        second.site = "diy.stackexchange.com";
        let combined = combine(Form::Compact, &[item(1, "Buy pills"), second], 0, 500);
        assert_eq!(
            combined.text,
            "1. [Buy pills](https://superuser.com/questions/1234567) superuser.com: bad keyword in body · \
             2. [Another one](https://diy.stackexchange.com/a/5) diy.SE: bad keyword in body"
        );
        assert_eq!(combined.taken, 2);
    }

    #[test]
    fn a_long_message_begins_with_the_count_and_ends_with_what_was_deleted() {
        let combined = combine(Form::Long, &[item(1, "Buy pills"), item(2, "More")], 3, 4000);
        assert_eq!(
            combined.text,
            "2 reports, the heaviest first:\n\
             1. https://superuser.com/questions/1234567 superuser.com: bad keyword in body (173): Buy pills\n\
             2. https://superuser.com/questions/1234567 superuser.com: bad keyword in body (173): More\n\
             +3 already deleted"
        );
    }

    #[test]
    fn titles_share_the_room_and_what_does_not_fit_is_left_for_the_next_message() {
        let long = "An exceedingly long title that goes on and on about miracle cures ".repeat(5);
        let items: Vec<_> = (1..=20).map(|number| item(number, &long)).collect();
        let combined = combine(Form::Compact, &items, 0, 500);
        assert!((4..=6).contains(&combined.taken), "{combined:?}");
        assert!(units(&combined.text) > 480 && units(&combined.text) <= 500, "{combined:?}");
        assert_eq!(combined.text.matches("… ").count() + combined.text.matches("…]").count(), combined.taken);
        assert_eq!(combine(Form::Long, &items, 0, 4000).taken, 20);
    }

    #[test]
    fn titles_are_never_empty_and_never_a_label_of_single_reports() {
        for (title, link_text) in [
            ("", "(no title)"),
            ("\u{200b}\u{202e}\n ", "⏎"),
            ("\u{301}\u{2800}", "(no title)"),
            ("\\", "(no title)"),
            ("MS", "“MS”"),
            (r"MS\", r"“MS\”"),
            (" Smoke\u{200b}Detector ", "“SmokeDetector”"),
            ("a](javascript:alert(1))", r"a\](javascript:alert(1))"),
            ("---gone---", "- - -gone- - -"),
        ] {
            let combined = combine(Form::Compact, &[item(1, title)], 0, 500);
            assert!(
                combined.text.starts_with(&format!("1. [{link_text}](https://")),
                "{title:?}: {combined:?}"
            );
        }
    }

    #[test]
    fn emoji_are_not_split_at_the_cut() {
        let flags = "🇩🇪".repeat(80);
        let combined = combine(Form::Compact, &[item(1, &flags)], 0, 130);
        let kept = combined.text.matches('🇩').count();
        assert!(kept > 2 && kept == combined.text.matches('🇪').count(), "{combined:?}");
    }

    #[test]
    fn what_can_not_fit_is_not_taken() {
        assert_eq!(combine(Form::Compact, &[item(1, "t")], 0, 40).taken, 0);
        let host = "x".repeat(400);
        let bad = BatchItem { url: &host, ..item(1, "t") };
        assert_eq!(
            combine(Form::Long, &[bad, item(2, "t")], 0, 4000),
            Combined { text: String::new(), taken: 0 }
        );
        assert_eq!(combine(Form::Long, &[], 5, 4000).taken, 0);
    }
}
