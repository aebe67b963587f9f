//! Where posts come from: the realtime feed names questions, the API gives them, the rules judge them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::metrics::Metrics;
use super::service::Input;
use crate::api::{self, ApiError};
use crate::clock::Clock;
use crate::core::bot::{Answer, Event, ScannedPost};
use crate::core::fetch_plan::{Failure, Request, Work};
use crate::core::post::{FetchedPost, Post};
use crate::core::rules::RuleSet;
use crate::core::time::Timestamp;
use crate::core::verdict::Verdict;
use crate::core::weight::Weights;
use crate::realtime::{Activity, Realtime, RealtimeEvent, SiteIds};
use crate::web::Check;

/// Scans posts with the rules that are live.
#[derive(Clone)]
pub(super) struct Scanner {
    rules: Arc<RuleSet>,
    weights: Arc<Mutex<Arc<Weights>>>,
}

impl Scanner {
    pub(super) fn new(rules: Arc<RuleSet>) -> Self {
        Self { rules, weights: Arc::default() }
    }

    /// Weighs as people's feedback has it.
    pub(super) fn weigh(&self, weights: Weights) {
        *self.weights.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(weights);
    }

    pub(super) fn scan(&self, post: &Post) -> Verdict {
        let weights = Arc::clone(&self.weights.lock().unwrap_or_else(PoisonError::into_inner));
        self.rules.scan(post, &weights)
    }

    fn scan_fetched(&self, fetched: FetchedPost) -> ScannedPost {
        let verdict = self.scan(&fetched.post);
        let only_experimental = verdict.reasons.iter().all(|reason| self.rules.is_experimental(reason));
        ScannedPost { content: fetched.post.content_hash(), fetched, verdict, only_experimental }
    }
}

/// Data older than this counts as a silent feed.
const FRESH: Duration = Duration::from_secs(90);
/// The list of sites is asked for again after this, while it can not be had.
const SITE_LIST_RETRY: Duration = Duration::from_secs(60);
/// And so long when it was had: new sites appear.
const SITE_LIST_EVERY: Duration = Duration::from_secs(24 * 3600);

/// The edges of intake.
#[derive(Clone)]
pub(super) struct Intake {
    pub(super) api: api::Client,
    pub(super) scanner: Scanner,
    pub(super) site_list: String,
    pub(super) sites: Arc<Mutex<Sites>>,
    pub(super) realtime: Realtime,
    pub(super) inputs: mpsc::Sender<Input>,
    pub(super) tasks: TaskTracker,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
}

/// The numbers of the sites, and what is to be watched once they are known.
#[derive(Default)]
pub(super) struct Sites {
    ids: SiteIds,
    wanted: Vec<(String, i64)>,
}

/// Watches that wait for the list of sites.
const MAX_WANTED: usize = 10_000;

