//! Changes of the lists, applied to the state.

use std::collections::BTreeSet;

use super::State;
use super::change::Change;
use crate::core::journal::Entry;
use crate::core::time::Timestamp;

impl State {
    /// Applies an entry about lists.
    pub(super) fn listed(&mut self, entry: &Entry, at: Timestamp) -> Vec<Change> {
        let lists = &mut self.lists;
        match entry {
            Entry::ListChanged(made) => lists.on_changed(made),
            Entry::ListWritten { number, added, gone } => {
                lists.on_written(*number, added.as_deref(), gone, at);
                return self.release(at);
            }
            Entry::Proposed(proposal) => lists.on_proposed(proposal),
            Entry::Rejected { number, .. } => lists.on_settled(Some(*number)),
            Entry::Muted { rule, items } => {
                lists.on_muted(rule);
                items.iter().for_each(|item| self.queue(item));
            }
            Entry::Unmuted { rule, .. } => {
                lists.on_unmuted(rule);
                return self.release(at);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Queues what no muted entry holds any more.
    pub(super) fn release(&mut self, at: Timestamp) -> Vec<Change> {
        let reports = self.undelivered.values().map(|undelivered| &undelivered.report);
        let still_held: BTreeSet<_> =
            reports.filter(|report| self.lists.holds(report)).map(|report| report.id).collect();
        let free = self
            .lists
            .take_held(|item| !item.content.report().is_some_and(|report| still_held.contains(&report)));
        for item in &free {
            self.queue(item);
        }
        self.still_here(&free, at)
    }
}
