//! Scanning beside the loop. A post that crashes the rules, or holds them up, costs its own verdict and nothing else.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::core::bot::{Batch, Explained, Failed, Scanned, ScannedPost};
use crate::core::post::{FetchedPost, Post};
use crate::core::rules::{Facts, Offence, Offences, Query, RuleSet};
use crate::core::verdict::{Verdict, Why};
use crate::core::weight::Weights;
use crate::store::ScanMarks;

/// The rules have a budget of steps for each post, so a scan that takes longer than this hangs.
const LONGEST_SCAN: Duration = Duration::from_secs(10);

/// So many good posts are remembered, for new entries to be tried on ...
const MAX_GOOD: usize = 500;
/// ... if their bodies have no more bytes than this.
const MAX_GOOD_BODY: usize = 8_000;

/// Scans posts with the rules that are live.
#[derive(Clone)]
pub(in crate::app) struct Scanner {
    rules: Arc<Mutex<Arc<RuleSet>>>,
    weights: Arc<Mutex<Arc<Weights>>>,
    /// The latest posts that no rule found, newest last.
    good: Arc<Mutex<VecDeque<Post>>>,
    offences: Arc<Mutex<Offences>>,
    marks: ScanMarks,
    clock: Clock,
}

impl Scanner {
    pub(in crate::app) fn new(rules: Arc<RuleSet>, marks: ScanMarks, clock: Clock) -> Self {
        let (weights, good, offences) = (Arc::default(), Arc::default(), Arc::default());
        Self { rules: Arc::new(Mutex::new(rules)), weights, good, offences, marks, clock }
    }

    /// The process ends in good order.
    pub(in crate::app) fn close(&self) {
        self.marks.close();
    }

    /// Weighs as people's feedback has it.
    pub(in crate::app) fn weigh(&self, weights: Weights) {
        *self.weights.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(weights);
    }

    /// The rules that are live. Whoever holds them goes on with what they were.
    pub(in crate::app) fn rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on other rules are live.
    pub(in crate::app) fn replace(&self, rules: RuleSet) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// The latest posts that no rule found.
    pub(in crate::app) fn good_posts(&self) -> Vec<Post> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn is_good(&self, post: &Post) {
        if post.body.len() > MAX_GOOD_BODY {
            return;
        }
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.len() == MAX_GOOD {
            good.pop_front();
        }
        good.push_back(post.clone());
    }

    pub(in crate::app) fn scan(&self, post: &Post) -> Verdict {
        self.rules().scan(post, &self.weights())
    }

