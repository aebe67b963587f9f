//! Lists from chat: an entry is checked, then live at once for those who may, and a proposal of all others.

use super::super::{Action, Bot};
use super::{Candidate, Outcome, Question, Written};
use crate::core::commands::{Command, Heard, Words};
use crate::core::journal::Entry;
use crate::core::lists::{List, ListChange, Made, Proposal};
use crate::core::outbox::{Class, Content, Item};
use crate::core::phrase::Phrase;
use crate::core::rooms::RoomKey;
use crate::core::rules::lint::Objection;
use crate::core::talk::Asked;
use crate::core::time::Timestamp;

/// A shorter reason tells the one who proposed the entry nothing. Source: SmokeDetector's `reject`.
const LEAST_REASON: usize = 20;

impl Bot {
    /// Has an entry checked, once it is known whether the asker may add it.
    pub(super) fn add_entry(
        &mut self,
        asked: &Asked,
        list: List,
        text: &str,
        force: bool,
        now: Timestamp,
    ) -> Outcome {
        if self.is_under_way(asked) {
            return Outcome::Wait;
        }
        match self.is_privileged(asked, now) {
            None => self.ask_about(asked),
            Some(_) => {
                let text = text.to_owned();
                self.ask(asked, Question::Lint(Candidate { list, text, force, proposal: None }))
            }
        }
    }

    pub(super) fn remove_entry(&mut self, asked: &Asked, watch: bool, text: &str, now: Timestamp) -> Outcome {
        if self.is_under_way(asked) {
            return Outcome::Wait;
        }
        self.change_list(asked, ListChange::Remove { watch, text: text.to_owned() }, None, now)
    }

    /// Whether the change that a message asked for is made and not written yet.
    fn is_under_way(&self, asked: &Asked) -> bool {
        self.state.lists.unwritten().any(|made| made.message() == asked.key())
    }

    pub(super) fn on_linted(
        &mut self,
        asked: &Asked,
        candidate: Candidate,
        objections: Result<Vec<Objection>, String>,
        now: Timestamp,
    ) -> Outcome {
        let Candidate { list, text, force, proposal } = candidate;
        let objections = match objections {
            Ok(objections) => objections,
            Err(why) => return Outcome::Fail(Phrase::new("no list can be changed from chat: ").data(&why)),
        };
        let stands = |objection: &&Objection| !force || !objection.can_be_forced();
        let standing: Vec<&Objection> = objections.iter().filter(stands).collect();
        if !standing.is_empty() {
            return Outcome::Fail(self.objected(list, &text, &standing));
        }
        if self.is_privileged(asked, now) == Some(true) {
            return self.change_list(asked, ListChange::Add { list, text }, proposal, now);
        }
        let number = self.state.lists.next_proposal();
        let said = Phrase::new(format!("proposal {number}: "))
            .code(&text)
            .words(format!(" on {list}. A privileged person makes it live with "))
            .code(&format!("{}approve {number}", self.settings.grammar.prefix));
        let proposal =
            Proposal { number, list, text, by: asked.by.clone(), room: asked.room.clone(), at: now };
        self.record(Entry::Proposed(proposal), now);
        Outcome::Say(said)
    }

    fn objected(&self, list: List, text: &str, objections: &[&Objection]) -> Phrase {
        let mut said = Phrase::default().code(text).words(format!(" is not on {list}: "));
        for (n, objection) in objections.iter().enumerate() {
            said = said.words(if n > 0 { "; " } else { "" }).data(&objection.to_string());
        }
        if objections.iter().all(|objection| objection.can_be_forced()) {
            said = said
                .words(". If it is meant, say it with ")
                .code("-force")
                .words(" behind the name of the command");
        }
        said
    }

    fn change_list(
        &mut self,
        asked: &Asked,
        change: ListChange,
        proposal: Option<u64>,
        now: Timestamp,
    ) -> Outcome {
        let made = Made {
            number: self.state.lists.next_change(),
            change,
            by: asked.by.clone(),
            room: asked.room.clone(),
            message_id: asked.message_id,
            proposal,
        };
        self.record(Entry::ListChanged(made.clone()), now);
        self.act(Action::ChangeList(made));
        Outcome::Wait
    }

    /// What an earlier process did not write.
    pub(in super::super) fn resume_lists(&mut self) {
        let unwritten: Vec<Made> = self.state.lists.unwritten().cloned().collect();
        unwritten.into_iter().for_each(|made| self.act(Action::ChangeList(made)));
    }

    pub(in super::super) fn on_list_written(
        &mut self,
        number: u64,
        outcome: Result<Written, String>,
        now: Timestamp,
    ) {
        let Some(made) = self.state.lists.made(number).cloned() else { return };
        let said = match &outcome {
            Ok(written) => said_of(&made.change, written),
            Err(why) => Err(Phrase::new("that can not be done: ").data(why)),
        };
        let Written { added, gone, not_kept } = outcome.unwrap_or_default();
        // What is not in its file is tried again by the next process.
        if not_kept.is_none() {
            self.record(Entry::ListWritten { number, added, gone }, now);
        }
        if let Some(asked) = self.state.talk.open(&made.message()).cloned() {
            let quiet = matches!(self.heard(&asked.text, &asked.room.server, asked.reply_to, Words::Shown), Heard::Call(call) if call.quiet);
            self.finish(&asked, quiet, said.map_or_else(Outcome::Fail, Outcome::Say), now);
        }
    }

