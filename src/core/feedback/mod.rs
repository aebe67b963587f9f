//! What people say of a report: the types of feedback, their short forms, and what they mean.

mod items;
mod shorthand;

use serde::{Deserialize, Serialize};

use super::report::ReportId;
use super::time::Timestamp;

pub use items::{ItemsError, parse_item_list, parse_items};
pub use shorthand::{Mark, ShorthandError, behind_shorthand, parse_shorthand, without_number};

/// Who gave feedback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The chat server; absent for the web.
    pub server: Option<String>,
    /// The chat user id there; absent for the web.
    pub user_id: Option<i64>,
    /// Display name; `web` for the web.
    pub name: String,
}

impl By {
    /// Whether both are one person. Feedback from the web has no person.
    pub fn is_same_person(&self, other: &Self) -> bool {
        self.user_id.is_some() && self.user_id == other.user_id && self.server == other.server
    }
}

/// Feedback on one report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Which report.
    pub report: ReportId,
    /// The type in its canonical spelling, with the silent `-` if it was given: `tpu-`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// The chat message that says so: editing it changes the feedback. Absent for the web.
    pub message_id: Option<i64>,
    /// Who.
    pub by: By,
}

/// Each word that is feedback, and the canonical type it stands for. Source: the reply commands of SmokeDetector.
const WORDS: [(&str, &str); 24] = [
    ("tp", "tp"),
    ("true", "tp"),
    ("tpu", "tpu"),
    ("trueu", "tpu"),
    ("k", "tpu-"),
    ("spam", "tpu-"),
    ("rude", "tpu-"),
    ("abuse", "tpu-"),
    ("abusive", "tpu-"),
    ("offensive", "tpu-"),
    ("r/a", "tpu-"),
    ("v", "tp-"),
    ("vand", "tp-"),
    ("vandalism", "tp"),
    ("fp", "fp"),
    ("false", "fp"),
    ("fpu", "fpu"),
    ("falseu", "fpu"),
    ("f", "fp-"),
    ("notspam", "fp-"),
    ("naa", "naa"),
    ("n", "naa-"),
    ("ignore", "ignore"),
    ("ig", "ignore-"),
];

/// What each type says of a post and does, without the silent `-`.
pub const TYPES: [(&str, &str); 6] = [
    ("tp", "spam, or abusive"),
    ("tpu", "spam, or abusive; its author goes on the user blacklist, so that all their posts are reported"),
    ("fp", "no spam; the post is not reported again, and its author comes off the user blacklist"),
    ("fpu", "no spam, as `fp`, and the name of its author alone is no reason to report any more"),
    ("naa", "not an answer, but no spam; for answers only, and the post is not reported again"),
    ("ignore", "nothing; the post is not reported again"),
];

/// What a canonical type says of a post and does; `None` for another text.
pub fn meaning(kind: &str) -> Option<&'static str> {
    let stem = kind.trim_end_matches('-');
    TYPES.iter().find(|(known, _)| *known == stem).map(|(_, meaning)| *meaning)
}

/// All words that are feedback.
pub fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, _)| *word)
}

/// The word that takes a person's feedback back.
const UNDO: &str = "undo";

/// The canonical type of a word such as `K`, `tpu-` or `falseu`; `None` when the word is no feedback.
pub fn parse(word: &str) -> Option<String> {
    let (stem, silent) = stem(word);
    let (_, kind) = WORDS.iter().find(|(known, _)| *known == stem)?;
    Some(if silent && !kind.ends_with('-') { format!("{kind}-") } else { (*kind).to_owned() })
}

/// The same, or the word that takes feedback back, with the silent `-` if it was given.
pub fn parse_or_undo(word: &str) -> Option<String> {
    match stem(word) {
        (stem, silent) if stem == UNDO => Some(if silent { format!("{UNDO}-") } else { stem }),
        _ => parse(word),
    }
}

/// Whether it takes feedback back.
pub fn is_undo(kind: &str) -> bool {
    kind.trim_end_matches('-') == UNDO
}

fn stem(word: &str) -> (String, bool) {
    let word = word.trim().to_lowercase();
    match word.strip_suffix('-') {
        Some(stem) => (stem.to_owned(), true),
        None => (word, false),
    }
}

/// Whether a type asks for no confirmation.
pub fn is_silent(kind: &str) -> bool {
    kind.ends_with('-')
}

/// Whether a type acts on the author as well: `tpu` blacklists, `fpu` whitelists.
pub fn acts_on_author(kind: &str) -> bool {
    matches!(kind.trim_end_matches('-'), "tpu" | "fpu")
}

/// What a type of feedback says of the post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// Spam, or abusive.
    Tp,
    /// Legitimate, or worth repairing.
    Fp,
    /// Not an answer, but no spam.
    Naa,
    /// Nothing; no more is to be heard of it.
    Ignore,
}

/// The opinion in a canonical type; `None` for another text.
pub fn opinion(kind: &str) -> Option<Opinion> {
    match kind.trim_end_matches('-') {
        "tp" | "tpu" => Some(Opinion::Tp),
        "fp" | "fpu" => Some(Opinion::Fp),
        "naa" => Some(Opinion::Naa),
        "ignore" => Some(Opinion::Ignore),
        _ => None,
    }
}

/// What people together say of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consensus {
    /// Spam.
    Tp,
    /// No spam.
    Fp,
    /// Not an answer.
    Naa,
    /// Some call it spam, and some do not.
    Conflict,
}

impl Consensus {
    /// As users read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tp => "tp",
            Self::Fp => "fp",
            Self::Naa => "naa",
            Self::Conflict => "conflict",
        }
    }
}

/// What the opinions of several people, as canonical types, come to; `None` without any.
pub fn consensus<'a>(kinds: impl IntoIterator<Item = &'a str>) -> Option<Consensus> {
    let (mut n_tp, mut n_fp, mut n_naa) = (0, 0, 0);
    for kind in kinds {
        match opinion(kind) {
            Some(Opinion::Tp) => n_tp += 1,
            Some(Opinion::Fp) => n_fp += 1,
            Some(Opinion::Naa) => n_naa += 1,
            Some(Opinion::Ignore) | None => {}
        }
    }
    match (n_tp, n_fp + n_naa) {
        (0, 0) => None,
        (_, 0) => Some(Consensus::Tp),
        (0, _) if n_naa > n_fp => Some(Consensus::Naa),
        (0, _) => Some(Consensus::Fp),
        _ => Some(Consensus::Conflict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_form_has_its_type() {
        for (word, kind) in [
            ("tp", "tp"),
            ("TPU-", "tpu-"),
            ("k", "tpu-"),
            ("k-", "tpu-"),
            ("v", "tp-"),
            ("falseu", "fpu"),
            ("n", "naa-"),
            ("r/a", "tpu-"),
        ] {
            assert_eq!(parse(word).as_deref(), Some(kind), "{word}");
        }
        for word in ["", "-", "kk", "tp--", "t p", "why"] {
            assert_eq!(parse(word), None, "{word}");
        }
    }

    #[test]
    fn people_agree_or_contradict_each_other() {
        for (kinds, expected) in [
            (&[][..], None),
            (&["ignore", "ignore-"], None),
            (&["tp", "tpu-", "ignore"], Some(Consensus::Tp)),
            (&["fp", "naa"], Some(Consensus::Fp)),
            (&["naa-", "naa", "fpu"], Some(Consensus::Naa)),
            (&["tp", "tp", "naa"], Some(Consensus::Conflict)),
        ] {
            assert_eq!(consensus(kinds.iter().copied()), expected, "{kinds:?}");
        }
    }
}
