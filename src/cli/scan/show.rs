//! A verdict as a person wants to read it: each hit in its surroundings, with the file and line of the entry.

use std::collections::BTreeSet;

use crate::core::post::{Post, PostType};
use crate::core::rules::RuleSet;
use crate::core::verdict::{Part, Verdict, Why};

/// Characters shown on each side of a hit.
const AROUND: usize = 40;
/// Longest hit that is shown whole.
const LONGEST: usize = 120;

#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// The hit is marked by colour, else by brackets.
    pub(super) colour: bool,
}

/// Writes a verdict: the post, then each reason once with its hits, those of one entry together.
pub(super) fn verdict(out: &mut Vec<u8>, set: &RuleSet, post: &Post, verdict: &Verdict, style: Style) {
    let id = clean(&verdict.id);
    if verdict.reasons.is_empty() && verdict.incomplete.is_empty() {
        out.extend(format!("{id}: nothing found\n").bytes());
        return;
    }
    let reasons: Vec<&str> = verdict.reasons.iter().map(|reason| name(reason)).collect();
    let mut text = format!("{id}: {} (weight {})\n", reasons.join(", "), verdict.weight);
    let kind = match post.post_type {
        PostType::Question => "question",
        PostType::Answer => "answer",
    };
    let author = match short(&post.owner.name) {
        name if name.trim().is_empty() => "a deleted user".to_owned(),
        name => name,
    };
    let title = match short(&post.title) {
        title if title.is_empty() => title,
        title => format!(": {title}"),
    };
    text += &format!("  {kind} on {} by {author}{title}\n", clean(&post.site));
    for reason in &verdict.reasons {
        text += &format!("  {}\n", name(reason));
        let of_reason = || verdict.why.iter().filter(|why| why.reason == *reason);
        let rules: BTreeSet<&str> = of_reason().map(|why| why.rule.as_str()).collect();
        for rule in rules {
            for why in of_reason().filter(|why| why.rule == rule) {
                text += &format!("    {}\n", excerpt(post, why, style));
            }
            text += &format!("      {}\n", origin(set, rule));
        }
    }
    for rule in &verdict.incomplete {
        text += &format!("  not finished: {}\n", clean(rule));
    }
    out.extend(text.bytes());
}

/// Where a rule or an entry stands: its file and line, the id of a rule, and the pattern.
fn origin(set: &RuleSet, rule: &str) -> String {
    let Some(origin) = set.origin(rule) else { return clean(rule) };
    let entry: String = clean(&origin.text).chars().take(LONGEST).collect();
    let place = format!("{}:{}", origin.path, origin.line);
    // An entry of a list is named by its line.
    let text = match rule.ends_with(&format!(":{}", origin.line)) {
        true => format!("{place}: {entry}"),
        false => format!("{place}: {rule} {entry}"),
    };
    text.trim_end().to_owned()
}

fn short(text: &str) -> String {
    let text = clean(text);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

fn name(reason: &str) -> &str {
    if reason.is_empty() { "(no reason text)" } else { reason }
}

fn excerpt(post: &Post, why: &Why, style: Style) -> String {
    let (part, text) = match why.part {
        Part::Title => ("title", &post.title),
        Part::Body => ("body", &post.body),
        Part::Username => ("username", &post.owner.name),
    };
    let before: String = text.chars().take(why.start).skip(why.start.saturating_sub(AROUND)).collect();
    let hit: String = text.chars().skip(why.start).take(why.end - why.start).collect();
    let after: String = text.chars().skip(why.end).take(AROUND).collect();
    let lead = if why.start > AROUND { "..." } else { "" };
    let trail = if text.chars().nth(why.end + AROUND).is_some() { "..." } else { "" };
    let (open, close) = if style.colour { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("[[", "]]") };
    format!("{part}: {lead}{}{open}{}{close}{}{trail}", clean(&before), short(&hit), clean(&after))
}

/// One line that can not disturb a terminal: control and direction characters as spaces, and of several spaces one.
fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if hidden(c) || c.is_whitespace() { ' ' } else { c };
        if c != ' ' || !cleaned.ends_with(' ') {
            cleaned.push(c);
        }
    }
    cleaned
}
