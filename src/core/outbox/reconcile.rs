//! Settling a send whose reply was lost: is it in the room, or not?
//!
//! Candidates are our own messages newer than the send's mark, deleted ones included, compared by their plain
//! source without the zero-width characters that chat puts into long words. While a send is open nothing else goes
//! out through its account, so a deleted message of ours whose source can not be read any more, and whose id
//! belongs to no other send, is taken for it.

use super::{Account, Send};

/// What reading a send's room told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Every message of ours since the send's mark.
    Whole(Vec<Candidate>),
    /// The room shows us nothing: it is gone, or private. The text is chat's.
    Hidden(String),
    /// It can not be read now.
    Failed,
}

/// One message that the room listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Chat's id.
    pub message_id: i64,
    /// Who wrote it.
    pub user_id: i64,
    /// Plain source; absent when the message was deleted.
    pub source: Option<String>,
}

/// The message that this send became, if the room has it. `candidates` must reach back to the send's mark.
pub fn find(send: &Send, account: &Account, candidates: &[Candidate]) -> Option<i64> {
    let ours = |c: &&Candidate| {
        let is_another = account.recent.contains(&(send.room.room, c.message_id));
        c.user_id == send.user_id && c.message_id > send.mark && !is_another
    };
    let wanted = comparable(&send.text);
    candidates
        .iter()
        .filter(ours)
        .find(|c| c.source.as_deref().is_some_and(|source| comparable(source) == wanted))
        .or_else(|| candidates.iter().filter(ours).find(|c| c.source.is_none()))
        .map(|c| c.message_id)
}

/// The text again, so that chat's check for repeats lets it pass: used when it says that this is a repeat of an
/// earlier message, and the room shows that the earlier message is not this send.
///
/// [`VARIED_UNITS`] longer; whoever makes a text leaves room for that.
pub fn varied(text: &str) -> String {
    format!("{text} ")
}

/// By how many UTF-16 units [`varied`] lengthens a text.
pub const VARIED_UNITS: usize = 1;

/// Chat inserts zero-width characters into long words, and drops outer blanks.
fn comparable(text: &str) -> String {
    let text: String = text.chars().filter(|c| !matches!(c, '\u{200b}' | '\u{200c}')).collect();
    // A reply's prefix is not always part of the source.
    let body = match text.strip_prefix(':').and_then(|rest| rest.split_once(' ')) {
        Some((id, rest)) if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => &text,
    };
    body.trim().to_owned()
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
