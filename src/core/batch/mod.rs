//! Combined messages: several reports in one, in the compact form (one line of Markdown) or the long one (plain text).
//!
//! ```text
//! 1. [Title](https://superuser.com/questions/1) superuser.com: bad keyword in body · 2. [Other title](https://…
//! ```
//!
//! ```text
//! 5 reports, the heaviest first:
//! 4 alike (173), linking pills.example: Title of the first
//! 1. https://superuser.com/questions/1 superuser.com: bad keyword in body
//! …
//! others:
//! 5. https://askubuntu.com/questions/2 askubuntu.com: link at end of body (99): Title
//! +3 already deleted
//! ```
//!
//! As many of the items as fit are taken, the most urgent; then the titles share the room that is left. In a long
//! message the items of one campaign stand together under one title, so that more fit and a wave reads as one. Links
//! and numbers are never shortened. No link text is exactly `MS` or `SmokeDetector`: the community's userscripts would
//! attach every button to the first post. Titles are data; [`super::chat_text`] says what they can not do.

mod small;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use unicode_segmentation::UnicodeSegmentation;

use super::chat_text::{SINGLE_LINE_UNITS, escaped, is_visible, plain, units};

pub use small::{confirm, notify};

/// So many items of one campaign share a title.
const ALIKE: usize = 3;
/// A title shorter than this is no help; fewer items are taken instead.
const LEAST_TITLE_UNITS: usize = 14;
/// A longer title helps nobody, and the first lines of a long message are all that chat shows.
const MOST_TITLE_UNITS: usize = 120;
/// More of a title is never looked at: hostile ones are long.
const TITLE_CHARS: usize = 600;
/// No item is shorter: its link alone is not.
const LEAST_ITEM_UNITS: usize = 30;
/// Room for a site and for a reason; real ones are shorter.
const NAME_UNITS: usize = 60;
/// Real links of posts are shorter; with a longer one there is no room for anything else.
const LINK_UNITS: usize = 300;
/// The link texts by which userscripts know a single report.
const SINGLE_REPORT_LABELS: [&str; 2] = ["MS", "SmokeDetector"];

/// One report of a combined message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchItem<'a> {
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
    /// Items of one campaign have the same number here, and the same weight.
    pub campaign: usize,
    /// The site that the posts of its campaign link to, if they do.
    pub linked_site: Option<&'a str>,
}

/// The two forms of a combined message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One line of Markdown.
    Compact,
    /// Plain text of several lines.
    Long,
}

/// No message of so many UTF-16 units holds more items; they need not be looked at.
pub fn most_items(limit: usize) -> usize {
    limit / LEAST_ITEM_UNITS
}

/// A combined message and the items in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Combined {
    /// The text; empty when not one item fits.
    pub text: String,
    /// Which of the given items it holds, by the order of their numbers: the first is number 1.
    pub order: Vec<usize>,
}

/// What an item says, ready for either form.
struct Piece<'a> {
    item: &'a BatchItem<'a>,
    index: usize,
    url: String,
    site: String,
    reason: String,
    title: String,
    /// Of the title as it will stand there.
    title_units: usize,
}

/// A line of a long message, or an item of a compact one.
#[derive(Default)]
struct Line<'p> {
    before: String,
    title: &'p str,
    title_units: usize,
    after: String,
}

