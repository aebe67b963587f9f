//! The chat client against the simulated network.

mod command;
mod events;
mod login;
mod secrets;
mod send;

use std::path::PathBuf;
use std::time::Duration;

use smokestack::chat::{Client, ClientOptions, Credentials, LoginHow, ServerUrls};
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::fault::{Fault, FaultKind};
use smokestack::simulator::names::{Host, Server};
use smokestack::simulator::{EMAIL, Network, Options, PASSWORD};

const SERVER: Server = Server::StackExchange;
const CHAT: Host = Host::Chat(SERVER);
/// A room of the project's rooms.yml, and one that only the tests add.
const ROOM: i64 = 11_540;
const OTHER_ROOM: i64 = 770_001;
/// A person.
const ANN: i64 = 5_000_001;
/// Long enough for a loaded machine; nothing waits so long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

fn credentials(email: &str) -> Credentials {
    Credentials { email: email.to_owned(), password: PASSWORD.to_owned().into() }
}

async fn network_with(options: Options) -> Network {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let network = Network::start(options).await.expect("loopback has free ports");
    network.chat(SERVER, |chat| {
        chat.add_user(ANN, "Ann", 1_000, false);
        chat.add_room(OTHER_ROOM, "Other", "", smokestack::simulator::chat::room::RoomKind::Open);
    });
    network
}

/// A network without rate limit.
async fn network() -> Network {
    network_with(Options { curve: Curve::None, ..Options::default() }).await
}

fn options(network: &Network, server: Server, jar_path: Option<PathBuf>) -> ClientOptions {
    let urls = network.urls();
    ClientOptions {
        server: ServerUrls {
            name: server.key().to_owned(),
            chat: urls.chat(server),
            login: urls.login(server),
            account: urls.account(server),
        },
        jar_path,
        request_timeout: Duration::from_secs(5),
        user_agent: "smokestack-tests".to_owned(),
    }
}

fn client(network: &Network) -> Client {
    Client::new(options(network, SERVER, None)).expect("a client")
}

/// A client that is logged in and in both rooms.
async fn logged_in(network: &Network) -> Client {
    let client = client(network);
    log_in(&client).await;
    client
}

async fn log_in(client: &Client) {
    let me = client.login(&credentials(EMAIL)).await.expect("logged in");
    assert_eq!(me.how, LoginHow::Password);
    for room in [ROOM, OTHER_ROOM] {
        assert!(client.join(room).await.expect("joined").can_post);
    }
}

/// A fault for the next new message.
fn next_send(network: &Network, kind: FaultKind) {
    network.fault(Fault::next(CHAT, "/chats/*/messages/new", kind)).expect("taken");
}

/// How many requests the network had for a path.
fn n_requests(network: &Network, method: &str, path: &str) -> usize {
    network.requests().iter().filter(|r| r.method == method && r.path == path).count()
}

/// The sources of what stands in a room, oldest first.
fn said(network: &Network, room: i64) -> Vec<String> {
    network.messages(SERVER, room).iter().map(|message| message.source().to_owned()).collect()
}
