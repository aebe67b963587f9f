//! A bare client: requests and frames as they go over the wire, nothing clever.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::redirect::Policy;
use serde_json::Value;
use smokestack::simulator::names::Server;
use smokestack::simulator::{EMAIL, Network, Options, PASSWORD};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Long enough for a loaded machine; nothing waits so long when all is well.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// An answer with its body read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: String,
    pub(super) cookies: Vec<String>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }
}

/// One browser: a cookie jar and no redirects followed.
pub(super) struct Raw {
    pub(super) http: reqwest::Client,
    pub(super) chat: String,
    pub(super) login: String,
    pub(super) account: String,
    pub(super) fkey: String,
}

pub(super) async fn network(options: Options) -> Network {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Network::start(options).await.expect("loopback has free ports")
}

/// A network without rate limit.
pub(super) async fn free_network() -> Network {
    network(Options { curve: smokestack::simulator::chat::curve::Curve::None, ..Options::default() }).await
}

impl Raw {
    pub(super) fn new(network: &Network, server: Server) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .expect("a client");
        let urls = network.urls();
        Self {
            http,
            chat: urls.chat(server),
            login: urls.login(server),
            account: urls.account(server),
            fkey: String::new(),
        }
    }

    /// Logged in with the account that is always there, with a chat fkey.
    pub(super) async fn logged_in(network: &Network, server: Server) -> Self {
        let mut raw = Self::new(network, server);
        let answer = raw.log_in(EMAIL, PASSWORD).await;
        assert_eq!((answer.status, answer.location.as_str()), (302, "/"), "{answer:?}");
        raw.refresh().await;
        raw
    }

    pub(super) async fn get(&self, url: &str) -> Answer {
        read(self.http.get(url)).await.expect("an answer")
    }

    pub(super) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        self.try_post(url, form).await.expect("an answer")
    }

    pub(super) async fn try_post(&self, url: &str, form: &[(&str, &str)]) -> reqwest::Result<Answer> {
        read(self.http.post(url).form(form)).await
    }

    /// A POST to the chat server with the fkey.
    pub(super) async fn act(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.try_act(path, form).await.expect("an answer")
    }

    pub(super) async fn try_act(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<Answer> {
        let form = [form, &[("fkey", self.fkey.as_str())]].concat();
        self.try_post(&format!("{}{path}", self.chat), &form).await
    }

    /// The login form, filled in.
    pub(super) async fn log_in(&self, email: &str, password: &str) -> Answer {
        let url = format!("{}/users/login", self.login);
        let form = self.get(&url).await;
        let fkey = value_of(&form.body, "fkey");
        assert_eq!(fkey.len(), 64, "{form:?}");
        self.post(&url, &[("email", email), ("password", password), ("fkey", &fkey)]).await
    }

    /// Takes the chat fkey from a page.
    pub(super) async fn refresh(&mut self) -> Answer {
        let page = self.get(&format!("{}/chats/join/favorite", self.chat)).await;
        self.fkey = value_of(&page.body, "fkey");
        page
    }

    pub(super) async fn send(&self, room: i64, text: &str) -> Answer {
        self.act(&format!("/chats/{room}/messages/new"), &[("text", text)]).await
    }

    /// Sends and expects it to be accepted.
    pub(super) async fn say(&self, room: i64, text: &str) -> i64 {
        let answer = self.send(room, text).await;
        answer.json()["id"].as_i64().unwrap_or_else(|| panic!("not sent: {answer:?}"))
    }

    pub(super) async fn listing(&self, room: i64) -> Value {
        let form = [("since", "0"), ("mode", "Messages"), ("msgCount", "100")];
        self.act(&format!("/chats/{room}/events"), &form).await.json()
    }

    /// Asks for a websocket's address.
    pub(super) async fn ws_url(&self, room: i64) -> String {
        let answer = self.act("/ws-auth", &[("roomid", &room.to_string())]).await;
        answer.json()["url"].as_str().unwrap_or_else(|| panic!("no url in {answer:?}")).to_owned()
    }

    /// Opens a websocket for a room.
    pub(super) async fn socket(&self, room: i64, since: i64) -> Socket {
        let url = self.ws_url(room).await;
        connect(&format!("{url}?l={since}"), Some(&self.chat)).await.expect("a socket")
    }
}

async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let header = |name: &str| -> Vec<String> {
        response.headers().get_all(name).iter().map(|v| v.to_str().expect("text").to_owned()).collect()
    };
    let (location, cookies) = (header("location").join(""), header("set-cookie"));
    let status = response.status().as_u16();
    Ok(Answer { status, location, cookies, body: response.text().await? })
}

pub(super) async fn connect(url: &str, origin: Option<&str>) -> Result<Socket, Error> {
    let mut request = url.into_client_request()?;
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().expect("a header"));
    }
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

/// The next text frame as text.
pub(super) async fn next_text(socket: &mut Socket) -> Option<String> {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("a frame in time") {
            Some(Ok(Message::Text(text))) => return Some(text.to_string()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(_)) => {}
        }
    }
}

/// The next frame.
pub(super) async fn next_frame(socket: &mut Socket) -> Value {
    let text = next_text(socket).await.expect("the socket is open");
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

/// Frames until one has an event that fits under a room's key; that event.
pub(super) async fn next_event(socket: &mut Socket, room: i64, event_type: i64) -> Value {
    loop {
        let frame = next_frame(socket).await;
        let events = frame[format!("r{room}")]["e"].as_array().cloned().unwrap_or_default();
        if let Some(event) = events.into_iter().find(|event| event["event_type"] == event_type) {
            return event;
        }
    }
}

pub(super) async fn say_text(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text.to_owned())).await.expect("the socket is open");
}

/// The value of the first input with this name.
pub(super) fn value_of(html: &str, name: &str) -> String {
    let input = html.split("<input").find(|input| input.contains(&format!("name=\"{name}\"")));
    let value =
        input.and_then(|input| input.split("value=\"").nth(1)).and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().to_owned()
}

/// Waits until something holds.
pub(super) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let all = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("never: {what}"));
}
