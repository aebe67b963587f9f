//! Stops that work at any load: silence, standby, the end of the process.

use super::super::{Action, Bot};
use super::Outcome;
use crate::core::commands::Command;
use crate::core::journal::Entry;
use crate::core::phrase::Phrase;
use crate::core::talk::{Asked, Mode};
use crate::core::time::Timestamp;

/// Whether a command is about the silence of the service, and so heard in spite of it.
pub(super) fn steers(command: &Command) -> bool {
    matches!(
        command,
        Command::StappIt(_)
            | Command::Standby(_)
            | Command::Resume
            | Command::Kill
            | Command::Reboot
            | Command::Yes
    )
}

impl Bot {
    /// Says nothing: an answer would wait behind the silence it asks for.
    pub(super) fn stop(
        &mut self,
        asked: &Asked,
        mode: Mode,
        instance: Option<&str>,
        now: Timestamp,
    ) -> Outcome {
        if instance.is_none_or(|part| self.settings.instance.contains(part.trim())) {
            self.record(Entry::Mode { mode, by: asked.by.clone(), room: asked.room.clone() }, now);
        }
        Outcome::Done
    }

    pub(super) fn resume(&mut self, asked: &Asked, now: Timestamp) -> Outcome {
        if self.state.talk.mode == Mode::Active {
            return Outcome::Fail(Phrase::new("I am neither silent nor on standby"));
        }
        self.record(Entry::Mode { mode: Mode::Active, by: asked.by.clone(), room: asked.room.clone() }, now);
        Outcome::Say(Phrase::new("Scanning and reporting again."))
    }

    pub(super) fn end(&mut self, restart: bool) -> Outcome {
        self.act(Action::End { restart });
        Outcome::Done
    }
}
