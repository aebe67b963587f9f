//! The control endpoint: what the real network does not have. `GET /control` lists what it can do.
//!
//! | request | body (JSON) | does |
//! |---|---|---|
//! | `GET /control` | | says all this, the hosts with their addresses, and the accounts |
//! | `POST /control/faults` | a [`Fault`] or a [`SocketFault`] | adds a fault |
//! | `GET`, `DELETE /control/faults` | | lists, clears what is waiting |
//! | `POST /control/say` | `server`, `room`, `user`, `text`, `reply_to` | posts as that user, without rate limit |
//! | `POST /control/act` | `server`, `do`, and what it needs | `kick`, `forgive`, `suspend`, `time_out`, `set_kind`, `set_access`, `move`, `curve` |
//! | `POST /control/rooms` | `server`, `id`, `name`, `kind` | adds a room |
//! | `POST /control/users` | `server`, `id`, `name`, `moderator` | adds a user |
//! | `POST /control/accounts` | `email`, `password`, `name`, `id`, `outcome`, `newcomer` | adds an account, or changes what its login does |
//! | `POST /control/end-sessions` | | ends every login |
//! | `POST /control/wave` | lines of a wave | plays them, starting now |
//! | `GET /control/posts` | | where the posts of the waves went |
//! | `GET /control/messages?server=S&room=N` | | all messages of a room, deleted ones too |
//! | `GET /control/requests` | | the last requests of all hosts, and counts |

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Call;
use super::chat::curve::Curve;
use super::chat::room::RoomKind;
use super::fault::{Fault, FaultError, SocketFault};
use super::lock::lock;
use super::names::{Host, Server, Site};
use super::people::{PASSWORD, new_account};
use super::shared::Shared;
use super::site::accounts::LoginOutcome;
use super::{http, wave};
use crate::core::wave::parse_wave;

/// Answers one request.
pub(super) fn answer(shared: &Arc<Shared>, call: &Call) -> Response {
    let path = call.path().to_owned();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let done = match (call.parts.method.as_str(), segments.as_slice()) {
        ("GET", [] | ["control"]) => Ok(help(shared)),
        ("GET", ["control", "faults"]) => {
            let faults = lock(&shared.faults);
            let (requests, sockets) = faults.waiting();
            Ok(json!({"requests": requests, "sockets": sockets}))
        }
        ("DELETE", ["control", "faults"]) => {
            lock(&shared.faults).clear();
            Ok(json!("ok"))
        }
        ("POST", ["control", "faults"]) => read(call).and_then(|body| add_fault(shared, body)),
        ("POST", ["control", "say"]) => read(call).and_then(|body| say(shared, body)),
        ("POST", ["control", "act"]) => read(call).and_then(|body| act(shared, body)),
        ("POST", ["control", "rooms"]) => read(call).and_then(|body| add_room(shared, body)),
        ("POST", ["control", "users"]) => read(call).and_then(|body| add_user(shared, body)),
        ("POST", ["control", "accounts"]) => read(call).and_then(|body| account(shared, body)),
        ("POST", ["control", "end-sessions"]) => {
            lock(&shared.accounts).end_all();
            Ok(json!("ok"))
        }
        ("POST", ["control", "wave"]) => play(shared, call),
        ("GET", ["control", "posts"]) => Ok(json!(lock(&shared.store).given().collect::<Vec<_>>())),
        ("GET", ["control", "messages"]) => messages(shared, call),
        ("GET", ["control", "requests"]) => {
            let log = lock(&shared.log);
            let counts: Vec<Value> = Host::ALL
                .iter()
                .map(|host| json!({"host": host.name(), "counts": log.counts(*host)}))
                .collect();
            Ok(json!({"counts": counts, "last": log.last().collect::<Vec<_>>()}))
        }
        _ => return http::text(StatusCode::NOT_FOUND, "no such request; `GET /control` lists them\n"),
    };
    match done {
        Ok(value) => http::json(&value),
        Err(message) => http::text(StatusCode::BAD_REQUEST, message + "\n"),
    }
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    serde_json::from_slice(&call.body).map_err(|error| error.to_string())
}

