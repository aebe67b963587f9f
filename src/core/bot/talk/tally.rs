//! What happened since the start, counted for `stat` and `lag`. Not kept: the metrics are the long memory.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::Happening;

/// So many lags are remembered.
const MAX_LAGS: usize = 200;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Tally {
    pub(super) n_scanned: usize,
    pub(super) n_reported: usize,
    pub(super) n_delivered: usize,
    pub(super) lags: VecDeque<Duration>,
}

impl Tally {
    pub(in super::super) fn count(&mut self, happening: &Happening) {
        match happening {
            Happening::Scanned { n_posts, .. } => self.n_scanned += n_posts,
            Happening::Reported { .. } => self.n_reported += 1,
            Happening::Delivered { reports, .. } => {
                self.n_delivered += reports.len();
                self.lags.extend(reports.iter().map(|(_, lag)| *lag));
                let surplus = self.lags.len().saturating_sub(MAX_LAGS);
                self.lags.drain(..surplus);
            }
            _ => {}
        }
    }

    /// The lag that so large a part of the latest reports did not exceed.
    pub(super) fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut lags: Vec<_> = self.lags.iter().copied().collect();
        lags.sort_unstable();
        let at = (lags.len() * percent).div_ceil(100).max(1);
        lags.get(at - 1).copied()
    }
}
