//! Repeating words: one word at least five times in a row, making up a good part of the text.

use super::{Hit, TextInput};

/// The fewest repeats that count.
const MIN_REPEATS: usize = 5;
/// The repeated letters must be at least this share of the text, in percent.
const MIN_PERCENT: usize = 18;

/// Places closer than this, in bytes, are not worth looking at by themselves.
const MIN_APART: usize = 40;

/// Hits each run of one ASCII word, whatever stands between its repeats as long as it holds no letter or digit.
/// One pass over the words.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let text = input.text;
    if !may_have_run(text) {
        return Vec::new();
    }
    let mut length = None;
    let mut hits = Vec::new();
    let mut run: Option<Run<'_>> = None;
    let mut end = 0;
    while let Some((start, next)) = next_word(text, end) {
        let word = &text[start..next];
        // Most words differ in length or first letter from the one before.
        let joined = run.as_ref().is_some_and(|run| {
            run.word.len() == word.len()
                && run.word.as_bytes().first() == word.as_bytes().first()
                && run.word == word
                && is_gap(&text[run.end..start])
        });
        match &mut run {
            Some(run) if joined => {
                run.end = next;
                run.count += 1;
            }
            _ => {
                hits.extend(run.take().and_then(|run| run.hit(text, &mut length)));
                run = Some(Run { word, start, end: next, count: 1 });
            }
        }
        end = next;
    }
    hits.extend(run.and_then(|run| run.hit(text, &mut length)));
    hits
}

/// Whether there may be a run that is long enough. In ASCII it takes up [`MIN_PERCENT`] of the bytes, so that one of a few places
/// that far apart is in it, and a word there is the same as a neighbour.
fn may_have_run(text: &str) -> bool {
    let apart = text.len() * MIN_PERCENT / 100;
    if apart < MIN_APART || !text.is_ascii() {
        return true;
    }
    let bytes = text.as_bytes();
    (0..text.len()).step_by(apart).any(|place| {
        let within = bytes[..place].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let Some(word) = next_word(text, place - within) else { return false };
        let before = bytes[..word.0].iter().rposition(u8::is_ascii_alphabetic).map(|last| {
            let rest = bytes[..last].iter().rposition(|byte| !byte.is_ascii_alphabetic());
            (rest.map_or(0, |rest| rest + 1), last + 1)
        });
        let is_same = |other: Option<(usize, usize)>| {
            other.is_some_and(|(start, end)| bytes[start..end] == bytes[word.0..word.1])
        };
        is_same(next_word(text, word.1)) || is_same(before)
    })
}

struct Run<'a> {
    word: &'a str,
    start: usize,
    end: usize,
    count: usize,
}

impl Run<'_> {
    /// `length` is that of `text` in characters, once it is known.
    fn hit(&self, text: &str, length: &mut Option<usize>) -> Option<Hit> {
        if self.count < MIN_REPEATS {
            return None;
        }
        let length = *length.get_or_insert_with(|| text.chars().count());
        let enough = self.word.len() * self.count * 100 >= length * MIN_PERCENT;
        enough.then(|| Hit::noted(self.start..self.end, format!("'{}'*{}", self.word, self.count)))
    }
}

/// The next run of ASCII letters at or after `from`.
fn next_word(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut start = from;
    while !bytes.get(start)?.is_ascii_alphabetic() {
        start += 1;
    }
    let mut end = start + 1;
    while bytes.get(end).is_some_and(u8::is_ascii_alphabetic) {
        end += 1;
    }
    Some((start, end))
}

/// What may stand between two repeats: at least one character, none of a word.
fn is_gap(between: &str) -> bool {
    !between.is_empty() && !between.chars().any(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_title;
    use super::check;

    #[test]
    fn five_in_a_row_hit_when_they_fill_the_text() {
        for (text, note) in [
            ("buy, buy, buy, buy, buy", Some("'buy'*5")),
            ("go-go-go-go", None),
            ("one two one two one two", None),
            ("asdf asdf asdf asdf asdf and so on", Some("'asdf'*5")),
            (
                "no no no no no, said the man who had been asked to leave his house before the flood came",
                None,
            ),
            ("", None),
        ] {
            let hits = on_title(check, text);
            assert_eq!(hits.first().map(|h| h.note.as_str()), note, "{text}");
        }
    }

    #[test]
    fn a_run_in_a_long_text_is_found_wherever_it_stands() {
        let honest = |words: usize| "one two three four ".repeat(words);
        for before in (0..60).step_by(7) {
            for word in ["spam ", "spamspam, ", "s-"] {
                let run = word.repeat(600 / word.len());
                let text = format!("{}{run}{}", honest(before), honest(60 - before));
                assert_eq!(on_title(check, &text).len(), usize::from(word != "s-"), "{before} {word}");
            }
        }
    }

    #[test]
    fn long_input_takes_one_pass() {
        assert_eq!(on_title(check, &"ab ".repeat(1_000_000)).len(), 1);
        assert!(on_title(check, &"a b ".repeat(1_000_000)).is_empty());
    }
}
