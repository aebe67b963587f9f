//! The reports that still have an item to deliver.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::post::PostKey;
use super::report::{Report, ReportId};

/// A report with items in the outbox, or held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// What is rendered when one of them is sent.
    pub report: Report,
    /// How many of its items are left.
    pub n_items: usize,
}

/// Those reports, by id; the tables keep the others. Which of them are of one post follows from them and is not saved.
#[derive(Clone, Debug, Default)]
pub struct UndeliveredReports {
    reports: BTreeMap<ReportId, Undelivered>,
    by_post: BTreeSet<(PostKey, ReportId)>,
}

impl UndeliveredReports {
    /// One of them.
    pub fn get(&self, report: &ReportId) -> Option<&Undelivered> {
        self.reports.get(report)
    }

    /// All of them, oldest first.
    pub fn values(&self) -> impl Iterator<Item = &Undelivered> {
        self.reports.values()
    }

    /// Those of one post.
    pub fn of_post(&self, key: &PostKey) -> impl Iterator<Item = ReportId> {
        let all = (key.clone(), ReportId(0))..=(key.clone(), ReportId(u64::MAX));
        self.by_post.range(all).map(|(_, report)| *report)
    }

    /// Whether every report is delivered.
    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    /// A report was made, or more was found out about it, and so many more items bring it into rooms. Without any item it is
    /// not kept.
    pub(super) fn on_report(&mut self, report: &Report, n_items: usize) {
        let n_items = n_items + self.reports.get(&report.id).map_or(0, |before| before.n_items);
        if n_items > 0 {
            self.by_post.insert((report.key(), report.id));
            self.reports.insert(report.id, Undelivered { report: report.clone(), n_items });
        }
    }

    /// One of a report's items is done.
    pub(super) fn on_item_done(&mut self, report: ReportId) {
        let Some(undelivered) = self.reports.get_mut(&report) else { return };
        undelivered.n_items = undelivered.n_items.saturating_sub(1);
        if undelivered.n_items == 0 {
            self.by_post.remove(&(undelivered.report.key(), report));
            self.reports.remove(&report);
        }
    }
}

impl PartialEq for UndeliveredReports {
    fn eq(&self, other: &Self) -> bool {
        self.reports == other.reports
    }
}

impl Serialize for UndeliveredReports {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.reports.serialize(to)
    }
}

impl<'de> Deserialize<'de> for UndeliveredReports {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let reports = BTreeMap::<ReportId, Undelivered>::deserialize(from)?;
        let by_post = reports.values().map(|u| (u.report.key(), u.report.id)).collect();
        Ok(Self { reports, by_post })
    }
}
