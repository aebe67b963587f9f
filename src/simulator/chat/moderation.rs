//! What owners and moderators do: starring and pinning, moving messages, kicking, giving access, silencing. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use super::event::kind;
use super::rules::Refusal;
use super::world::{ChatServer, FEEDS};
use crate::core::time::Timestamp;
use crate::simulator::html;

impl ChatServer {
    /// Stars a message, or takes the star back; pins it, or unpins it, with `pin`.
    ///
    /// # Errors
    /// Why not.
    pub fn star(&mut self, user: i64, id: i64, pin: bool) -> Result<(), Refusal> {
        let room = self.messages.get(&id).ok_or(Refusal::NoSuchMessage)?.room;
        let is_owner = self.rooms.get(&room).is_some_and(|room| room.owners.contains(&user))
            || self.users.get(&user).is_some_and(|user| user.is_moderator);
        if pin && !is_owner {
            return Err(Refusal::OwnersOnly);
        }
        let message = self.messages.get_mut(&id).ok_or(Refusal::NoSuchMessage)?;
        let set = if pin { &mut message.pins } else { &mut message.stars };
        if !set.remove(&user) {
            set.insert(user);
        }
        let message = self.messages.get(&id).ok_or(Refusal::NoSuchMessage)?;
        // Stars tell their totals and nobody's name.
        let event = self.message_event(kind::STARRED, message, None);
        self.events.push(event);
        Ok(())
    }

    /// Takes all stars, or with `pins` all pins, from a message: for owners and moderators.
    ///
    /// # Errors
    /// Why not.
    pub fn clear_stars(&mut self, user: i64, id: i64, pins: bool) -> Result<(), Refusal> {
        let room = self.messages.get(&id).ok_or(Refusal::NoSuchMessage)?.room;
        let is_owner = self.rooms.get(&room).is_some_and(|room| room.owners.contains(&user))
            || self.users.get(&user).is_some_and(|user| user.is_moderator);
        if !is_owner {
            return Err(Refusal::OwnersOnly);
        }
        let message = self.messages.get_mut(&id).ok_or(Refusal::NoSuchMessage)?;
        if pins {
            message.pins.clear()
        } else {
            message.stars.clear()
        }
        let message = self.messages.get(&id).ok_or(Refusal::NoSuchMessage)?;
        let event = self.message_event(kind::STARRED, message, None);
        self.events.push(event);
        Ok(())
    }

    /// Moves messages of one room to another; gives how many were moved. They keep id, author and time.
    ///
    /// # Errors
    /// Without being an owner of the room or a moderator, or to a room that does not exist.
    pub fn move_messages(
        &mut self,
        mover: i64,
        from: i64,
        to: i64,
        ids: &[i64],
        chat_url: &str,
        now: Timestamp,
    ) -> Result<usize, Refusal> {
        let is_moderator = self.users.get(&mover).is_some_and(|user| user.is_moderator);
        let source = self.rooms.get(&from).ok_or(Refusal::NoSuchRoom)?;
        let target_name = self.rooms.get(&to).ok_or(Refusal::NoSuchRoom)?.name.clone();
        let source_name = source.name.clone();
        if !is_moderator && !source.owners.contains(&mover) {
            return Err(Refusal::NoPermission);
        }
        let wanted: BTreeSet<i64> = ids.iter().copied().collect();
        let moved: Vec<i64> = source.messages.iter().copied().filter(|id| wanted.contains(id)).collect();
        if from == to || moved.is_empty() {
            return Ok(0);
        }
        for id in &moved {
            let message = self.messages.get_mut(id).expect("rooms list messages that exist");
            message.moved = true;
            let event = self.message_event(kind::MOVED_OUT, &self.messages[id], Some(mover));
            self.events.push(event);
        }
        self.rooms.get_mut(&from).expect("looked up above").messages.retain(|id| !wanted.contains(id));
        let target = self.rooms.get_mut(&to).expect("looked up above");
        target.messages.extend(&moved);
        target.messages.make_contiguous().sort_unstable();
        for id in &moved {
            let message = self.messages.get_mut(id).expect("rooms list messages that exist");
            message.room = to;
            let event = self.message_event(kind::MOVED_IN, &self.messages[id], Some(mover));
            self.events.push(event);
        }
        let plural = if moved.len() == 1 { "" } else { "s" };
        let (count, first) = (moved.len(), moved[0]);
        self.notice(mover, from, now, format!(
            "&rarr; <i><a href=\"{chat_url}/transcript/message/{first}#{first}\">{count} message{plural}</a> moved to \
             <a href=\"{chat_url}/rooms/{to}\">{}</a></i>",
            html::escape(&target_name)
        ));
        self.notice(
            mover,
            to,
            now,
            format!(
                "&larr; <i>{count} message{plural} moved from <a href=\"{chat_url}/rooms/{from}\">{}</a></i>",
                html::escape(&source_name)
            ),
        );
        Ok(count)
    }

