//! Commands about reports and pings.

use super::super::feedback::Voice;
use super::super::recall::Asker;
use super::super::{Bot, Kept, Wanted};
use super::Outcome;
use crate::core::commands::people::{Named, PeopleCommand};
use crate::core::commands::{Command, Heard, Words};
use crate::core::feedback::Consensus;
use crate::core::journal::Entry;
use crate::core::people::{MAX_PER_PERSON, Subscription};
use crate::core::phrase::Phrase;
use crate::core::report::{Report, ReportId};
use crate::core::rooms::RoomKey;
use crate::core::talk::{Asked, MessageKey};
use crate::core::time::Timestamp;

/// So much of the evidence is told; `/v1/reports` has all of it.
const MAX_WHY: usize = 12;
/// So many of the comments, the latest.
const MAX_COMMENTS: usize = 3;

impl Bot {
    pub(super) fn for_people(&mut self, asked: &Asked, command: &PeopleCommand, now: Timestamp) -> Outcome {
        match command {
            PeopleCommand::Feedback { on, kind } => self.feedback_on(asked, on, kind, now),
            PeopleCommand::Why(Some(named)) => match self.named(named) {
                Ok(report) => self.read_up(asked, report, now),
                Err(why) => Outcome::Fail(why),
            },
            PeopleCommand::Why(None) => {
                Outcome::Fail(Phrase::new("say which report, by its id, or reply to one with `why`"))
            }
            PeopleCommand::Latest(words) => self.on_latest(asked, words, now),
            PeopleCommand::WhyItem(number) => match self.item_of(asked, *number) {
                Ok(report) => self.read_up(asked, report, now),
                Err(why) => Outcome::Fail(why),
            },
            PeopleCommand::Retract { how, force } => {
                let parent = asked.reply_to.unwrap_or_default();
                match self.retract_for(&asked.room, parent, *how, *force, now) {
                    Ok(()) => Outcome::Done,
                    Err(why) => Outcome::Fail(why),
                }
            }
            PeopleCommand::Notify { room, site, always } => self.notify(asked, *room, site, *always, now),
            PeopleCommand::Unnotify { room, site } => {
                if self.is_notified(asked, *room, site) {
                    self.unnotify(asked, Some(*room), Some(site.clone()), now);
                    Outcome::Say(Phrase::new(format!("No more pings for {site} in room {room}.")))
                } else {
                    Outcome::Fail(Phrase::new(format!("you were not pinged for {site} in room {room}")))
                }
            }
            PeopleCommand::UnnotifyAll => {
                self.unnotify(asked, None, None, now);
                Outcome::Say(Phrase::new("No more pings."))
            }
            PeopleCommand::WillBeNotified { room, site } => {
                let answer = if self.is_notified(asked, *room, site) { "Yes" } else { "No" };
                Outcome::Say(Phrase::new(format!("{answer}, for {site} in room {room}.")))
            }
            PeopleCommand::NotificationSites { room } => self.notification_sites(asked, *room),
        }
    }

    fn named(&self, named: &Named) -> Result<ReportId, Phrase> {
        match named {
            Named::Report(report) => Ok(*report),
            Named::Post(key) => {
                let told = self.state.reported.get(key).map(|told| told.report);
                told.ok_or_else(|| Phrase::default().code(&key.to_string()).words(" was not reported"))
            }
        }
    }

    fn feedback_on(&mut self, asked: &Asked, on: &Named, kind: &str, now: Timestamp) -> Outcome {
        let report = match self.named(on) {
            Ok(report) => report,
            Err(why) => return Outcome::Fail(why),
        };
        if self.state.people.known(report).is_none() {
            self.find_out(Wanted::Reports(vec![report]), Asker::Command(asked.key()), now);
            return Outcome::Wait;
        }
        let voice = Voice {
            room: Some(asked.room.clone()),
            message_id: Some(asked.message_id),
            by: asked.by.clone(),
            at: now,
        };
        match self.take(&[(report, kind.to_owned())], &voice, now) {
            // The room hears it with other confirmations.
            Ok(()) => Outcome::Done,
            Err(why) => Outcome::Fail(why),
        }
    }

    /// The report that a reply speaks of.
    fn item_of(&self, asked: &Asked, number: Option<i64>) -> Result<ReportId, Phrase> {
        let parent = (asked.room.server.clone(), asked.reply_to.unwrap_or_default());
        let reports = self.state.messages.get(&parent).map(Vec::as_slice).unwrap_or_default();
        match (reports, number) {
            ([report], None | Some(1)) => Ok(*report),
            (reports, Some(number)) => {
                let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
                let found = index.and_then(|index| reports.get(index)).copied();
                found.ok_or_else(|| {
                    Phrase::new(format!(
                        "there is no item `{number}`; the message has 1 to {}",
                        reports.len()
                    ))
                })
            }
            (_, None) => Err(Phrase::new("say which item: `why 2`")),
        }
    }

