//! Questions about the service that the bot answers out of what it knows.

use super::super::Bot;
use super::Outcome;
use crate::core::commands::{find, manual, short};
use crate::core::feedback;
use crate::core::nearest::nearest;
use crate::core::phrase::Phrase;
use crate::core::rooms::RoomKey;
use crate::core::talk::{Asked, Mode};
use crate::core::time::Timestamp;

/// Proofs of life.
const ALIVE: [&str; 6] = [
    "Alive, and reading.",
    "Still here.",
    "Present. The kettle is on.",
    "Awake since the last reboot.",
    "Yes. Was there any doubt?",
    "Breathing in posts, breathing out reports.",
];

impl Bot {
    pub(super) fn alive(&self, asked: &Asked) -> Outcome {
        let n = usize::try_from(asked.message_id).unwrap_or(0) % ALIVE.len();
        Outcome::Say(Phrase::new(ALIVE[n]))
    }

    pub(super) fn status(&self, now: Timestamp) -> Outcome {
        let mode = match self.state.talk.mode {
            Mode::Active => "scanning and reporting",
            Mode::Silent => "scanning in silence",
            Mode::Standby => "on standby",
        };
        let uptime = spoken(now.since(self.started_at).as_secs());
        let since = dated(self.started_at);
        Outcome::Say(Phrase::new(format!("Running since {since} ({uptime}), {mode}.")))
    }

    pub(super) fn version(&self) -> Outcome {
        Outcome::Say(Phrase::new(format!(
            "smokestack {} on {}.",
            env!("CARGO_PKG_VERSION"),
            self.settings.instance
        )))
    }

    pub(super) fn help(&self, name: Option<&str>) -> Outcome {
        let grammar = &self.settings.grammar;
        let Some(name) = name else { return Outcome::Say(manual::list(grammar)) };
        let name = name.strip_prefix(grammar.prefix.as_str()).unwrap_or(name);
        let name = name.to_lowercase().replace('_', "-");
        if let Some(spec) = find(&name).or_else(|| find(name.strip_suffix("-force")?)) {
            return Outcome::Say(manual::page(spec, grammar));
        }
        if let Some(kind) = feedback::parse_or_undo(&name) {
            return Outcome::Say(manual::feedback(&name, &kind));
        }
        let said = Phrase::new("there is no command ").code(short(&name));
        let names = crate::core::commands::all().map(|spec| spec.name);
        Outcome::Fail(match nearest(&name, names) {
            Some(near) => said.words("; did you mean ").code(near).words("?"),
            None => said,
        })
    }

    pub(super) fn who_am_i(&self, room: &RoomKey) -> Outcome {
        let ids: Vec<String> = self
            .sessions
            .iter()
            .filter(|(key, _)| key.server == room.server)
            .filter_map(|(_, session)| session.user_id.map(|id| format!("`{id}`")))
            .collect();
        Outcome::Say(Phrase::new(format!("My id on {} is {}.", room.server, ids.join(" and "))))
    }

    pub(super) fn am_i_privileged(&mut self, asked: &Asked, now: Timestamp) -> Outcome {
        match self.is_privileged(asked, now) {
            Some(true) => Outcome::Say(Phrase::new("Yes, you are privileged here.")),
            Some(false) => Outcome::Say(Phrase::new("No, you are not privileged here.")),
            None => self.ask_about(asked),
        }
    }

    pub(super) fn privileges(&self, room: &RoomKey) -> Outcome {
        let ids: Vec<String> =
            self.rooms.get(room).into_iter().flat_map(|room| &room.privileged).map(i64::to_string).collect();
        Outcome::Say(Phrase::new(match ids.len() {
            0 => "Nobody but moderators is privileged here.".to_owned(),
            n => format!("{n} people are privileged here, and moderators; their ids: {}", ids.join(", ")),
        }))
    }
}

/// A point in time as people read it, to the second.
pub(super) fn dated(at: Timestamp) -> String {
    Timestamp::from_secs(at.as_secs()).to_string()
}

/// A time span as people say it, in its two largest units.
pub(super) fn spoken(secs: u64) -> String {
    let (days, hours, minutes, seconds) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {seconds} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}
