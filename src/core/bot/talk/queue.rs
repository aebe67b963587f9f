//! What waits, how long it takes, and rooms that are spared.

use std::time::Duration;

use super::super::{Bot, RoomBacklog};
use super::Outcome;
use super::about::spoken;
use crate::core::commands::room_named;
use crate::core::phrase::Phrase;
use crate::core::post::PostKey;
use crate::core::rooms::RoomKey;
use crate::core::talk::Asked;
use crate::core::time::Timestamp;

/// A block without a sensible length lasts this long, as in SmokeDetector.
const BLOCK: Duration = Duration::from_secs(900);
/// No forecast looks further.
const HORIZON: u64 = 24 * 3600;

impl Bot {
    pub(super) fn block_room(
        &mut self,
        asked: &Asked,
        secs: i64,
        room: Option<&str>,
        now: Timestamp,
    ) -> Outcome {
        let room = match room.map(|room| self.room(room, asked)).transpose() {
            Ok(room) => room,
            Err(said) => return Outcome::Fail(said),
        };
        let length = u64::try_from(secs).ok().filter(|secs| *secs > 0).map_or(BLOCK, Duration::from_secs);
        let length = length.min(super::super::MAX_BLOCK);
        let said =
            format!("{} is spared for {}; reports are held.", name(room.as_ref()), spoken(length.as_secs()));
        self.block(room, length, asked.by.clone(), now);
        Outcome::Say(Phrase::new(said))
    }

    pub(super) fn unblock_room(&mut self, asked: &Asked, room: Option<&str>, now: Timestamp) -> Outcome {
        let room = match room.map(|room| self.room(room, asked)).transpose() {
            Ok(room) => room,
            Err(said) => return Outcome::Fail(said),
        };
        let name = name(room.as_ref());
        if self.unblock(room, asked.by.clone(), now) {
            Outcome::Say(Phrase::new(format!("{name} is told everything again.")))
        } else {
            Outcome::Fail(Phrase::new(format!("there is no block of {}", name.to_lowercase())))
        }
    }

    /// A room of the rooms file, as somebody names it.
    fn room(&self, text: &str, asked: &Asked) -> Result<RoomKey, Phrase> {
        let room = room_named(text, &asked.room)?;
        match self.rooms.get(&room) {
            Some(_) => Ok(room),
            None => Err(Phrase::default().code(text).words(" is no room of mine")),
        }
    }

    pub(super) fn outbox(&self, now: Timestamp) -> Outcome {
        let busy: Vec<RoomBacklog> =
            self.backlog(now).into_iter().filter(|row| row.waiting + row.in_flight > 0).collect();
        if busy.is_empty() {
            return Outcome::Say(Phrase::new("Nothing waits."));
        }
        let mut said = Phrase::default();
        for (n, row) in busy.iter().enumerate() {
            let oldest = row
                .oldest
                .map(|age| format!(", the oldest for {}", spoken(age.as_secs())))
                .unwrap_or_default();
            let next = match row.next_at.since(now).as_secs() {
                0 => "now".to_owned(),
                secs => format!("in {}", spoken(secs)),
            };
            let on_way =
                if row.in_flight > 0 { format!(", {} on the way", row.in_flight) } else { String::new() };
            let end = if n + 1 < busy.len() { "; " } else { "." };
            said = said
                .words(format!("{}: {} waiting{on_way}{oldest}, next {next}{end}", row.room, row.waiting));
        }
        Outcome::Say(said)
    }

    pub(super) fn lag(&self, now: Timestamp) -> Outcome {
        let oldest = self.state.undelivered.values().map(|u| u.report.seen_at).min();
        let waits = match oldest {
            Some(at) => format!(" The oldest that waits is {} old.", spoken(now.since(at).as_secs())),
            None => String::new(),
        };
        let said = match (self.tally.percentile(50), self.tally.percentile(99)) {
            (Some(half), Some(most)) => format!(
                "Of the last {} reports half were in their room within {:.1} s, 99 % within {:.1} s.{waits}",
                self.tally.lags.len(),
                half.as_secs_f64(),
                most.as_secs_f64()
            ),
            _ => format!("No report was delivered since the start.{waits}"),
        };
        Outcome::Say(Phrase::new(said))
    }

