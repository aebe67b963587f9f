//! The shorthand, where it says more than feedback: `sd - why gone` speaks of the latest reports of the room, as replies
//! to them would.

use super::super::feedback::{Voice, no_feedback};
use super::super::recall::Asker;
use super::super::{Bot, Wanted};
use super::Outcome;
use crate::core::commands::{Command, PeopleCommand, reply_word};
use crate::core::feedback::{Mark, parse_shorthand};
use crate::core::phrase::Phrase;
use crate::core::report::ReportId;
use crate::core::retraction::Retract;
use crate::core::talk::Asked;
use crate::core::time::Timestamp;

/// The evidence of more reports is not told in one answer.
const MAX_WHY: usize = 5;

/// What the shorthand asks for, read as a whole before anything of it is done.
#[derive(Default)]
struct Wishes {
    said: Vec<(ReportId, String)>,
    retract: Vec<(ReportId, i64, Retract, bool)>,
    why: Vec<ReportId>,
}

impl Bot {
    pub(super) fn on_latest(&mut self, asked: &Asked, words: &str, now: Timestamp) -> Outcome {
        let Wishes { said, retract, why } = match self.wishes(asked, words) {
            Ok(wishes) => wishes,
            Err(why) => return Outcome::Fail(why),
        };
        let voice = Voice {
            room: Some(asked.room.clone()),
            message_id: Some(asked.message_id),
            by: asked.by.clone(),
            at: now,
        };
        if let Err(why) = self.take(&said, &voice, now) {
            return Outcome::Fail(why);
        }
        let mut failed = Phrase::default();
        for (report, message_id, how, force) in retract {
            if let Err(why) = self.retract_for(&asked.room, message_id, how, force, now) {
                let lead = if failed.is_empty() { "" } else { "; " };
                failed = failed.words(lead).code(&report.to_string()).words(": ").and(why);
            }
        }
        match (failed.is_empty(), why.is_empty()) {
            (false, _) => Outcome::Fail(failed),
            (true, true) => Outcome::Done,
            (true, false) => {
                self.find_out(Wanted::Reports(why), Asker::Command(asked.key()), now);
                Outcome::Wait
            }
        }
    }

    fn wishes(&self, asked: &Asked, words: &str) -> Result<Wishes, Phrase> {
        let latest = self.latest_before(&asked.room, asked.message_id);
        let marks = parse_shorthand(words, latest.len()).map_err(|error| Phrase::new(error.to_string()))?;
        let mut wishes = Wishes::default();
        for (mark, (report, message_id)) in marks.into_iter().zip(latest) {
            let word = match mark {
                Mark::Skip => continue,
                Mark::Feedback(kind) => {
                    wishes.said.push((report, kind));
                    continue;
                }
                Mark::Word(word) => word,
            };
            match reply_word(&word, &self.settings.grammar).map(|call| call.command) {
                Some(Command::People(PeopleCommand::WhyItem(_))) => wishes.why.push(report),
                Some(Command::People(PeopleCommand::Retract { how, force })) => {
                    let carried = self.state.messages.get(&(asked.room.server.clone(), message_id));
                    if carried.is_some_and(|reports| reports.len() > 1) {
                        let shown = report.to_string();
                        let why = " shares its message with others; reply to that message instead";
                        return Err(Phrase::default().code(&shown).words(why));
                    }
                    wishes.retract.push((report, message_id, how, force));
                }
                _ => return Err(no_feedback(&word)),
            }
        }
        if wishes.why.len() > MAX_WHY {
            return Err(Phrase::new(format!("ask `why` of at most {MAX_WHY} reports at once")));
        }
        Ok(wishes)
    }
}
