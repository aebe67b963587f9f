//! What chat says to a send, an edit or a deletion, as typed answers. Pure.
//!
//! The texts come without a fixed status, with or without quotes and a final dot, so they are looked for anywhere in
//! an answer that is no page. A page is never searched: it may quote anything.

use std::time::Duration;

use serde::Deserialize;

use super::error::{EditError, SendError, words};
use super::pages;
use super::types::Sent;

/// Longest wait that is believed. A larger number is a mistake of the server or of this reading.
const WAIT_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// An answer to a request that writes.
pub(super) struct Written<'a> {
    pub(super) status: u16,
    pub(super) body: &'a str,
    /// Path that it redirects to.
    pub(super) redirect: Option<&'a str>,
}

/// What to make of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading<T, E> {
    Done(T),
    Failed(E),
    /// The request was turned away in a way in which a stale fkey or an expired session is: look at the fkey first.
    /// When it is still the current one, this is the error.
    MaybeStale(E),
}

#[derive(Deserialize)]
struct SendReply {
    id: Option<i64>,
    time: Option<i64>,
}

/// Reads the answer to a new message.
pub(super) fn sent(answer: &Written<'_>) -> Reading<Sent, SendError> {
    let Written { status, body, redirect } = *answer;
    if let Some(to) = redirect {
        return Reading::MaybeStale(SendError::Unknown(format!("HTTP {status} to `{}`", words(to))));
    }
    if pages::is_html(body) {
        let page = format!("HTTP {status}, a page with the title `{}`", words(&pages::title(body)));
        return match status {
            404 => Reading::MaybeStale(SendError::NoSuchRoom(page)),
            400 | 401 | 403 => Reading::MaybeStale(SendError::Unknown(page)),
            // A page in the place of an answer may hide an accepted message.
            _ => Reading::Failed(SendError::Unknown(page)),
        };
    }
    if status == 200 && body.trim_start().starts_with('{') {
        return match serde_json::from_str::<SendReply>(body) {
            Ok(SendReply { id: Some(message_id), time }) if message_id > 0 => {
                Reading::Done(Sent { message_id, time: time.unwrap_or(0) })
            }
            // The key must be there: `{}` says nothing.
            Ok(SendReply { id: None, .. }) if body.contains("\"id\"") => {
                Reading::Failed(SendError::Duplicate)
            }
            _ => Reading::Failed(SendError::Unknown(format!("unreadable answer: {}", words(body)))),
        };
    }
    let said = said(body);
    let quoted = words(&said);
    let lower = said.to_lowercase();
    if let Some(wait) = throttle_wait(&lower) {
        return Reading::Failed(SendError::Throttled { wait });
    }
    if lower.contains("message is too long") {
        return Reading::Failed(SendError::TooLong(quoted));
    }
    if lower.contains("room is in timeout") {
        return Reading::Failed(SendError::RoomTimeout { wait: remaining(&lower), words: quoted });
    }
    if lower.contains("room has been frozen") {
        return Reading::Failed(SendError::Frozen(quoted));
    }
    if lower.contains("account is blocked") {
        return Reading::Failed(SendError::Suspended(quoted));
    }
    if lower.starts_with("you need") && lower.contains("reputation") {
        return Reading::Failed(SendError::LowReputation(quoted));
    }
    if is_no_permission(&lower) {
        return Reading::MaybeStale(SendError::NoPermission(quoted));
    }
    match status {
        409 => Reading::Failed(SendError::Throttled { wait: None }),
        // A refusal without words is how a stale fkey and a server in trouble look.
        400..=499 if said.is_empty() => {
            Reading::MaybeStale(SendError::Unknown(format!("HTTP {status} without a text")))
        }
        400..=499 => Reading::MaybeStale(SendError::Refused { status, words: quoted }),
        _ => Reading::Failed(SendError::Unknown(format!("HTTP {status}: {quoted}"))),
    }
}

/// Reads the answer to an edit or a deletion.
pub(super) fn edited(answer: &Written<'_>) -> Reading<(), EditError> {
    let Written { status, body, redirect } = *answer;
    if let Some(to) = redirect {
        // `/error?aspxerrorpath=...` is what an unknown id gives.
        return match to.starts_with("/error") {
            true => Reading::Failed(EditError::NotFound),
            false => Reading::MaybeStale(EditError::Unknown(format!("HTTP {status} to `{}`", words(to)))),
        };
    }
    if pages::is_html(body) {
        let page = format!("HTTP {status}, a page with the title `{}`", words(&pages::title(body)));
        return match status {
            404 => Reading::MaybeStale(EditError::NotFound),
            500..=599 => Reading::Failed(EditError::Unknown(page)),
            _ => Reading::MaybeStale(EditError::Unknown(page)),
        };
    }
    let said = said(body);
    let quoted = words(&said);
    let lower = said.to_lowercase();
    if status == 200 && lower.trim_end_matches('.') == "ok" {
        return Reading::Done(());
    }
    if let Some(wait) = throttle_wait(&lower) {
        return Reading::Failed(EditError::Throttled { wait });
    }
    for (part, error) in [
        ("too late to", EditError::TooLate as fn(String) -> EditError),
        ("your own messages", EditError::NotOurs),
        ("been deleted", EditError::Deleted),
        ("message is too long", EditError::TooLong),
        ("account is blocked", EditError::NoPermission),
        ("room is in timeout", EditError::NoPermission),
        ("room has been frozen", EditError::NoPermission),
    ] {
        if lower.contains(part) {
            return Reading::Failed(error(quoted));
        }
    }
    if is_no_permission(&lower) {
        return Reading::MaybeStale(EditError::NoPermission(quoted));
    }
    match status {
        409 => Reading::Failed(EditError::Throttled { wait: None }),
        200 | 500..=599 => Reading::Failed(EditError::Unknown(format!("HTTP {status}: {quoted}"))),
        404 if said.is_empty() => Reading::MaybeStale(EditError::NotFound),
        _ => Reading::MaybeStale(EditError::Refused { status, words: quoted }),
    }
}

/// The wait of a throttled request: none when the words do not say so, `Some(None)` when they name no number.
pub(super) fn throttle_wait(lower: &str) -> Option<Option<Duration>> {
    const BEFORE: &str = "you can perform this action again in ";
    let (_, rest) = lower.split_once(BEFORE)?;
    Some(leading_number(rest).map(Duration::from_secs).filter(|wait| *wait <= WAIT_MAX))
}

/// Whether the words say that we may not write there.
fn is_no_permission(lower: &str) -> bool {
    lower.contains("do not have permission") || lower.contains("cannot write or edit messages")
}

/// The body without the quotes and escapes of a JSON string.
fn said(body: &str) -> String {
    let body = body.trim();
    serde_json::from_str::<String>(body).unwrap_or_else(|_| body.to_owned())
}

/// `58 seconds` or `5 hours` after `ending in`.
fn remaining(lower: &str) -> Option<Duration> {
    let (_, rest) = lower.split_once("ending in ")?;
    let number = leading_number(rest)?;
    let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    let seconds = match unit {
        unit if unit.starts_with("second") => 1,
        unit if unit.starts_with("minute") => 60,
        unit if unit.starts_with("hour") => 3600,
        unit if unit.starts_with("day") => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs).filter(|wait| *wait <= WAIT_MAX)
}

fn leading_number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests;
