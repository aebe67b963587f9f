//! What was sent, as far as a plan looks back.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Plan, Shape};
use crate::core::time::Timestamp;

/// How many accepted messages are remembered; also the longest burst that is planned.
pub const MEMORY: usize = 128;

/// The accepted messages, and where in the present cycle of the plan they end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// When the last messages were accepted, oldest first, at most [`MEMORY`].
    pub sent: VecDeque<Timestamp>,
    /// Messages since the present cycle began.
    pub in_cycle: usize,
    /// The gap before the first message of the present cycle, in milliseconds.
    pub pause_ms: f64,
    /// Unused permits of a [`Shape::Bucket`]; below zero while it is known to be empty for longer.
    pub permits: f64,
}

impl Course {
    /// Adds a message that was accepted at `at`. `fresh` tells that it begins a cycle in any case.
    pub fn push(&mut self, at: Timestamp, plan: Option<Plan>, fresh: bool) {
        let gap_ms = self.sent.back().map_or(1e12, |&last| millis(at.since(last)));
        if self.sent.len() >= MEMORY {
            self.sent.pop_front();
        }
        self.sent.push_back(at);
        let Some(plan) = plan else { return };
        if let Shape::Bucket { size } = plan.shape {
            self.permits =
                ((self.permits + gap_ms / plan.period_ms.max(1.0)).min(size as f64) - 1.0).max(-1.0);
        }
        if fresh || self.in_cycle >= plan.cycle() || gap_ms >= plan.period_ms {
            self.in_cycle = 1;
            self.pause_ms = gap_ms;
        } else {
            self.in_cycle += 1;
        }
    }

    /// When the `count`-th newest message was sent, if so many are remembered.
    pub fn newest(&self, count: usize) -> Option<Timestamp> {
        self.sent.len().checked_sub(count).and_then(|index| self.sent.get(index)).copied()
    }

    /// From the first to the last of the newest `count` messages, in milliseconds.
    pub fn span_ms(&self, count: usize) -> f64 {
        match (self.newest(count.min(self.sent.len())), self.sent.back()) {
            (Some(first), Some(&last)) => millis(last.since(first)),
            _ => 0.0,
        }
    }

    /// How many of the newest messages followed each other within `gap_ms`; at least 1.
    pub fn run(&self, gap_ms: f64) -> usize {
        let gaps = self.sent.iter().rev().zip(self.sent.iter().rev().skip(1));
        1 + gaps.take_while(|(later, earlier)| millis(later.since(**earlier)) <= gap_ms).count()
    }
}

/// Milliseconds as a duration, rounded up to what [`Timestamp`] holds.
pub fn duration(ms: f64) -> Duration {
    Duration::from_millis(ms.clamp(0.0, 1e12).ceil() as u64)
}

/// A duration as milliseconds to calculate with.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
