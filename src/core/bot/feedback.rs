//! What people say of reports: in replies, with the shorthand, by id, over the web. It counts once it is in the journal.

use std::time::Duration;

use super::{Action, Bot, Happening, Message};
use crate::core::feedback::{self, By, Consensus, Given, Mark, Opinion, behind_shorthand};
use crate::core::journal::{Comment, Entry};
use crate::core::outbox::{Class, Confirmation, Content};
use crate::core::phrase::Phrase;
use crate::core::post::PostType;
use crate::core::report::ReportId;
use crate::core::rooms::RoomKey;
use crate::core::talk::Mode;
use crate::core::time::Timestamp;

/// A person can take back what they said for so long.
const UNDO_WITHIN: Duration = Duration::from_secs(600);
/// Longer comments are cut; chat itself takes no longer line.
const MAX_COMMENT: usize = 500;
/// Words that are looked at to see whether a reply to an unknown message may be feedback.
const MAX_WORDS: usize = 40;

/// Who says something, where and when.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    /// The room; absent for the web.
    pub(super) room: Option<RoomKey>,
    /// The chat message; absent for the web.
    pub(super) message_id: Option<i64>,
    pub(super) by: By,
    /// When it was said, which may be a while ago.
    pub(super) at: Timestamp,
}

impl Voice {
    pub(super) fn of(message: &Message, at: Timestamp) -> Self {
        let by = By {
            server: Some(message.room.server.clone()),
            user_id: Some(message.user_id),
            name: message.user_name.clone(),
        };
        Self { room: Some(message.room.clone()), message_id: Some(message.message_id), by, at }
    }
}

impl Bot {
    /// Takes in feedback or a comment, said at `at`; any other message is passed over.
    pub(super) fn on_said(&mut self, message: &Message, at: Timestamp, now: Timestamp) {
        let Message { room, user_id, text, .. } = message;
        match self.standing(room, *user_id, now) {
            Some(true) => {}
            None if self.may_matter(message) => return self.look_into(message, at, now),
            None | Some(false) => return,
        }
        if let Some(words) = behind_shorthand(text, &self.settings.grammar.shorthand) {
            return self.on_shorthand(message, words, at, now);
        }
        let Some(parent) = message.reply_to else { return self.forget_edited(message, &[], now) };
        match self.state.messages.get(&(room.server.clone(), parent)).cloned() {
            Some(reports) => self.on_reply_to(&reports, message, at, now),
            None if may_be_feedback(text) => self.recall(message, parent, at, now),
            None => self.forget_edited(message, &[], now),
        }
    }

    /// Whether a message is feedback or a comment if its author is privileged, or was one.
    fn may_matter(&self, message: &Message) -> bool {
        let Message { room, message_id, reply_to, text, .. } = message;
        let is_about_report =
            |parent: &i64| self.state.messages.contains_key(&(room.server.clone(), *parent));
        let is_reply = reply_to.is_some_and(|parent| is_about_report(&parent) || may_be_feedback(text));
        is_reply
            || behind_shorthand(text, &self.settings.grammar.shorthand).is_some()
            || self.state.people.spoken(&room.server, *message_id).is_some()
    }

    /// What a reply to the message with these reports says of them.
    pub(super) fn on_reply_to(
        &mut self,
        reports: &[ReportId],
        message: &Message,
        at: Timestamp,
        now: Timestamp,
    ) {
        let voice = Voice::of(message, at);
        let (said, comment) = match said_of(reports, &message.text) {
            Ok(said) => said,
            Err(why) => return self.mistaken(message, why, now),
        };
        if let Err(why) = self.take(&said, &voice, now) {
            return self.mistaken(message, why, now);
        }
        for report in comment.reports {
            let text: String = comment.text.chars().take(MAX_COMMENT).collect();
            let (message_id, by) = (message.message_id, voice.by.clone());
            self.record(Entry::Comment(Comment { report, message_id, by, text }), now);
        }
    }

    /// `sd tpu- fp -`: only what was in the room when the person spoke counts, so that a report which comes in
    /// meanwhile, or a message that is read again, shifts nothing.
    fn on_shorthand(&mut self, message: &Message, words: &str, at: Timestamp, now: Timestamp) {
        let latest = self.latest_before(&message.room, message.message_id);
        let marks = match feedback::parse_shorthand(words, latest.len()) {
            Ok(marks) => marks,
            Err(error) => return self.mistaken(message, Phrase::new(error.to_string()), now),
        };
        let mut said = Vec::new();
        for (mark, (report, _)) in marks.into_iter().zip(latest) {
            match mark {
                Mark::Skip => {}
                Mark::Feedback(kind) => said.push((report, kind)),
                Mark::Word(word) => return self.mistaken(message, no_feedback(&word), now),
            }
        }
        if let Err(why) = self.take(&said, &Voice::of(message, at), now) {
            self.mistaken(message, why, now);
        }
    }

