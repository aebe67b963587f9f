//! The real source: the realtime feed names questions, the API gives their posts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Scanner;
use crate::api::{self, ApiError};
use crate::app::input::Input;
use crate::app::metrics::Metrics;
use crate::clock::Clock;
use crate::core::bot::{Active, Answer, Event};
use crate::core::fetch_plan::{Failure, Request, Work};
use crate::core::post::FetchedPost;
use crate::core::time::Timestamp;
use crate::realtime::{Activity, Realtime, RealtimeEvent, SiteIds, Status};
use crate::web::Check;

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

/// The edges of the Stack Exchange network.
#[derive(Clone)]
pub(in crate::app) struct Network {
    pub(in crate::app) api: api::Client,
    pub(in crate::app) realtime: Realtime,
    pub(in crate::app) site_list: String,
    pub(in crate::app) sites: Arc<Mutex<Sites>>,
    pub(in crate::app) scanner: Scanner,
    pub(in crate::app) inputs: mpsc::Sender<Input>,
    pub(in crate::app) tasks: TaskTracker,
    pub(in crate::app) clock: Clock,
    pub(in crate::app) metrics: Arc<Metrics>,
    /// Whether the loop wants to have the frames as well.
    pub(in crate::app) is_recorded: bool,
}

/// The numbers of the sites, and what is to be watched once they are known.
#[derive(Default)]
pub(in crate::app) struct Sites {
    ids: SiteIds,
    wanted: Vec<(String, i64)>,
}

/// Five times as many sites as there are: a page with more does not crowd out what frames name.
const MAX_SITES: usize = 1_000;

/// Watches that wait for the list of sites.
const MAX_WANTED: usize = 10_000;

impl Network {
    /// Hands the feed's events to the loop.
    pub(in crate::app) async fn listen(
        self,
        mut feed: mpsc::Receiver<RealtimeEvent>,
        stop: CancellationToken,
    ) {
        let mut events = Vec::new();
        loop {
            let n = tokio::select! {
                () = stop.cancelled() => return,
                n = feed.recv_many(&mut events, FRAMES_AT_ONCE) => n,
            };
            if n == 0 || !self.hand_on(std::mem::take(&mut events), feed.len()).await {
                return;
            }
        }
    }

    /// Keeps the list of sites, without which nothing can be watched.
    pub(in crate::app) async fn keep_sites(self, stop: CancellationToken) {
        loop {
            let fetched = tokio::select! {
                () = stop.cancelled() => return,
                fetched = SiteIds::fetch(&self.site_list) => fetched,
            };
            let again = match fetched {
                Ok(ids) => {
                    let hosts = ids.hosts().take(MAX_SITES).map(str::to_owned).collect();
                    self.know_sites(ids);
                    if self.inputs.send(Input::Event(Event::Sites(hosts))).await.is_err() {
                        return;
                    }
                    SITE_LIST_EVERY
                }
                Err(error) => {
                    tracing::warn!(error = %error, "deletions can not be watched yet");
                    SITE_LIST_RETRY
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(again) => {}
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
        let frames = self.is_recorded.then(|| activities.iter().map(Activity::excerpt).collect());
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
        Some(Input::Active { active: active.collect(), frames: frames.unwrap_or_default() })
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

    /// Watches a question for deletions and edits.
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

    /// What the socket brought so far.
    pub(in crate::app) fn status(&self) -> Status {
        self.realtime.status()
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
        let network = self.clone();
        self.tasks.spawn(async move {
            let event = match network.ask(&request).await {
                Ok((posts, answer)) => Event::Fetched { request, answer, posts },
                Err(error) => {
                    tracing::warn!(site = request.site, error = %error, "the API gave no posts");
                    Event::FetchFailed { request, failure: network.failure_of(&error) }
                }
            };
            // When the service has stopped, the questions are still pending in the journal.
            let _ = network.inputs.send(Input::Event(event)).await;
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ApiOptions;
    use crate::core::rules;
    use crate::realtime::{Frame, RealtimeOptions, parse};
    use crate::rules_folder;
    use crate::store::ScanMarks;

    /// With one rule, and a network that is not there.
    fn network(folder: &std::path::Path) -> Network {
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::fs::create_dir(folder.join("blacklist")).expect("a folder");
        std::fs::write(folder.join("blacklist/keywords.txt"), "miracle stapler\n").expect("written");
        let rules = rules::load(rules_folder::read(&[folder.to_owned()]).expect("a folder")).set;
        let (marks, _) = ScanMarks::open(folder).expect("a file");
        let clock = Clock::start();
        let (_, realtime) = crate::realtime::connect(RealtimeOptions::new("ws://127.0.0.1:1/"), clock);
        Network {
            api: api::Client::new(ApiOptions::new("http://127.0.0.1:1/2.3", None)).expect("a client"),
            realtime,
            site_list: String::new(),
            sites: Arc::default(),
            scanner: Scanner::new(Arc::new(rules), marks, clock),
            inputs: mpsc::channel(1).0,
            tasks: TaskTracker::new(),
            clock,
            metrics: Arc::new(Metrics::new()),
            is_recorded: true,
        }
    }

    fn heard(question: i64, title: &str, summary: &str, owner: Option<&str>) -> Activity {
        let data = serde_json::json!({"siteBaseHostAddress": "superuser.com", "id": question, "titleEncodedFancy": title,
            "bodySummary": summary, "ownerUrl": owner, "ownerDisplayName": "Ann"});
        let text =
            serde_json::json!({"action": "155-questions-active", "data": data.to_string()}).to_string();
        let Frame::Activity(activity) = parse(&text) else { panic!("{text}") };
        activity
    }

    #[tokio::test]
    async fn what_the_rules_catch_in_a_frame_is_urgent_and_the_rest_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let network = network(folder.path());
        let owner = Some("https://superuser.com/users/1/ann");
        let activities = || {
            vec![
                heard(1, "How to staple?", "I have a stapler ...", owner),
                heard(2, "The miracle stapler", "I have a stapler ...", owner),
                // SmokeDetector does not scan it either.
                heard(3, "The miracle stapler", "I have a stapler ...", None),
            ]
        };
        let Some(Input::Active { active, frames }) = network.active(activities(), 0).await else {
            panic!("activity")
        };
        let urgent: Vec<_> = active.iter().map(|active| (active.question, active.urgent)).collect();
        assert_eq!(urgent, [(1, false), (2, true), (3, false)]);
        assert_eq!(frames.len(), 3, "for the record all of them count");
        let Some(Input::Active { active, .. }) = network.active(activities(), MAX_BEHIND).await else {
            panic!("activity")
        };
        assert!(active.iter().all(|active| !active.urgent), "in a flood excerpts are not scanned");
        assert_eq!(network.metrics.summaries_skipped.get(), 3, "which is counted");
    }
}
