//! What several accounts of a server all hear is told once.

use std::collections::{BTreeMap, BTreeSet};

/// So many events of a server are remembered: far more than one account's stream is ever behind another's.
const MAX_REMEMBERED: usize = 5_000;

/// The ids of the latest events of each server.
#[derive(Debug, Default)]
pub(super) struct Heard(BTreeMap<String, BTreeSet<i64>>);

impl Heard {
    /// Whether the event was not heard before, as far as that is remembered.
    pub(super) fn is_new(&mut self, server: &str, event: i64) -> bool {
        let ids = self.0.entry(server.to_owned()).or_default();
        let is_new = ids.insert(event);
        if ids.len() > MAX_REMEMBERED {
            ids.pop_first();
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once_on_each_server() {
        let mut heard = Heard::default();
        let told =
            [("a", 5), ("a", 5), ("b", 5), ("a", 4), ("a", 5)].map(|(server, id)| heard.is_new(server, id));
        assert_eq!(told, [true, false, true, true, false]);
        for id in 0..10_000 {
            heard.is_new("a", id);
        }
        assert_eq!(heard.0["a"].len(), MAX_REMEMBERED);
        assert!(!heard.is_new("a", 9_999));
    }
}
