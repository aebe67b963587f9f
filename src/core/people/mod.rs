//! What people told the service, and what follows from it: opinions on reports, user lists, weights, pings.
//!
//! A part of the state, folded from the journal like the rest. A user is on a list, and a post silenced, for as long as
//! one of the opinions that did it stands, so that taking an opinion back undoes exactly what it did.

mod notify;
#[cfg(test)]
mod tests;
mod users;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::feedback::{self, By, Consensus, Given, Opinion};
use super::post::{PostKey, PostType};
use super::report::{Report, ReportId};
use super::rooms::RoomKey;
use super::time::Timestamp;
use super::weight::{Tally, Weights};

pub use notify::{MAX_PER_PERSON, Subscription, Subscriptions, pings};
pub use users::{Listed, UserKey, UserList, UserLists};

/// What people can say something of: a report, as far as their opinions touch it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its post.
    pub key: PostKey,
    /// Question or answer.
    pub post_type: PostType,
    /// Who wrote it; absent when the account was gone.
    pub author: Option<UserKey>,
    /// Its reasons; their weights follow what people say.
    pub reasons: Vec<String>,
    opinions: Vec<Held>,
}

impl Known {
    /// What people say of it, oldest first; one opinion a person.
    pub fn opinions(&self) -> impl Iterator<Item = &Given> {
        self.opinions.iter().map(|held| &held.given)
    }

    /// What they say together.
    pub fn consensus(&self) -> Option<Consensus> {
        feedback::consensus(self.opinions().map(|given| given.kind.as_str()))
    }

    /// Whether it counts as spam, or as none, for the weight of its reasons.
    pub(super) fn counts_as(&self) -> Option<bool> {
        let of = |wanted: &[Opinion]| {
            let opinions = self.opinions().filter_map(|given| feedback::opinion(&given.kind));
            opinions.filter(|opinion| wanted.contains(opinion)).count()
        };
        match (of(&[Opinion::Tp]), of(&[Opinion::Fp, Opinion::Naa])) {
            (0, 0) => None,
            (tp, not) => Some(tp > not),
        }
    }
}

/// An opinion, and what it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    given: Given,
    /// Why the author was on the blacklist, off which it took them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forgave: Vec<Listed>,
}

/// Why no report of a post is made any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostMark {
    /// What was said.
    pub kind: Silence,
    /// Of which report.
    pub report: ReportId,
    /// By whom.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

/// The two ways in which people silence a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// It is no spam.
    FalsePositive,
    /// It is not an answer, or nobody wants to hear of it.
    Ignored,
}

/// Reports that people can speak of without the store being asked.
pub const MAX_KNOWN: usize = 20_000;
/// Posts whose mark is remembered.
const MAX_MARKED: usize = 50_000;
/// Messages of people whose feedback follows when they are edited; chat lets that for two minutes.
const MAX_SPOKEN: usize = 5_000;
/// More opinions on one report are not kept in memory.
const MAX_OPINIONS: usize = 50;
/// Keys of web requests that are answered as before when they come again.
const MAX_KEYS: usize = 1_000;

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct People {
    known: BTreeMap<ReportId, Known>,
    /// Which reports a message of a person gave feedback on.
    #[serde(with = "super::pairs")]
    spoken: BTreeMap<(String, i64), Vec<ReportId>>,
    users: UserLists,
    /// Never an empty list.
    #[serde(with = "super::pairs")]
    marks: BTreeMap<PostKey, Vec<PostMark>>,
    tallies: BTreeMap<String, Tally>,
    subscriptions: Subscriptions,
    /// Up to which message each room was heard.
    #[serde(with = "super::pairs")]
    heard: BTreeMap<RoomKey, i64>,
    web_keys: VecDeque<(String, ReportId, String)>,
}

impl People {
    /// A report that people can speak of.
    pub fn known(&self, report: ReportId) -> Option<&Known> {
        self.known.get(&report)
    }

    /// Why a user is on a list, if they are.
    pub fn listed(&self, list: UserList, user: &UserKey) -> Option<&Listed> {
        self.users.get(list, user)
    }

    /// The user lists.
    pub fn users(&self) -> &UserLists {
        &self.users
    }

    /// Why no report of a post is made any more.
    pub fn mark(&self, key: &PostKey) -> Option<&PostMark> {
        self.marks.get(key)?.first()
    }

    /// Whether a post is not to be reported for these reasons: people silenced it, or only the name of an author whom
    /// they trust speaks against it.
    pub fn silences(&self, key: &PostKey, author: Option<&UserKey>, reasons: &[String]) -> bool {
        let is_trusted = || author.is_some_and(|user| self.users.get(UserList::Whitelist, user).is_some());
        self.marks.contains_key(key)
            || (reasons.iter().all(|reason| reason.contains("username")) && is_trusted())
    }

