//! A chat server over HTTP: which request does what, and in which words it is answered.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::message::Message;
use super::room::RoomKind;
use super::rules::{Posted, Refusal};
use super::tickets::Ticket;
use super::visitor::Visitor;
use super::world::ChatServer;
use super::{lookup, pages};
use crate::simulator::call::Call;
use crate::simulator::http::{self, Fields};
use crate::simulator::lock::lock;
use crate::simulator::names::{Host, Server};
use crate::simulator::shared::Shared;
use crate::simulator::token::random_hex;

/// The listing gives at most so many messages, and so many unless told.
const LISTING: (usize, usize) = (500, 100);
/// Form fields with lists are read so far.
const MAX_IDS: usize = 500;
/// Who was kicked stays out so long.
const KICK: Duration = Duration::from_secs(60);

/// One request, with all that answering it needs.
struct Desk<'a> {
    shared: &'a Arc<Shared>,
    server: Server,
    call: &'a Call,
    visitor: Visitor,
}

/// Answers one request.
pub(in crate::simulator) fn answer(shared: &Arc<Shared>, server: Server, call: &Call) -> Response {
    let visitor = Visitor::of(shared, server, call);
    let desk = Desk { shared, server, call, visitor };
    let path = call.path().to_owned();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if call.is_post() { desk.post(&segments) } else { desk.get(&segments) }
}

/// The answer to a refusal of posting or editing that is told by status and text.
pub(in crate::simulator) fn refused(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Throttled(_) => StatusCode::CONFLICT,
        Refusal::NoSuchRoom | Refusal::NoSuchMessage => return http::not_found(),
        Refusal::TooLong | Refusal::Empty => StatusCode::BAD_REQUEST,
        _ => StatusCode::NOT_FOUND,
    };
    http::text(status, refusal.to_string())
}

/// The page that a stale fkey gets.
fn stale() -> Response {
    http::html(StatusCode::BAD_REQUEST, "<html><head><title>Bad Request</title></head><body></body></html>")
}

fn id(text: &str) -> Option<i64> {
    text.parse().ok()
}

