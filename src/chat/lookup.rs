//! Requests about rooms and users that are no messages: history, who is there, leaving, moving.

use serde::Deserialize;
use serde_json::Value;

use super::error::{ChatError, words};
use super::event::ChatEvent;
use super::http::{Answer, Request};
use super::session::Session;
use super::types::{History, Pingable, UserInfo};

/// What chat gives in one listing at most.
const HISTORY_MAX: u32 = 500;

/// What [`super::Client::history`] says.
pub(super) async fn history(
    session: &Session,
    room: i64,
    before: Option<i64>,
    count: u32,
) -> Result<History, ChatError> {
    #[derive(Deserialize)]
    struct Listing {
        #[serde(default)]
        events: Vec<Value>,
        time: i64,
        /// Not every server sends it; then the newest message tells.
        #[serde(default)]
        sync: Option<i64>,
    }
    let count = count.min(HISTORY_MAX).to_string();
    let before = before.map(|id| id.to_string());
    let mut form = vec![("since", "0"), ("mode", "Messages"), ("msgCount", count.as_str())];
    form.extend(before.as_deref().map(|id| ("before", id)));
    let answer = session.post(&format!("/chats/{room}/events"), &form).await?;
    let listing: Listing = found(&answer, room)?.json()?;
    let messages: Vec<ChatEvent> =
        listing.events.iter().filter_map(ChatEvent::from_json).filter(|e| e.room_id == room).collect();
    let newest = || messages.iter().map(|message| message.time).max();
    let time = listing.sync.or_else(newest).unwrap_or(0);
    Ok(History { messages, counter: listing.time, time })
}

/// What [`super::Client::user_info`] says.
pub(super) async fn user_info(session: &Session, room: i64, ids: &[i64]) -> Result<Vec<UserInfo>, ChatError> {
    #[derive(Deserialize)]
    struct Listing {
        users: Vec<User>,
    }
    #[derive(Deserialize)]
    struct User {
        id: i64,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        reputation: Option<i64>,
        #[serde(default)]
        is_moderator: Option<bool>,
        #[serde(default)]
        is_owner: Option<bool>,
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (ids, room_id) = (joined(ids), room.to_string());
    let answer = session.post("/user/info", &[("ids", &ids), ("roomId", &room_id)]).await?;
    let listing: Listing = found(&answer, room)?.json()?;
    let users = listing.users.into_iter().map(|user| UserInfo {
        id: user.id,
        name: user.name.unwrap_or_default(),
        reputation: user.reputation.unwrap_or(0),
        is_moderator: user.is_moderator.unwrap_or(false),
        is_owner: user.is_owner.unwrap_or(false),
    });
    Ok(users.collect())
}

/// What [`super::Client::pingable`] says.
pub(super) async fn pingable(session: &Session, room: i64) -> Result<Vec<Pingable>, ChatError> {
    let request = Request::get(session.chat(&format!("/rooms/pingable/{room}")));
    let answer = session.http.repeated(&request).await?;
    // `[4711, "Ann", last seen, last post]`; the two times are not always there.
    let rows: Vec<Vec<Value>> = found(&answer, room)?.json()?;
    let users = rows.iter().filter_map(|row| {
        Some(Pingable { id: row.first()?.as_i64()?, name: row.get(1)?.as_str()?.to_owned() })
    });
    Ok(users.collect())
}

/// What [`super::Client::leave`] says.
pub(super) async fn leave(session: &Session, room: i64) -> Result<(), ChatError> {
    let answer = session.post(&format!("/chats/leave/{room}"), &[("quiet", "true")]).await?;
    let answer = found(&answer, room)?;
    match answer.trouble() {
        Some(trouble) => Err(trouble),
        // Browsers are sent on to another page.
        None if matches!(answer.status, 200..=399) => Ok(()),
        None => Err(ChatError::Status {
            what: answer.what.clone(),
            status: answer.status,
            words: words(&answer.body),
        }),
    }
}

/// What [`super::Client::move_messages`] says.
pub(super) async fn move_messages(
    session: &Session,
    from: i64,
    ids: &[i64],
    to: i64,
) -> Result<i64, ChatError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let (ids, to) = (joined(ids), to.to_string());
    let answer = session.post(&format!("/admin/movePosts/{from}"), &[("ids", &ids), ("to", &to)]).await?;
    let answer = found(&answer, from)?;
    match answer.body.trim().trim_matches('"').parse() {
        Ok(moved) if answer.status == 200 => Ok(moved),
        _ => match answer.trouble() {
            Some(trouble) => Err(trouble),
            None if answer.is_html() => Err(answer.html()),
            None => {
                let what = format!("moving messages out of room {from}");
                Err(ChatError::NoPermission { what, words: words(&answer.body) })
            }
        },
    }
}

/// The answer, unless it says that there is no such room or that we may not.
fn found(answer: &Answer, room: i64) -> Result<&Answer, ChatError> {
    let what = format!("room {room}");
    let lower = if answer.is_html() { String::new() } else { answer.body.to_lowercase() };
    match answer.status {
        404 if answer.is_html() || answer.body.trim().is_empty() => Err(ChatError::NotFound { what }),
        403 | 404 if answer.trouble().is_none() => {
            Err(ChatError::NoPermission { what, words: words(&answer.body) })
        }
        409 => Err(ChatError::Throttled { wait: super::answers::throttle_wait(&lower).flatten() }),
        _ => Ok(answer),
    }
}

fn joined(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}
