//! The HTML pages of chat, with everything in them that clients are known to look for. Pure.

use std::fmt::Write;

use serde_json::json;

use super::lookup;
use super::message::Message;
use super::room::Room;
use super::visitor::Visitor;
use super::words::break_long_words;
use super::world::{ChatServer, User};
use crate::simulator::html::escape;

/// A transcript page shows so many messages.
const TRANSCRIPT: usize = 200;

/// Whether the visitor may write in the room of a page, and whether anybody may.
#[derive(Clone, Copy)]
pub(super) struct RoomState {
    pub(super) may_write: bool,
    pub(super) frozen: bool,
}

/// Lower-case letters and digits with hyphens, as in the network's addresses.
pub(in crate::simulator) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for char in name.chars().flat_map(char::to_lowercase) {
        if char.is_alphanumeric() {
            slug.push(char);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.trim_end_matches('-').chars().take(80).collect();
    if slug.is_empty() { "x".to_owned() } else { slug }
}

/// The top bar: a link to the own profile, or to the login of the parent site.
pub(super) fn topbar(visitor: &Visitor, chat: &ChatServer, login: &str) -> String {
    let link = match visitor.user {
        Some(user) => {
            let name = chat.name_of(user);
            format!("<a href=\"/users/{user}/{}\" title=\"{1}\">{1}</a>", slug(name), escape(name))
        }
        None => format!("<a href=\"{login}/users/login\">log in</a>"),
    };
    format!("<div class=\"topbar\"><div class=\"topbar-menu-links\">{link}</div></div>")
}

pub(super) fn fkey_input(fkey: &str) -> String {
    format!("<input id=\"fkey\" name=\"fkey\" type=\"hidden\" value=\"{fkey}\" />")
}

pub(super) fn page(title: &str, topbar: &str, body: &str, end: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><title>{}</title></head><body>\n{topbar}\n{body}{end}</body></html>",
        escape(title)
    )
}

/// `/chats/join/favorite`.
pub(super) fn favorite(fkey_input: &str) -> String {
    format!("<form method=\"post\"><h2>Join</h2>{fkey_input}</form>")
}

/// `/rooms/N`.
pub(super) fn room(
    room: &Room,
    chat: &ChatServer,
    visitor: &Visitor,
    state: RoomState,
    chat_host: &str,
    topbar: &str,
) -> String {
    let present: Vec<_> = room.present.keys().filter_map(|id| chat.user(*id)).map(|user| {
        let mut entry = json!({
            "id": user.id, "name": user.name, "email_hash": lookup::email_hash(user), "reputation": user.reputation,
            "last_post": user.last_post.map(|at| at.as_secs()),
        });
        if room.owners.contains(&user.id) {
            entry["is_owner"] = json!(true);
        }
        if user.is_moderator {
            entry["is_moderator"] = json!(true);
        }
        entry
    }).collect();
    let present = escape(&json!(present).to_string());
    let input = match (state.may_write, visitor.user) {
        (true, _) => "<textarea id=\"input\"></textarea>".to_owned(),
        (false, None) => {
            "<div id=\"bubble\">You must be <a href=\"/login\">logged in</a> to talk.</div>".to_owned()
        }
        (false, Some(_)) if state.frozen => {
            "<div id=\"bubble\">This room has been automatically frozen for inactivity.</div>".to_owned()
        }
        (false, Some(_)) => format!(
            "<div id=\"bubble\">This is a gallery room; only specifically nominated users can talk here.\
             <form method=\"post\" action=\"/rooms/requestaccess\"><input type=\"hidden\" name=\"roomId\" value=\"{}\">\
             <input type=\"submit\" value=\"request access\"></form></div>",
            room.id
        ),
    };
    let user = visitor.user.unwrap_or(0);
    let body = format!(
        "<div id=\"active-user\" class=\"user-container user-{user}\"></div><span id=\"roomname\">{name}</span>\
         <div id=\"roomdesc\">{description}</div><div id=\"room-tags\"></div>\
         <div class=\"js-present\" data-users=\"{present}\"></div>\n{input}\n\
         <a href=\"/chats/leave/{id}\" class=\"button\">leave</a>\n\
         <script>StartChat({{ws:true}}, {user}, {{id:{id}, host:'', deleted:false, frozen:{frozen}}}, {{}});</script>\n",
        name = escape(&room.name),
        description = escape(&room.description),
        id = room.id,
        frozen = state.frozen,
    );
    page(&format!("{} | {chat_host}", room.name), topbar, &body, &fkey_input(&visitor.fkey))
}

