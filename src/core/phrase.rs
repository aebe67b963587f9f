//! A text for chat built from typed parts: our words stand as they are, everything from outside is made harmless.
//!
//! Chat renders Markdown in a message of one line and none in one of several, so the same parts are written in two
//! ways; which one is decided when the text is made. Nothing from outside can ping, link, break the form or hide
//! characters ([`super::chat_text`]), and none stands at the very start, where it could be read as a command or as a
//! reply.

use serde::{Deserialize, Serialize};

use super::chat_text::{SINGLE_LINE_UNITS, cut, escaped, is_visible, plain, units};

/// More of a part from outside is never looked at: hostile ones are long.
const PART_UNITS: usize = 600;
/// Room for the `:ID ` in front of a reply.
pub const REPLY_UNITS: usize = 22;
/// Lines are broken at a blank before this when a single line would be too long for chat.
const LINE_UNITS: usize = 450;

/// A text in parts, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phrase {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Words(String),
    Data(String),
    Code(String),
    Link { text: String, url: String },
    Break,
}

impl Phrase {
    /// Begins with our own words.
    pub fn new(words: impl Into<String>) -> Self {
        Self::default().words(words)
    }

    /// Our own words, as they stand: never anything that came from a post, a person or a page.
    #[must_use]
    pub fn words(self, words: impl Into<String>) -> Self {
        self.with(Part::Words(words.into()))
    }

    /// Text from outside: a title, a name, what somebody typed. At most 600 UTF-16 units of it are shown.
    #[must_use]
    pub fn data(self, text: &str) -> Self {
        self.with(Part::Data(cut(text, PART_UNITS).to_owned()))
    }

    /// Text from outside that is shown letter by letter: a pattern, a host.
    #[must_use]
    pub fn code(self, text: &str) -> Self {
        self.with(Part::Code(cut(text, PART_UNITS).to_owned()))
    }

    /// A link of ours (`https://…`) under a text from outside.
    #[must_use]
    pub fn link(self, text: &str, url: &str) -> Self {
        self.with(Part::Link { text: cut(text, PART_UNITS).to_owned(), url: url.to_owned() })
    }

    /// A new line; the message is plain text of several lines then.
    #[must_use]
    pub fn new_line(self) -> Self {
        self.with(Part::Break)
    }

    /// Everything of another phrase behind this.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The text of a message: one line of Markdown if it has no line break and fits, else plain lines.
    pub fn text(&self) -> String {
        let line = self.written(Part::markdown);
        if !self.parts.contains(&Part::Break) && units(&line) + REPLY_UNITS <= SINGLE_LINE_UNITS {
            return line;
        }
        let lines = self.plain();
        if lines.contains('\n') { lines } else { broken(&lines) }
    }

    /// The text as messages of one line, each at most `limit` UTF-16 units long, divided at blanks outside links and
    /// patterns, and anywhere in what no page holds.
    pub fn pages(&self, limit: usize) -> Vec<String> {
        let mut pages = Vec::new();
        let mut page = String::new();
        for piece in self.parts.iter().flat_map(Part::pieces) {
            let mut rest = piece.as_str();
            while !rest.is_empty() {
                let piece = cut(rest, limit);
                rest = &rest[piece.len()..];
                if units(&page) + units(piece.trim_end()) > limit {
                    pages.push(page.trim_end().to_owned());
                    page.clear();
                }
                page.push_str(if page.is_empty() { piece.trim_start() } else { piece });
            }
        }
        pages.push(page.trim_end().to_owned());
        pages.retain(|page| !page.is_empty());
        pages
    }

    /// As it stands among plain lines.
    pub fn plain(&self) -> String {
        self.written(Part::plain)
    }

    fn written(&self, write: fn(&Part) -> String) -> String {
        let parts: String = self.parts.iter().map(write).collect();
        match self.parts.first() {
            // Quoted as a whole: a mark alone would leave the words of a command at the start of a line.
            Some(first @ Part::Data(_)) => {
                let start = write(first);
                format!("“{start}”{}", &parts[start.len()..])
            }
            _ => parts,
        }
    }
}

impl Part {
    /// What a page takes or leaves as a whole.
    fn pieces(&self) -> Vec<String> {
        match self {
            Self::Words(_) | Self::Data(_) => {
                self.markdown().split_inclusive(char::is_whitespace).map(str::to_owned).collect()
            }
            Self::Break => vec![" ".to_owned()],
            Self::Code(_) | Self::Link { .. } => vec![self.markdown()],
        }
    }