    pub(super) fn forecast(&self, asked: &Asked, room: Option<&str>, now: Timestamp) -> Outcome {
        let room = match room.map(|room| self.room(room, asked)).transpose() {
            Ok(room) => room.unwrap_or_else(|| asked.room.clone()),
            Err(said) => return Outcome::Fail(said),
        };
        let rows = self.backlog(now);
        let on_server = rows.iter().filter(|row| row.room.server == room.server);
        let here = rows.iter().find(|row| row.room == room);
        let waiting = here.map_or(0, |row| row.waiting + row.in_flight);
        if waiting == 0 {
            return Outcome::Say(Phrase::new(format!(
                "Nothing waits for {room}; a report would go out at once."
            )));
        }
        if let Some(until) = here.and_then(|row| row.blocked_until) {
            let spared = spoken(until.since(now).as_secs());
            return Outcome::Say(Phrase::new(format!(
                "{waiting} wait for {room}, which is spared for another {spared}."
            )));
        }
        // Rooms of a server share its accounts.
        let n_messages: usize =
            on_server.filter(|row| row.blocked_until.is_none()).map(|row| self.messages_for(row, now)).sum();
        let within = |secs: u64| {
            let accounts =
                self.sessions.iter().filter(|(key, s)| key.server == room.server && s.user_id.is_some());
            let horizon = Duration::from_secs(secs);
            let sends = |key| self.state.outbox.account(key).rate_limit.forecast(horizon, now);
            accounts.map(|(key, _)| sends(key)).sum::<f64>()
        };
        let secs =
            std::iter::successors(Some(1u64), |secs| Some(secs * 2)).take_while(|secs| *secs <= HORIZON);
        let said = match secs.into_iter().find(|secs| within(*secs) >= n_messages as f64) {
            Some(secs) => format!(
                "{waiting} wait for {room}; all that waits on its server takes about {n_messages} message{} and should be out \
                 within {}.",
                if n_messages == 1 { "" } else { "s" },
                spoken(secs)
            ),
            None => format!(
                "{waiting} wait for {room}; by what is known of chat's limit they take more than a day."
            ),
        };
        Outcome::Say(Phrase::new(said))
    }

    /// How many messages all that waits for a room takes, if each carries as much as the next one would.
    fn messages_for(&self, row: &RoomBacklog, now: Timestamp) -> usize {
        let accounts = self.sessions.keys().filter(|key| key.server == row.room.server);
        let in_next = accounts.filter_map(|account| self.in_next_message(account, &row.room, now)).max();
        usize::from(row.in_flight > 0) + row.waiting.div_ceil(in_next.unwrap_or(1).max(1))
    }

    pub(super) fn item_named(&self, asked: &Asked, number: i64) -> Outcome {
        let Some(message) = asked.reply_to else {
            return Outcome::Fail(Phrase::new("say it in reply to the message with the item"));
        };
        let Some(reports) = self.state.messages.get(&(asked.room.server.clone(), message)) else {
            return Outcome::Fail(Phrase::new("that is no message of mine with reports, or too old"));
        };
        let place = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        let Some(report) = place.and_then(|place| reports.get(place)) else {
            return Outcome::Fail(Phrase::new(format!("that message has the items 1 to {}", reports.len())));
        };
        let said = Phrase::new(format!("Item {number} is report {report}"));
        Outcome::Say(match self.state.people.known(*report) {
            Some(known) => {
                let key = &known.key;
                said.words(": ")
                    .link(&key.to_string(), &format!("https://{}/q/{}", key.site, key.number))
                    .words(".")
            }
            None => said.words("."),
        })
    }

    pub(super) fn api_quota(&self) -> Outcome {
        let left = self.plan.status().quota_remaining;
        Outcome::Say(Phrase::new(format!("{left} API requests are left today.")))
    }

    pub(super) fn queue_status(&self, now: Timestamp) -> Outcome {
        let status = self.plan.status();
        let oldest = match status.oldest {
            Some(at) => format!(", the oldest for {}", spoken(now.since(at).as_secs())),
            None => String::new(),
        };
        let (pending, in_flight) = (status.pending, status.in_flight);
        Outcome::Say(Phrase::new(format!(
            "{pending} questions wait{oldest}; {in_flight} requests are on their way."
        )))
    }

    pub(super) fn in_queue(&self, key: &PostKey) -> Outcome {
        let waits = self.plan.waits_for(&key.site, key.number)
            || self.state.pending.contains_key(&(key.site.clone(), key.number));
        let said = if waits { " waits to be fetched and scanned." } else { " is not in the queue." };
        Outcome::Say(Phrase::new("Question ").data(&key.to_string()).words(said))
    }

    pub(super) fn stat(&self, now: Timestamp) -> Outcome {
        let uptime = now.since(self.started_at);
        let tally = &self.tally;
        let rate = tally.n_scanned as f64 / (uptime.as_secs_f64() / 60.0).max(1.0);
        Outcome::Say(Phrase::new(format!(
            "{} posts scanned in {} ({rate:.1} a minute), {} unchanged ones passed over, {} reported, {} reports in rooms.",
            tally.n_scanned,
            spoken(uptime.as_secs()),
            self.n_unchanged,
            tally.n_reported,
            tally.n_delivered
        )))
    }
}

fn name(room: Option<&RoomKey>) -> String {
    room.map_or_else(|| "Every room".to_owned(), ToString::to_string)
}