fn help(shared: &Shared) -> Value {
    let hosts: Vec<Value> =
        Host::ALL.iter().map(|host| json!({"host": host.name(), "url": shared.urls.http(*host)})).collect();
    let accounts: Vec<Value> = lock(&shared.accounts)
        .all()
        .iter()
        .map(|account| json!({"email": account.email, "name": account.name, "user_ids": account.user_ids}))
        .collect();
    json!({
        "hosts": hosts,
        "accounts": accounts,
        "password": PASSWORD,
        "requests": [
            {"POST /control/faults": "host (a name of the list), method, path (with `*`), count (0: until cleared), skip, and \
              fault: drop | stall | delay {seconds} | error_page {status} | cloudflare | html | stale_fkey | expired_session | \
              truncate | lose_reply | late {seconds} | throttle {seconds} | duplicate | too_long | frozen | no_permission | \
              suspended | room_timeout {seconds} | answer {status, body} | backoff {seconds} | api_error {id, message} | \
              quota {remaining} | no_encoding_header; for websockets host, next (without it: those open now), and fault: \
              socket_reset | socket_close {code} | socket_silent | socket_frame {text} | socket_unknown | \
              socket_heartbeat {data}"},
            {"GET /control/faults": "what is waiting"},
            {"DELETE /control/faults": "forget it"},
            {"POST /control/say": "server, room, user, text, reply_to: post as that user"},
            {"POST /control/act": "server, do: kick | forgive | suspend | time_out | set_kind | set_access | move | curve, with \
              user, room, seconds, kind, access, to, ids, curve as needed"},
            {"POST /control/rooms": "server, id, name, kind: open | gallery | private | frozen"},
            {"POST /control/users": "server, id, name, moderator"},
            {"POST /control/accounts": "email, password, name, id, newcomer, outcome: success | wrong_password | captcha | \
              captcha_page | cloudflare | unavailable"},
            {"POST /control/end-sessions": "end every login"},
            {"POST /control/wave": "lines of a wave: play them now"},
            {"GET /control/posts": "where the posts of the waves went"},
            {"GET /control/messages": "?server=&room=: all messages of a room"},
            {"GET /control/requests": "the last requests, and counts"},
        ],
    })
}

fn add_fault(shared: &Shared, body: Value) -> Result<Value, String> {
    let is_socket = body["fault"].as_str().is_some_and(|name| name.starts_with("socket_"));
    let done = if is_socket {
        let fault = serde_json::from_value(body).map_err(|error| error.to_string())?;
        socket_fault(shared, fault)
    } else {
        let fault: Fault = serde_json::from_value(body).map_err(|error| error.to_string())?;
        lock(&shared.faults).add(fault)
    };
    done.map(|()| json!("ok")).map_err(|error| error.to_string())
}

/// Sends a fault to the sockets that are open, or keeps it for the next ones.
pub(super) fn socket_fault(shared: &Shared, fault: SocketFault) -> Result<(), FaultError> {
    if fault.next.is_some() {
        return lock(&shared.faults).add_socket(fault);
    }
    match fault.host.as_deref() {
        Some(name) if Host::from_name(name).is_none() => Err(FaultError::NoSuchHost(name.to_owned())),
        _ => {
            // Without open sockets there is nobody to send it to.
            let _ = shared.socket_faults.send(fault);
            Ok(())
        }
    }
}

#[derive(Deserialize)]
struct Say {
    server: Server,
    room: i64,
    user: i64,
    text: String,
    reply_to: Option<i64>,
}

fn say(shared: &Shared, body: Say) -> Result<Value, String> {
    let now = shared.now();
    shared.chat(body.server).with(|chat| {
        if chat.room(body.room).is_none() {
            return Err(format!("room `{}` does not exist on `{}`", body.room, body.server));
        }
        if chat.user(body.user).is_none() {
            return Err(format!("user `{}` does not exist; add them with `POST /control/users`", body.user));
        }
        Ok(json!({"id": chat.put(body.user, body.room, &body.text, body.reply_to, now)}))
    })
}

#[derive(Deserialize)]
struct Act {
    server: Server,
    #[serde(rename = "do")]
    what: What,
    #[serde(default)]
    room: i64,
    #[serde(default)]
    user: i64,
    #[serde(default)]
    seconds: f64,
    #[serde(default)]
    kind: RoomKind,
    #[serde(default)]
    access: String,
    #[serde(default)]
    to: i64,
    #[serde(default)]
    ids: Vec<i64>,
    #[serde(default)]
    curve: Curve,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Kick,
    Forgive,
    Suspend,
    TimeOut,
    SetKind,
    SetAccess,
    Move,
    Curve,
}