impl Intake {
    /// Hands the feed's events to the loop, and keeps the list of sites.
    pub(super) async fn listen(self, mut feed: mpsc::Receiver<RealtimeEvent>, stop: CancellationToken) {
        let mut refresh = Box::pin(tokio::time::sleep(Duration::ZERO));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                event = feed.recv() => {
                    let Some(event) = event else { return };
                    if self.inputs.send(Input::Realtime(event)).await.is_err() {
                        return;
                    }
                }
                () = &mut refresh => {
                    let again = match SiteIds::fetch(&self.site_list).await {
                        Ok(ids) => {
                            self.know_sites(ids);
                            SITE_LIST_EVERY
                        }
                        Err(error) => {
                            tracing::warn!(error = %error, "deletions can not be watched yet");
                            SITE_LIST_RETRY
                        }
                    };
                    refresh.set(tokio::time::sleep(again));
                }
            }
        }
    }

    fn lock_sites(&self) -> std::sync::MutexGuard<'_, Sites> {
        // What is in there is whole between any two statements.
        self.sites.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn know_sites(&self, ids: SiteIds) {
        let wanted = {
            let mut sites = self.lock_sites();
            sites.ids = ids;
            std::mem::take(&mut sites.wanted)
        };
        for (site, question) in wanted {
            self.watch(site, question);
        }
    }

    /// Watches a question for deletions.
    pub(super) fn watch(&self, site: String, question: i64) {
        let mut sites = self.lock_sites();
        match sites.ids.get(&site) {
            Some(id) => {
                drop(sites);
                if !self.realtime.watch(&site, id, question) {
                    tracing::warn!(site, question, "too many questions are watched for deletion");
                }
            }
            None if sites.wanted.len() < MAX_WANTED => sites.wanted.push((site, question)),
            None => {}
        }
    }

    /// Whether the excerpt in the frame is caught already.
    pub(super) fn is_urgent(&self, activity: &Activity) -> bool {
        activity.summary_post().is_some_and(|post| self.scanner.scan(&post).is_spam())
    }

    pub(super) fn freshness(&self, now: Timestamp) -> Check {
        let status = self.realtime.status();
        let detail = match (status.connected_at, status.last_data) {
            (None, _) => "not connected".to_owned(),
            (Some(_), None) => "connected, no data yet".to_owned(),
            (Some(_), Some(at)) => format!("connected, last data {} s ago", now.since(at).as_secs()),
        };
        Check { ok: status.is_fresh(self.clock.told(FRESH), now), detail }
    }

    /// Asks the API and scans what it gives, beside the loop.
    pub(super) fn fetch(&self, request: Request) {
        let intake = self.clone();
        self.tasks.spawn(async move {
            let event = match intake.ask(&request).await {
                Ok((posts, answer)) => {
                    if let Some(left) = answer.quota_remaining {
                        intake.metrics.quota.set(left);
                    }
                    Event::Fetched { request, answer, posts: intake.judge(posts).await }
                }
                Err(error) => {
                    tracing::warn!(site = request.site, error = %error, "the API gave no posts");
                    Event::FetchFailed { request, failure: intake.failure_of(&error) }
                }
            };
            // When the service has stopped, the questions are still pending in the journal.
            let _ = intake.inputs.send(Input::Event(event)).await;
        });
    }

    async fn ask(&self, request: &Request) -> Result<(Vec<FetchedPost>, Answer), ApiError> {
        let api::Questions { posts, found, meta } = match &request.work {
            Work::Questions { ids } => self.api.questions(&request.site, ids).await?,
            Work::Active { min, page } => {
                let page_size = u32::try_from(api::MAX_IDS).unwrap_or(u32::MAX);
                self.api.active_questions(&request.site, *min, *page, page_size).await?
            }
            Work::Posts { ids } => {
                let states = self.api.posts(&request.site, ids).await?;
                let found = states.posts.iter().map(|post| post.number).collect();
                api::Questions { posts: Vec::new(), found, meta: states.meta }
            }
        };
        let answer = Answer {
            found,
            has_more: meta.has_more,
            quota_max: meta.quota_max,
            quota_remaining: meta.quota_remaining,
            backoff: meta.backoff.map(|backoff| self.clock.told(backoff)),
        };
        Ok((posts, answer))
    }

    fn failure_of(&self, error: &ApiError) -> Failure {
        match error {
            ApiError::Throttled { wait, .. } => Failure::Throttled(self.clock.told(*wait)),
            ApiError::Refused { .. } => Failure::Refused,
            ApiError::TooLarge => Failure::TooLarge,
            ApiError::Unavailable { .. }
            | ApiError::NotJson { .. }
            | ApiError::Malformed(_)
            | ApiError::Transport(_) => Failure::Unavailable,
        }
    }

    /// Scanning is plain computing, so it has a thread of its own. A post that makes the rules panic is set aside.
    async fn judge(&self, posts: Vec<FetchedPost>) -> Vec<ScannedPost> {
        let scanner = self.scanner.clone();
        let judged = tokio::task::spawn_blocking(move || {
            let scan = |fetched: FetchedPost| {
                let key = fetched.key.clone();
                let scan = std::panic::AssertUnwindSafe(|| scanner.scan_fetched(fetched));
                let scanned = std::panic::catch_unwind(scan);
                scanned
                    .inspect_err(
                        |_| tracing::error!(post = %key, "the scan of a post panicked; it is set aside"),
                    )
                    .ok()
            };
            posts.into_iter().filter_map(scan).collect()
        });
        let judged: Vec<ScannedPost> = judged.await.unwrap_or_default();
        for post in judged.iter().filter(|post| !post.verdict.incomplete.is_empty()) {
            self.metrics.incomplete.inc();
            let rules = post.verdict.incomplete.join(", ");
            tracing::warn!(post = %post.fetched.key, rules, "rules were set aside for their cost");
        }
        judged
    }
}
