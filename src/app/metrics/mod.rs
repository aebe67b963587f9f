//! What the service counts, in Prometheus' terms. One registry per service, so that two fit in one process.

mod intake;

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::core::bot::{Happening, RoomBacklog};
use intake::IntakeMetrics;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByServer {
    server: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByRoom {
    server: String,
    room: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ByRule {
    rule: String,
}

/// All metrics of one service.
pub(super) struct Metrics {
    registry: Registry,
    posts: Counter,
    reports: Counter,
    feedback: Counter,
    deliveries: Family<ByServer, Counter>,
    refusals: Family<ByServer, Counter>,
    unknown: Family<ByServer, Counter>,
    closed: Family<ByRoom, Counter>,
    lag: Histogram,
    waiting: Family<ByRoom, Gauge>,
    oldest: Family<ByRoom, Gauge<f64, AtomicU64>>,
    pub(super) intake: IntakeMetrics,
    /// Rules that were set aside because they overran their budget.
    pub(super) incomplete: Counter,
    over_budget: Family<ByRule, Counter>,
    /// Excerpts that were not scanned because frames came too fast.
    pub(super) summaries_skipped: Counter,
    scans_failed: Counter,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("smokestack"),
            posts: Counter::default(),
            reports: Counter::default(),
            feedback: Counter::default(),
            deliveries: Family::default(),
            refusals: Family::default(),
            unknown: Family::default(),
            closed: Family::default(),
            lag: Histogram::new([0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 45.0, 60.0, 120.0, 300.0, 900.0, 3600.0]),
            waiting: Family::default(),
            oldest: Family::default(),
            intake: IntakeMetrics::default(),
            incomplete: Counter::default(),
            over_budget: Family::default(),
            summaries_skipped: Counter::default(),
            scans_failed: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("posts_scanned", "Posts scanned", metrics.posts.clone());
        registry.register("reports", "Reports queued", metrics.reports.clone());
        registry.register("feedback", "Feedback received", metrics.feedback.clone());
        registry.register("reports_delivered", "Reports that arrived in a room", metrics.deliveries.clone());
        registry.register("sends_refused", "Messages that chat refused", metrics.refusals.clone());
        registry.register("sends_unknown", "Messages whose reply was lost", metrics.unknown.clone());
        registry.register(
            "room_alarms",
            "Times that reports waited for a room that took nothing from us",
            metrics.closed.clone(),
        );
        registry.register_with_unit(
            "report_lag",
            "Time from the first sign of a post to its report in a room",
            Unit::Seconds,
            metrics.lag.clone(),
        );
        registry.register("outbox_waiting", "Items that wait for a room", metrics.waiting.clone());
        registry.register_with_unit(
            "outbox_oldest",
            "Age of the oldest item that waits for a room",
            Unit::Seconds,
            metrics.oldest.clone(),
        );
        metrics.intake.register(registry);
        registry.register(
            "scans_incomplete",
            "Posts with a rule set aside for its cost",
            metrics.incomplete.clone(),
        );
        registry.register(
            "rule_over_budget",
            "Posts on which a rule used up its budget",
            metrics.over_budget.clone(),
        );
        registry.register(
            "summaries_skipped",
            "Realtime excerpts not scanned because frames came too fast",
            metrics.summaries_skipped.clone(),
        );
        registry.register(
            "scans_failed",
            "Scans that crashed or took too long",
            metrics.scans_failed.clone(),
        );
        metrics
    }

    pub(super) fn count(&self, happening: &Happening) {
        match happening {
            Happening::Scanned { n_posts, .. } => {
                self.posts.inc_by(u64::try_from(*n_posts).unwrap_or(u64::MAX));
            }
            Happening::ScanFailed { .. } => {
                self.scans_failed.inc();
            }
            Happening::Reported { .. } => {
                self.reports.inc();
            }
            Happening::Delivered { room, reports, .. } => {
                let by_server = ByServer { server: room.server.clone() };
                self.deliveries
                    .get_or_create(&by_server)
                    .inc_by(u64::try_from(reports.len()).unwrap_or(u64::MAX));
                for (_, lag) in reports {
                    self.lag.observe(lag.as_secs_f64());
                }
            }
            Happening::Refused { account, .. } => {
                self.refusals.get_or_create(&ByServer { server: account.server.clone() }).inc();
            }
            Happening::Unknown { account, .. } => {
                self.unknown.get_or_create(&ByServer { server: account.server.clone() }).inc();
            }
            Happening::RoomClosed { room, .. } => {
                let by_room = ByRoom { server: room.server.clone(), room: room.room };
                self.closed.get_or_create(&by_room).inc();
            }
            Happening::ReportGrew { .. } | Happening::Gone { .. } | Happening::Expired { .. } => {}
            Happening::Feedback { .. } => {
                self.feedback.inc();
            }
        }
    }

    /// A rule used up its budget on a post. A rule that goes on so is set aside, so there are few of them.
    pub(super) fn on_over_budget(&self, rule: &str) {
        self.over_budget.get_or_create(&ByRule { rule: rule.to_owned() }).inc();
    }

    pub(super) fn show_backlog(&self, rows: &[RoomBacklog]) {
        for row in rows {
            let by_room = ByRoom { server: row.room.server.clone(), room: row.room.room };
            self.waiting
                .get_or_create(&by_room)
                .set(i64::try_from(row.waiting + row.in_flight).unwrap_or(i64::MAX));
            self.oldest.get_or_create(&by_room).set(row.oldest.unwrap_or_default().as_secs_f64());
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing into a string does not fail");
        text
    }
}
