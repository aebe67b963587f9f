//! Commands and their answers, applied to the state.

use super::State;
use crate::core::journal::Entry;
use crate::core::time::Timestamp;

impl State {
    /// Applies an entry that a command led to.
    pub(super) fn talked(&mut self, entry: &Entry, at: Timestamp) {
        match entry {
            Entry::Asked(asked) => self.talk.on_asked(asked, at),
            Entry::Answered { message, items, more } => {
                self.talk.on_answered(message, more, at);
                items.iter().for_each(|item| self.queue(item));
            }
            Entry::Mode { mode, .. } => self.talk.mode = *mode,
            _ => {}
        }
    }
}