/// Combines the first of `items`, as many as fit into `limit` UTF-16 units, and mentions `deleted` more whose posts
/// were gone before they were told. The items are given beginning with the most urgent; in the message the heaviest
/// stands first. A compact message has at most 500 units whatever `limit` says. An item with a link of more than 300
/// units is not taken, nor is any behind it.
pub fn combine(form: Form, items: &[BatchItem<'_>], deleted: usize, limit: usize) -> Combined {
    let limit = if form == Form::Compact { limit.min(SINGLE_LINE_UNITS) } else { limit };
    let (separator, tail) = match (form, deleted) {
        (Form::Compact, 0) => (" · ", String::new()),
        (Form::Compact, _) => (" · ", format!(" · +{deleted} already deleted")),
        (Form::Long, 0) => ("\n", String::new()),
        (Form::Long, _) => ("\n", format!("\n+{deleted} already deleted")),
    };
    let pieces = items.iter().take(most_items(limit)).enumerate();
    let pieces: Vec<Piece<'_>> = pieces.map_while(|(index, item)| piece(form, index, item)).collect();
    // Everything but the titles, and with the shortest titles that are still of use.
    let fixed = |lines: &[Line<'_>], count| {
        let around = lines.iter().map(|line| units(&line.before) + units(&line.after) + units(separator));
        around.sum::<usize>() + units(&head(form, count)) + units(&tail)
    };
    let fits = |count: usize| {
        let lines = lines(form, &arranged(&pieces[..count]));
        let titles = lines.iter().map(|line| line.title_units.min(LEAST_TITLE_UNITS));
        fixed(&lines, count) + titles.sum::<usize>() <= limit
    };
    let (mut count, mut too_many) = (0, pieces.len() + 1);
    while count + 1 < too_many {
        let middle = usize::midpoint(count, too_many);
        if fits(middle) {
            count = middle;
        } else {
            too_many = middle;
        }
    }
    if count == 0 {
        return Combined::default();
    }
    let arranged = arranged(&pieces[..count]);
    let lines = lines(form, &arranged);
    let most = longest_title(&lines, limit.saturating_sub(fixed(&lines, count)));
    let body: Vec<String> = lines
        .iter()
        .map(|line| format!("{}{}{}", line.before, shortened(form, line.title, most), line.after))
        .collect();
    let text = format!("{}{}{tail}", head(form, count), body.join(separator));
    Combined { text, order: arranged.iter().map(|piece| piece.index).collect() }
}

/// The first line of a long message: chat shows only the first lines, so it tells how many there are.
fn head(form: Form, count: usize) -> String {
    match (form, count) {
        (Form::Compact, _) => String::new(),
        (Form::Long, 1) => "1 report:\n".to_owned(),
        (Form::Long, _) => format!("{count} reports, the heaviest first:\n"),
    }
}

fn piece<'a>(form: Form, index: usize, item: &'a BatchItem<'a>) -> Option<Piece<'a>> {
    let show = |text: &str| shortened(form, &clean(form, text), NAME_UNITS);
    let title = clean(form, item.title);
    Some(Piece {
        item,
        index,
        url: link(item.url)?,
        // As the community writes it.
        site: show(&item.site.replace(".stackexchange.com", ".SE")),
        reason: show(item.heaviest_reason),
        title_units: units(&shown(form, &title)),
        title,
    })
}

/// Heavier before lighter, and then by urgency; what is of one campaign stands together.
fn arranged<'p, 'a>(pieces: &'p [Piece<'a>]) -> Vec<&'p Piece<'a>> {
    let mut first_of: BTreeMap<usize, usize> = BTreeMap::new();
    for piece in pieces {
        first_of.entry(piece.item.campaign).or_insert(piece.index);
    }
    let mut arranged: Vec<&Piece<'a>> = pieces.iter().collect();
    arranged.sort_by_key(|piece| (Reverse(piece.item.weight), first_of[&piece.item.campaign], piece.index));
    arranged
}

fn lines<'p>(form: Form, arranged: &[&'p Piece<'_>]) -> Vec<Line<'p>> {
    let mut lines = Vec::new();
    let mut number = 0;
    let mut under_a_head = false;
    for alike in arranged.chunk_by(|a, b| a.item.campaign == b.item.campaign) {
        let is_campaign = form == Form::Long && alike.len() >= ALIKE;
        match alike.first() {
            Some(first) if is_campaign => lines.push(campaign(first, alike.len())),
            _ if under_a_head => lines.push(Line { before: "others:".to_owned(), ..Line::default() }),
            _ => {}
        }
        under_a_head = is_campaign;
        for piece in alike {
            number += 1;
            let Piece { url, site, reason, .. } = piece;
            lines.push(match form {
                Form::Compact => Line {
                    before: format!("{number}. ["),
                    title: &piece.title,
                    title_units: piece.title_units,
                    after: format!("]({url}) {site}: {reason}"),
                },
                Form::Long if is_campaign => {
                    Line { before: format!("{number}. {url} {site}: {reason}"), ..Line::default() }
                }
                Form::Long => Line {
                    before: format!("{number}. {url} {site}: {reason} ({}): ", piece.item.weight),
                    title: &piece.title,
                    title_units: piece.title_units,
                    after: String::new(),
                },
            });
        }
    }
    lines
}

/// The line above the items of a campaign.
fn campaign<'p>(first: &'p Piece<'_>, count: usize) -> Line<'p> {
    let linking = match first.item.linked_site {
        Some(site) => format!(", linking {}", shortened(Form::Long, &clean(Form::Long, site), NAME_UNITS)),
        None => String::new(),
    };
    Line {
        before: format!("{count} alike ({}){linking}: ", first.item.weight),
        title: &first.title,
        title_units: first.title_units,
        after: String::new(),
    }
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
    let text = plain(&start);
    if !is_visible(&shown(form, &text)) {
        return "(no title)".to_owned();
    }
    // As it will stand there: escaping drops some backslashes.
    if SINGLE_REPORT_LABELS.iter().any(|label| shown(form, &text).trim() == *label) {
        format!("“{text}”")
    } else {
        text
    }
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
    // Hardly a character is shorter than a unit: escaping drops some backslashes.
    let ends: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).take(4 * limit + 1).collect();
    let start = |end: &usize| shown(form, text[..*end].trim_end());
    let n_fitting = ends.partition_point(|end| units(&start(end)) < limit);
    let mut best = ends[..n_fitting].last().map(start).unwrap_or_default();
    if limit > 0 {
        best.push('…');
    }
    best
}

/// The longest length that all titles may have in `room` units together.
fn longest_title(lines: &[Line<'_>], room: usize) -> usize {
    let (mut low, mut high) = (0, MOST_TITLE_UNITS);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if lines.iter().map(|line| line.title_units.min(middle)).sum::<usize>() <= room {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests;
