//! Whether the service does what it should, part by part.

use std::collections::BTreeMap;

use super::ended::RunError;
use super::input::{ChatHealth, INPUTS};
use super::intake;
use super::turn::Main;
use crate::web::{Check, Readiness};

impl Main {
    pub(super) fn every_login_refused(&self) -> Result<(), RunError> {
        let refusals: Option<Vec<String>> = self
            .chat
            .iter()
            .map(|(account, health)| match health {
                Some(ChatHealth::LoginFailed { why, refused: true }) => {
                    Some(format!("{}: {why}", account.shown()))
                }
                _ => None,
            })
            .collect();
        match refusals {
            Some(lines) => Err(RunError::EveryLoginRefused(lines.join("\n"))),
            None => Ok(()),
        }
    }

    pub(super) fn readiness(&self) -> Readiness {
        let mut checks = BTreeMap::new();
        for (account, health) in &self.chat {
            let check = match health {
                Some(ChatHealth::Up) => Check { ok: true, detail: "logged in, events arrive".to_owned() },
                Some(ChatHealth::Down { why }) => Check { ok: false, detail: format!("no events: {why}") },
                Some(ChatHealth::LoginFailed { why, .. }) => {
                    Check { ok: false, detail: format!("not logged in: {why}") }
                }
                None => Check { ok: false, detail: "logging in".to_owned() },
            };
            checks.insert(format!("chat {}", account.shown()), check);
        }
        checks.insert("rooms".to_owned(), self.rooms_check());
        let (source, check) = self.intake.freshness(self.clock.now());
        checks.insert(source.to_owned(), check);
        checks.insert("intake".to_owned(), intake::check(&self.bot.intake(), self.clock.now()));
        // The loop lives only while the journal takes what it is given; what waits long says that the disk is slow.
        let waiting = self.commits.len();
        let check =
            Check { ok: waiting < INPUTS, detail: format!("{waiting} appends on their way to the disk") };
        checks.insert("store".to_owned(), check);
        Readiness { ready: checks.values().all(|check| check.ok), checks }
    }

    /// A room that takes nothing from us is told of, and no reason to restart a service that serves the others.
    fn rooms_check(&self) -> Check {
        let closed = self.bot.closed_rooms().map(|(room, why)| format!("{room} takes nothing: {why}"));
        let closed: Vec<String> = closed.collect();
        let detail = if closed.is_empty() { "none refuses us".to_owned() } else { closed.join("; ") };
        Check { ok: true, detail }
    }
}