    fn markdown(&self) -> String {
        match self {
            Self::Words(words) => words.clone(),
            Self::Data(text) => escaped(text),
            // A backtick would end the code; a look-alike tells what was there.
            Self::Code(text) => format!("`{}`", visible(&plain(text)).replace('`', "ˋ")),
            Self::Link { text, url } => format!("[{}]({url})", visible(&escaped(text))),
            Self::Break => "\n".to_owned(),
        }
    }

    fn plain(&self) -> String {
        match self {
            Self::Words(words) => words.clone(),
            Self::Data(text) => plain(text),
            Self::Code(text) => format!("“{}”", plain(text)),
            Self::Link { text, url } => format!("“{}” {url}", plain(text)),
            Self::Break => "\n".to_owned(),
        }
    }
}

fn visible(text: &str) -> &str {
    if is_visible(text) { text } else { "…" }
}

/// The line in several, broken at blanks.
fn broken(line: &str) -> String {
    let mut lines = String::new();
    let mut rest = line;
    while units(rest) > LINE_UNITS {
        let start = cut(rest, LINE_UNITS);
        let at = start.rfind(' ').filter(|at| *at > 0).unwrap_or(start.len());
        lines.push_str(rest[..at].trim_end());
        lines.push('\n');
        rest = rest[at..].trim_start();
    }
    lines + rest
}

/// A text that does not fit, as far as it goes: whole lines of several, or words of one. Chat's limits are learned, so
/// what was made to fit may be too long when it is sent.
pub fn cut_to_fit(text: &str, limit: usize) -> String {
    if units(text) <= limit {
        return text.to_owned();
    }
    let start = cut(text, limit.saturating_sub(2));
    let end = start.rfind('\n').or_else(|| start.rfind(' ')).filter(|at| *at > 0).unwrap_or(start.len());
    let space = if start[..end].contains('\n') { "\n" } else { " " };
    format!("{}{space}…", start[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_phrase_is_markdown_and_one_of_several_lines_is_plain() {
        let phrase =
            Phrase::new("see ").link("a [b]", "https://superuser.com/a/1").words(" by ").data("*Ann*");
        assert_eq!(phrase.text(), r"see [a \[b\]](https://superuser.com/a/1) by \*Ann\*");
        let phrase = phrase.new_line().words("pattern ").code("a`b");
        assert_eq!(phrase.text(), "see “a [b]” https://superuser.com/a/1 by *Ann*\npattern “a`b”");
        assert_eq!(Phrase::new("pattern ").code("a`b").text(), "pattern `aˋb`");
    }

    #[test]
    fn what_comes_from_outside_never_begins_a_message() {
        assert_eq!(Phrase::default().data("!!/kill").words(" is a command").text(), "“!!/kill” is a command");
        assert_eq!(Phrase::default().data(":1 tpu").new_line().text(), "“:1 tpu”\n");
    }

    #[test]
    fn a_long_line_is_broken_at_blanks_and_loses_nothing() {
        let words = "word ".repeat(300);
        let text = Phrase::new(words.trim_end()).text();
        assert!(text.contains('\n') && text.lines().all(|line| units(line) <= 450), "{text}");
        assert_eq!(text.replace('\n', " "), words.trim_end());
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_line_or_a_word() {
        assert_eq!(cut_to_fit("one two three", 10), "one two …");
        assert_eq!(cut_to_fit("one\ntwo two\nthree", 14), "one\ntwo two\n…");
        assert_eq!(cut_to_fit("short", 10), "short");
    }

    proptest! {
        #[test]
        fn pages_fit_and_hold_all_words_in_order(words in "([a-z]{1,12} ){0,40}", data in "(\\PC{1,9} ?){0,9}") {
            let phrase = Phrase::new(words).code("one pattern").data(&data).words(" end");
            let pages = phrase.pages(40);
            prop_assert!(pages.iter().all(|page| units(page) <= 40 && !page.is_empty()), "{:?}", pages);
            prop_assert!(pages.iter().any(|page| page.contains("`one pattern`")));
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(squeezed(&pages.concat()), squeezed(&phrase.written(Part::markdown)));
        }
    }
}
