//! Entries that were added from chat lately, and whether one of them does so badly that its reports should wait for a
//! person.
//!
//! A wave is one entry that hits most posts; it folds and is never muted. Muted is only an entry that has been live for
//! less than [`TRIAL`], has fewer than [`PROVEN_TP`] true positives, and of whose hits at least [`BAD_HITS`] were false
//! positives or posts by authors whose reputation is above [`KNOWN_REPUTATION`]. What only muted entries found is held:
//! shown, and said when a person says so, but never dropped. An entry that a person unmuted is not muted again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::report::ReportId;
use super::rooms::RoomKey;
use super::time::Timestamp;

/// How long an entry is on trial.
pub const TRIAL: Duration = Duration::from_secs(24 * 3600);
/// With so many true positives an entry has proven itself.
pub const PROVEN_TP: usize = 5;
/// So many bad hits, and it is muted.
pub const BAD_HITS: usize = 3;
/// Spammers rarely have a reputation above this.
pub const KNOWN_REPUTATION: i64 = 100;
/// Hits of one entry that are remembered; one with more and without five true positives was muted long before.
const MAX_HITS: usize = 1_000;
/// Entries on trial; beyond it the oldest has passed.
const MAX_ENTRIES: usize = 1_000;

/// One entry on trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Trial {
    since: Timestamp,
    /// Where it was added; people there are asked when it is muted.
    room: RoomKey,
    hits: BTreeMap<ReportId, Hit>,
    muted: bool,
    /// A person said that it may speak.
    trusted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hit {
    known_author: bool,
    /// What people say of it, all in all; absent without opinions.
    is_spam: Option<bool>,
}

/// All entries on trial, by the id that `why` gives them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trials {
    entries: BTreeMap<String, Trial>,
}

impl Trials {
    /// An entry that somebody added in `room` became live.
    pub fn on_added(&mut self, rule: &str, room: &RoomKey, now: Timestamp) {
        self.entries.retain(|_, trial| trial.muted || now.since(trial.since) < TRIAL);
        if self.entries.len() >= MAX_ENTRIES
            && let Some(oldest) =
                self.entries.iter().min_by_key(|(_, t)| (t.muted, t.since)).map(|(rule, _)| rule.clone())
        {
            self.entries.remove(&oldest);
        }
        let trial =
            Trial { since: now, room: room.clone(), hits: BTreeMap::new(), muted: false, trusted: false };
        self.entries.insert(rule.to_owned(), trial);
    }

    /// An entry is gone.
    pub fn on_removed(&mut self, rule: &str) {
        self.entries.remove(rule);
    }

    /// A report was made, found by these rules, of a post whose author has this reputation.
    pub fn on_report<'a>(
        &mut self,
        report: ReportId,
        rules: impl IntoIterator<Item = &'a str>,
        reputation: i64,
    ) {
        let hit = Hit { known_author: reputation > KNOWN_REPUTATION, is_spam: None };
        for rule in rules {
            if let Some(trial) = self.entries.get_mut(rule).filter(|trial| trial.hits.len() < MAX_HITS) {
                trial.hits.entry(report).or_insert(hit);
            }
        }
    }

    /// What people say of a report, all in all, is now this; `None` when they say nothing.
    pub fn on_opinion(&mut self, report: ReportId, is_spam: Option<bool>) {
        for hit in self.entries.values_mut().filter_map(|trial| trial.hits.get_mut(&report)) {
            hit.is_spam = is_spam;
        }
    }

    /// The entries that should be muted now, and where each was added.
    pub fn due(&self, now: Timestamp) -> Vec<(String, RoomKey)> {
        let due = self.entries.iter().filter(|(_, trial)| trial.is_due(now));
        due.map(|(rule, trial)| (rule.clone(), trial.room.clone())).collect()
    }

    /// An entry was muted.
    pub fn on_muted(&mut self, rule: &str) {
        if let Some(trial) = self.entries.get_mut(rule) {
            trial.muted = true;
        }
    }

    /// A person said that an entry may speak; says whether it was muted.
    pub fn on_unmuted(&mut self, rule: &str) -> bool {
        self.entries.get_mut(rule).is_some_and(|trial| {
            trial.trusted = true;
            std::mem::take(&mut trial.muted)
        })
    }

    /// The muted entries.
    pub fn muted(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|(_, trial)| trial.muted).map(|(rule, _)| rule.as_str())
    }

    /// Whether a report waits for a person: everything that found it is muted. `found` are the reasons of the report,
    /// each with a rule that gave it.
    pub fn holds<'a>(&self, found: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        let (mut reasons, mut free) = (BTreeSet::new(), BTreeSet::new());
        for (reason, rule) in found {
            reasons.insert(reason);
            if !self.entries.get(rule).is_some_and(|trial| trial.muted) {
                free.insert(reason);
            }
        }
        !reasons.is_empty() && free.is_empty()
    }
}

