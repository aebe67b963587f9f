//! Repeating characters: long runs of one character that make up a good part of the visible text.

use super::{Hit, TextInput};

/// The shortest run that counts.
const MIN_RUN: usize = 10;
/// All runs together must be at least this share of the visible text, in percent.
const MIN_PERCENT: usize = 20;

/// Hits the runs in the text as given. Texts with code, blank lines or drawn tables are left alone. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let plain = input.visible();
    if !may_have_run(plain)
        || ["<code>", "<pre", "\n\n", "+---", "stripped code", "stripped pre"]
            .iter()
            .any(|mark| input.text.contains(mark))
    {
        return Vec::new();
    }
    let length = plain.chars().count();
    let repeated: usize = runs(plain).map(|run| run.count).sum();
    if repeated == 0 || repeated * 100 < length * MIN_PERCENT {
        return Vec::new();
    }
    runs(input.text)
        .map(|run| Hit::noted(run.start..run.end, format!("'{}'*{}", run.what, run.count)))
        .collect()
}

/// Whether there may be a run of [`MIN_RUN`] in `text`; in ASCII such a run has four equal bytes at one of every seventh place.
fn may_have_run(text: &str) -> bool {
    let equal = |four: &[u8]| four.iter().all(|byte| *byte == four[0]);
    !text.is_ascii() || text.as_bytes().windows(4).step_by(MIN_RUN - 3).any(equal)
}

struct Run {
    what: char,
    start: usize,
    end: usize,
    count: usize,
}

/// Runs of at least [`MIN_RUN`] equal characters that say something: no white space, digit, `_` or `.`.
fn runs(text: &str) -> impl Iterator<Item = Run> {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, what) = chars.next()?;
            let mut run = Run { what, start, end: start + what.len_utf8(), count: 1 };
            while let Some((at, c)) = chars.next_if(|(_, c)| *c == what) {
                run.end = at + c.len_utf8();
                run.count += 1;
            }
            if run.count >= MIN_RUN
                && !what.is_whitespace()
                && !what.is_numeric()
                && what != '_'
                && what != '.'
            {
                return Some(run);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn runs_hit_when_they_fill_the_text() {
        for (text, note) in [
            ("<p>aaaaaaaaaaaaaaaaaaaa</p>", Some("'a'*20")),
            ("<p>help!!!!!!!!!!!!!!!!</p>", Some("'!'*16")),
            ("<p>aaaaaaaaa</p>", None),
            ("<p>____________________</p>", None),
            ("<p>00000000000000000000</p>", None),
            ("<p>aaaaaaaaaaaaaaaaaaaa</p>\n\n<p>b</p>", None),
            ("<p>aaaaaaaaaaaaaaaaaaaa <code>x</code></p>", None),
            ("<p>a line ---------- in a text that is long enough that nobody minds</p>", None),
        ] {
            assert_eq!(on_body(check, text).first().map(|h| h.note.as_str()), note, "{text}");
        }
    }
}
