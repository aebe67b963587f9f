//! Hearing what happens in rooms, over sockets that break and servers that go away.

use smokestack::chat::{ChatError, ChatEvent, EventGuard, EventKind, EventStream, ServerEvent};
use smokestack::simulator::fault::{SocketFault, SocketFaultKind};
use tokio::time::timeout;

use super::*;

/// An event stream that remembers what it was told.
struct Ears {
    stream: EventStream,
    _guard: EventGuard,
    counter: Option<i64>,
}

impl Ears {
    /// Listens to both rooms and waits until it hears.
    async fn open(client: &Client, resume: Option<i64>) -> Self {
        let mut ears = Self::closed(client, resume);
        assert_eq!(ears.next().await, ServerEvent::Up);
        ears
    }

    fn closed(client: &Client, resume: Option<i64>) -> Self {
        let (stream, guard) = client.events(vec![ROOM, OTHER_ROOM], resume);
        Self { stream, _guard: guard, counter: None }
    }

    /// What is heard next; who comes and goes is passed over.
    async fn next(&mut self) -> ServerEvent {
        loop {
            let heard = timeout(PATIENCE, self.stream.recv()).await.expect("something is heard");
            match heard.expect("it goes on") {
                ServerEvent::Counter(counter) => self.counter = Some(counter),
                ServerEvent::Event(event) if matches!(event.kind, EventKind::Entered | EventKind::Left) => {}
                other => return other,
            }
        }
    }

    async fn event(&mut self) -> ChatEvent {
        match self.next().await {
            ServerEvent::Event(event) => event,
            other => panic!("{other:?}"),
        }
    }

    async fn texts(&mut self, n: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < n {
            texts.push(self.event().await.text());
        }
        texts
    }
}

fn socket_fault(network: &Network, kind: SocketFaultKind) {
    network.socket_fault(SocketFault { host: None, next: None, kind }).expect("taken");
}

