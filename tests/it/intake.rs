//! The realtime client and the API client against the simulated network.

use std::time::Duration;

use smokestack::api::{ApiError, ApiOptions, Client};
use smokestack::clock::Clock;
use smokestack::core::fetch_plan::{FetchPlan, PlanOptions, Told, Work};
use smokestack::core::post::{PostKey, PostType};
use smokestack::core::wave::parse_wave;
use smokestack::realtime::{Realtime, RealtimeEvent, RealtimeOptions, SiteIds, connect};
use smokestack::simulator::fault::{Fault, FaultKind, SocketFault, SocketFaultKind};
use smokestack::simulator::names::Host;
use smokestack::simulator::{Network, Options};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

/// Long enough for a loaded machine; nothing waits so long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

const POSTS: &str = r#"{"at":0,"post":{"id":"su-41","site":"superuser.com","post_type":"question","title":"Buy &amp; sell","body":"<p>Call &lt;now&gt;</p>","owner":{"name":"E&amp;F","reputation":7},"score":-2}}
{"at":0,"post":{"id":"su-77","site":"superuser.com","post_type":"answer","question":"su-41","title":"Buy &amp; sell","body":"<p>me too</p>","owner":{"name":"Eve","reputation":1}}}"#;

/// A network that shows posts in the API at once and has no cache.
async fn network() -> Network {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options =
        Options { replication_delay: Duration::ZERO, api_cache: Duration::ZERO, ..Options::default() };
    Network::start(options).await.expect("loopback has free ports")
}

async fn play(network: &Network, lines: &str) {
    let mut playing = network.play(parse_wave(lines).expect("a wave"));
    assert!(playing.ended().await.ended);
}

fn api(network: &Network) -> Client {
    let options = ApiOptions::new(network.urls().api(), Some("the-secret-key".into()));
    Client::new(ApiOptions { timeout: Duration::from_secs(2), ..options }).expect("a client")
}

fn listen(network: &Network, watchdog: Duration) -> (Receiver<RealtimeEvent>, Realtime) {
    let first_pause = Duration::from_millis(20);
    let options =
        RealtimeOptions { watchdog, first_pause, ..RealtimeOptions::new(network.urls().realtime()) };
    connect(options, Clock::start())
}

async fn next(events: &mut Receiver<RealtimeEvent>) -> RealtimeEvent {
    timeout(PATIENCE, events.recv()).await.expect("an event in time").expect("the task lives")
}

/// Waits until what the handle tells fits.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = timeout(PATIENCE, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("{what} did not come true"));
}

fn realtime_fault(network: &Network, next: Option<u32>, kind: SocketFaultKind) {
    let host = Some(Host::Realtime.name().to_owned());
    network.socket_fault(SocketFault { host, next, kind }).expect("taken");
}

fn api_fault(network: &Network, kind: FaultKind) {
    network.fault(Fault::next(Host::Api, "*", kind)).expect("taken");
}

