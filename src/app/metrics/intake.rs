//! What intake counts, in Prometheus' terms.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::core::bot::IntakeStatus;
use crate::core::time::Timestamp;
use crate::realtime::Status;

/// Brought up to date every few seconds from what the parts of intake count themselves.
#[derive(Default)]
pub(in crate::app) struct IntakeMetrics {
    waiting: Gauge,
    oldest: Gauge<f64, AtomicU64>,
    price: Gauge<f64, AtomicU64>,
    requests: Counter,
    failures: Counter,
    quota: Gauge,
    forecast: Gauge,
    bucket: Gauge,
    shed: Counter,
    gone: Counter,
    unchanged: Counter,
    remembered: Gauge,
    set_aside: Gauge,
    connections: Counter,
    dead: Counter,
    frames: Counter,
    heartbeats: Counter,
    garbage: Counter,
    ownerless: Counter,
    other: Counter,
    bad_lines: Counter,
    last_frame: Gauge,
}

impl IntakeMetrics {
    pub(in crate::app) fn register(&self, registry: &mut Registry) {
        let gauges = [
            ("questions_waiting", "Questions that wait to be fetched", &self.waiting),
            ("api_quota_remaining", "API requests left today", &self.quota),
            (
                "api_quota_forecast",
                "API requests that will be left at midnight UTC, as far as can be foreseen",
                &self.forecast,
            ),
            ("api_bucket", "API requests that a burst may use at once", &self.bucket),
            ("posts_remembered", "Posts that are not scanned again unless they change", &self.remembered),
            ("posts_set_aside", "Posts that are not scanned because it failed twice", &self.set_aside),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        let seconds = [
            ("questions_oldest", "Age of the question that waits longest to be fetched", &self.oldest),
            ("api_price", "Seconds of waiting that an API request is worth now", &self.price),
        ];
        for (name, help, gauge) in seconds {
            registry.register_with_unit(name, help, Unit::Seconds, gauge.clone());
        }
        registry.register_with_unit(
            "realtime_last_frame_timestamp",
            "Unix time of the latest realtime frame",
            Unit::Seconds,
            self.last_frame.clone(),
        );
        let counters = [
            ("api_requests", "API requests made", &self.requests),
            ("api_failures", "API requests that gave nothing", &self.failures),
            ("questions_shed", "Questions given up because too many waited", &self.shed),
            ("questions_gone", "Questions that two looks did not find", &self.gone),
            ("posts_unchanged", "Posts that came again unchanged and were not scanned", &self.unchanged),
            ("realtime_connections", "Realtime connections made", &self.connections),
            ("realtime_dead", "Realtime connections given up for want of data", &self.dead),
            ("realtime_frames", "Realtime frames of activity", &self.frames),
            ("realtime_heartbeats", "Realtime heartbeats answered", &self.heartbeats),
            ("realtime_garbage", "Realtime frames that were not understood", &self.garbage),
            ("realtime_ownerless", "Realtime frames of activity whose owner is gone", &self.ownerless),
            ("realtime_other", "Realtime frames of no use", &self.other),
            ("source_bad_lines", "Lines of a source that were not posts", &self.bad_lines),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
    }

    pub(in crate::app) fn show(&self, status: &IntakeStatus, now: Timestamp) {
        let plan = &status.plan;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.waiting.set(count(plan.pending));
        self.oldest.set(plan.oldest.map_or(Duration::ZERO, |oldest| now.since(oldest)).as_secs_f64());
        self.price.set(plan.price_s);
        self.quota.set(plan.quota_remaining);
        self.forecast.set(plan.left_at_midnight);
        self.bucket.set(plan.bucket);
        self.remembered.set(count(status.n_remembered));
        self.set_aside.set(count(status.set_aside.len()));
        set(&self.requests, plan.requests);
        set(&self.failures, plan.failures);
        set(&self.shed, plan.shed);
        set(&self.gone, plan.gone);
        set(&self.unchanged, status.n_unchanged);
    }

    pub(in crate::app) fn show_realtime(&self, realtime: &Status) {
        set(&self.connections, realtime.connections);
        set(&self.dead, realtime.dead);
        set(&self.frames, realtime.activity);
        set(&self.heartbeats, realtime.heartbeats);
        set(&self.garbage, realtime.garbage);
        set(&self.ownerless, realtime.ownerless);
        set(&self.other, realtime.other);
        self.last_frame.set(realtime.last_data.map_or(0, Timestamp::as_secs));
    }

    pub(in crate::app) fn show_bad_lines(&self, n: u64) {
        set(&self.bad_lines, n);
    }
}

/// The parts count upwards themselves.
fn set(counter: &Counter, n: u64) {
    counter.inner().store(n, Ordering::Relaxed);
}