/// Waits until the simulated server has so many requests for a socket.
async fn sockets_asked_for(network: &Network, n: usize) {
    let asked = async {
        while n_requests(network, "POST", "/ws-auth") < n {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("a new socket is asked for");
}

#[tokio::test]
async fn what_happens_in_our_rooms_is_heard_once_and_in_order() {
    let network = network().await;
    network.chat(SERVER, |chat| {
        chat.add_room(770_005, "Foreign", "", smokestack::simulator::chat::room::RoomKind::Open);
    });
    let client = logged_in(&network).await;
    client.join(770_005).await.expect("joined, and not asked for");
    let mut ears = Ears::open(&client, None).await;
    let first = network.say(SERVER, ROOM, ANN, "one");
    network.say(SERVER, 770_005, ANN, "elsewhere");
    network.say(SERVER, OTHER_ROOM, ANN, "two");
    let mine = client.send(ROOM, "mine", None).await.expect("sent").message_id;
    network.say(SERVER, ROOM, ANN, &format!(":{mine} tpu-"));

    let heard: Vec<_> = [ears.event().await, ears.event().await, ears.event().await].into();
    let shown: Vec<_> = heard.iter().map(|e| (e.kind, e.room_id, e.text())).collect();
    let posted = |room, text: &str| (EventKind::Posted, room, text.to_owned());
    assert_eq!(shown, [posted(ROOM, "one"), posted(OTHER_ROOM, "two"), posted(ROOM, "mine")]);
    assert_eq!((heard[0].message_id, heard[0].user_id), (Some(first), Some(ANN)));

    // A reply is told twice, as itself and as a message; each under its own id and once.
    let reply = [ears.event().await, ears.event().await];
    assert_eq!(reply.each_ref().map(|e| e.kind), [EventKind::Replied, EventKind::Posted]);
    assert_eq!(reply.each_ref().map(|e| e.parent_id), [Some(mine); 2]);
    assert_eq!(reply[1].text(), "tpu-");

    client.edit(mine, "mine, edited").await.expect("edited");
    client.delete(mine).await.expect("deleted");
    let edited = ears.event().await;
    assert_eq!((edited.kind, edited.text(), edited.edits), (EventKind::Edited, "mine, edited".to_owned(), 1));
    let deleted = ears.event().await;
    assert_eq!((deleted.kind, deleted.message_id, deleted.content), (EventKind::Deleted, Some(mine), None));
}

#[tokio::test]
async fn nothing_is_missed_or_repeated_over_broken_sockets() {
    let network = network().await;
    let client = logged_in(&network).await;
    let mut ears = Ears::open(&client, None).await;
    let mut expected = Vec::new();
    let mut heard = Vec::new();
    let kinds = [
        SocketFaultKind::SocketReset,
        SocketFaultKind::SocketClose { code: None },
        SocketFaultKind::SocketClose { code: Some(1001) },
    ];
    for (n, kind) in kinds.into_iter().enumerate() {
        for room in [ROOM, OTHER_ROOM] {
            let text = format!("before {n} in {room}");
            network.say(SERVER, room, ANN, &text);
            expected.push(text);
        }
        heard.extend(ears.texts(2).await);
        socket_fault(&network, kind);
        let text = format!("while the socket is away {n}");
        network.say(SERVER, ROOM, ANN, &text);
        expected.push(text);
        sockets_asked_for(&network, n + 2).await;
        heard.extend(ears.texts(1).await);
    }
    assert_eq!(heard, expected);
    network.say(SERVER, ROOM, ANN, "the end");
    assert_eq!(ears.texts(1).await, ["the end"]);
}

#[tokio::test]
async fn a_new_process_hears_what_it_slept_through() {
    let network = network().await;
    let client = logged_in(&network).await;
    let mut ears = Ears::open(&client, None).await;
    network.say(SERVER, ROOM, ANN, "heard");
    assert_eq!(ears.texts(1).await, ["heard"]);
    ears.counter = None;
    let counted = async {
        while ears.counter.is_none() {
            if let Some(ServerEvent::Counter(counter)) = ears.stream.recv().await {
                ears.counter = Some(counter);
            }
        }
    };
    timeout(PATIENCE, counted).await.expect("a counter follows the events");
    let counter = ears.counter;
    drop(ears);
    network.say(SERVER, ROOM, ANN, "slept through");
    network.say(SERVER, OTHER_ROOM, ANN, "this too");
    let mut ears = Ears::open(&client, counter).await;
    assert_eq!(ears.texts(2).await, ["slept through", "this too"]);

    // From now on means from now on.
    let mut ears = Ears::open(&client, None).await;
    network.say(SERVER, ROOM, ANN, "new");
    assert_eq!(ears.texts(1).await, ["new"]);
}

#[tokio::test]
async fn polling_serves_while_no_socket_can_be_had() {
    let network = network().await;
    let client = logged_in(&network).await;
    let no_socket = Fault { count: 0, ..Fault::next(CHAT, "/ws-auth", FaultKind::ErrorPage { status: 503 }) };
    network.fault(no_socket).expect("taken");
    let mut ears = Ears::open(&client, None).await;
    network.say(SERVER, ROOM, ANN, "polled");
    network.say(SERVER, OTHER_ROOM, ANN, "polled too");
    assert_eq!(ears.texts(2).await, ["polled", "polled too"]);
    assert!(n_requests(&network, "POST", "/events") > 0);
    network.clear_faults();
    let n_asked = n_requests(&network, "POST", "/ws-auth");
    sockets_asked_for(&network, n_asked + 1).await;
    network.say(SERVER, ROOM, ANN, "by socket again");
    assert_eq!(ears.texts(1).await, ["by socket again"]);
}

#[tokio::test]
async fn a_websocket_over_tls_that_nobody_answers_is_a_failure_like_any_other() {
    // With two TLS providers in the process this would panic, and only here.
    let network = network().await;
    let client = logged_in(&network).await;
    let body = r#"{"url":"wss://127.0.0.1:1/events/1/0123"}"#.to_owned();
    let tls = Fault { count: 0, ..Fault::next(CHAT, "/ws-auth", FaultKind::Answer { status: 200, body }) };
    network.fault(tls).expect("taken");
    let mut ears = Ears::open(&client, None).await;
    network.say(SERVER, ROOM, ANN, "polled");
    assert_eq!(ears.texts(1).await, ["polled"]);
}

#[tokio::test]
async fn a_server_that_goes_away_is_told_as_down_and_up() {
    let network = network().await;
    let client = logged_in(&network).await;
    let mut ears = Ears::open(&client, None).await;
    network
        .fault(Fault {
            host: Some(CHAT.name().to_owned()),
            count: 0,
            ..Fault::next(CHAT, "*", FaultKind::Drop)
        })
        .expect("taken");
    socket_fault(&network, SocketFaultKind::SocketReset);
    let ServerEvent::Down { since, why } = ears.next().await else { panic!("not down") };
    assert!(matches!(why, ChatError::Broken { .. }), "{why:?}");
    assert!(since.as_millis() > 0);
    network.say(SERVER, ROOM, ANN, "meanwhile");
    network.clear_faults();
    // What was missed may come by the first poll or by the socket, after the word that it is up or just before it.
    let mut heard = Vec::new();
    while heard.len() < 2 {
        match ears.next().await {
            ServerEvent::Event(event) => heard.push(event.text()),
            ServerEvent::Up => heard.push("up".to_owned()),
            other => panic!("{other:?}"),
        }
    }
    heard.sort();
    assert_eq!(heard, ["meanwhile", "up"]);
}

#[tokio::test]
async fn a_silent_socket_is_taken_for_a_dead_one() {
    let keep_alive = Duration::from_millis(200);
    let network = network_with(Options { curve: Curve::None, keep_alive, ..Options::default() }).await;
    let client = logged_in(&network).await.with_silence_max(Duration::from_secs(1));
    let mut ears = Ears::open(&client, None).await;
    socket_fault(&network, SocketFaultKind::SocketSilent);
    network.say(SERVER, ROOM, ANN, "into the void");
    sockets_asked_for(&network, 2).await;
    assert_eq!(ears.texts(1).await, ["into the void"]);
    // Keep-alives alone keep the second one alive.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(n_requests(&network, "POST", "/ws-auth"), 2);
}

#[tokio::test]
async fn strange_frames_do_no_harm() {
    let network = network().await;
    let client = logged_in(&network).await;
    let mut ears = Ears::open(&client, None).await;
    for text in ["", "null", "<html>", "{\"r11540\":{\"e\":[{\"event_type\":1}],\"t\":null}}", "[[[["] {
        socket_fault(&network, SocketFaultKind::SocketFrame { text: text.to_owned() });
    }
    socket_fault(&network, SocketFaultKind::SocketHeartbeat { data: None });
    socket_fault(&network, SocketFaultKind::SocketUnknown);
    assert_eq!(ears.event().await.kind, EventKind::Other(987));
    network.say(SERVER, ROOM, ANN, "still here");
    assert_eq!(ears.texts(1).await, ["still here"]);
    assert_eq!(n_requests(&network, "POST", "/ws-auth"), 1);
}

#[tokio::test]
async fn an_expired_session_is_told_and_a_login_mends_it() {
    let network = network().await;
    let client = logged_in(&network).await;
    let mut ears = Ears::open(&client, None).await;
    network.end_sessions();
    socket_fault(&network, SocketFaultKind::SocketReset);
    let ServerEvent::Down { why, .. } = ears.next().await else { panic!("not down") };
    assert_eq!(why, ChatError::SessionExpired);
    client.login(&credentials(EMAIL)).await.expect("logged in");
    assert_eq!(ears.next().await, ServerEvent::Up);
    network.say(SERVER, ROOM, ANN, "back");
    assert_eq!(ears.texts(1).await, ["back"]);
}

#[tokio::test]
async fn a_room_that_is_gone_does_not_silence_the_others() {
    let network = network().await;
    let client = logged_in(&network).await;
    let (stream, guard) = client.events(vec![999_999_999, ROOM], None);
    let mut ears = Ears { stream, _guard: guard, counter: None };
    loop {
        if ears.next().await == ServerEvent::Up {
            break;
        }
    }
    network.say(SERVER, ROOM, ANN, "here");
    assert_eq!(ears.texts(1).await, ["here"]);
}

#[tokio::test]
async fn dropping_the_guard_ends_the_stream() {
    let network = network().await;
    let client = logged_in(&network).await;
    let Ears { mut stream, _guard, .. } = Ears::open(&client, None).await;
    drop(_guard);
    let ended = async { while stream.recv().await.is_some() {} };
    timeout(PATIENCE, ended).await.expect("it ends");
}
