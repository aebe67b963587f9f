//! The frames that the realtime sockets tell everybody.

use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

use tokio::sync::watch;

use super::frame::Frame;
use crate::simulator::lock::lock;

/// A socket that reads more slowly than this many frames misses some.
const REMEMBERED: usize = 60_000;
/// So many frames are taken from the log at once.
const BATCH: usize = 256;

/// What was told to everybody.
#[derive(Debug)]
pub(in crate::simulator) struct Realtime {
    frames: Mutex<VecDeque<(u64, Frame)>>,
    pub(super) newest: watch::Sender<u64>,
    /// Sockets that ever asked for the stream of the network.
    pub(in crate::simulator) subscribers: watch::Sender<u64>,
}

impl Realtime {
    pub(in crate::simulator) fn new() -> Self {
        Self { frames: Mutex::default(), newest: watch::Sender::new(0), subscribers: watch::Sender::new(0) }
    }

    /// Tells everybody who subscribed.
    pub(in crate::simulator) fn tell(&self, frames: Vec<Frame>) {
        if frames.is_empty() {
            return;
        }
        let mut log = lock(&self.frames);
        let mut number = *self.newest.borrow();
        for frame in frames {
            number += 1;
            if log.len() == REMEMBERED {
                log.pop_front();
            }
            log.push_back((number, frame));
        }
        drop(log);
        self.newest.send_replace(number);
    }

    /// Frames after number `seen` that one of `streams` gets, and the number up to which that is all.
    pub(super) fn after(&self, seen: u64, streams: &HashSet<String>) -> (Vec<String>, u64) {
        let log = lock(&self.frames);
        let oldest = log.front().map_or(seen, |(number, _)| number - 1);
        let skip = usize::try_from(seen.saturating_sub(oldest)).unwrap_or(usize::MAX).min(log.len());
        let batch: Vec<_> = log.range(skip..).take(BATCH).collect();
        let upto = batch.last().map_or(seen, |(number, _)| *number);
        let texts =
            batch.into_iter().filter(|(_, f)| streams.contains(&f.stream)).map(|(_, f)| f.text.clone());
        (texts.collect(), upto)
    }
}