    pub(super) fn proposals(&self) -> Outcome {
        let mut said = Phrase::default();
        for (n, proposal) in self.state.lists.proposals().enumerate() {
            let Proposal { number, list, text, by, .. } = proposal;
            said = said.words(format!("{}{number}: ", if n > 0 { "; " } else { "" })).code(text);
            said = said.words(format!(" on {list}, by ")).data(&by.name);
        }
        Outcome::Say(if said.is_empty() { Phrase::new("no proposal waits") } else { said })
    }

    pub(super) fn approve(&mut self, asked: &Asked, number: u64, force: bool) -> Outcome {
        if self.is_under_way(asked) {
            return Outcome::Wait;
        }
        let Some(Proposal { list, text, .. }) = self.state.lists.proposal(number).cloned() else {
            return Outcome::Fail(Phrase::new(format!("there is no proposal {number}")));
        };
        self.ask(asked, Question::Lint(Candidate { list, text, force, proposal: Some(number) }))
    }

    /// Whether a command takes back what its asker proposed, for which nobody needs a privilege.
    pub(super) fn is_of_their_own(&self, asked: &Asked, command: &Command) -> bool {
        let Command::Reject { number, .. } = command else { return false };
        self.state.lists.proposal(*number).is_some_and(|proposal| proposal.by.is_same_person(&asked.by))
    }

    pub(super) fn reject(
        &mut self,
        asked: &Asked,
        number: u64,
        why: &str,
        force: bool,
        now: Timestamp,
    ) -> Outcome {
        let Some(proposal) = self.state.lists.proposal(number) else {
            return Outcome::Fail(Phrase::new(format!("there is no proposal {number}")));
        };
        let needs_reason = !force && !proposal.by.is_same_person(&asked.by);
        if needs_reason && why.chars().count() < LEAST_REASON {
            let said = format!("say why, in {LEAST_REASON} characters or more, or say ");
            return Outcome::Fail(Phrase::new(said).code(&format!("reject-force {number}")));
        }
        let said = Phrase::new(format!("proposal {number} by "))
            .data(&proposal.by.name)
            .words(" is rejected: ")
            .code(&proposal.text);
        let said = if why.is_empty() { said } else { said.words(", because “").data(why).words("”") };
        let (by, room) = (asked.by.clone(), asked.room.clone());
        self.record(Entry::Rejected { number, by, room, why: why.to_owned() }, now);
        Outcome::Say(said)
    }

    pub(super) fn muted(&self) -> Outcome {
        let muted: Vec<&str> = self.state.lists.trials().muted().collect();
        Outcome::Say(match muted.len() {
            0 => Phrase::new("no entry is muted"),
            _ => Phrase::new(format!(
                "muted: {}; reports that wait: {}",
                muted.join(", "),
                self.state.lists.n_held()
            )),
        })
    }

    pub(super) fn unmute(&mut self, asked: &Asked, rule: &str, now: Timestamp) -> Outcome {
        if !self.state.lists.trials().muted().any(|muted| muted == rule) {
            return Outcome::Fail(Phrase::default().code(rule).words(" is not muted"));
        }
        let (by, room) = (asked.by.clone(), asked.room.clone());
        let before = self.state.lists.n_held();
        self.record(Entry::Unmuted { rule: rule.to_owned(), by, room }, now);
        let n_free = before - self.state.lists.n_held();
        Outcome::Say(
            Phrase::default()
                .code(rule)
                .words(format!(" may speak again; held reports that go out: {n_free}")),
        )
    }

    /// Mutes what did badly, and asks people where it was added.
    pub(in super::super) fn mute_due(&mut self, now: Timestamp) {
        let says_more = |entry: &Entry| {
            matches!(entry, Entry::Reported { .. } | Entry::ReportGrew { .. } | Entry::Feedback(_))
        };
        if !self.step.entries.iter().any(says_more) {
            return;
        }
        for (rule, room) in self.state.lists.trials().due(now) {
            let items = self.muted_notice(&rule, room, now).into_iter().collect();
            tracing::warn!(rule, "a new entry did badly and is muted");
            self.record(Entry::Muted { rule, items }, now);
        }
    }

    fn muted_notice(&self, rule: &str, room: RoomKey, now: Timestamp) -> Option<Item> {
        let unmute = format!("{}unmute {rule}", self.settings.grammar.prefix);
        let notice = Phrase::new("The new entry ")
            .code(rule)
            .words(
                " hit several posts that seem harmless. What only it finds is held from now on. Is it good? ",
            )
            .code(&unmute)
            .words(" lets its reports out; else take it off its list.");
        (!self.settings.dry_run).then(|| Item {
            id: self.state.next_item(0),
            rooms: vec![room],
            class: Class::High,
            weight: 0,
            created_at: now,
            expires_at: None,
            not_before: now,
            content: Content::Text { text: notice.text(), reply_to: None },
        })
    }
}

fn said_of(change: &ListChange, written: &Written) -> Result<Phrase, Phrase> {
    let said = match change {
        ListChange::Add { list, text } => {
            let name = written.added.clone().unwrap_or_else(|| list.to_string());
            Phrase::default().code(text).words(format!(" is live as {name}"))
        }
        ListChange::Remove { text, watch } if written.gone.is_empty() => {
            let lists = if *watch { "watchlist" } else { "blacklist" };
            return Err(Phrase::default().code(text).words(format!(" is on no {lists} as it is written")));
        }
        ListChange::Remove { text, .. } => {
            Phrase::default().code(text).words(format!(" is off ({})", written.gone.join(", ")))
        }
    };
    Ok(match &written.not_kept {
        Some(why) => said.words(", but is not in its file yet: ").data(why),
        None => said,
    })
}
