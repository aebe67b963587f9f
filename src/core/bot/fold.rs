//! What one message says: one item, or the reports that wait for its room folded into a combined message.

use std::borrow::Cow;

use super::Bot;
use crate::core::batch::{BatchItem, Form, combine, confirm, most_items, notify};
use crate::core::chat_text::SINGLE_LINE_UNITS;
use crate::core::outbox::reconcile::VARIED_UNITS;
use crate::core::outbox::{Account, AccountKey, Confirmation, Content, Item, ItemId, Sort};
use crate::core::phrase::{Phrase, REPLY_UNITS, cut_to_fit};
use crate::core::report::{Report, message};
use crate::core::rooms::{Fold, RoomKey};
use crate::core::time::Timestamp;

/// An item of a long message, as most are.
const LONG_ITEM_UNITS: usize = 90;
/// More confirmations or notices than this wait for another message.
const MOST_SMALL: usize = 200;

/// The reason of a title that not every room is shown, and what stands in its place.
const OFFENSIVE_TITLE: &str = "offensive title detected";
const HIDDEN_TITLE: &str = "offensive title, hidden here";

/// A message that is ready to go.
pub(super) struct Rendered {
    /// Item *i* has number *i + 1*.
    pub(super) items: Vec<ItemId>,
    pub(super) text: String,
    pub(super) reply_to: Option<i64>,
    /// Whether it tells how many items of the room were covered.
    pub(super) tells_covered: bool,
}

impl Bot {
    /// What goes out now, when `first` is what should go first through the account. `None` for an item without its
    /// report, which no journal holds.
    pub(super) fn render(
        &self,
        account: &AccountKey,
        first: &Item,
        room: &RoomKey,
        now: Timestamp,
    ) -> Option<Rendered> {
        let limits = self.state.outbox.account(account);
        match &first.content {
            Content::Text { text, reply_to } => {
                let prefix = if reply_to.is_some() { REPLY_UNITS } else { 0 };
                let limit = self.limit_of(text, &limits).saturating_sub(prefix);
                Some(alone(first, cut_to_fit(text, limit), *reply_to))
            }
            Content::Confirmation(_) => {
                let (_, items) = self.waiting_for(account, room, Sort::Confirmation, MOST_SMALL);
                let all: Vec<&Confirmation> = items
                    .iter()
                    .filter_map(|item| match &item.content {
                        Content::Confirmation(confirmation) => Some(confirmation),
                        _ => None,
                    })
                    .collect();
                let text = confirm(&all).text();
                Some(together(&items, cut_to_fit(&text, self.limit_of(&text, &limits))))
            }
            Content::Notice(_) => {
                let (_, items) = self.waiting_for(account, room, Sort::Notice, MOST_SMALL);
                let all: Vec<&Phrase> = items
                    .iter()
                    .filter_map(|item| match &item.content {
                        Content::Notice(notice) => Some(notice),
                        _ => None,
                    })
                    .collect();
                let (text, taken) = notify(&all, self.long_units(&limits));
                Some(together(&items[..taken], cut_to_fit(&text, self.limit_of(&text, &limits))))
            }
            Content::Report(id) => self.folded(account, room, now).or_else(|| {
                let limit = line_units(&limits);
                let report = &self.state.undelivered.get(id)?.report;
                let mut report = Cow::Borrowed(report);
                if self.hides_title(&report, room) {
                    report.to_mut().post.title = HIDDEN_TITLE.to_owned();
                }
                let text = message::single(&report, &self.settings.labels, limit);
                Some(alone(first, self.pinging(text, room, &report.post.site, limit), None))
            }),
        }
    }

    /// The reports that wait for a room in one message: compact, or long when compact ones would take too long.
    /// `None` when too few wait, or fewer than two fit.
    fn folded(&self, account: &AccountKey, room: &RoomKey, now: Timestamp) -> Option<Rendered> {
        if !self.folds(room) {
            return None;
        }
        let limits = self.state.outbox.account(account);
        let long_units = self.long_units(&limits);
        let most = most_items(long_units.max(SINGLE_LINE_UNITS));
        let (n_waiting, items) = self.waiting_for(account, room, Sort::Report, most);
        if n_waiting < self.settings.fold_after.max(2) {
            return None;
        }
        let reports: Vec<(ItemId, &Report)> = items
            .iter()
            .filter_map(|item| {
                let undelivered = self.state.undelivered.get(&item.content.report()?)?;
                Some((item.id, &undelivered.report))
            })
            .collect();
        let batch = batch(&reports, |report| self.hides_title(report, room));
        let n_covered = self.state.n_covered(room, now);
        let mut combined = combine(Form::Compact, &batch, n_covered, line_units(&limits));
        let taken = combined.order.len();
        if taken < n_waiting && !self.compact_is_enough(account, taken, now) {
            let long = combine(Form::Long, &batch, n_covered, long_units);
            if long.order.len() > taken {
                combined = long;
            }
        }
        if combined.order.len() < 2 {
            return None;
        }
        let items = combined.order.iter().map(|index| reports[*index].0).collect();
        Some(Rendered { items, text: combined.text, reply_to: None, tells_covered: n_covered > 0 })
    }