    /// The reports of a room that a message can name by their place, newest first, each with the message that carries it.
    pub(super) fn latest_before(&self, room: &RoomKey, message_id: i64) -> Vec<(ReportId, i64)> {
        let carriers = self.state.carriers.of(room).rev();
        let older = carriers.filter(|carrier| carrier.message_id < message_id);
        older
            .flat_map(|carrier| carrier.reports.iter().rev().map(|report| (*report, carrier.message_id)))
            .collect()
    }

    /// Takes in what a person says of some reports: all of it, or nothing and why.
    pub(super) fn take(
        &mut self,
        said: &[(ReportId, String)],
        voice: &Voice,
        now: Timestamp,
    ) -> Result<(), Phrase> {
        let mut news = Vec::new();
        for (report, kind) in said {
            if self.counts(*report, kind, voice)? {
                news.push((*report, kind));
            }
        }
        if let (Some(server), Some(message_id)) = (&voice.by.server, voice.message_id) {
            let named: Vec<ReportId> = said.iter().map(|(report, _)| *report).collect();
            self.forget_spoken(server, message_id, &named, &voice.by, now);
        }
        for (report, kind) in news {
            self.take_one(report, kind, voice, now);
        }
        self.reweigh();
        Ok(())
    }

    /// Whether it changes anything; an error when it can not be.
    fn counts(&self, report: ReportId, kind: &str, voice: &Voice) -> Result<bool, Phrase> {
        let shown = report.to_string();
        let known =
            self.state.people.known(report).ok_or_else(|| Phrase::new("there is no report ").code(&shown))?;
        let before = known.opinions().find(|given| given.by.is_same_person(&voice.by));
        if feedback::is_undo(kind) {
            return match before {
                None => {
                    Err(Phrase::new("you said nothing of ").code(&shown).words(" that could be taken back"))
                }
                Some(given) if voice.at.since(given.at) > UNDO_WITHIN => Err(Phrase::new("you said ")
                    .code(&given.kind)
                    .words(" of ")
                    .code(&shown)
                    .words(" more than ten minutes ago; say what you think of it now instead")),
                Some(_) => Ok(true),
            };
        }
        if kind.starts_with("naa") && known.post_type == PostType::Question {
            return Err(Phrase::default().code(&shown).words(" is a question; `naa` is for answers"));
        }
        Ok(match (before.and_then(|given| given.message_id), voice.message_id) {
            // Said later, or exactly this: the message is read again.
            (Some(last), Some(this)) if last > this => false,
            (Some(last), Some(this)) if last == this => before.is_some_and(|given| given.kind != kind),
            _ => true,
        })
    }

    fn take_one(&mut self, report: ReportId, kind: &str, voice: &Voice, now: Timestamp) {
        let by = voice.by.clone();
        if feedback::is_undo(kind) {
            self.record(Entry::FeedbackWithdrawn { report, by: by.clone() }, now);
            if let Some(room) = voice.room.clone().filter(|_| !feedback::is_silent(kind)) {
                let notice = Phrase::new(format!("feedback on {report} taken back by ")).data(&by.name);
                self.say(room, Class::Low, Content::Notice(notice), now);
            }
            return;
        }
        let agreed = self.consensus(report) != Some(Consensus::Conflict);
        let given = Given {
            report,
            kind: kind.to_owned(),
            at: voice.at,
            message_id: voice.message_id,
            by: by.clone(),
        };
        self.tell(Happening::Feedback { report, kind: kind.to_owned(), by: by.name.clone() });
        self.record(Entry::Feedback(given), now);
        if feedback::opinion(kind) == Some(Opinion::Fp)
            && let Some(key) = self.state.people.known(report).map(|known| known.key.clone())
        {
            self.clear_watchers(&key, now);
        }
        let Some(room) = voice.room.clone() else { return };
        if !feedback::is_silent(kind) {
            let confirmation = Confirmation { report, kind: kind.to_owned(), by: by.name };
            self.say(room.clone(), Class::Low, Content::Confirmation(confirmation), now);
        }
        if agreed && self.consensus(report) == Some(Consensus::Conflict) {
            let notice = Phrase::new(format!("people disagree on {report}: {}", self.opinions(report)));
            self.say(room, Class::Low, Content::Notice(notice), now);
        }
    }

    fn consensus(&self, report: ReportId) -> Option<Consensus> {
        self.state.people.known(report)?.consensus()
    }

    /// `2 tp, 1 fp`; empty when nobody said anything.
    pub(super) fn opinions(&self, report: ReportId) -> String {
        let opinions = self.state.people.known(report).into_iter().flat_map(|known| known.opinions());
        let kinds: Vec<&str> = opinions.map(|given| given.kind.trim_end_matches('-')).collect();
        let of = |stem: &&str| {
            let n = kinds.iter().filter(|kind| kind.trim_end_matches('u') == *stem).count();
            (n > 0).then(|| format!("{n} {stem}"))
        };
        ["tp", "fp", "naa", "ignore"].iter().filter_map(of).collect::<Vec<_>>().join(", ")
    }