#[tokio::test]
async fn a_post_is_heard_of_and_fetched_with_its_answers() {
    let network = network().await;
    let (mut events, realtime) = listen(&network, PATIENCE);
    assert_eq!(next(&mut events).await, RealtimeEvent::Up { missed_since: None });
    network.subscribed().await;
    play(&network, POSTS).await;
    let RealtimeEvent::Activity(activity) = next(&mut events).await else { panic!("activity") };
    assert_eq!((activity.site.as_str(), activity.question), ("superuser.com", 41));
    assert_eq!(activity.summary_post().map(|post| post.title).as_deref(), Some("Buy &amp; sell"));
    assert!(realtime.status().is_fresh(PATIENCE, Clock::start().now()));

    let answer = api(&network).questions("superuser.com", &[41, 42]).await.expect("an answer");
    assert_eq!(answer.found, [41]);
    let [question, reply] = answer.posts.as_slice() else { panic!("two posts, not {:?}", answer.posts) };
    assert_eq!((question.key.number, question.post.post_type), (41, PostType::Question));
    assert_eq!(question.post.body, "<p>Call &lt;now&gt;</p>", "entities are for the engine to decode");
    assert_eq!((question.post.owner.name.as_str(), question.post.owner.reputation), ("E&amp;F", 7));
    assert_eq!(
        (question.post.score, question.edited, question.post.title.as_str()),
        (-2, false, "Buy &amp; sell")
    );
    assert!(question.owner_url.is_some() && question.last_activity > 0);
    assert_eq!((reply.key.number, reply.question, reply.post.body.as_str()), (77, 41, "<p>me too</p>"));
    assert_eq!((answer.meta.quota_max, answer.meta.quota_remaining), (Some(10_000), Some(9_999)));

    let listed = api(&network).active_questions("superuser.com", 0, 1, 100).await.expect("an answer");
    assert_eq!((listed.found, listed.meta.has_more), (vec![41], false));
    let later = question.last_activity + 1000;
    let none = api(&network).active_questions("superuser.com", later, 1, 100).await.expect("an answer");
    assert_eq!(none.found, Vec::<i64>::new());
}

