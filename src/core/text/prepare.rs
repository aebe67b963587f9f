//! What rules see of a part of a post, and the way back: each place in it as a place in the part as given.
//!
//! Steps, as SmokeDetector takes them: entities are decoded once; from a body that is not a title or a name, soft
//! hyphens, zero-width spaces and non-joiners and the literal text `&nsbp;` are removed; for rules that ask for it, code is
//! replaced by a word.

use std::borrow::Cow;
use std::ops::Range;

use super::entities;

/// What stands in place of code. Something must, so that a link around code does not look empty; two words as in the
/// reference, since some of its checks look at links of one word.
const CODE: &str = "\nstripped code\n";
/// The same for a block.
const BLOCK: &str = "\nstripped pre\n";

/// One replaced piece: `to` in the new text stands for `from` in the text before the step.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    from: Range<usize>,
    to: Range<usize>,
}

/// A text made from another by replacing pieces, in steps; every place leads back to the first text.
#[derive(Clone, Debug)]
pub struct Prepared<'a> {
    text: Cow<'a, str>,
    /// The edits of each step, first step first.
    steps: Vec<Vec<Edit>>,
}

impl<'a> Prepared<'a> {
    /// A title or a user name: entities decoded.
    pub fn title(given: &'a str) -> Self {
        let mut prepared = Self { text: Cow::Borrowed(given), steps: Vec::new() };
        prepared.decode_entities();
        prepared
    }

    /// A body: entities decoded, invisible characters removed.
    pub fn body(given: &'a str) -> Self {
        let mut prepared = Self::title(given);
        prepared.remove_invisible();
        prepared
    }

    /// The text that rules see.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same without code, if it has any.
    pub fn without_code(&self) -> Option<Prepared<'_>> {
        let bytes = self.text.as_bytes();
        if !["<pre>", "<code>"].iter().any(|tag| memchr::memmem::find(bytes, tag.as_bytes()).is_some()) {
            return None;
        }
        let mut stripped = Prepared { text: Cow::Borrowed(&*self.text), steps: self.steps.clone() };
        let pre = stripped.replace_elements("<pre>", "</pre>", BLOCK);
        let code = stripped.replace_elements("<code>", "</code>", CODE);
        (pre || code).then_some(stripped)
    }

    /// The place in the part as given, in bytes, that `range` of [`Self::text`] came from.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        self.steps.iter().rev().fold(range, |range, edits| {
            let start = origin_of(edits, range.start, Side::Start);
            let end = if range.is_empty() { start } else { origin_of(edits, range.end, Side::End) };
            start..end.max(start)
        })
    }

    fn decode_entities(&mut self) {
        let text = &*self.text;
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(found) = memchr::memchr(b'&', &text.as_bytes()[at..]) {
            at += found;
            match entities::decode(&text[at..]) {
                Some((length, value)) => {
                    pieces.push((at..at + length, value));
                    at += length;
                }
                None => at += 1,
            }
        }
        self.replace(pieces);
    }

    fn remove_invisible(&mut self) {
        let bytes = self.text.as_bytes();
        let mut pieces = Vec::new();
        let mut at = 0;
        // U+00AD is C2 AD; U+200B and U+200C are E2 80 8B and E2 80 8C.
        while let Some(found) = memchr::memchr3(b'&', 0xC2, 0xE2, &bytes[at..]) {
            at += found;
            let length = match &bytes[at..] {
                [b'&', b'n', b's', b'b', b'p', b';', ..] => 6,
                [0xC2, 0xAD, ..] => 2,
                [0xE2, 0x80, 0x8B | 0x8C, ..] => 3,
                _ => 0,
            };
            if length > 0 {
                pieces.push((at..at + length, Cow::Borrowed("")));
            }
            at += length.max(1);
        }
        self.replace(pieces);
    }

    fn replace_elements(&mut self, open: &str, close: &str, with: &'static str) -> bool {
        let text = &*self.text;
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(start) =
            memchr::memmem::find(&text.as_bytes()[at..], open.as_bytes()).map(|found| at + found)
        {
            // Without an end there is none for later beginnings either.
            let Some(end) = memchr::memmem::find(&text.as_bytes()[start..], close.as_bytes()) else { break };
            let end = start + end + close.len();
            pieces.push((start..end, Cow::Borrowed(with)));
            at = end;
        }
        let any = !pieces.is_empty();
        self.replace(pieces);
        any
    }

    /// One step: replaces each piece, which are in order and apart.
    fn replace(&mut self, pieces: Vec<(Range<usize>, Cow<'static, str>)>) {
        if pieces.is_empty() {
            return;
        }
        let mut text = String::with_capacity(self.text.len());
        let mut edits = Vec::with_capacity(pieces.len());
        let mut copied = 0;
        for (from, value) in pieces {
            text.push_str(&self.text[copied..from.start]);
            let start = text.len();
            text.push_str(&value);
            copied = from.end;
            edits.push(Edit { from, to: start..text.len() });
        }
        text.push_str(&self.text[copied..]);
        self.text = Cow::Owned(text);
        self.steps.push(edits);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Start,
    End,
}

/// Where `at` was before the step. A start or end inside of a replaced piece takes all of the piece.
fn origin_of(edits: &[Edit], at: usize, side: Side) -> usize {
    // A start directly after a removed piece does not include it; an end directly before it neither.
    let index = match side {
        Side::Start => edits.partition_point(|edit| edit.to.start <= at),
        Side::End => edits.partition_point(|edit| edit.to.start < at),
    };
    let Some(edit) = index.checked_sub(1).map(|i| &edits[i]) else { return at };
    if at >= edit.to.end {
        return edit.from.end + (at - edit.to.end);
    }
    match side {
        Side::Start => edit.from.start,
        Side::End => edit.from.end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_part_as_given() {
        let given = "a &lt;b&gt; k&#8203;eto&shy; caf\u{e9} &nsbp;x";
        let body = Prepared::body(given);
        assert_eq!(body.text(), "a <b> keto caf\u{e9} x");
        for (seen, origin) in [
            ("<", "&lt;"),
            ("<b>", "&lt;b&gt;"),
            ("keto", "k&#8203;eto"),
            (" caf\u{e9} ", " caf\u{e9} "),
            ("x", "x"),
        ] {
            let at = body.text().find(seen).expect("it is there");
            assert_eq!(&given[body.origin(at..at + seen.len())], origin);
        }
        assert_eq!(body.origin(0..body.text().len()), 0..given.len());
    }

    #[test]
    fn titles_keep_invisible_characters() {
        assert_eq!(Prepared::title("a\u{200b}b &amp;amp;").text(), "a\u{200b}b &amp;");
    }

    #[test]
    fn code_is_replaced_by_a_word_and_places_behind_it_still_lead_back() {
        let given = "x<pre><code>keto</code></pre> &amp; <code>\n1</code>y <code>open";
        let body = Prepared::body(given);
        let stripped = body.without_code().expect("has code");
        assert_eq!(stripped.text(), "x\nstripped pre\n & \nstripped code\ny <code>open");
        let at = stripped.text().find('y').expect("it is there");
        assert_eq!(&given[stripped.origin(at..at + 1)], "y");
        assert_eq!(&given[stripped.origin(1..3)], "<pre><code>keto</code></pre>");
        assert!(Prepared::body("no code").without_code().is_none());
    }
}