    fn weights(&self) -> Arc<Weights> {
        Arc::clone(&self.weights.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A rule used up its budget on a post; one that does so again and again is set aside for all posts from now on.
    pub(super) fn on_overrun(&self, rule: &str, content: u64) -> Offence {
        let mut offences = self.offences.lock().unwrap_or_else(PoisonError::into_inner);
        let offence = offences.on_overrun(rule, content, self.clock.now());
        if offence == Offence::SetAside {
            let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(without) = rules.set_aside(rule) {
                *rules = Arc::new(without);
            }
        }
        offence
    }

    fn is_experimental(&self, verdict: &Verdict) -> bool {
        let rules = self.rules();
        verdict.reasons.iter().all(|reason| rules.is_experimental(reason))
    }

    /// The post with what is found by `facts` about its hosts added to its verdict, and what is not known yet; nothing when the rules
    /// crash or hang.
    pub(in crate::app) async fn scan_hosts(
        &self,
        post: &ScannedPost,
        facts: &Facts,
    ) -> Option<(ScannedPost, BTreeSet<Query>)> {
        let scanner = self.clone();
        let work = move |(post, facts): &(ScannedPost, Facts)| {
            let (mut post, weights) = (post.clone(), scanner.weights());
            let open = scanner.rules().scan_hosts(&post.fetched.post, facts, &weights, &mut post.verdict);
            post.only_experimental = scanner.is_experimental(&post.verdict);
            (post, open)
        };
        let judged = each(vec![(post.clone(), facts.clone())], LONGEST_SCAN, work).await.pop()?;
        judged
            .inspect_err(|why| tracing::error!(post = %post.fetched.key, why, "rules about hosts failed"))
            .ok()
    }

    /// The verdicts on a batch, and which of its posts got none.
    pub(in crate::app) async fn judge(&self, batch: Batch) -> Scanned {
        let Batch { site, questions, last_activity, posts } = batch;
        let scanner = self.clone();
        let work = move |fetched: &FetchedPost| {
            // For the next process, should this one not survive it.
            let _mark = scanner.marks.mark(&fetched.key, fetched.post.content_hash());
            scanner.scan(&fetched.post)
        };
        let verdicts = each(posts.clone(), LONGEST_SCAN, work).await;
        let mut scanned = Scanned { site, questions, last_activity, ..Scanned::default() };
        for (fetched, verdict) in posts.into_iter().zip(verdicts) {
            if verdict.as_ref().is_ok_and(|verdict| !verdict.is_spam()) {
                self.is_good(&fetched.post);
            }
            match verdict {
                Ok(verdict) => scanned.posts.push(ScannedPost {
                    only_experimental: self.is_experimental(&verdict),
                    content: fetched.post.content_hash(),
                    fetched,
                    verdict,
                }),
                Err(why) => scanned.failed.push(Failed { fetched, why }),
            }
        }
        scanned
    }

    /// The verdicts on some texts, and where their rules stand.
    pub(in crate::app) async fn explain(&self, posts: Vec<Post>) -> Result<Vec<Explained>, String> {
        let scanner = self.clone();
        let explained = each(posts, LONGEST_SCAN, move |post: &Post| {
            let rules = scanner.rules();
            let verdict = rules.scan(post, &scanner.weights());
            let origin = |why: &Why| Some((why.rule.clone(), rules.origin(&why.rule)?));
            let origins = verdict.why.iter().filter_map(origin).collect();
            Explained { verdict, origins }
        });
        explained.await.into_iter().collect()
    }

    /// Whether each post is caught; one without a verdict is not.
    pub(super) async fn are_caught(&self, posts: Vec<Post>) -> Vec<bool> {
        let scanner = self.clone();
        let verdicts = each(posts, LONGEST_SCAN, move |post: &Post| scanner.scan(post).is_spam()).await;
        verdicts.into_iter().map(|caught| caught.unwrap_or(false)).collect()
    }
}

/// Calls `work` with each item, one after another on a thread of their own, and says what went wrong where it gave
/// nothing. A call that takes longer than `limit` is left behind with its thread, and the others go on with a new one.
async fn each<T, R>(
    items: Vec<T>,
    limit: Duration,
    work: impl Fn(&T) -> R + Send + Sync + 'static,
) -> Vec<Result<R, String>>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let (items, work) = (Arc::new(items), Arc::new(work));
    let mut results = Vec::with_capacity(items.len());
    while results.len() < items.len() {
        let (result, mut inbox) = mpsc::unbounded_channel();
        let (first, items, work) = (results.len(), Arc::clone(&items), Arc::clone(&work));
        // Not a task of the runtime, which would wait for a thread that hangs when it ends.
        std::thread::spawn(move || {
            for item in &items[first..] {
                let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(item)));
                if result.send(called.map_err(|_| "the scan crashed".to_owned())).is_err() {
                    return;
                }
            }
        });
        loop {
            match tokio::time::timeout(limit, inbox.recv()).await {
                Ok(Some(outcome)) => results.push(outcome),
                Ok(None) => break,
                Err(_) => {
                    results.push(Err(format!("no verdict within {} s", limit.as_secs())));
                    break;
                }
            }
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_crashes_or_hangs_costs_its_own_result_only() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Mutex::new(held);
        let work = move |n: &u32| match n {
            2 => panic!("on purpose"),
            // Until the test is over.
            4 => drop(held.lock().map(|held| held.recv())),
            _ => {}
        };
        let results = each(vec![1, 2, 3, 4, 5], Duration::from_secs(3), work).await;
        let told: Vec<_> = results.iter().map(|result| result.as_ref().err().map(String::as_str)).collect();
        assert_eq!(told, [None, Some("the scan crashed"), None, Some("no verdict within 3 s"), None]);
        drop(release);
    }
}
