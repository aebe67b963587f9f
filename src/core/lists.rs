//! What people change in the lists from chat: entries added and taken off, and proposals of those who may only propose.
//!
//! A change is journaled first. The edge then makes it live and writes it into the folder `rules_write`; a process that ends
//! before does both at its next start, which changes nothing where it was done already.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::feedback::By;
use super::outbox::Item;
use super::report::{Report, ReportId};
use super::rooms::RoomKey;
use super::talk::MessageKey;
use super::time::Timestamp;
use super::trial::Trials;

/// So many proposals wait; beyond it the oldest is given up.
const MAX_PROPOSALS: usize = 200;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Words, between word boundaries.
    Keywords,
    /// Addresses of websites.
    Websites,
    /// Names of authors.
    Usernames,
    /// Phone numbers.
    Numbers,
}

/// A list of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct List {
    /// Whether what it finds is on trial.
    pub watch: bool,
    /// What it looks for.
    pub kind: Kind,
}

impl fmt::Display for List {
    /// As verdicts name it: `watchlist/keywords`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Keywords => "keywords",
            Kind::Websites => "websites",
            Kind::Usernames => "usernames",
            Kind::Numbers => "numbers",
        };
        write!(f, "{}/{kind}", if self.watch { "watchlist" } else { "blacklist" })
    }
}

/// A change of the lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListChange {
    /// An entry becomes live. When it goes on a blacklist, the same text leaves the watchlists.
    Add {
        /// Where.
        list: List,
        /// As written in the file.
        text: String,
    },
    /// An entry is taken off every list of a sort, imported ones included.
    Remove {
        /// Off the watchlists; else off the blacklists.
        watch: bool,
        /// As written in the file.
        text: String,
    },
}

/// A change that somebody made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Counts changes from 1.
    pub number: u64,
    /// What.
    pub change: ListChange,
    /// Who.
    pub by: By,
    /// Where.
    pub room: RoomKey,
    /// The message that asked for it, or approved it.
    pub message_id: i64,
    /// The proposal that it carries out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u64>,
}

impl Made {
    /// The message that asked for it.
    pub fn message(&self) -> MessageKey {
        (self.room.server.clone(), self.message_id)
    }
}

/// What somebody who may not change the lists would like to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Counts proposals from 1.
    pub number: u64,
    /// Where the entry should go.
    pub list: List,
    /// The entry.
    pub text: String,
    /// Who.
    pub by: By,
    /// Where.
    pub room: RoomKey,
    /// When.
    pub at: Timestamp,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lists {
    /// Changes that are not in the files yet, by number.
    unwritten: BTreeMap<u64, Made>,
    proposals: VecDeque<Proposal>,
    trials: Trials,
    /// Items of reports that only muted entries found.
    held: Vec<Item>,
    n_changes: u64,
    n_proposals: u64,
}

impl Lists {
    /// The number of the next change.
    pub fn next_change(&self) -> u64 {
        self.n_changes + 1
    }

    /// The number of the next proposal.
    pub fn next_proposal(&self) -> u64 {
        self.n_proposals + 1
    }

    /// Changes that are not in the files yet, oldest first.
    pub fn unwritten(&self) -> impl Iterator<Item = &Made> {
        self.unwritten.values()
    }

    /// The change of a number, while it is not in the files.
    pub fn made(&self, number: u64) -> Option<&Made> {
        self.unwritten.get(&number)
    }

    /// What waits for a privileged person, oldest first.
    pub fn proposals(&self) -> impl Iterator<Item = &Proposal> {
        self.proposals.iter()
    }

    /// The proposal of a number.
    pub fn proposal(&self, number: u64) -> Option<&Proposal> {
        self.proposals.iter().find(|proposal| proposal.number == number)
    }

    /// Entries on trial.
    pub fn trials(&self) -> &Trials {
        &self.trials
    }

    /// How many reports wait for a person, because only muted entries found their posts.
    pub fn n_held(&self) -> usize {
        self.held.iter().filter_map(|item| item.content.report()).collect::<BTreeSet<_>>().len()
    }

    /// Whether a report waits for a person.
    pub(super) fn holds(&self, report: &Report) -> bool {
        self.trials.holds(report.why.iter().map(|why| (why.reason.as_str(), why.rule.as_str())))
    }

    pub(super) fn hold(&mut self, item: &Item) {
        self.held.push(item.clone());
    }

    /// The clock was set back: what is held stays as old as it is, and is due as soon.
    pub(super) fn set_back(&mut self, by: Duration) {
        self.held.iter_mut().for_each(|item| *item = item.set_back(by));
    }

    pub(super) fn on_report(&mut self, report: &Report) {
        let rules = report.why.iter().map(|why| why.rule.as_str());
        self.trials.on_report(report.id, rules, report.post.owner.reputation);
    }

    /// What people say of a report, all in all, is now this.
    pub(super) fn on_opinion(&mut self, report: ReportId, is_spam: Option<bool>) {
        self.trials.on_opinion(report, is_spam);
    }

    /// Items of reports that only muted entries found.
    pub fn held(&self) -> impl Iterator<Item = &Item> {
        self.held.iter()
    }

    pub(super) fn on_muted(&mut self, rule: &str) {
        self.trials.on_muted(rule);
    }

    pub(super) fn on_unmuted(&mut self, rule: &str) {
        self.trials.on_unmuted(rule);
    }

    /// Takes out held items.
    pub(super) fn take_held(&mut self, is_wanted: impl Fn(&Item) -> bool) -> Vec<Item> {
        let (taken, kept) = std::mem::take(&mut self.held).into_iter().partition(is_wanted);
        self.held = kept;
        taken
    }

    pub(super) fn on_changed(&mut self, made: &Made) {
        self.n_changes = self.n_changes.max(made.number);
        self.on_settled(made.proposal);
        self.unwritten.insert(made.number, made.clone());
    }

    pub(super) fn on_written(&mut self, number: u64, added: Option<&str>, gone: &[String], at: Timestamp) {
        let made = self.unwritten.remove(&number);
        if let (Some(rule), Some(made)) = (added, made) {
            self.trials.on_added(rule, &made.room, at);
        }
        gone.iter().for_each(|rule| self.trials.on_removed(rule));
    }

    pub(super) fn on_proposed(&mut self, proposal: &Proposal) {
        self.n_proposals = self.n_proposals.max(proposal.number);
        self.proposals.push_back(proposal.clone());
        if self.proposals.len() > MAX_PROPOSALS {
            self.proposals.pop_front();
        }
    }

    pub(super) fn on_settled(&mut self, proposal: Option<u64>) {
        self.proposals.retain(|open| Some(open.number) != proposal);
    }
}
