//! Feedback over the web: answered when it is in the journal, and once for each key.

use super::feedback::Voice;
use super::recall::Asker;
use super::{Action, Bot, Wanted, WebFeedback, WebOutcome};
use crate::core::feedback::By;
use crate::core::journal::Entry;
use crate::core::time::Timestamp;

impl Bot {
    pub(super) fn on_web_feedback(&mut self, feedback: WebFeedback, now: Timestamp) {
        let WebFeedback { ticket, report, kind, key } = &feedback;
        let earlier = key.as_ref().and_then(|key| self.state.people.web_key(key));
        if let Some((known_report, known_kind)) = earlier {
            let outcome = if known_report == *report && known_kind == kind {
                WebOutcome::Taken
            } else {
                let what =
                    format!("this `Idempotency-Key` came with `{known_kind}` on {known_report} before");
                WebOutcome::Refused(what)
            };
            return self.act(Action::WebAnswer { ticket: *ticket, outcome });
        }
        if self.state.people.known(*report).is_none() {
            return self.find_out(Wanted::Reports(vec![*report]), Asker::Web(feedback.clone()), now);
        }
        let by = By { server: None, user_id: None, name: "web".to_owned() };
        let voice = Voice { room: None, message_id: None, by, at: now };
        let outcome = match self.take(&[(*report, kind.clone())], &voice, now) {
            Ok(()) => {
                if let Some(key) = key {
                    let (key, report, said) = (key.clone(), *report, kind.clone());
                    self.record(Entry::WebKey { key, report, said }, now);
                }
                WebOutcome::Taken
            }
            Err(why) => WebOutcome::Refused(why.plain()),
        };
        self.act(Action::WebAnswer { ticket: *ticket, outcome });
    }
}
