//! How commands are answered: a reply, by the next permitted send, page by page when it is long.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::Bot;
use super::Outcome;
use crate::core::chat_text::SINGLE_LINE_UNITS;
use crate::core::commands::Call;
use crate::core::journal::Entry;
use crate::core::outbox::{Class, Content, Item};
use crate::core::phrase::Phrase;
use crate::core::rooms::RoomKey;
use crate::core::talk::Asked;
use crate::core::time::Timestamp;

/// A confirmation that comes later confirms nothing.
const CONFIRM_WITHIN: Duration = Duration::from_secs(60);
/// More people are not waited for at once.
const MAX_CONFIRMING: usize = 100;
/// Room for `:ID ` in front of an answer, and for what tells of further pages behind it.
const PAGE_MARGIN: usize = 60;
/// An answer has at most so many pages; what is behind them is left out, and the last page says so.
const MAX_PAGES: usize = 20;

/// Commands that wait for the word of those who asked for them, by room and user id.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Confirming(BTreeMap<(RoomKey, i64), (Asked, Timestamp)>);

impl Bot {
    /// Journals that a command is done, with its answer.
    pub(super) fn finish(&mut self, asked: &Asked, quiet: bool, outcome: Outcome, now: Timestamp) {
        let said = match outcome {
            Outcome::Wait => return,
            Outcome::Fail(said) => said,
            Outcome::Say(said) if !quiet => said,
            Outcome::Say(_) | Outcome::Done => Phrase::default(),
        };
        let mut pages = said.pages(SINGLE_LINE_UNITS - PAGE_MARGIN);
        if pages.len() > MAX_PAGES {
            pages.truncate(MAX_PAGES);
            pages.push("The rest is left out.".to_owned());
        }
        let more = pages.split_off(pages.len().min(1));
        self.answer_with(asked, pages.pop(), more, now);
    }

    fn answer_with(&mut self, asked: &Asked, page: Option<String>, more: Vec<String>, now: Timestamp) {
        let hint = match more.len() {
            0 => String::new(),
            n => format!(" (`{}more` for {n} more)", self.settings.grammar.prefix),
        };
        let item = |text: String| Item {
            id: self.state.next_item(0),
            rooms: vec![asked.room.clone()],
            class: Class::High,
            // Before every report of the same class: somebody waits.
            weight: i64::MAX,
            created_at: now,
            expires_at: None,
            not_before: now,
            content: Content::Text { text, reply_to: Some(asked.message_id) },
        };
        let items = page.map(|page| item(page + &hint)).into_iter().collect();
        self.record(Entry::Answered { message: asked.key(), items, more }, now);
    }

    /// The next page of what the asker was told last.
    pub(super) fn next_page(&mut self, asked: &Asked, now: Timestamp) -> Outcome {
        let user_id = asked.by.user_id.unwrap_or_default();
        match self.state.talk.pages(&asked.room.server, user_id) {
            Some((page, more)) => {
                self.answer_with(asked, Some(page), more, now);
                Outcome::Wait
            }
            None => Outcome::Fail(Phrase::new("there is nothing more to say to you")),
        }
    }

    pub(super) fn ask_to_confirm(&mut self, asked: &Asked, call: &Call, now: Timestamp) -> Outcome {
        let waiting = &mut self.confirming.0;
        waiting.retain(|_, (_, at)| now.since(*at) <= CONFIRM_WITHIN);
        if waiting.len() >= MAX_CONFIRMING {
            return Outcome::Fail(Phrase::new("too much waits for a confirmation; try again in a minute"));
        }
        waiting.insert((asked.room.clone(), asked.by.user_id.unwrap_or_default()), (asked.clone(), now));
        let yes = format!("{}yes", self.settings.grammar.prefix);
        let said = Phrase::default().code(call.spec.name).words(format!(" {}: say ", call.spec.summary));
        Outcome::Fail(said.code(&yes).words(" within a minute to go on"))
    }

    /// The command that `yes` confirms, as if the confirming message had asked for it.
    pub(super) fn confirmed(&mut self, yes: &Asked, now: Timestamp) -> Option<Asked> {
        let (asked, at) = self.confirming.0.remove(&(yes.room.clone(), yes.by.user_id?))?;
        (now.since(at) <= CONFIRM_WITHIN).then(|| Asked {
            said_in: Some(asked.message_id),
            text: asked.text,
            reply_to: asked.reply_to,
            ..yes.clone()
        })
    }
}
