//! Requests that write: a new message, an edit, a deletion. Each goes out once; see [`write()`] for the one exception.

use secrecy::ExposeSecret;

use super::answers::{Reading, Written};
use super::error::{ChatError, EditError, SendError};
use super::http::{Failure, Request};
use super::session::Session;

/// The ways in which a request fails before there is an answer to read.
pub(super) trait WriteError {
    /// It certainly did not reach chat.
    fn not_sent(why: String) -> Self;
    /// It may have been done.
    fn unknown(why: String) -> Self;
    /// The login is gone.
    fn session_expired() -> Self;
}

impl WriteError for SendError {
    fn not_sent(why: String) -> Self {
        Self::NotSent(why)
    }

    fn unknown(why: String) -> Self {
        Self::Unknown(why)
    }

    fn session_expired() -> Self {
        Self::SessionExpired
    }
}

impl WriteError for EditError {
    fn not_sent(why: String) -> Self {
        Self::NotSent(why)
    }

    fn unknown(why: String) -> Self {
        Self::Unknown(why)
    }

    fn session_expired() -> Self {
        Self::SessionExpired
    }
}

/// Writes once. Only when chat turned the request away in the way of a stale fkey, and then shows us another fkey than
/// the one that was used, the request can not have been accepted and goes out a second and last time.
pub(super) async fn write<T, E: WriteError>(
    session: &Session,
    path: &str,
    room: Option<i64>,
    text: Option<&str>,
    read: fn(&Written<'_>) -> Reading<T, E>,
) -> Result<T, E> {
    // Nothing has been sent yet, so whatever goes wrong here is "not sent".
    let fkey = session.fkey().await.map_err(before)?;
    let failed = match once(session, path, room, text, fkey.expose_secret(), read).await? {
        Reading::Done(done) => return Ok(done),
        Reading::Failed(error) => return Err(error),
        Reading::MaybeStale(error) => error,
    };
    let newer = match session.newer_fkey(&fkey).await {
        Ok(Some(newer)) => newer,
        Err(ChatError::SessionExpired) => return Err(E::session_expired()),
        Ok(None) | Err(_) => return Err(failed),
    };
    tracing::debug!("`{path}` was turned away with a stale fkey, repeating it with the new one");
    match once(session, path, room, text, newer.expose_secret(), read).await? {
        Reading::Done(done) => Ok(done),
        Reading::Failed(error) | Reading::MaybeStale(error) => Err(error),
    }
}

fn before<E: WriteError>(error: ChatError) -> E {
    match error {
        ChatError::SessionExpired => E::session_expired(),
        other => E::not_sent(other.to_string()),
    }
}

async fn once<T, E: WriteError>(
    session: &Session,
    path: &str,
    room: Option<i64>,
    text: Option<&str>,
    fkey: &str,
    read: fn(&Written<'_>) -> Reading<T, E>,
) -> Result<Reading<T, E>, E> {
    let mut form = vec![("fkey", fkey)];
    form.extend(text.map(|text| ("text", text)));
    // One old source says that edits without it are refused; it does no harm.
    let referer = room.map(|room| session.chat(&format!("/rooms/{room}")).to_string());
    let request = Request { referer, ..Request::post(session.chat(path), &form) };
    let answer = match session.http.once(&request).await {
        Ok(answer) => answer,
        Err(Failure::NotSent(why)) => return Err(E::not_sent(why)),
        Err(Failure::Broken(why)) => return Err(E::unknown(why)),
        Err(Failure::TooLarge) => return Err(E::unknown("the answer is too long".to_owned())),
    };
    let is_page = answer.is_html();
    let redirect =
        answer.location.as_ref().filter(|_| (300..400).contains(&answer.status)).map(|to| to.path());
    let reading = read(&Written { status: answer.status, body: &answer.body, redirect });
    if is_page && matches!(reading, Reading::Failed(_)) {
        // A page may be the login form: whoever comes next asks who we are first.
        session.doubt().await;
    }
    Ok(reading)
}
