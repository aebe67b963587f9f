//! Which posts are scanned, and what becomes of those whose scan came to no end.

use super::{Action, Batch, Bot, Happening, Scanned};
use crate::core::journal::Entry;
use crate::core::post::PostKey;
use crate::core::time::Timestamp;

/// While so many posts are being scanned, no more are fetched or taken.
const MAX_IN_SCAN: usize = 5_000;

impl Bot {
    /// Posts came in, from the API or another source. Those that are news are scanned.
    pub(super) fn take_posts(&mut self, mut batch: Batch, now: Timestamp) {
        let mut fading = Vec::new();
        let n_posts = batch.posts.len();
        batch.posts.retain(|post| {
            let content = post.post.content_hash();
            let is_unchanged = self.state.seen.is_unchanged(&post.key, content);
            if is_unchanged && self.state.seen.is_fading(&post.key) {
                fading.push((post.key.number, content));
            }
            !is_unchanged && !self.state.suspects.is_set_aside(&post.key, content)
        });
        self.n_unchanged += (n_posts - batch.posts.len()) as u64;
        if batch.posts.is_empty() {
            return self.settle(batch.site, batch.questions, batch.last_activity, fading, now);
        }
        self.settle(batch.site.clone(), Vec::new(), 0, fading, now);
        self.scan(batch);
    }

    fn scan(&mut self, batch: Batch) {
        self.n_in_scan += batch.posts.len();
        self.act(Action::Scan(batch));
    }

    /// Posts on their way through the scan.
    pub fn n_in_scan(&self) -> usize {
        self.n_in_scan
    }

    /// Whether so much is being scanned that no more posts should be brought.
    pub fn is_behind(&self) -> bool {
        self.n_in_scan >= MAX_IN_SCAN
    }

    pub(super) fn on_scan_ended(&mut self, scanned: Scanned, now: Timestamp) {
        let Scanned { site, questions, last_activity, posts, failed } = scanned;
        let n_posts = posts.len();
        self.n_in_scan = self.n_in_scan.saturating_sub(n_posts + failed.len());
        let noted: Vec<_> = posts.iter().map(|post| (post.fetched.key.number, post.content)).collect();
        for post in posts {
            let question = (site.clone(), post.fetched.question);
            let seen_at = self.state.pending.get(&question).copied().unwrap_or(now);
            self.on_scanned(post, seen_at, now);
        }
        if n_posts > 0 {
            self.tell(Happening::Scanned { site: site.clone(), n_posts });
        }
        let mut again = Vec::new();
        for failed in failed {
            let (key, content) = (failed.fetched.key.clone(), failed.fetched.post.content_hash());
            if !self.scan_failed(key, content, failed.why, now) {
                again.push(failed.fetched);
            }
        }
        if again.is_empty() {
            return self.settle(site, questions, last_activity, noted, now);
        }
        // Until their second try is over the questions stay pending.
        self.settle(site.clone(), Vec::new(), 0, noted, now);
        self.scan(Batch { site, questions, last_activity, posts: again });
    }

    /// A scan came to no end, in this process or in the one before. True when the post is set aside now.
    pub(super) fn scan_failed(&mut self, key: PostKey, content: u64, why: String, now: Timestamp) -> bool {
        self.record(Entry::ScanFailed { key: key.clone(), content, why: why.clone() }, now);
        let set_aside = self.state.suspects.is_set_aside(&key, content);
        self.tell(Happening::ScanFailed { key, why, set_aside });
        set_aside
    }

    /// Records what was scanned. Questions that the plan still waits for stay pending: what the answer did not show is
    /// looked for once more, and what became active meanwhile is fetched again.
    fn settle(
        &mut self,
        site: String,
        mut questions: Vec<i64>,
        last_activity: i64,
        posts: Vec<(i64, u64)>,
        now: Timestamp,
    ) {
        questions.retain(|question| {
            self.state.pending.contains_key(&(site.clone(), *question))
                && !self.plan.waits_for(&site, *question)
        });
        let is_later = last_activity > self.state.last_activity.get(&site).copied().unwrap_or(0);
        if !questions.is_empty() || !posts.is_empty() || is_later {
            self.record(Entry::Scanned { site, questions, last_activity, posts }, now);
        }
    }
}