    /// The evidence is in the tables.
    fn read_up(&mut self, asked: &Asked, report: ReportId, now: Timestamp) -> Outcome {
        self.find_out(Wanted::Reports(vec![report]), Asker::Command(asked.key()), now);
        Outcome::Wait
    }

    /// What a command waited for was looked up; nothing when there is no such report, or it can not be read.
    pub(in super::super) fn read_for(&mut self, key: &MessageKey, found: &[Kept], now: Timestamp) {
        let Some(asked) = self.state.talk.open(key).cloned() else { return };
        let Heard::Call(call) = self.heard(&asked.text, &asked.room.server, asked.reply_to, Words::Shown)
        else {
            return;
        };
        let outcome = match (&call.command, found) {
            (_, []) => Outcome::Fail(Phrase::new("there is no such report, or it can not be read now")),
            (Command::People(PeopleCommand::Feedback { on, kind }), _) => {
                self.feedback_on(&asked, on, kind, now)
            }
            (_, found) => {
                let each = found.iter().enumerate();
                Outcome::Say(each.fold(Phrase::default(), |said, (n, kept)| {
                    said.words(if n == 0 { "" } else { ". " }).and(self.why(kept))
                }))
            }
        };
        self.finish(&asked, call.quiet, outcome, now);
    }

    fn why(&self, Kept { report, comments, .. }: &Kept) -> Phrase {
        let said = self.evidence(report);
        let latest = comments.iter().skip(comments.len().saturating_sub(MAX_COMMENTS));
        latest.fold(said, |said, (name, text)| said.words(". ").data(name).words(": “").data(text).words("”"))
    }

    fn evidence(&self, report: &Report) -> Phrase {
        let mut said =
            Phrase::default().code(&report.id.to_string()).words(format!(" (weight {})", report.weight));
        let consensus = self.state.people.known(report.id).and_then(|known| known.consensus());
        if let Some(consensus) = consensus {
            let opinions = self.opinions(report.id);
            said = said.words(match consensus {
                Consensus::Conflict => format!(", people disagree ({opinions})"),
                consensus => format!(", people say {} ({opinions})", consensus.word()),
            });
        }
        let mut evidence = report.why.iter().take(MAX_WHY).peekable();
        if evidence.peek().is_none() {
            let lead = |n| if n == 0 { ": " } else { "; " };
            let reasons = report.reasons.iter().enumerate();
            return reasons.fold(said, |said, (n, reason)| said.words(lead(n)).data(reason));
        }
        for (n, why) in evidence.enumerate() {
            let lead = if n == 0 { ": " } else { "; " };
            said =
                said.words(lead).data(&why.reason).words(" ").code(&why.text).words(" by ").code(&why.rule);
        }
        match report.why.len().saturating_sub(MAX_WHY) {
            0 => said,
            n => said.words(format!("; and {n} more")),
        }
    }

    fn notify(&mut self, asked: &Asked, room: i64, site: &str, always: bool, now: Timestamp) -> Outcome {
        let Some(user_id) = asked.by.user_id else { return Outcome::Done };
        let room = RoomKey::new(asked.room.server.clone(), room);
        if self.rooms.get(&room).is_none() {
            return Outcome::Fail(Phrase::new(format!(
                "I report nothing to room {} of this server",
                room.room
            )));
        }
        if self.state.people.subscriptions().of(&room.server, user_id, None).count() >= MAX_PER_PERSON {
            return Outcome::Fail(Phrase::new(format!("you have {MAX_PER_PERSON} already")));
        }
        let when = if always { "always" } else { "while you are there" };
        let said = Phrase::new(format!("You are pinged for {site} in room {}, {when}.", room.room));
        let (site, name) = (site.to_owned(), asked.by.name.clone());
        self.record(Entry::Subscribed(Subscription { room, site, user_id, name, always }), now);
        Outcome::Say(said)
    }

    fn unnotify(&mut self, asked: &Asked, room: Option<i64>, site: Option<String>, now: Timestamp) {
        let (server, user_id) = (asked.room.server.clone(), asked.by.user_id.unwrap_or_default());
        self.record(Entry::Unsubscribed { server, user_id, room, site }, now);
    }

    fn is_notified(&self, asked: &Asked, room: i64, site: &str) -> bool {
        let user_id = asked.by.user_id.unwrap_or_default();
        self.state
            .people
            .subscriptions()
            .of(&asked.room.server, user_id, Some(room))
            .any(|wish| wish.site == site)
    }

    fn notification_sites(&self, asked: &Asked, room: Option<i64>) -> Outcome {
        let user_id = asked.by.user_id.unwrap_or_default();
        let wishes = self.state.people.subscriptions().of(&asked.room.server, user_id, room);
        let sites: Vec<String> =
            wishes.map(|wish| format!("{} in room {}", wish.site, wish.room.room)).collect();
        Outcome::Say(Phrase::new(match sites.is_empty() {
            true => "You are pinged for no site.".to_owned(),
            false => format!("You are pinged for {}.", sites.join(", ")),
        }))
    }
}
