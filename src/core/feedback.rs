//! What people say of a report: the types of feedback, their short forms, and what they mean.

use serde::{Deserialize, Serialize};

use super::report::ReportId;
use super::time::Timestamp;

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

/// The canonical type of a word such as `K`, `tpu-` or `falseu`; `None` when the word is no feedback.
pub fn parse(word: &str) -> Option<String> {
    let word = word.trim().to_lowercase();
    let (stem, silent) = match word.strip_suffix('-') {
        Some(stem) => (stem, true),
        None => (word.as_str(), false),
    };
    let (_, kind) = WORDS.iter().find(|(known, _)| *known == stem)?;
    Some(if silent && !kind.ends_with('-') { format!("{kind}-") } else { (*kind).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::parse;

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
}
