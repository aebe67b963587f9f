//! Where posts come from, and what the rules say of them.

mod follow;
mod hosts;
mod lines;
mod network;
mod record;
mod scanner;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::input::{Input, watched};
use super::metrics::Metrics;
use crate::api::{self, ApiError, ApiOptions};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::core::bot::{Batch, Event, IntakeStatus, ScannedPost};
use crate::core::fetch_plan::Request;
use crate::core::journal::ReadTo;
use crate::core::rules::Offence;
use crate::core::time::Timestamp;
use crate::realtime::{self, RealtimeOptions};
use crate::web::Check;
use follow::Follow;
pub(super) use hosts::Hosts;
use lines::LineSource;
pub(super) use lines::Lines;
pub(super) use network::Network;
pub(super) use record::Recorder;
pub(super) use scanner::Scanner;

/// What feeds the service.
#[derive(Clone)]
pub(super) enum Source {
    /// The realtime feed and the API.
    Network(Box<Network>),
    /// Posts as JSON lines, which need no Stack Exchange.
    Lines(Lines),
}

/// The source, and the rules that judge what it gives.
#[derive(Clone)]
pub(super) struct Intake {
    pub(super) source: Source,
    pub(super) scanner: Scanner,
    pub(super) hosts: Hosts,
    pub(super) inputs: mpsc::Sender<Input>,
    pub(super) tasks: TaskTracker,
    pub(super) metrics: Arc<Metrics>,
}

/// What a source needs to start.
pub(super) struct Edges {
    pub(super) scanner: Scanner,
    pub(super) hosts: Hosts,
    pub(super) inputs: mpsc::Sender<Input>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
    /// How far an earlier process read the file that is the source, if it is one.
    pub(super) read_to: Option<ReadTo>,
}

impl Edges {
    /// Starts the source that the configuration names.
    ///
    /// # Errors
    /// The API client can not be set up.
    pub(super) fn start(self, config: &Config) -> Result<Intake, ApiError> {
        let source = match &config.source {
            config::Source::Realtime => Source::Network(Box::new(self.start_network(config)?)),
            config::Source::Stdin => self.start_lines("stdin", std::io::BufReader::new(std::io::stdin())),
            config::Source::Tail(path) => {
                let file = Follow::new(path.clone(), self.read_to.clone(), self.stop.clone());
                self.start_lines("tail", file)
            }
        };
        let Self { scanner, hosts, inputs, tasks, metrics, .. } = self;
        Ok(Intake { source, scanner, hosts, inputs, tasks, metrics })
    }

    fn start_lines(&self, name: &'static str, input: impl LineSource) -> Source {
        let lines = Lines::new(name);
        self.spawn(name, lines.clone().read(input, self.inputs.clone(), self.stop.clone()));
        Source::Lines(lines)
    }

    fn start_network(&self, config: &Config) -> Result<Network, ApiError> {
        let addresses = &config.stack_exchange;
        let api = api::Client::new(ApiOptions::new(&addresses.api, config.secrets.api_key.clone()))?;
        let (feed, realtime) = realtime::connect(RealtimeOptions::new(&addresses.realtime), self.clock);
        let network = Network {
            api,
            realtime,
            site_list: addresses.site_list.clone(),
            sites: Arc::default(),
            scanner: self.scanner.clone(),
            inputs: self.inputs.clone(),
            tasks: self.tasks.clone(),
            clock: self.clock,
            metrics: Arc::clone(&self.metrics),
            is_recorded: config.record.is_some(),
        };
        self.spawn("the realtime feed", network.clone().listen(feed, self.stop.clone()));
        self.spawn("the list of sites", network.clone().keep_sites(self.stop.clone()));
        Ok(network)
    }

    fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(watched(name, self.inputs.clone(), self.stop.clone(), task));
    }
}

impl Intake {
    /// Asks the API, beside the loop.
    pub(super) fn fetch(&self, request: Request) {
        if let Source::Network(network) = &self.source {
            network.fetch(request);
        }
    }

    /// Watches a question for deletions and edits.
    pub(super) fn watch(&self, site: String, question: i64) {
        if let Source::Network(network) = &self.source {
            network.watch(site, question);
        }
    }

    /// Ends the watch of a question.
    pub(super) fn unwatch(&self, site: &str, question: i64) {
        if let Source::Network(network) = &self.source {
            network.unwatch(site, question);
        }
    }

    /// The name of the source, and whether it gives what it should.
    pub(super) fn freshness(&self, now: Timestamp) -> (&'static str, Check) {
        match &self.source {
            Source::Network(network) => ("realtime", network.freshness(now)),
            Source::Lines(lines) => (lines.name(), lines.check()),
        }
    }

    /// Brings what is counted up to date.
    pub(super) fn show(&self, status: &IntakeStatus, now: Timestamp) {
        let metrics = &self.metrics.intake;
        metrics.show(status, now);
        match &self.source {
            Source::Network(network) => metrics.show_realtime(&network.status()),
            Source::Lines(lines) => metrics.show_bad_lines(lines.n_bad()),
        }
    }

    /// Scans a batch, beside the loop.
    pub(super) fn scan(&self, batch: Batch) {
        let intake = self.clone();
        self.tasks.spawn(async move {
            let scanned = intake.scanner.judge(batch).await;
            for post in scanned.posts.iter().filter(|post| !post.verdict.incomplete.is_empty()) {
                intake.book_costs(post);
            }
            intake.look_at_hosts(&scanned.posts);
            // When the service has stopped, the questions are still pending in the journal.
            let _ = intake.inputs.send(Input::Event(Event::Scanned(scanned))).await;
        });
    }

    /// Counts a post on which rules came to no end, and what that means for those whose fault it is.
    fn book_costs(&self, post: &ScannedPost) {
        self.metrics.incomplete.inc();
        let key = &post.fetched.key;
        tracing::debug!(post = %key, rules = post.verdict.incomplete.join(", "), "rules were set aside on a post");
        for rule in &post.verdict.over_budget {
            self.metrics.on_over_budget(rule);
            match self.scanner.on_overrun(rule, post.content) {
                Offence::First => {
                    tracing::warn!(rule, post = %key, "a rule used up its budget and was set aside on this post");
                }
                Offence::More => {}
                Offence::SetAside => tracing::error!(
                    rule,
                    post = %key,
                    "a rule used up its budget on several posts and is set aside until rules are loaded again"
                ),
            }
        }
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

/// Whether posts can be asked for at all, and what did not get through.
pub(super) fn check(status: &IntakeStatus, now: Timestamp) -> Check {
    const NAMED: usize = 3;
    let plan = &status.plan;
    let oldest = plan.oldest.map_or(0, |oldest| now.since(oldest).as_secs());
    let mut detail = format!(
        "{} questions wait, the oldest {oldest} s; {} requests left today, about {} at midnight UTC",
        plan.pending, plan.quota_remaining, plan.left_at_midnight
    );
    if plan.shed > 0 {
        detail += &format!("; {} questions given up because too many waited", plan.shed);
    }
    if !status.set_aside.is_empty() {
        let named: Vec<_> =
            status.set_aside.iter().take(NAMED).map(|(key, why)| format!("{key} ({why})")).collect();
        detail += &format!("; {} posts set aside: {}", status.set_aside.len(), named.join(", "));
    }
    Check { ok: plan.quota_remaining > 0, detail }
}