    /// The weights of reasons, as feedback has it.
    pub fn weights(&self) -> Weights {
        Weights::learned(&self.tallies)
    }

    /// Who asked to be pinged.
    pub fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// Up to which message a room was heard; 0 for a new room.
    pub fn heard(&self, room: &RoomKey) -> i64 {
        self.heard.get(room).copied().unwrap_or(0)
    }

    /// The reports that a message of a person ever gave feedback on.
    pub fn spoken(&self, server: &str, message_id: i64) -> Option<&[ReportId]> {
        self.spoken.get(&(server.to_owned(), message_id)).map(Vec::as_slice)
    }

    /// Whether a message gave feedback, and nothing of that stands any more: taken back, or replaced by a later message.
    pub fn is_over(&self, server: &str, message_id: i64) -> bool {
        let stands = |report: &ReportId| {
            let opinions = self.known(*report).into_iter().flat_map(Known::opinions);
            let mut from_there = opinions.filter(|given| given.by.server.as_deref() == Some(server));
            from_there.any(|given| given.message_id == Some(message_id))
        };
        self.spoken(server, message_id).is_some_and(|reports| !reports.iter().any(stands))
    }

    /// What a key of the web stood for.
    pub fn web_key(&self, key: &str) -> Option<(ReportId, &str)> {
        let known = self.web_keys.iter().find(|(known, ..)| known == key);
        known.map(|(_, report, kind)| (*report, kind.as_str()))
    }

    pub(super) fn on_report(&mut self, report: &Report) {
        let Report { id, post, reasons, .. } = report;
        let known = Known {
            key: report.key(),
            post_type: post.post_type,
            author: post.owner.url.as_deref().and_then(UserKey::from_url),
            reasons: reasons.clone(),
            opinions: Vec::new(),
        };
        self.known.insert(*id, known);
        if self.known.len() > MAX_KNOWN {
            self.known.pop_first();
        }
    }

    /// More reasons were found for a report; what people said meanwhile counts for them as well.
    pub(super) fn on_report_grew(&mut self, report: ReportId, reasons: &[String]) {
        let Some(known) = self.known.get_mut(&report) else { return };
        let said = known.counts_as();
        for reason in reasons {
            if known.reasons.contains(reason) {
                continue;
            }
            known.reasons.push(reason.clone());
            if let Some(is_spam) = said {
                self.tallies.entry(reason.clone()).or_default().add(is_spam);
            }
        }
        known.reasons.sort();
    }

    /// A report that went out of memory is spoken of again. Its old opinions are in the tallies already.
    pub(super) fn on_recalled(&mut self, report: &Report, opinions: &[Given]) {
        if self.known.contains_key(&report.id) {
            return;
        }
        let held = |given: &Given| Held { given: given.clone(), forgave: Vec::new() };
        let opinions: Vec<Held> = opinions.iter().take(MAX_OPINIONS).map(held).collect();
        self.on_report(report);
        // The oldest report goes first, which may be this one.
        if let Some(known) = self.known.get_mut(&report.id) {
            known.opinions = opinions;
        }
    }

    pub(super) fn on_feedback(&mut self, given: &Given) {
        let Some(known) = self.known.get(&given.report) else { return };
        let before = known.counts_as();
        self.take_back(given.report, &given.by);
        self.hold(given);
        self.recount(given.report, before);
        if let (Some(server), Some(message_id)) = (&given.by.server, given.message_id) {
            let reports = self.spoken.entry((server.clone(), message_id)).or_default();
            if !reports.contains(&given.report) {
                reports.push(given.report);
            }
            if self.spoken.len() > MAX_SPOKEN {
                // Ids grow with time on each server; the smallest of all is old enough.
                let oldest = self.spoken.keys().min_by_key(|(_, id)| *id).cloned();
                oldest.map(|key| self.spoken.remove(&key));
            }
        }
    }

    pub(super) fn on_withdrawn(&mut self, report: ReportId, by: &By) {
        let Some(known) = self.known.get(&report) else { return };
        let before = known.counts_as();
        self.take_back(report, by);
        self.recount(report, before);
    }

    pub(super) fn on_user_listed(&mut self, user: &UserKey, list: UserList, listed: &Listed) {
        self.users.add(list, user, listed.clone());
    }

    pub(super) fn on_user_unlisted(&mut self, user: &UserKey, list: UserList) {
        self.users.remove(list, user);
    }