    /// Somebody deleted a message. What its author said with it is taken back, for as long as `undo` would do it; whoever
    /// else tidies up changes nothing.
    pub(super) fn on_unsaid(&mut self, room: &RoomKey, message_id: i64, user_id: i64, now: Timestamp) {
        self.forget_recalls_of(&room.server, message_id, user_id);
        let by = By { server: Some(room.server.clone()), user_id: Some(user_id), name: String::new() };
        let spoken = self.state.people.spoken(&room.server, message_id).unwrap_or_default();
        let is_old =
            |given: &Given| given.message_id == Some(message_id) && now.since(given.at) > UNDO_WITHIN;
        let known = |report: &ReportId| self.state.people.known(*report);
        let standing: Vec<ReportId> = spoken
            .iter()
            .filter(|report| known(report).is_some_and(|known| known.opinions().any(is_old)))
            .copied()
            .collect();
        self.forget_spoken(&room.server, message_id, &standing, &by, now);
        self.reweigh();
        if self.has_people(room) {
            self.record(Entry::Unsaid { server: room.server.clone(), message_id, user_id }, now);
        }
    }

    /// A message that was edited stands for what it says now.
    fn forget_edited(&mut self, message: &Message, but: &[ReportId], now: Timestamp) {
        let by = Voice::of(message, now).by;
        self.forget_spoken(&message.room.server, message.message_id, but, &by, now);
        self.reweigh();
    }

    fn forget_spoken(&mut self, server: &str, message_id: i64, but: &[ReportId], by: &By, now: Timestamp) {
        let spoken = self.state.people.spoken(server, message_id).unwrap_or_default();
        let gone: Vec<ReportId> = spoken.iter().filter(|report| !but.contains(report)).copied().collect();
        for report in gone {
            let is_from_here =
                |given: &Given| given.by.is_same_person(by) && given.message_id == Some(message_id);
            let known = self.state.people.known(report);
            if known.is_some_and(|known| known.opinions().any(is_from_here)) {
                self.record(Entry::FeedbackWithdrawn { report, by: by.clone() }, now);
            }
        }
    }

    /// Scans and reports weigh reasons as people's feedback has it now.
    fn reweigh(&mut self) {
        let weights = self.state.people.weights();
        if weights != self.weights {
            self.weights = weights.clone();
            self.act(Action::Weigh(weights));
        }
    }

    /// Tells a person what was wrong with what they said.
    pub(super) fn mistaken(&mut self, message: &Message, why: Phrase, now: Timestamp) {
        if self.state.talk.mode != Mode::Active || !self.may_answer(message, now) {
            return;
        }
        let content = Content::Text { text: why.text(), reply_to: Some(message.message_id) };
        self.say(message.room.clone(), Class::High, content, now);
    }
}

/// A comment on some reports; on none when nothing else was said.
struct Remark<'a> {
    reports: Vec<ReportId>,
    text: &'a str,
}

/// What a reply to the message that carries `reports` says of each of them, and what else it says.
fn said_of<'a>(reports: &[ReportId], text: &'a str) -> Result<(Vec<(ReportId, String)>, Remark<'a>), Phrase> {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let nothing = Remark { reports: Vec::new(), text: "" };
    if let [report] = reports {
        return Ok(match feedback::parse_or_undo(first) {
            Some(kind) if rest.trim().is_empty() => (vec![(*report, kind)], nothing),
            Some(kind) => (vec![(*report, kind)], Remark { reports: vec![*report], text: rest.trim() }),
            None => (Vec::new(), Remark { reports: vec![*report], text }),
        });
    }
    let of = |number: usize| reports.get(number.checked_sub(1)?).copied();
    if may_be_feedback(text) {
        let named = feedback::parse_items(text, reports.len()).map_err(|e| Phrase::new(e.to_string()))?;
        let said = named.into_iter().filter_map(|(number, kind)| Some((of(number)?, kind)));
        return Ok((said.collect(), nothing));
    }
    let remark = match feedback::parse_item_list(first, reports.len()) {
        Some(numbers) if !rest.trim().is_empty() => {
            Remark { reports: numbers.into_iter().filter_map(of).collect(), text: rest.trim() }
        }
        _ => Remark { reports: reports.to_vec(), text },
    };
    Ok((Vec::new(), remark))
}

/// What is wrong with a word of the shorthand.
pub(super) fn no_feedback(word: &str) -> Phrase {
    Phrase::default().code(word).words(" is no feedback, so nothing of this counts")
}

/// Whether a reply begins like feedback: with a type, or with numbers that a type follows.
pub(super) fn may_be_feedback(text: &str) -> bool {
    let mut words = text.split_whitespace().take(MAX_WORDS);
    let Some(first) = words.next() else { return false };
    let is_kind = |word: &str| feedback::parse_or_undo(word).is_some();
    let names_items = first.eq_ignore_ascii_case("all")
        || first.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '-');
    is_kind(first) || (names_items && (words.clone().any(is_kind) || words.next().is_none()))
}
