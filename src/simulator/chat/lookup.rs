//! The questions that chat answers in JSON: who users and rooms are. Pure.

use serde_json::{Value, json};

use super::room::Room;
use super::world::{ChatServer, User};
use crate::simulator::html::escape;

/// `/user/info`; unknown ids are left out.
pub(super) fn user_info(ids: &[i64], room: i64, chat: &ChatServer) -> Value {
    let known = ids.iter().filter_map(|id| chat.user(*id));
    let users: Vec<Value> = known
        .map(|user| {
            let is_owner = chat.room(room).is_some_and(|room| room.owners.contains(&user.id));
            json!({
                "id": user.id,
                "name": user.name,
                "email_hash": email_hash(user),
                "reputation": user.reputation,
                "is_moderator": user.is_moderator,
                "is_owner": if is_owner { json!(true) } else { Value::Null },
                "last_post": user.last_post.map(|at| at.as_secs()),
                "last_seen": user.last_seen.map(|at| at.as_secs()),
            })
        })
        .collect();
    json!({"users": users})
}

pub(super) fn email_hash(user: &User) -> String {
    format!("!https://i.sstatic.net/{}.png?s=128", user.id)
}

/// `/rooms/pingable/N`: id, name, last seen, last message.
pub(super) fn pingable(room: &Room, chat: &ChatServer) -> Value {
    let users = room.seen.iter().map(|(user, (seen, posted))| {
        json!([user, chat.name_of(*user), seen.as_secs(), posted.map(|at| at.as_secs())])
    });
    Value::Array(users.collect())
}

/// `/rooms/thumbs/N`.
pub(super) fn room_thumbs(room: &Room) -> Value {
    json!({
        "id": room.id,
        "name": room.name,
        "description": escape(&room.description),
        "isFavorite": false,
        "usage": null,
        "tags": "",
    })
}

/// `/users/thumbs/UID`.
pub(super) fn user_thumbs(user: &User, chat: &ChatServer) -> Value {
    let rooms: Vec<Value> = chat
        .rooms()
        .filter(|room| room.present.contains_key(&user.id) && chat.may_read(None, room.id))
        .map(|room| json!({"id": room.id, "name": room.name}))
        .collect();
    json!({
        "id": user.id,
        "name": user.name,
        "email_hash": email_hash(user),
        "reputation": user.reputation,
        "profileUrl": format!("/users/{}", user.id),
        "host": chat.server.key(),
        "is_moderator": user.is_moderator,
        "rooms": rooms,
    })
}

/// `/users/search`: one JSON object a line.
pub(super) fn search(part: &str, limit: usize, chat: &ChatServer) -> String {
    let part = part.to_lowercase();
    let found =
        chat.users().filter(|user| user.id > 0 && user.name.to_lowercase().contains(&part)).take(limit);
    found
        .map(|user| json!({"id": user.id, "dn": user.name, "hash": email_hash(user)}).to_string() + "\n")
        .collect()
}