    /// How many reports the next message to a room would carry, if they fold.
    pub(super) fn in_next_message(
        &self,
        account: &AccountKey,
        room: &RoomKey,
        now: Timestamp,
    ) -> Option<usize> {
        self.folded(account, room, now).map(|message| message.items.len())
    }

    /// Whether a room is not shown the title of a report.
    fn hides_title(&self, report: &Report, room: &RoomKey) -> bool {
        let is_offensive = report.reasons.iter().any(|reason| reason == OFFENSIVE_TITLE);
        is_offensive && self.rooms.get(room).is_none_or(|room| room.masks_titles())
    }

    fn waiting_for(
        &self,
        account: &AccountKey,
        room: &RoomKey,
        sort: Sort,
        most: usize,
    ) -> (usize, Vec<&Item>) {
        self.state.outbox.waiting_for(room, sort, &self.doors_of(account), most)
    }

    fn long_units(&self, limits: &Account) -> usize {
        let most = self.settings.long_message_units.min(limits.max_long_units.unwrap_or(usize::MAX));
        most.saturating_sub(VARIED_UNITS)
    }

    /// What a message with this text may hold.
    fn limit_of(&self, text: &str, limits: &Account) -> usize {
        if text.contains('\n') { self.long_units(limits) } else { line_units(limits) }
    }

    /// How many of so many waiting reports the next message to a room carries, about.
    pub(super) fn carries(&self, room: &RoomKey, n_waiting: usize) -> usize {
        let folds = self.folds(room) && n_waiting >= self.settings.fold_after.max(2);
        if folds { n_waiting.min(self.settings.long_message_units / LONG_ITEM_UNITS) } else { 1 }
    }

    pub(super) fn folds(&self, room: &RoomKey) -> bool {
        self.rooms.get(room).is_none_or(|known| known.fold == Fold::Auto)
    }

    /// Whether everything that waits for the account should be out before its oldest report is older than the target
    /// lag, with so many reports in each compact message.
    fn compact_is_enough(&self, account: &AccountKey, per_message: usize, now: Timestamp) -> bool {
        let (mut needed, mut oldest) = (0, now);
        for (room, n_reports, since, n_others) in
            self.state.outbox.due_by_room(account, &self.doors_of(account))
        {
            let folded = self.folds(room) && n_reports >= self.settings.fold_after;
            needed += n_others + if folded { n_reports.div_ceil(per_message.max(1)) } else { n_reports };
            oldest = oldest.min(since.unwrap_or(now));
        }
        let left = self.settings.target_lag.saturating_sub(now.since(oldest));
        needed as f64 <= self.state.outbox.account(account).rate_limit.forecast(left, now)
    }
}

/// What a message of one line may hold.
fn line_units(limits: &Account) -> usize {
    limits.max_units.min(SINGLE_LINE_UNITS).saturating_sub(VARIED_UNITS)
}

/// A message for one item.
fn alone(item: &Item, text: String, reply_to: Option<i64>) -> Rendered {
    Rendered { items: vec![item.id], text, reply_to, tells_covered: false }
}

/// A message for all of these, which are no reports.
fn together(items: &[&Item], text: String) -> Rendered {
    let items = items.iter().map(|item| item.id).collect();
    Rendered { items, text, reply_to: None, tells_covered: false }
}

fn batch<'a>(reports: &[(ItemId, &'a Report)], hides_title: impl Fn(&Report) -> bool) -> Vec<BatchItem<'a>> {
    let mut campaigns: Vec<&Report> = Vec::new();
    let item = |(_, report): &(ItemId, &'a Report)| BatchItem {
        url: &report.post.url,
        site: &report.post.site,
        title: if hides_title(report) { HIDDEN_TITLE } else { &report.post.title },
        heaviest_reason: report.by_weight.first().map_or("", String::as_str),
        weight: u64::try_from(report.weight).unwrap_or(0),
        campaign: campaigns.iter().position(|first| first.is_alike(report)).unwrap_or_else(|| {
            campaigns.push(report);
            campaigns.len() - 1
        }),
        linked_site: report.trace.linked_site.as_deref(),
    };
    reports.iter().map(item).collect()
}
