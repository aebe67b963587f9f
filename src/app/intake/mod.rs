//! Where posts come from: the realtime feed names questions, the API gives them, the rules judge them.

mod scanner;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hosts::Hosts;
use super::metrics::Metrics;
use super::service::Input;
use crate::api::{self, ApiError};
use crate::clock::Clock;
use crate::core::bot::{Active, Answer, Batch, Event, ScannedPost};
use crate::core::fetch_plan::{Failure, Request, Work};
use crate::core::post::FetchedPost;
use crate::core::time::Timestamp;
use crate::realtime::{Activity, Realtime, RealtimeEvent, SiteIds};
use crate::web::Check;
pub(super) use scanner::Scanner;

/// Data older than this counts as a silent feed.
const FRESH: Duration = Duration::from_secs(90);
/// The list of sites is asked for again after this, while it can not be had.
const SITE_LIST_RETRY: Duration = Duration::from_secs(60);
/// And so long when it was had: new sites appear.
const SITE_LIST_EVERY: Duration = Duration::from_secs(24 * 3600);

/// So many events of the feed are dealt with together when they come faster than one by one.
const FRAMES_AT_ONCE: usize = 256;
/// With more events behind these, excerpts are not scanned: hearing of every question comes first.
const MAX_BEHIND: usize = 512;

/// The edges of intake.
#[derive(Clone)]
pub(super) struct Intake {
    pub(super) api: api::Client,
    pub(super) scanner: Scanner,
    pub(super) hosts: Hosts,
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
        let mut events = Vec::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                n = feed.recv_many(&mut events, FRAMES_AT_ONCE) => {
                    if n == 0 || !self.hand_on(std::mem::take(&mut events), feed.len()).await {
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

    /// Hands events to the loop in their order, activity with what the rules say of its excerpts; `n_behind` more wait
    /// behind them. False when the loop is gone.
    async fn hand_on(&self, events: Vec<RealtimeEvent>, n_behind: usize) -> bool {
        let mut activities = Vec::new();
        for event in events {
            match event {
                RealtimeEvent::Activity(activity) => activities.push(activity),
                other => {
                    let before = self.active(std::mem::take(&mut activities), n_behind).await;
                    for input in before.into_iter().chain([Input::Realtime(other)]) {
                        if self.inputs.send(input).await.is_err() {
                            return false;
                        }
                    }
                }
            }
        }
        match self.active(activities, n_behind).await {
            Some(input) => self.inputs.send(input).await.is_ok(),
            None => true,
        }
    }

    async fn active(&self, activities: Vec<Activity>, n_behind: usize) -> Option<Input> {
        if activities.is_empty() {
            return None;
        }
        self.metrics.last_frame.set(self.clock.now().as_secs());
        let posts: Vec<_> = activities.iter().map(Activity::summary_post).collect();
        let caught = if n_behind < MAX_BEHIND {
            self.scanner.are_caught(posts.iter().flatten().cloned().collect()).await
        } else {
            self.metrics.summaries_skipped.inc_by(activities.len() as u64);
            Vec::new()
        };
        let mut caught = caught.into_iter();
        let active = activities.into_iter().zip(posts).map(|(activity, post)| Active {
            site: activity.site,
            question: activity.question,
            urgent: post.is_some() && caught.next().unwrap_or(false),
        });
        Some(Input::Event(Event::Active(active.collect())))
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

    /// Ends the watch of a question.
    pub(super) fn unwatch(&self, site: &str, question: i64) {
        let mut sites = self.lock_sites();
        match sites.ids.get(site) {
            Some(id) => self.realtime.unwatch(id, question),
            None => sites.wanted.retain(|wanted| (wanted.0.as_str(), wanted.1) != (site, question)),
        }
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

    /// Asks the API, beside the loop.
    pub(super) fn fetch(&self, request: Request) {
        let intake = self.clone();
        self.tasks.spawn(async move {
            let event = match intake.ask(&request).await {
                Ok((posts, answer)) => {
                    if let Some(left) = answer.quota_remaining {
                        intake.metrics.quota.set(left);
                    }
                    Event::Fetched { request, answer, posts }
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

    /// Scans a batch, beside the loop.
    pub(super) fn scan(&self, batch: Batch) {
        let intake = self.clone();
        self.tasks.spawn(async move {
            let scanned = intake.scanner.judge(batch).await;
            for post in scanned.posts.iter().filter(|post| !post.verdict.incomplete.is_empty()) {
                intake.metrics.incomplete.inc();
                let rules = post.verdict.incomplete.join(", ");
                tracing::warn!(post = %post.fetched.key, rules, "rules were set aside for their cost");
            }
            intake.look_at_hosts(&scanned.posts);
            // When the service has stopped, the questions are still pending in the journal.
            let _ = intake.inputs.send(Input::Event(Event::Scanned(scanned))).await;
        });
    }

    /// Finds out about the hosts in `posts`, beside everything else; a verdict that grows by it is told to the loop. What is
    /// under way when the service stops is given up.
    fn look_at_hosts(&self, posts: &[ScannedPost]) {
        if !self.hosts.is_on() {
            return;
        }
        for post in posts {
            let (intake, post) = (self.clone(), post.clone());
            self.tasks.spawn(async move {
                if let Some(judged) = intake.hosts.look(&intake.scanner, &post).await {
                    let _ = intake.inputs.send(Input::Event(Event::HostsJudged(Box::new(judged)))).await;
                }
            });
        }
    }
}
