//! The squeezed view of a text: letters, marks and digits only, one case for all.

use crate::core::rules::dialect::canonical;

/// Bytes after the end that readers of eight bytes at once may look at.
const PADDING: usize = 8;

/// A squeezed text, and for each of its bytes the place in the text it came from. Reused from text to text.
#[derive(Debug, Default)]
pub struct Squeezed {
    bytes: Vec<u8>,
    places: Vec<u32>,
    length: usize,
    /// Whether a decimal digit that is not ASCII was met.
    foreign_digits: bool,
}

const fn ascii_table() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            table[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    table
}

const ASCII: [u8; 256] = ascii_table();

impl Squeezed {
    /// Squeezes `text`, which is shorter than 4 GiB.
    pub fn fill(&mut self, text: &str) {
        let bytes = text.as_bytes();
        // A character of another case may take more bytes than the one given: at most four for two.
        let room = 2 * bytes.len() + PADDING;
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
            self.places.resize(room, 0);
        }
        self.foreign_digits = false;
        let mut length = 0;
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte.is_ascii() {
                let squeezed = ASCII[usize::from(byte)];
                self.bytes[length] = squeezed;
                self.places[length] = at as u32;
                length += usize::from(squeezed != 0);
                at += 1;
                continue;
            }
            let Some(c) = text[at..].chars().next() else { break };
            if let Some(squeezed) = canonical(c) {
                self.foreign_digits |= crate::core::rules::dialect::is_digit(c);
                let mut buffer = [0; 4];
                for byte in squeezed.encode_utf8(&mut buffer).bytes() {
                    self.bytes[length] = byte;
                    self.places[length] = at as u32;
                    length += 1;
                }
            }
            at += c.len_utf8();
        }
        self.bytes[length..length + PADDING].fill(0);
        self.length = length;
    }

    /// The squeezed text.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The same with eight zero bytes behind it.
    pub fn padded(&self) -> &[u8] {
        &self.bytes[..self.length + PADDING]
    }

    /// Where in the text the character of this squeezed byte begins.
    pub fn place(&self, at: usize) -> usize {
        self.places[at] as usize
    }

    /// Whether so many decimal digits may stand in a row here, with nothing but signs between them; never no when they do.
    pub fn has_digits_in_a_row(&self, count: usize) -> bool {
        if self.foreign_digits {
            return true;
        }
        // Look at every `count`th byte: a row that long covers one of them.
        let bytes = self.bytes();
        let mut at = count - 1;
        while at < bytes.len() {
            if bytes[at].is_ascii_digit() {
                let start =
                    bytes[..at].iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |before| before + 1);
                let end = bytes[at..]
                    .iter()
                    .position(|b| !b.is_ascii_digit())
                    .map_or(bytes.len(), |after| at + after);
                if end - start >= count {
                    return true;
                }
            }
            at += count;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_letters_and_digits_in_one_case_with_their_places() {
        let mut squeezed = Squeezed::default();
        squeezed.fill("A-b_\u{130}\u{212a}\u{e9}\u{c9} 1\u{2019}");
        assert_eq!(std::str::from_utf8(squeezed.bytes()), Ok("abik\u{c9}\u{c9}1"));
        assert_eq!([0, 1, 2, 3].map(|at| squeezed.place(at)), [0, 2, 4, 6]);
        squeezed.fill("");
        assert!(squeezed.bytes().is_empty());
    }

    #[test]
    fn finds_rows_of_digits() {
        let mut squeezed = Squeezed::default();
        for (text, found) in
            [("a1-2-3 4", true), ("12a34", false), ("1234", true), ("x123", false), ("\u{661}", true)]
        {
            squeezed.fill(text);
            assert_eq!(squeezed.has_digits_in_a_row(4), found, "{text}");
        }
    }
}
