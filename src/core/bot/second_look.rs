//! What the second look at a post brings, when its hosts are known: its first report, or more reasons for the one that it has.

use std::collections::BTreeSet;

use super::{Bot, Happening, ScannedPost};
use crate::core::journal::Entry;
use crate::core::report::{Report, ReportId};
use crate::core::rooms::RoomKey;
use crate::core::state::State;
use crate::core::time::Timestamp;

impl Bot {
    /// Takes in the verdict of the second look. Rooms that have the report are not told again; rooms that want it only for
    /// what was found now get it.
    pub(super) fn on_hosts_judged(&mut self, mut post: ScannedPost, now: Timestamp) {
        let told = self.state.reported.get(&post.fetched.key);
        let Some(told) = told.filter(|told| told.content == post.content) else {
            return self.on_scanned(post, now, now);
        };
        let (id, created_at, deleted) = (told.report, told.at, told.deleted);
        // Feedback counts for the reasons that are in memory; without them nothing can be added.
        let Some(known) = self.state.people.known(id) else { return };
        let before = known.reasons.clone();
        let author = self.judge_author(&mut post);
        let ScannedPost { fetched, mut verdict, only_experimental, .. } = post;
        let new: Vec<String> = verdict.reasons.iter().filter(|r| !before.contains(r)).cloned().collect();
        if new.is_empty() {
            return;
        }
        // What a person added by hand, the rules do not find again.
        for reason in &before {
            if let Err(place) = verdict.reasons.binary_search(reason) {
                verdict.reasons.insert(place, reason.clone());
                verdict.weight += self.weights.of(reason);
            }
        }
        let seen_at = self.state.undelivered.get(&id).map_or(created_at, |waiting| waiting.report.seen_at);
        let weights = &self.weights;
        let report = Report::new(id, &fetched, verdict, |reason| weights.of(reason), seen_at, created_at);
        let is_over = deleted || self.settings.dry_run;
        let items = if is_over || self.state.people.silences(&fetched.key, author.as_ref(), &report.reasons) {
            Vec::new()
        } else {
            let have = self.rooms_with(id);
            let rooms = self.rooms.route(&report.post.site, &report.reasons, only_experimental);
            let groups = self.mirror_groups(rooms).into_iter();
            self.items(&report, groups.filter(|group| !group.iter().any(|room| have.contains(room))), now)
        };
        self.tell(Happening::ReportGrew {
            report: id,
            reasons: new,
            weight: report.weight,
            n_rooms: items.len(),
        });
        self.record(Entry::ReportGrew { report: Box::new(report), items }, now);
    }

    /// The rooms that have a report, or wait for it.
    fn rooms_with(&self, report: ReportId) -> BTreeSet<RoomKey> {
        let State { outbox, lists, carriers, .. } = &self.state;
        let items = outbox.waiting().chain(outbox.sending()).chain(lists.held());
        let waiting = items.filter(|item| item.content.report() == Some(report)).flat_map(|item| &item.rooms);
        let carriers = carriers.all().filter(|(_, carrier)| carrier.reports.contains(&report));
        waiting.chain(carriers.map(|(room, _)| room)).cloned().collect()
    }
}