    /// A message that chat writes in somebody's name, given as HTML.
    fn notice(&mut self, user: i64, room: i64, now: Timestamp, html: String) {
        let id = self.put(user, room, " ", None, now);
        let message = self.messages.get_mut(&id).expect("just inserted");
        message.html.clone_from(&html);
        // The event that `put` pushed shows the text it was given; the last event is that one.
        self.events.amend_last(html);
    }

    /// Kicks a user out of a room for a while: they leave it and cannot write there.
    pub fn kick(&mut self, user: i64, room: i64, length: Duration, now: Timestamp) {
        let Some(here) = self.rooms.get_mut(&room) else { return };
        here.kicked.insert(user, now + length);
        let minutes = length.as_secs().div_ceil(60).max(1);
        self.push_access(user, room, &format!("priv {minutes} created"), now);
        self.leave(user, room, now);
    }

    /// Ends a kick.
    pub fn forgive(&mut self, user: i64, room: i64, now: Timestamp) {
        let was_kicked = self.rooms.get_mut(&room).is_some_and(|room| room.kicked.remove(&user).is_some());
        if was_kicked {
            self.push_access(user, room, "priv 1 deleted", now);
        }
    }

    /// Changes what a user may do in a room; `access` as `/rooms/setuseraccess` names it.
    pub fn set_access(&mut self, user: i64, room: i64, access: &str, now: Timestamp) {
        let Some(here) = self.rooms.get_mut(&room) else { return };
        here.members.remove(&user);
        here.owners.remove(&user);
        let text = match access {
            "owner" => {
                here.owners.insert(user);
                "Access now owner"
            }
            "read-write" => {
                here.members.insert(user);
                "Access now read-write"
            }
            "read-only" => "Access now read-only",
            _ => "Access now request",
        };
        self.push_access(user, room, text, now);
    }

    /// Silences a room for a while.
    pub fn time_out(&mut self, user: i64, room: i64, length: Duration, now: Timestamp) {
        let Some(here) = self.rooms.get_mut(&room) else { return };
        here.timeout_until = Some(now + length);
        let mut event = self.room_event(room, now);
        event.event_type = kind::TIME_BREAK;
        event.user_id = Some(user);
        event.user_name = Some(self.name_of(user).to_owned());
        self.events.push(event);
    }

    /// Suspends a user on this server for a while; a length of 0 ends it.
    pub fn suspend(&mut self, user: i64, length: Duration, now: Timestamp) {
        if let Some(user) = self.users.get_mut(&user) {
            user.suspended_until = Some(now + length);
        }
    }

    fn push_access(&mut self, user: i64, room: i64, text: &str, now: Timestamp) {
        let mut event = self.room_event(room, now);
        event.event_type = kind::ACCESS_CHANGED;
        event.content = Some(text.to_owned());
        event.user_id = Some(FEEDS);
        event.user_name = Some(self.name_of(FEEDS).to_owned());
        event.target_user_id = Some(user);
        self.events.push(event);
    }
}