impl Trial {
    fn is_due(&self, now: Timestamp) -> bool {
        let n_tp = self.hits.values().filter(|hit| hit.is_spam == Some(true)).count();
        let is_bad = |hit: &&Hit| hit.is_spam == Some(false) || (hit.known_author && hit.is_spam.is_none());
        let n_bad = self.hits.values().filter(is_bad).count();
        let is_young = now.since(self.since) < TRIAL;
        !self.muted && !self.trusted && is_young && n_tp < PROVEN_TP && n_bad >= BAD_HITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "watchlist/keywords:7";

    fn room() -> RoomKey {
        RoomKey::new("stackexchange.com", 11540)
    }

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_secs(n * 3600)
    }

    /// An entry added at hour 0 with one hit a pair: the author's reputation, and what people said.
    fn with_hits(hits: &[(i64, Option<bool>)]) -> Trials {
        let mut trials = Trials::default();
        trials.on_added(RULE, &room(), hour(0));
        for (id, (reputation, is_spam)) in (1..).zip(hits) {
            trials.on_report(ReportId(id), [RULE, "patterns/other"], *reputation);
            trials.on_opinion(ReportId(id), *is_spam);
        }
        trials
    }

    #[test]
    fn only_a_young_unproven_entry_with_bad_hits_is_muted() {
        const TP: Option<bool> = Some(true);
        const FP: Option<bool> = Some(false);
        let is_due = |hits: &[(i64, Option<bool>)], at| !with_hits(hits).due(hour(at)).is_empty();
        assert!(is_due(&[(1, FP), (1, FP), (1, FP)], 1), "three false positives");
        assert!(is_due(&[(101, None), (5_000, None), (1, FP)], 1), "known authors count as well");
        assert!(
            is_due(&[(1, TP), (1, TP), (1, TP), (1, TP), (1, FP), (1, FP), (1, FP)], 23),
            "four are no proof"
        );
        assert!(!is_due(&[(1, None); 500], 1), "a wave of unknown authors is not muted");
        assert!(!is_due(&[(1, FP), (1, FP), (100, None)], 1), "two false positives are not enough");
        assert!(!is_due(&[(101, TP), (101, TP), (101, TP)], 1), "a known author may spam");
        assert!(!is_due(&[(1, FP), (1, FP), (1, FP)], 24), "its trial is over");
        let proven = [(1, TP), (1, TP), (1, TP), (1, TP), (1, TP), (1, FP), (1, FP), (1, FP)];
        assert!(!is_due(&proven, 1), "five true positives are proof");
    }

    #[test]
    fn a_report_is_held_only_when_nothing_else_found_it() {
        let mut trials = with_hits(&[(1, Some(false)); 3]);
        let found = [("bad keyword in body", RULE)];
        assert!(!trials.holds(found), "not before it is muted");
        trials.on_muted(RULE);
        assert!(trials.holds(found));
        assert!(
            !trials.holds([("bad keyword in body", RULE), ("bad keyword in body", "blacklist/keywords:1")])
        );
        assert!(!trials.holds([("bad keyword in body", RULE), ("link at end of body", "link-at-end")]));
        assert!(!trials.holds([]));
    }

    #[test]
    fn what_a_person_unmuted_stays_unmuted() {
        let mut trials = with_hits(&[(1, Some(false)); 3]);
        trials.on_muted(RULE);
        assert_eq!(trials.due(hour(1)), []);
        assert_eq!(trials.muted().collect::<Vec<_>>(), [RULE]);
        assert!(trials.on_unmuted(RULE));
        assert!(!trials.on_unmuted(RULE), "it is not muted any more");
        trials.on_report(ReportId(9), [RULE], 9_000);
        assert_eq!(trials.due(hour(2)), []);
        assert_eq!(trials.muted().count(), 0);
    }

    #[test]
    fn trials_end_and_are_bounded() {
        let mut trials = Trials::default();
        for n in 0..1_500 {
            trials.on_added(&format!("watchlist/keywords:{n}"), &room(), Timestamp::from_secs(n));
        }
        assert_eq!(trials.entries.len(), MAX_ENTRIES);
        trials.on_muted("watchlist/keywords:1400");
        trials.on_added(RULE, &room(), hour(30));
        assert_eq!(trials.entries.keys().collect::<Vec<_>>(), ["watchlist/keywords:1400", RULE]);
        trials.on_removed("watchlist/keywords:1400");
        assert_eq!(trials.entries.len(), 1);
    }
}