/// What strangers see of a private room; the status is 200.
pub(super) fn private_room(room: i64, chat_host: &str, topbar: &str, fkey: &str) -> String {
    let body = format!(
        "<h2>Private Room</h2><form method=\"post\" action=\"/rooms/requestaccess\">\
         <input type=\"hidden\" name=\"roomId\" value=\"{room}\"><input type=\"submit\" value=\"request access\"></form>"
    );
    page(&format!("Access Denied | {chat_host}"), topbar, &body, &fkey_input(fkey))
}

fn user_link(user: i64, chat: &ChatServer) -> String {
    let name = chat.name_of(user);
    format!("<a href=\"/users/{user}/{}\">{}</a>", slug(name), escape(name))
}

/// `h:mm AM` in UTC.
fn clock_time(at: crate::core::time::Timestamp) -> String {
    let minutes = at.as_secs().rem_euclid(86_400) / 60;
    let (hour, minute) = (minutes / 60, minutes % 60);
    let half = if hour < 12 { "AM" } else { "PM" };
    format!("{}:{minute:02} {half}", if hour % 12 == 0 { 12 } else { hour % 12 })
}

/// `/messages/ID/history`: the message as it is, then its versions, newest first.
pub(super) fn history(message: &Message, chat: &ChatServer) -> String {
    let (id, room, user) = (message.id, message.room, message.user);
    let mut html = format!(
        "<html><body><div id=\"content\"><div class=\"monologue user-{user}\"><div class=\"signature\">\
         <div class=\"username\">{link}</div></div>\n <div class=\"messages\"><div class=\"timestamp\">{time}</div>\
         <div class=\"message\" id=\"message-{id}\"><a class=\"action-link\" name=\"{id}\" \
         href=\"/transcript/{room}?m={id}#{id}\"></a><div class=\"content\">{content}</div>{stars}</div></div></div>\n",
        link = user_link(user, chat),
        time = clock_time(message.at),
        content = if message.deleted.is_some() { "" } else { &message.html },
        stars = stars_of(message),
    );
    for user in &message.pins {
        let _ = writeln!(
            html,
            "<p><span class=\"stars owner-star\"></span> pinned by {}</p>",
            user_link(*user, chat)
        );
    }
    let mut version = |user: i64, said: &str, source: &str| {
        let _ = writeln!(
            html,
            "<div class=\"monologue\"><div class=\"username\">{}</div><div class=\"message\"><b>{said}</b>{source}\
             </div></div>",
            user_link(user, chat)
        );
    };
    if let Some((user, _)) = message.deleted {
        version(user, "deleted", "");
    }
    for (index, revision) in message.revisions.iter().enumerate().rev() {
        let source = break_long_words(&revision.source, chat.behaviour.style.long_word);
        let source = format!(" <span class=\"message-source\">{}</span>", escape(&source));
        version(revision.by, if index == 0 { "said:" } else { "edited:" }, &source);
    }
    html + "</div></body></html>"
}

fn stars_of(message: &Message) -> String {
    if message.stars.is_empty() && message.pins.is_empty() {
        return String::new();
    }
    let pinned = if message.pins.is_empty() { "" } else { " owner-star" };
    format!("<span class=\"stars{pinned}\"><span class=\"times\">{}</span></span>", message.stars.len())
}