    pub(super) fn on_subscribed(&mut self, wish: &Subscription) {
        self.subscriptions.add(wish);
    }

    pub(super) fn on_unsubscribed(
        &mut self,
        server: &str,
        user_id: i64,
        room: Option<i64>,
        site: Option<&str>,
    ) {
        self.subscriptions.remove(server, user_id, room, site);
    }

    pub(super) fn on_heard(&mut self, room: &RoomKey, message_id: i64) {
        let heard = self.heard.entry(room.clone()).or_default();
        *heard = (*heard).max(message_id);
    }

    pub(super) fn on_web_key(&mut self, key: &str, report: ReportId, kind: &str) {
        self.web_keys.push_back((key.to_owned(), report, kind.to_owned()));
        if self.web_keys.len() > MAX_KEYS {
            self.web_keys.pop_front();
        }
    }

    /// Takes in an opinion and does what it says.
    fn hold(&mut self, given: &Given) {
        let Given { report, kind, at, by, .. } = given;
        let Some(known) = self.known.get_mut(report) else { return };
        if known.opinions.len() >= MAX_OPINIONS {
            return;
        }
        let mut forgave = Vec::new();
        let silence = silence_of(kind);
        if let Some(kind) = silence {
            let mark = PostMark { kind, report: *report, by: by.clone(), at: *at };
            self.marks.entry(known.key.clone()).or_default().push(mark);
        }
        if let Some(author) = &known.author {
            if silence == Some(Silence::FalsePositive) {
                forgave = self.users.remove(UserList::Blacklist, author);
            }
            if let Some(list) = list_of(kind) {
                let why = format!("`{kind}` on {}", known.key);
                let listed = Listed { by: by.clone(), at: *at, report: Some(*report), why };
                self.users.add(list, author, listed);
            }
        }
        known.opinions.push(Held { given: given.clone(), forgave });
        let age = |marks: &[PostMark]| marks.first().map(|mark| mark.at);
        if self.marks.len() > MAX_MARKED
            && let Some(oldest) =
                self.marks.iter().min_by_key(|(_, marks)| age(marks)).map(|(key, _)| key.clone())
        {
            self.marks.remove(&oldest);
        }
    }

    /// Removes a person's opinion of a report, and undoes what it did.
    fn take_back(&mut self, report: ReportId, by: &By) {
        let Some(known) = self.known.get_mut(&report) else { return };
        let Some(index) = known.opinions.iter().position(|held| held.given.by.is_same_person(by)) else {
            return;
        };
        let Held { given, forgave } = known.opinions.remove(index);
        let (key, author) = (known.key.clone(), known.author.clone());
        if let Some(marks) = self.marks.get_mut(&key) {
            marks.retain(|mark| mark.report != report || mark.by != given.by);
            if marks.is_empty() {
                self.marks.remove(&key);
            }
        }
        let Some(author) = author else { return };
        if let Some(list) = list_of(&given.kind) {
            self.users.retract(list, &author, report, &given.by);
        }
        for listed in forgave {
            if self.stands(&listed) {
                self.users.add(UserList::Blacklist, &author, listed);
            }
        }
    }

    /// Whether nobody took back what put a user on a list.
    fn stands(&self, listed: &Listed) -> bool {
        let Some(known) = listed.report.and_then(|report| self.known.get(&report)) else { return true };
        known
            .opinions()
            .any(|given| given.by == listed.by && list_of(&given.kind) == Some(UserList::Blacklist))
    }

    fn recount(&mut self, report: ReportId, before: Option<bool>) {
        let Some(known) = self.known.get(&report) else { return };
        let after = known.counts_as();
        if before == after {
            return;
        }
        for reason in &known.reasons {
            let tally = self.tallies.entry(reason.clone()).or_default();
            before.into_iter().for_each(|is_spam| tally.remove(is_spam));
            after.into_iter().for_each(|is_spam| tally.add(is_spam));
        }
    }
}

/// How a type of feedback silences the post.
fn silence_of(kind: &str) -> Option<Silence> {
    match feedback::opinion(kind)? {
        Opinion::Fp => Some(Silence::FalsePositive),
        Opinion::Naa | Opinion::Ignore => Some(Silence::Ignored),
        Opinion::Tp => None,
    }
}

/// The list on which a type of feedback puts the author.
fn list_of(kind: &str) -> Option<UserList> {
    match feedback::opinion(kind)? {
        Opinion::Tp if feedback::acts_on_author(kind) => Some(UserList::Blacklist),
        Opinion::Fp if feedback::acts_on_author(kind) => Some(UserList::Whitelist),
        _ => None,
    }
}
