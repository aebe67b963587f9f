//! One question and its answer in the form that DNS servers speak (RFC 1035, with EDNS of RFC 6891): as much of it as the
//! lookups here need. Replies are data from strangers: nothing in them is believed before its bounds are checked.

use std::net::Ipv4Addr;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Address,
    NameServer,
    Text,
}

impl Kind {
    fn code(self) -> u16 {
        match self {
            Self::Address => 1,
            Self::NameServer => 2,
            Self::Text => 16,
        }
    }
}

/// One record of an answer, of the kind that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Address(Ipv4Addr),
    /// Lower case, without a dot at the end.
    NameServer(String),
    /// The strings of the record in one; what is not UTF-8 is replaced.
    Text(String),
}

/// Why a datagram is no answer to the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    #[error("not an answer to this question")]
    NotOurs,
    #[error("an answer that breaks off, or contradicts itself")]
    Malformed,
    #[error("longer than the server can send in one piece")]
    Truncated,
    #[error("the server failed (code {0})")]
    Failed(u8),
}

/// The largest answer that is taken, in bytes: what passes through the internet in one piece.
pub(super) const MAX_REPLY: usize = 1_232;
/// Records of one answer that are read.
const MAX_RECORDS: usize = 64;
/// Class `IN`.
const INTERNET: u16 = 1;

/// Names that are asked for, or listed, have no other signs; and without a dot no label reads as two.
fn is_name_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// A question; `None` when `name` is no name that can be asked for.
pub(super) fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(name.len() + 32);
    message.extend(id.to_be_bytes());
    message.extend([0x01, 0x00]); // recursion desired
    for count in [1_u16, 0, 0, 1] {
        message.extend(count.to_be_bytes());
    }
    if name.len() > 253 {
        return None;
    }
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        if !label.bytes().all(|byte| is_name_byte(&byte)) {
            return None;
        }
        message.push(length);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(kind.code().to_be_bytes());
    message.extend(INTERNET.to_be_bytes());
    // EDNS: the root's name, type OPT, our size, no flags, no options.
    message.extend([0, 0, 41]);
    message.extend((MAX_REPLY as u16).to_be_bytes());
    message.extend([0; 6]);
    Some(message)
}

/// The records in the answer to that question. A name that does not exist has none.
pub(super) fn answer(message: &[u8], id: u16, name: &str, kind: Kind) -> Result<Vec<Record>, Wrong> {
    let mut reader = Reader { message, at: 0 };
    let is_reply = |flags: u16| flags & 0x8000 != 0;
    if reader.u16() != Some(id) {
        return Err(Wrong::NotOurs);
    }
    let flags = reader.u16().filter(|flags| is_reply(*flags)).ok_or(Wrong::NotOurs)?;
    let counts: Option<[u16; 4]> = (|| Some([reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?]))();
    let [questions, answers, ..] = counts.ok_or(Wrong::Malformed)?;
    let asked = (questions == 1).then(|| Some((reader.name()?, reader.u16()?, reader.u16()?))).flatten();
    if asked != Some((name.to_ascii_lowercase(), kind.code(), INTERNET)) {
        return Err(Wrong::NotOurs);
    }
    match (flags & 0x000f) as u8 {
        0 => {}
        3 => return Ok(Vec::new()),
        code => return Err(Wrong::Failed(code)),
    }
    if flags & 0x0200 != 0 {
        return Err(Wrong::Truncated);
    }
    let mut records = Vec::new();
    for _ in 0..usize::from(answers).min(MAX_RECORDS) {
        records.extend(reader.record(kind).ok_or(Wrong::Malformed)?);
    }
    Ok(records)
}

/// Reads on from a place; `None` where the message ends too early.
struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> Reader<'m> {
    fn take(&mut self, length: usize) -> Option<&'m [u8]> {
        let bytes = self.message.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(bytes)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A name in lower case. Pointers lead only backwards, so reading one ends.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut end = None;
        let mut lowest = self.at;
        loop {
            match self.u8()? {
                0 => break,
                length @ 1..=63 => {
                    let label = self.take(usize::from(length))?;
                    if !label.iter().all(is_name_byte) {
                        return None;
                    }
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.extend(label.iter().map(|b| char::from(b.to_ascii_lowercase())));
                    if name.len() > 253 {
                        return None;
                    }
                }
                high @ 0xc0..=0xff => {
                    let to = usize::from(high & 0x3f) << 8 | usize::from(self.u8()?);
                    end.get_or_insert(self.at);
                    if to >= lowest {
                        return None;
                    }
                    (lowest, self.at) = (to, to);
                }
                _ => return None,
            }
        }
        self.at = end.unwrap_or(self.at);
        Some(name)
    }

    /// The next record; an inner `None` when it is of another kind, such as the alias that leads to the one asked for.
    fn record(&mut self, kind: Kind) -> Option<Option<Record>> {
        self.name()?;
        let code = self.u16()?;
        let class = self.u16()?;
        self.take(4)?;
        let length = usize::from(self.u16()?);
        let end = self.at.checked_add(length).filter(|end| *end <= self.message.len())?;
        if code != kind.code() || class != INTERNET {
            self.at = end;
            return Some(None);
        }
        let record = match kind {
            Kind::Address => {
                let bytes: [u8; 4] = self.take(length)?.try_into().ok()?;
                Record::Address(bytes.into())
            }
            Kind::NameServer => Record::NameServer(self.name()?),
            Kind::Text => {
                let mut text = Vec::new();
                while self.at < end {
                    let length = usize::from(self.u8()?);
                    text.extend(self.take(length)?);
                }
                Record::Text(String::from_utf8_lossy(&text).into_owned())
            }
        };
        (self.at == end).then_some(Some(record))
    }
}

#[cfg(test)]
mod tests;