/// `/transcript/N` and `/transcript/message/ID`: the newest messages, or those around the highlighted one.
pub(super) fn transcript(room: i64, highlight: Option<i64>, chat: &ChatServer) -> String {
    let name = chat.room(room).map_or("", |room| &room.name);
    let mut html = format!(
        "<html><body><span class=\"room-name\"><a href=\"/rooms/{room}/{}\">{}</a></span>\n",
        slug(name),
        escape(name)
    );
    let last = highlight.map_or(i64::MAX, |id| id.saturating_add(i64::try_from(TRANSCRIPT / 2).unwrap_or(0)));
    let mut shown: Vec<&Message> =
        chat.messages_in(room).rev().skip_while(|message| message.id > last).take(TRANSCRIPT).collect();
    shown.reverse();
    for message in shown {
        let (id, user) = (message.id, message.user);
        let class = if highlight == Some(id) { "message highlight" } else { "message" };
        let reply = message.parent.map_or(String::new(), |parent| {
            format!("<a class=\"reply-info\" href=\"/transcript/{room}?m={parent}#{parent}\"></a>")
        });
        let content = match message.deleted {
            Some(_) => "<span class=\"deleted\">(removed)</span>".to_owned(),
            None => format!("<div class=\"content\">{}</div>", message.html),
        };
        let edits = if message.edits > 0 { "<span class=\"edits\"></span>" } else { "" };
        let _ = writeln!(
            html,
            "<div class=\"monologue user-{user}\"><div class=\"signature\"><div class=\"username\">{}</div></div>\
             <div class=\"messages\"><div class=\"timestamp\">{}</div><div class=\"{class}\" id=\"message-{id}\">{reply}\
             {content}{edits}{}</div></div></div>",
            user_link(user, chat),
            clock_time(message.at),
            stars_of(message),
        );
    }
    html + "</body></html>"
}

/// `/chats/stars/N`.
pub(super) fn stars(room: i64, chat: &ChatServer) -> String {
    let starred =
        chat.messages_in(room).rev().filter(|m| !m.stars.is_empty() || !m.pins.is_empty()).take(TRANSCRIPT);
    let items: String = starred
        .map(|message| {
            format!("<li id=\"summary_{}\">{}{}</li>", message.id, stars_of(message), message.html)
        })
        .collect();
    format!("<ul id=\"starred-posts\">{items}</ul>")
}

/// `/users/UID`.
pub(super) fn user(user: &User, chat: &ChatServer, topbar: &str, fkey: &str) -> String {
    let name = escape(&user.name);
    let diamond = if user.is_moderator { " &#9830;" } else { "" };
    let n_rooms = chat.rooms().filter(|room| room.seen.contains_key(&user.id)).count();
    let rooms: String = chat
        .rooms()
        .filter(|room| room.seen.contains_key(&user.id) && chat.may_read(None, room.id))
        .map(|room| {
            let count = chat.messages_in(room.id).filter(|message| message.user == user.id).count();
            format!(
                "<div class=\"roomcard\" id=\"room-{}\"><span class=\"room-message-count\" \
                 title=\"{count} all time messages (by {name})\">{count}</span></div>",
                room.id
            )
        })
        .collect();
    let body = format!(
        "<h1>{name}</h1><span class=\"user-status\">{name}{diamond}</span>\
         <span class=\"user-message-count-xxl\">{messages}</span><span class=\"user-room-count-xxl\">{n_rooms}</span>\
         <span class=\"reputation-score\" title=\"{rep}\">{rep}</span><table><tr><td class=\"user-valuecell\">2019-01-01</td>\
         <td class=\"user-valuecell\">14s ago</td><td class=\"user-valuecell\">5s ago</td><td class=\"user-valuecell\">x</td>\
         </tr></table><div id=\"user-roomcards-container\">{rooms}</div>",
        messages = user.n_messages,
        rep = user.reputation,
    );
    page(&user.name, topbar, &body, &fkey_input(fkey))
}

/// `/rooms/info/N`.
pub(super) fn room_info(room: &Room, chat: &ChatServer) -> String {
    let owners: String = room
        .owners
        .iter()
        .map(|user| {
            format!("<div class=\"usercard\" id=\"owner-user-{user}\">{}</div>", user_link(*user, chat))
        })
        .collect();
    format!(
        "<html><body><div class=\"roomcard-xxl\"><h1>{}</h1><p>{}</p><img title=\"Stack Exchange\">\
         <span class=\"room-message-count-xxl\">{}</span><span class=\"room-user-count-xxl\">{}</span></div>\
         <div id=\"room-ownercards\">{owners}</div></body></html>",
        escape(&room.name),
        escape(&room.description),
        room.messages.len(),
        room.seen.len(),
    )
}
