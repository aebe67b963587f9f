//! The shorthand `sd tpu- fp -`: one word for each of the latest reports of a room, newest first.

use super::parse_or_undo;

/// What the shorthand says of one report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    Skip,
    /// A canonical type of feedback, or the word that takes it back.
    Feedback(String),
    /// Another word, for whoever knows more words than feedback; at most 40 characters.
    Word(String),
}

/// What stands behind the shorthand's name; `None` when the message does not begin with it, or nothing follows.
pub fn behind_shorthand<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (first, rest) = text.trim().split_once(char::is_whitespace)?;
    first.eq_ignore_ascii_case(name).then_some(rest)
}

/// A word of the shorthand without the number that repeats it.
pub fn without_number(word: &str) -> &str {
    word.trim_start_matches(|c: char| c.is_ascii_digit())
}

/// Why a shorthand is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShorthandError {
    /// No word at all.
    #[error("say what of the latest reports, newest first: `tpu- fp -`")]
    Nothing,
    /// A number that stands alone.
    #[error("`{0}` stands alone; write `{0}k` to say the same of {0} reports")]
    BareNumber(String),
    /// Repeated zero times.
    #[error("`{0}` says nothing of no report")]
    Zero(String),
    /// It speaks of more reports than are remembered for the room.
    #[error("only the latest {0} reports of this room can be named like this")]
    TooMany(usize),
}

/// Reads the words behind the shorthand's name for a room with so many reports: `tpu- 2fp -`. A number in front of a
/// word repeats it, and `-` skips a report.
///
/// # Errors
/// Whatever in it is not as it should be: then nothing of it counts.
pub fn parse_shorthand(text: &str, n_reports: usize) -> Result<Vec<Mark>, ShorthandError> {
    let mut marks = Vec::new();
    for word in text.split_whitespace() {
        let what = without_number(word);
        let number = &word[..word.len() - what.len()];
        let shown = || word.chars().take(40).collect::<String>();
        if what.is_empty() {
            return Err(ShorthandError::BareNumber(shown()));
        }
        let times = match number {
            "" => 1,
            // More than a machine word holds is more than any room has.
            number => number.parse().unwrap_or(usize::MAX),
        };
        if times == 0 {
            return Err(ShorthandError::Zero(shown()));
        }
        if times > n_reports.saturating_sub(marks.len()) {
            return Err(ShorthandError::TooMany(n_reports));
        }
        let mark = match parse_or_undo(what) {
            _ if what == "-" => Mark::Skip,
            Some(kind) => Mark::Feedback(kind),
            None => Mark::Word(what.chars().take(40).collect()),
        };
        marks.extend(std::iter::repeat_n(mark, times));
    }
    if marks.is_empty() { Err(ShorthandError::Nothing) } else { Ok(marks) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(text: &str) -> Result<String, ShorthandError> {
        let marks = parse_shorthand(text, 5)?;
        let shown = marks.into_iter().map(|mark| match mark {
            Mark::Skip => "-".to_owned(),
            Mark::Feedback(kind) => kind,
            Mark::Word(word) => format!("?{word}"),
        });
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn words_count_reports_from_the_newest_on() {
        for (text, expected) in [
            ("k", "tpu-"),
            ("tpu- fp -", "tpu- fp -"),
            ("- - N", "- - naa-"),
            ("2tpu 3-", "tpu tpu - - -"),
            ("  f   undo ", "fp- undo"),
            ("why gone-force", "?why ?gone-force"),
        ] {
            assert_eq!(kinds(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn one_mistake_and_nothing_counts() {
        let bare = |text: &str| Err(ShorthandError::BareNumber(text.to_owned()));
        for (text, expected) in [
            ("", Err(ShorthandError::Nothing)),
            ("2 k", bare("2")),
            ("k 2", bare("2")),
            ("0k", Err(ShorthandError::Zero("0k".to_owned()))),
            ("6k", Err(ShorthandError::TooMany(5))),
            ("3k 3-", Err(ShorthandError::TooMany(5))),
            ("99999999999999999999k", Err(ShorthandError::TooMany(5))),
        ] {
            assert_eq!(kinds(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_people_type_no_more_reports_are_named_than_there_are(
            text in "(\\PC{0,20}|[0-9]{0,25}(k|-|fp|undo|\"))( (\\PC{0,20}|[0-9]{0,3}(k|-|fp))){0,6}",
            n_reports in 0usize..20,
        ) {
            if let Ok(marks) = parse_shorthand(&text, n_reports) {
                prop_assert!((1..=n_reports).contains(&marks.len()), "{}", marks.len());
            }
        }
    }
}
