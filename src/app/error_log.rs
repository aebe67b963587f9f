//! The latest warnings and errors of the log, for people who ask in chat. What the log may not hold is not here either.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// So many are kept.
const MAX_LINES: usize = 20;
/// Of each so much, in bytes.
const MAX_LINE: usize = 300;

/// Of the process, as the log is.
static LATEST: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// The latest `n`, oldest first.
pub(super) fn latest(n: usize) -> Vec<String> {
    let lines = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().skip(lines.len().saturating_sub(n)).cloned().collect()
}

/// Keeps them; a layer of the process's log.
#[derive(Debug)]
pub struct ErrorLog;

impl<S: Subscriber> Layer<S> for ErrorLog {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() > Level::WARN {
            return;
        }
        let mut line = Line(format!("{}:", event.metadata().level()));
        event.record(&mut line);
        let mut lines = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        let end = (0..=MAX_LINE.min(line.0.len())).rev().find(|at| line.0.is_char_boundary(*at)).unwrap_or(0);
        line.0.truncate(end);
        lines.push_back(line.0);
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing into a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