#[tokio::test]
async fn posts_that_are_gone_are_not_among_those_that_are_there() {
    let network = network().await;
    play(&network, POSTS).await;
    play(&network, r#"{"at":0,"deleted":"su-77"}"#).await;
    let states = api(&network).posts("superuser.com", &[41, 77, 99]).await.expect("an answer");
    assert_eq!(states.posts.iter().map(|post| post.number).collect::<Vec<_>>(), [41]);
}

#[tokio::test]
async fn a_watched_question_tells_of_edits_and_deletions_also_after_a_reconnect() {
    let network = network().await;
    play(&network, POSTS).await;
    let sites = SiteIds::fetch(&network.urls().site_list()).await.expect("a site list");
    let site_id = sites.get("superuser.com").expect("a known site");

    let (mut events, realtime) = listen(&network, PATIENCE);
    assert!(realtime.watch("superuser.com", site_id, 41));
    assert_eq!(next(&mut events).await, RealtimeEvent::Up { missed_since: None });
    network.subscribed().await;
    realtime_fault(&network, None, SocketFaultKind::SocketReset);
    assert!(matches!(next(&mut events).await, RealtimeEvent::Down { .. }));
    assert!(matches!(next(&mut events).await, RealtimeEvent::Up { missed_since: Some(_) }));
    network.subscribed().await;

    // Play until it is heard: nothing tells when the server has read the second subscription.
    let key = |number| PostKey { site: "superuser.com".to_owned(), number };
    let edited = r#"{"at":0,"post":{"id":"su-77","site":"superuser.com","post_type":"answer","question":"su-41","title":"t","body":"NEW"}}"#;
    let mut version = 0;
    let event = loop {
        version += 1;
        play(&network, &edited.replace("NEW", &version.to_string())).await;
        let heard = async {
            loop {
                match next(&mut events).await {
                    RealtimeEvent::Activity(_) => {}
                    other => return other,
                }
            }
        };
        match timeout(Duration::from_millis(200), heard).await {
            Ok(event) => break event,
            Err(_) => assert!(version < 50, "the watch was not set up again"),
        }
    };
    assert_eq!(event, RealtimeEvent::PostEdited { key: key(77), question: 41 });
    play(&network, r#"{"at":0,"deleted":"su-77"}"#).await;
    loop {
        match next(&mut events).await {
            RealtimeEvent::PostDeleted(deleted) => break assert_eq!(deleted, key(77)),
            RealtimeEvent::Activity(_) | RealtimeEvent::PostEdited { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    realtime.unwatch(site_id, 41);
}

#[tokio::test]
async fn a_connection_without_data_is_given_up_though_its_heart_beats() {
    let network = network().await;
    realtime_fault(&network, Some(1), SocketFaultKind::SocketSilent);
    let (mut events, realtime) = listen(&network, Duration::from_millis(400));
    let RealtimeEvent::Up { missed_since: None } = next(&mut events).await else { panic!("up") };
    let heartbeat = SocketFaultKind::SocketHeartbeat { data: Some("pong".to_owned()) };
    realtime_fault(&network, None, heartbeat);
    let RealtimeEvent::Down { since, why } = next(&mut events).await else { panic!("down") };
    assert!(why.starts_with("no data for"), "{why}");
    let RealtimeEvent::Up { missed_since } = next(&mut events).await else { panic!("up again") };
    assert_eq!(missed_since, Some(since), "all since the connection that was dead from its birth");
    let status = realtime.status();
    assert_eq!((status.dead, status.connections), (1, 2));
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_given_up_and_what_it_missed_is_told() {
    let network = network().await;
    let (mut events, realtime) = listen(&network, Duration::from_millis(400));
    next(&mut events).await;
    network.subscribed().await;
    play(&network, POSTS).await;
    let last_data = loop {
        match next(&mut events).await {
            RealtimeEvent::Activity(_) => {}
            RealtimeEvent::Down { since, .. } => break since,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(realtime.status().last_data, Some(last_data), "it was missed from the last data on");
    let RealtimeEvent::Up { missed_since } = next(&mut events).await else { panic!("up again") };
    assert_eq!(missed_since, Some(last_data));
}

#[test]
fn an_outage_is_noticed_and_tried_to_mend_within_two_minutes() {
    let options = RealtimeOptions::new("ws://127.0.0.1:1/");
    assert!(options.watchdog + options.longest_pause <= Duration::from_secs(120), "{options:?}");
}

#[tokio::test]
async fn frames_that_are_not_understood_are_counted_and_nothing_more() {
    let network = network().await;
    let (mut events, realtime) = listen(&network, PATIENCE);
    next(&mut events).await;
    network.subscribed().await;
    for text in ["{\"action\":\"155", "", "null", r#"{"action":"155-questions-active","data":"{\"id\":"}"#] {
        realtime_fault(&network, None, SocketFaultKind::SocketFrame { text: text.to_owned() });
    }
    realtime_fault(&network, None, SocketFaultKind::SocketUnknown);
    realtime_fault(&network, None, SocketFaultKind::SocketHeartbeat { data: None });
    play(&network, POSTS).await;
    assert!(matches!(next(&mut events).await, RealtimeEvent::Activity(_)));
    let status = realtime.status();
    assert_eq!((status.garbage, status.other, status.heartbeats), (2, 1, 1));
    assert_eq!((status.connections, status.dead), (1, 0));
}

#[tokio::test]
async fn a_network_that_is_away_is_tried_again_and_told_of_once() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("bound"));
    drop(listener);
    let options = RealtimeOptions { first_pause: Duration::from_millis(1), ..RealtimeOptions::new(url) };
    let (mut events, realtime) = connect(options, Clock::start());
    assert!(matches!(next(&mut events).await, RealtimeEvent::Down { .. }));
    assert!(timeout(Duration::from_millis(100), events.recv()).await.is_err(), "an outage is told once");
    assert_eq!(realtime.status().connected_at, None);
}

#[tokio::test]
async fn the_task_ends_when_nobody_listens() {
    let network = network().await;
    let (mut events, realtime) = listen(&network, PATIENCE);
    next(&mut events).await;
    until("connected", || realtime.status().connected_at.is_some()).await;
    drop(events);
    until("disconnected", || realtime.status().connected_at.is_none()).await;
}

#[tokio::test]
async fn what_goes_wrong_with_the_api_is_told_apart_and_never_shows_the_key() {
    let network = network().await;
    play(&network, POSTS).await;
    let client = api(&network);
    let page = "<html><body>Something went wrong</body></html>".to_owned();
    let spent = "too many requests from this IP, more requests available in 46472 seconds".to_owned();
    type Fits = fn(&ApiError) -> bool;
    let faults: [(FaultKind, Fits); 11] = [
        (
            FaultKind::ApiError { id: 502, message: Some(spent) },
            |e| matches!(e, ApiError::Throttled { wait, .. } if wait.as_secs() == 46_472),
        ),
        (FaultKind::ApiError { id: 503, message: None }, |e| matches!(e, ApiError::Unavailable { .. })),
        (FaultKind::ApiError { id: 400, message: None }, |e| matches!(e, ApiError::Refused { id: 400, .. })),
        (FaultKind::ErrorPage { status: 502 }, |e| matches!(e, ApiError::Unavailable { status: 502, .. })),
        (FaultKind::Html, |e| matches!(e, ApiError::NotJson { status: 200, .. })),
        (FaultKind::Cloudflare, |e| matches!(e, ApiError::NotJson { status: 403, .. })),
        (FaultKind::Answer { status: 200, body: page }, |e| matches!(e, ApiError::NotJson { .. })),
        (FaultKind::Answer { status: 200, body: "{\"items\":".to_owned() }, |e| {
            matches!(e, ApiError::Malformed(_))
        }),
        (FaultKind::Truncate, |e| matches!(e, ApiError::Malformed(_) | ApiError::Transport(_))),
        (FaultKind::Drop, |e| matches!(e, ApiError::Transport(_))),
        (FaultKind::Stall, |e| matches!(e, ApiError::Transport(_))),
    ];
    for (fault, fits) in faults {
        api_fault(&network, fault.clone());
        let error = client.questions("superuser.com", &[41]).await.expect_err("a fault");
        assert!(fits(&error), "{fault:?} gave {error:?}");
        let shown = format!("{error} {error:?} {client:?}");
        assert!(!shown.contains("the-secret-key"), "{shown}");
    }
    let answer = client.questions("no-such-site.example", &[41]).await.expect_err("no such site");
    assert!(matches!(answer, ApiError::Refused { id: 400, .. }), "{answer:?}");
}

#[tokio::test]
async fn backoff_and_unannounced_gzip_are_understood() {
    let network = network().await;
    play(&network, POSTS).await;
    let client = api(&network);
    api_fault(&network, FaultKind::NoEncodingHeader);
    let answer = client.questions("superuser.com", &[41]).await.expect("an answer");
    assert_eq!((answer.posts.len(), answer.meta.backoff), (2, None));
    api_fault(&network, FaultKind::Backoff { seconds: 17 });
    let answer = client.questions("superuser.com", &[41]).await.expect("an answer");
    assert_eq!(answer.meta.backoff, Some(Duration::from_secs(17)));
    let error = client.questions("superuser.com", &[41]).await.expect_err("the backoff was not kept");
    assert!(matches!(error, ApiError::Throttled { .. }), "{error:?}");
}

#[tokio::test]
async fn what_an_outage_hid_is_fetched_after_it() {
    let network = network().await;
    play(&network, POSTS).await;
    let client = api(&network);
    // The plan is told simulated times, so nothing here waits for the API's real delay.
    let mut now = network_start();
    let mut plan = FetchPlan::new(PlanOptions::new(true), None, now);
    plan.on_site("superuser.com", None, now);
    plan.on_gap(smokestack::core::time::Timestamp::ZERO, now, now);
    let mut seen = Vec::new();
    while let Some(wake) = plan.next_wake() {
        now = wake;
        while let Some(request) = plan.due(now) {
            let Work::Active { min, page } = request.work else { panic!("a listing, not {request:?}") };
            let answer = client.active_questions(&request.site, min, page, 1).await.expect("an answer");
            seen.extend(answer.posts.iter().map(|post| post.key.number));
            let told = Told { found: &answer.found, has_more: answer.meta.has_more, ..Told::default() };
            plan.on_answer(request.id, told, now);
        }
    }
    assert_eq!(seen, [41, 77]);
}

fn network_start() -> smokestack::core::time::Timestamp {
    Clock::start().now()
}
