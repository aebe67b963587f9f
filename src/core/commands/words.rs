//! Splits what stands behind a command into words, with quotes around words that have spaces. No shell.

/// A quote that is opened and never closed, and the beginning of what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OddQuote(pub(super) String);

/// The words of a text. A word that begins with `"`, `'` or `“` goes on to the mark that closes it, white space
/// included; marks inside a word, as in `don't`, are part of it.
///
/// # Errors
/// When a quote is not closed.
pub(super) fn split(text: &str) -> Result<Vec<String>, OddQuote> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '"' => Some('"'),
            '\'' => Some('\''),
            '“' => Some('”'),
            _ => None,
        };
        let (word, behind) = match closing {
            Some(closing) => {
                let quoted = &rest[first.len_utf8()..];
                let end = quoted.find(closing).ok_or_else(|| OddQuote(quoted.chars().take(40).collect()))?;
                (&quoted[..end], &quoted[end + closing.len_utf8()..])
            }
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::{OddQuote, split};

    #[test]
    fn words_are_split_at_spaces_outside_quotes() {
        for (text, expected) in [
            ("", vec![]),
            ("  a  b ", vec!["a", "b"]),
            ("//x.example/q/1 \"looks like it's spam\"", vec!["//x.example/q/1", "looks like it's spam"]),
            ("don't", vec!["don't"]),
            ("'' b", vec!["", "b"]),
            ("“two words” c", vec!["two words", "c"]),
        ] {
            assert_eq!(
                split(text).as_deref(),
                Ok(&*expected.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>())
            );
        }
        assert_eq!(split("1 \"never closed"), Err(OddQuote("never closed".to_owned())));
    }
}