fn act(shared: &Shared, body: Act) -> Result<Value, String> {
    let now = shared.now();
    let length = Duration::try_from_secs_f64(body.seconds).map_err(|error| error.to_string())?;
    let url = shared.urls.chat(body.server);
    shared.chat(body.server).with(|chat| {
        match body.what {
            What::Kick => chat.kick(body.user, body.room, length, now),
            What::Forgive => chat.forgive(body.user, body.room, now),
            What::Suspend => chat.suspend(body.user, length, now),
            What::TimeOut => chat.time_out(body.user, body.room, length, now),
            What::SetKind => {
                let room = chat.room_mut(body.room).ok_or("no such room")?;
                room.kind = body.kind;
            }
            What::SetAccess => chat.set_access(body.user, body.room, &body.access, now),
            What::Move => {
                let moved = chat.move_messages(body.user, body.room, body.to, &body.ids, &url, now);
                return moved.map(|count| json!(count)).map_err(|refusal| refusal.to_string());
            }
            What::Curve => {
                chat.behaviour.curve = body.curve;
                chat.forget_limits();
            }
        }
        Ok(json!("ok"))
    })
}

#[derive(Deserialize)]
struct NewRoom {
    server: Server,
    id: i64,
    name: String,
    #[serde(default)]
    kind: RoomKind,
}

#[derive(Deserialize)]
struct NewUser {
    server: Server,
    id: i64,
    name: String,
    #[serde(default)]
    moderator: bool,
}

/// A server has at most so many rooms, and so many users.
const MOST: usize = 10_000;

fn add_room(shared: &Shared, body: NewRoom) -> Result<Value, String> {
    shared.chat(body.server).with(|chat| {
        if chat.rooms().count() >= MOST {
            return Err("there are too many rooms".to_owned());
        }
        chat.add_room(body.id, &body.name, "", body.kind);
        Ok(json!("ok"))
    })
}

fn add_user(shared: &Shared, body: NewUser) -> Result<Value, String> {
    shared.chat(body.server).with(|chat| {
        if chat.users().count() >= MOST {
            return Err("there are too many users".to_owned());
        }
        chat.add_user(body.id, &body.name, 100, body.moderator);
        Ok(json!("ok"))
    })
}

#[derive(Deserialize)]
struct NewAccount {
    email: String,
    password: Option<String>,
    name: Option<String>,
    id: Option<i64>,
    #[serde(default)]
    outcome: LoginOutcome,
    #[serde(default)]
    newcomer: bool,
}

fn account(shared: &Shared, body: NewAccount) -> Result<Value, String> {
    let Some(id) = body.id else {
        return match lock(&shared.accounts).set_outcome(&body.email, body.outcome) {
            true => Ok(json!("ok")),
            false => Err(format!("`{}` is no account; give its `id` to add it", body.email)),
        };
    };
    let mut account = new_account(&body.email, body.name.as_deref().unwrap_or("Somebody"), id);
    account.password = body.password.unwrap_or(account.password);
    account.outcome = body.outcome;
    if body.newcomer {
        account.without_profile = BTreeSet::from(Site::ALL.map(Site::host));
    }
    match shared.add_account(account) {
        true => Ok(json!("ok")),
        false => Err("there are too many accounts".to_owned()),
    }
}

fn play(shared: &Arc<Shared>, call: &Call) -> Result<Value, String> {
    let text = std::str::from_utf8(&call.body).map_err(|error| error.to_string())?;
    let events = parse_wave(text).map_err(|error| error.to_string())?;
    let count = events.len();
    wave::play(shared, events);
    Ok(json!({"events": count}))
}

fn messages(shared: &Shared, call: &Call) -> Result<Value, String> {
    let query = call.query();
    let server = query.get("server").and_then(Server::from_key).ok_or("`server` is missing or unknown")?;
    let room = query.number("room").ok_or("`room` is missing")?;
    Ok(shared.chat(server).with(|chat| {
        let messages = chat.messages_in(room).map(|message| {
            json!({
                "id": message.id,
                "user": message.user,
                "user_name": chat.name_of(message.user),
                "at": message.at,
                "source": message.source(),
                "html": message.html,
                "edits": message.edits,
                "deleted": message.deleted.is_some(),
                "parent": message.parent,
            })
        });
        Value::Array(messages.collect())
    }))
}
