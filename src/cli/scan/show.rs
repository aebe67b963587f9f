//! A verdict as a person wants to read it: each hit in its surroundings, with the file and line of the entry.

use crate::core::post::Post;
use crate::core::rules::RuleSet;
use crate::core::verdict::{Part, Verdict};

/// Characters shown on each side of a hit.
const AROUND: usize = 40;
/// Longest hit that is shown whole.
const LONGEST: usize = 120;

#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// The hit is marked by colour, else by brackets.
    pub(super) colour: bool,
}

/// Writes a verdict.
pub(super) fn verdict(out: &mut Vec<u8>, set: &RuleSet, post: &Post, verdict: &Verdict, style: Style) {
    let id = clean(&verdict.id);
    if verdict.reasons.is_empty() && verdict.incomplete.is_empty() {
        out.extend(format!("{id}: nothing found\n").bytes());
        return;
    }
    let reasons: Vec<&str> = verdict.reasons.iter().map(|reason| name(reason)).collect();
    out.extend(format!("{id}: {} (weight {})\n", reasons.join(", "), verdict.weight).bytes());
    for why in &verdict.why {
        let origin = match set.origin(&why.rule) {
            Some(origin) => {
                let entry: String = clean(&origin.text).chars().take(LONGEST).collect();
                format!("{}:{}: {} {entry}", origin.path, origin.line, why.rule)
            }
            None => why.rule.clone(),
        };
        let (part, text) = match why.part {
            Part::Title => ("title", &post.title),
            Part::Body => ("body", &post.body),
            Part::Username => ("username", &post.owner.name),
        };
        let excerpt = excerpt(text, why.start, why.end, style);
        out.extend(
            format!("  {}\n    {part}: {excerpt}\n    {}\n", name(&why.reason), origin.trim_end()).bytes(),
        );
    }
    for rule in &verdict.incomplete {
        out.extend(format!("  not finished: {}\n", clean(rule)).bytes());
    }
}

fn name(reason: &str) -> &str {
    if reason.is_empty() { "(no reason text)" } else { reason }
}

fn excerpt(text: &str, start: usize, end: usize, style: Style) -> String {
    let before: String = text.chars().take(start).skip(start.saturating_sub(AROUND)).collect();
    let hit: String = text.chars().skip(start).take((end - start).min(LONGEST)).collect();
    let after: String = text.chars().skip(end).take(AROUND).collect();
    let lead = if start > AROUND { "..." } else { "" };
    let cut = if end - start > LONGEST { "..." } else { "" };
    let trail = if text.chars().nth(end + AROUND).is_some() { "..." } else { "" };
    let (open, close) = if style.colour { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("[[", "]]") };
    format!("{lead}{}{open}{}{cut}{close}{}{trail}", clean(&before), clean(&hit), clean(&after))
}

/// One line that can not disturb a terminal: control and direction characters as spaces.
fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { ' ' } else { c }).collect()
}
