//! Pings for people who asked for them: behind a single report, and in a message of their own where they do not fit.

use std::collections::{BTreeMap, BTreeSet};

use super::Bot;
use crate::core::chat_text::units;
use crate::core::outbox::{Class, Content, Send};
use crate::core::people;
use crate::core::report::ReportId;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// More people in one room are not remembered as present.
const MAX_PRESENT: usize = 5_000;

impl Bot {
    /// Who is in a room, as its page tells.
    pub(super) fn on_present(&mut self, room: RoomKey, users: Vec<(i64, String)>) {
        let present = &mut self.room_states.entry(room).or_default().present;
        *present = users.into_iter().take(MAX_PRESENT).collect();
    }

    /// Someone entered a room.
    pub(super) fn on_came(&mut self, room: RoomKey, user_id: i64, name: String) {
        let present = &mut self.room_states.entry(room).or_default().present;
        if present.len() < MAX_PRESENT {
            present.insert(user_id, name);
        }
    }

    /// Someone left a room.
    pub(super) fn on_left(&mut self, room: &RoomKey, user_id: i64) {
        if let Some(state) = self.room_states.get_mut(room) {
            state.present.remove(&user_id);
        }
    }

    /// A single report with the pings of its room, if they fit.
    pub(super) fn pinging(&self, text: String, room: &RoomKey, site: &str, limit: usize) -> String {
        let pings = self.pings(room, [site]);
        if units(&text) + units(&pings) <= limit { text + &pings } else { text }
    }

    /// A message with reports is in its room: who asked for a ping and is not in the message itself gets one now. A
    /// combined message has none, because its places are for reports, and a ping is short and may wait.
    pub(super) fn ping_after(&mut self, send: &Send, message_id: i64, reports: &[ReportId], now: Timestamp) {
        // Nothing of ours but pings stands behind the site of a single report.
        if reports.len() == 1
            && send.text.rsplit_once('`').is_some_and(|(_, behind)| behind.starts_with(" (@"))
        {
            return;
        }
        let known = |report: &ReportId| self.state.people.known(*report).map(|known| known.key.site.clone());
        let mut numbers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (number, report) in (1..).zip(reports) {
            if let Some(site) = known(report) {
                numbers.entry(site).or_default().push(i32::to_string(&number));
            }
        }
        numbers
            .retain(|site, _| self.state.people.subscriptions().matching(&send.room, site).next().is_some());
        let pings = self.pings(&send.room, numbers.keys().map(String::as_str));
        if pings.is_empty() {
            return;
        }
        let of_site = |(site, numbers): (&String, &Vec<String>)| match reports.len() {
            1 => site.clone(),
            _ => format!("{} on {site}", numbers.join(", ")),
        };
        let sites: Vec<String> = numbers.iter().map(of_site).collect();
        let text = format!("{}{pings}", sites.join("; "));
        let content = Content::Text { text, reply_to: Some(message_id) };
        self.say_lasting(send.room.clone(), Class::Low, content, now);
    }

    /// Who asked to be pinged for these sites in a room, and is there if they asked for that.
    fn pings<'a>(&self, room: &RoomKey, sites: impl IntoIterator<Item = &'a str>) -> String {
        let present = self.room_states.get(room).map(|state| &state.present);
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for site in sites {
            for wish in self.state.people.subscriptions().matching(room, site) {
                match present.and_then(|present| present.get(&wish.user_id)) {
                    // By the name that chat knows them by now.
                    Some(name) => names.insert(name),
                    None if wish.always => names.insert(&wish.name),
                    None => false,
                };
            }
        }
        people::pings(names)
    }
}
