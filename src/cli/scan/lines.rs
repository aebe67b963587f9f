//! Lines of any length out of a reader, in blocks of bounded size.

use std::io::{self, BufRead, BufReader, Read};

/// Longest line that is kept; of a longer one only the length is.
pub(super) const MAX_LINE: usize = 16 * 1024 * 1024;

/// One line, without its end.
pub(super) enum Line {
    Text(Vec<u8>),
    /// It had so many bytes, which were passed over.
    TooLong(u64),
}

pub(super) struct Lines<R> {
    reader: BufReader<R>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(1 << 16, reader) }
    }

    /// The next lines: at most `count`, and no more once they have `bytes` together. None at the end.
    ///
    /// Does not wait for more input when it has lines already, so that a slow writer gets each verdict at once.
    pub(super) fn block(&mut self, count: usize, bytes: usize) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        let mut size = 0;
        while lines.len() < count && size < bytes {
            if !lines.is_empty() && self.reader.buffer().is_empty() {
                break;
            }
            let Some(line) = self.line()? else { break };
            size += match &line {
                Line::Text(text) => text.len(),
                Line::TooLong(_) => 0,
            };
            lines.push(line);
        }
        Ok(lines)
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let mut text = Vec::new();
        let mut dropped = 0u64;
        let mut any = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', buffer);
            let piece = &buffer[..end.unwrap_or(buffer.len())];
            if dropped > 0 || text.len() + piece.len() > MAX_LINE {
                dropped += piece.len() as u64 + std::mem::take(&mut text).len() as u64;
            } else {
                text.extend_from_slice(piece);
            }
            let used = piece.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        Ok(any.then_some(if dropped > 0 { Line::TooLong(dropped) } else { Line::Text(text) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let mut input = vec![b'x'; MAX_LINE + 5];
        input.extend(b"\nshort\n\nlast");
        let mut lines = Lines::new(&input[..]);
        let mut seen = Vec::new();
        loop {
            let block = lines.block(2, 100).expect("memory can be read");
            if block.is_empty() {
                break;
            }
            seen.extend(block);
        }
        assert!(matches!(seen[0], Line::TooLong(n) if n == MAX_LINE as u64 + 5));
        let texts: Vec<_> = seen[1..]
            .iter()
            .map(|l| if let Line::Text(t) = l { String::from_utf8_lossy(t).into_owned() } else { "?".into() })
            .collect();
        assert_eq!(texts, ["short", "", "last"]);
    }
}