impl Desk<'_> {
    fn with<T>(&self, act: impl FnOnce(&mut ChatServer) -> T) -> T {
        self.shared.chat(self.server).with(act)
    }

    fn get(&self, segments: &[&str]) -> Response {
        let query = self.call.query();
        match segments {
            [] | ["chats", "join", "favorite"] => self.page("Favorite rooms", pages::favorite),
            ["rooms", room] | ["rooms", room, _] if id(room).is_some() => {
                self.room_page(room, segments.len())
            }
            ["rooms", "info", room] | ["rooms", "info", room, _] => self.of_room(room, |chat, room| {
                Some(http::html(StatusCode::OK, pages::room_info(chat.room(room)?, chat)))
            }),
            ["rooms", "pingable", room] => match self.visitor.user {
                Some(_) => self
                    .of_room(room, |chat, room| Some(http::json(&lookup::pingable(chat.room(room)?, chat)))),
                None => http::json(&json!([])),
            },
            ["rooms", "thumbs", room] => {
                self.of_room(room, |chat, room| Some(http::json(&lookup::room_thumbs(chat.room(room)?))))
            }
            ["message", message] => self.message(message, query.get("plain") == Some("true")),
            ["messages", message, "history"] => self.of_message(message, |chat, message| {
                http::html(StatusCode::OK, pages::history(message, chat))
            }),
            ["messages", room, message] if id(room).is_some() => {
                self.of_message(message, |chat, message| match message.deleted {
                    Some(_) => http::not_found(),
                    None => http::html(StatusCode::OK, chat.in_full(message)),
                })
            }
            ["transcript", "message", message] => self.of_message(message, |chat, message| {
                http::html(StatusCode::OK, pages::transcript(message.room, Some(message.id), chat))
            }),
            ["transcript", room] | ["transcript", room, _, _, _] => self.of_room(room, |chat, room| {
                chat.room(room)
                    .map(|_| http::html(StatusCode::OK, pages::transcript(room, query.number("m"), chat)))
            }),
            ["users", "search"] => self.with(|chat| {
                let limit =
                    query.number("limit").and_then(|n| usize::try_from(n).ok()).unwrap_or(50).min(100);
                let found = lookup::search(query.get("q").unwrap_or(""), limit, chat);
                http::text(StatusCode::OK, found)
            }),
            ["users", "thumbs", user] => self.with(|chat| {
                let user = id(user).and_then(|user| chat.user(user));
                user.map_or_else(http::not_found, |user| http::json(&lookup::user_thumbs(user, chat)))
            }),
            ["users", user] | ["users", user, _] => self.with(|chat| {
                let user = id(user).and_then(|user| chat.user(user));
                user.map_or_else(http::not_found, |user| {
                    let topbar = pages::topbar(&self.visitor, chat, &self.shared.urls.login(self.server));
                    http::html(StatusCode::OK, pages::user(user, chat, &topbar, &self.visitor.fkey))
                })
            }),
            ["chats", "stars", room] => self.of_room(room, |chat, room| {
                chat.room(room).map(|_| http::html(StatusCode::OK, pages::stars(room, chat)))
            }),
            ["error"] => http::error_page(StatusCode::INTERNAL_SERVER_ERROR),
            _ => http::not_found(),
        }
    }

    fn post(&self, segments: &[&str]) -> Response {
        // Without its content type a form is not seen at all; user info is the one question that needs no fkey.
        if !self.call.is_form() {
            return http::not_found();
        }
        let form = self.call.form();
        if segments == ["user", "info"] {
            let room = form.number("roomId").unwrap_or(0);
            let ids = numbers(form.get("ids").unwrap_or(""));
            return self.with(|chat| http::json(&lookup::user_info(&ids, room, chat)));
        }
        if form.get("fkey") != Some(self.visitor.fkey.as_str()) {
            return stale();
        }
        match segments {
            ["chats", room, "events"] => {
                self.of_room(room, |chat, room| Some(self.listing(chat, room, &form)))
            }
            ["events"] => self.poll(&form),
            ["ws-auth"] => self.ws_auth(&form),
            _ => match self.visitor.user {
                Some(user) => self.act(user, segments, &form),
                None => refused(&Refusal::NoPermission),
            },
        }
    }

    /// What only users do.
    fn act(&self, user: i64, segments: &[&str], form: &Fields) -> Response {
        let now = self.shared.now();
        let text = form.get("text").unwrap_or("");
        match segments {
            ["chats", room, "messages", "new"] => {
                let Some(room) = id(room) else { return http::not_found() };
                let parent = form.number("parentId");
                match self.with(|chat| chat.post(user, room, text, parent, now)) {
                    Posted::Message { id } => http::json(&json!({"id": id, "time": now.as_secs()})),
                    Posted::Duplicate => http::json(&json!({"id": null, "time": null})),
                    Posted::Refused(refusal) => refused(&refusal),
                }
            }
            ["chats", "leave", "all"] => self.with(|chat| {
                chat.rooms_of(user).into_iter().for_each(|room| chat.leave(user, room, now));
                http::json(&json!("ok"))
            }),
            ["chats", "leave", room] => self.of_room(room, |chat, room| {
                chat.leave(user, room, now);
                Some(http::json(&json!("ok")))
            }),
            ["messages", "ack"] => http::json(&json!("ok")),
            ["messages", message] => self.change(message, |chat, message| {
                chat.edit(user, message, text, form.number("parentId"), now)
            }),
            ["messages", message, "delete"] => {
                self.change(message, |chat, message| chat.delete(user, message, now))
            }
            ["messages", message, "star"] => {
                self.change(message, |chat, message| chat.star(user, message, false))
            }
            ["messages", message, "owner-star"] => {
                self.change(message, |chat, message| chat.star(user, message, true))
            }
            ["messages", message, "unstar"] => {
                self.change(message, |chat, message| chat.clear_stars(user, message, false))
            }
            ["messages", message, "unowner-star"] => {
                self.change(message, |chat, message| chat.clear_stars(user, message, true))
            }
            ["messages", message, "flag"] => self.change(message, |chat, message| {
                chat.message(message).map(|_| ()).ok_or(Refusal::NoSuchMessage)
            }),
            ["admin", "movePosts", room] => {
                let (Some(room), Some(to)) = (id(room), form.number("to")) else { return http::not_found() };
                let ids = numbers(form.get("ids").unwrap_or(""));
                let url = self.shared.urls.http(Host::Chat(self.server));
                match self.with(|chat| chat.move_messages(user, room, to, &ids, &url, now)) {
                    Ok(count) => http::json(&json!(count)),
                    Err(refusal) => refused(&refusal),
                }
            }
            ["rooms", "kickmute", room] => self.as_owner(user, room, |chat, room| {
                let target = form.number("userID").filter(|user| chat.user(*user).is_some())?;
                chat.kick(target, room, self.shared.scaled(KICK), now);
                let text = "The user has been kicked and cannot return for 1 minute";
                Some(http::json(&json!({"message": text})))
            }),
            ["rooms", "timeout", room] => self.as_owner(user, room, |chat, room| {
                let seconds =
                    form.number("duration").and_then(|n| u64::try_from(n).ok()).filter(|n| *n >= 5)?;
                chat.time_out(user, room, self.shared.scaled(Duration::from_secs(seconds.min(86_400))), now);
                Some(http::json(&json!("ok")))
            }),
            ["rooms", "setuseraccess", room] => self.as_owner(user, room, |chat, room| {
                let target = form.number("aclUserId").filter(|user| chat.user(*user).is_some())?;
                chat.set_access(target, room, form.get("userAccess").unwrap_or("remove"), now);
                Some(http::json(&json!("ok")))
            }),
            ["rooms", "requestaccess"] => http::json(&json!({"success": true})),
            _ => http::not_found(),
        }
    }

    /// Does something to a message. Refusals are JSON strings with status 200, save throttles and lengths; an unknown id
    /// is a redirect to the error page.
    fn change(
        &self,
        message: &str,
        act: impl FnOnce(&mut ChatServer, i64) -> Result<(), Refusal>,
    ) -> Response {
        let unknown = || http::redirect(&format!("/error?aspxerrorpath=/messages/{message}"));
        let Some(message) = id(message) else { return unknown() };
        match self.with(|chat| act(chat, message)) {
            Ok(()) => http::json(&json!("ok")),
            Err(Refusal::NoSuchMessage) => unknown(),
            Err(
                refusal @ (Refusal::Throttled(_) | Refusal::TooLong | Refusal::Empty | Refusal::Suspended(_)),
            ) => refused(&refusal),
            Err(refusal @ Refusal::RoomTimeout(_)) => refused(&refusal),
            Err(refusal) => http::json(&json!(refusal.to_string())),
        }
    }

    fn as_owner(
        &self,
        user: i64,
        room: &str,
        act: impl FnOnce(&mut ChatServer, i64) -> Option<Response>,
    ) -> Response {
        self.of_room(room, |chat, room| {
            let is_moderator = chat.user(user).is_some_and(|user| user.is_moderator);
            match chat.room(room)?.owners.contains(&user) || is_moderator {
                true => act(chat, room),
                false => Some(refused(&Refusal::NoPermission)),
            }
        })
    }

    /// Answers about a room that the visitor may read; `None` and everything else is the page for what is not there.
    fn of_room(&self, room: &str, act: impl FnOnce(&mut ChatServer, i64) -> Option<Response>) -> Response {
        let Some(room) = id(room) else { return http::not_found() };
        let answer =
            self.with(|chat| chat.may_read(self.visitor.user, room).then(|| act(chat, room)).flatten());
        answer.unwrap_or_else(http::not_found)
    }

    fn of_message(&self, message: &str, act: impl FnOnce(&ChatServer, &Message) -> Response) -> Response {
        let Some(message) = id(message) else { return http::not_found() };
        self.with(|chat| {
            let found = chat.message(message).filter(|found| chat.may_read(self.visitor.user, found.room));
            found.map_or_else(http::not_found, |found| act(chat, found))
        })
    }

    fn message(&self, message: &str, plain: bool) -> Response {
        self.of_message(message, |_, message| match (message.deleted, plain) {
            (Some(_), _) => http::not_found(),
            (None, true) => http::text(StatusCode::OK, message.source().to_owned()),
            (None, false) => http::html(StatusCode::OK, message.html.clone()),
        })
    }

    fn page(&self, title: &str, body: impl FnOnce(&str) -> String) -> Response {
        let login = self.shared.urls.login(self.server);
        let topbar = self.with(|chat| pages::topbar(&self.visitor, chat, &login));
        let chat_host = Host::Chat(self.server).name();
        let body = body(&pages::fkey_input(&self.visitor.fkey));
        let page = pages::page(&format!("{title} | {chat_host}"), &topbar, &body, "");
        self.with_cookie(http::html(StatusCode::OK, page))
    }

    /// The first page for a user with a login gives them the chat server's own cookie.
    fn with_cookie(&self, mut response: Response) -> Response {
        let name = self.server.chat_cookie();
        if self.visitor.user.is_some() && self.call.cookie(name).is_none() {
            http::set_cookie(&mut response, name, &random_hex(40), None);
        }
        response
    }

    fn room_page(&self, room: &str, n_segments: usize) -> Response {
        let Some(room) = id(room) else { return http::not_found() };
        let login = self.shared.urls.login(self.server);
        let now = self.shared.now();
        let response = self.with(|chat| {
            let Some(here) = chat.room(room) else { return http::not_found() };
            let topbar = pages::topbar(&self.visitor, chat, &login);
            let chat_host = Host::Chat(self.server).name();
            if !chat.may_read(self.visitor.user, room) {
                return http::html(
                    StatusCode::OK,
                    pages::private_room(room, chat_host, &topbar, &self.visitor.fkey),
                );
            }
            if n_segments == 2 {
                return http::redirect(&format!("/rooms/{room}/{}", pages::slug(&here.name)));
            }
            let may_write = self.visitor.user.is_some_and(|user| chat.may_write(user, room, now));
            let state = pages::RoomState { may_write, frozen: here.kind == RoomKind::Frozen };
            http::html(StatusCode::OK, pages::room(here, chat, &self.visitor, state, chat_host, &topbar))
        });
        self.with_cookie(response)
    }

    fn listing(&self, chat: &mut ChatServer, room: i64, form: &Fields) -> Response {
        let now = self.shared.now();
        let count = form.number("msgCount").and_then(|n| usize::try_from(n).ok()).unwrap_or(LISTING.1);
        let events = chat.listing(room, count.min(LISTING.0), form.number("before"), form.number("after"));
        if let Some(user) = self.visitor.user {
            chat.join(user, room, now);
        }
        let counter = chat.events.counter();
        http::json(&json!({"events": events, "time": counter, "sync": now.as_secs(), "ms": 1}))
    }

    fn poll(&self, form: &Fields) -> Response {
        let user = self.visitor.user;
        self.with(|chat| {
            let mut answer = serde_json::Map::new();
            for (room, since) in
                form.iter().filter_map(|(name, since)| Some((id(name.strip_prefix('r')?)?, since)))
            {
                if !chat.may_read(user, room) {
                    continue;
                }
                let since = since.trim().parse().unwrap_or(0);
                let frame = chat.events.frame(user, &[room].into(), since);
                let key = format!("r{room}");
                let entry = frame.and_then(|frame| frame.get(&key).cloned()).unwrap_or_else(|| json!({}));
                answer.insert(key, entry);
                if let Some(user) = user {
                    chat.join(user, room, self.shared.now());
                }
            }
            http::json(&serde_json::Value::Object(answer))
        })
    }

    fn ws_auth(&self, form: &Fields) -> Response {
        let room = form.number("roomid").unwrap_or(0);
        if !self.with(|chat| chat.may_read(self.visitor.user, room)) {
            return http::not_found();
        }
        let token = random_hex(32);
        let url = format!("{}/events/{room}/{token}", self.shared.urls.ws(Host::ChatSockets));
        let ticket = Ticket { server: self.server, user: self.visitor.user, room };
        lock(&self.shared.tickets).give(token, ticket);
        http::json(&json!({"url": url}))
    }
}

fn numbers(text: &str) -> Vec<i64> {
    text.split([',', ';', ' ']).filter_map(|id| id.trim().parse().ok()).take(MAX_IDS).collect()
}
