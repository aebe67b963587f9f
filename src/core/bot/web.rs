//! Feedback over the web: answered when it is in the journal, and once for each key.

use super::feedback::Voice;
use super::recall::{Asker, Wanted};
use super::{Action, Bot};
use crate::core::feedback::By;
use crate::core::journal::Entry;
use crate::core::report::ReportId;
use crate::core::time::Timestamp;

/// Feedback that a request of the web gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebFeedback {
    /// Names the request, for its answer.
    pub ticket: u64,
    /// Which report.
    pub report: ReportId,
    /// A canonical type.
    pub kind: String,
    /// What the caller calls the request; a request that comes again with it changes nothing more.
    pub key: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebOutcome {
    /// It counts.
    Taken,
    /// There is no such report.
    NoSuchReport,
    /// It can not be: why.
    Refused(String),
    /// The store can not be asked about the report now.
    Unreadable,
}

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
