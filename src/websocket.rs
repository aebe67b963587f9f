//! Opening a websocket: through the proxy that the environment names, where there is one, as all other requests go.

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_tls_with_config, connect_async_with_config,
};

use crate::loopback::is_loopback;

/// An open websocket.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A proxy's answer has a few short lines.
const MAX_HEAD: usize = 8 << 10;

/// Opens a websocket on which no message is larger than `max_bytes`. Whoever calls limits the time.
///
/// The variables are those that `curl` reads: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, also in lower case.
///
/// # Errors
/// No connection, no websocket, or a proxy that is none of HTTP or refuses.
pub async fn open(request: Request, max_bytes: usize) -> Result<Socket, Error> {
    open_through(&Matcher::from_env(), request, max_bytes).await
}

async fn open_through(proxies: &Matcher, request: Request, max_bytes: usize) -> Result<Socket, Error> {
    let config = WebSocketConfig::default().max_message_size(Some(max_bytes)).max_frame_size(Some(max_bytes));
    let Some(proxy) = proxy_of(proxies, request.uri()) else {
        return Ok(connect_async_with_config(request, Some(config), true).await?.0);
    };
    let stream = tunnel(&proxy, request.uri()).await?;
    Ok(client_async_tls_with_config(request, stream, Some(config), None).await?.0)
}

fn proxy_of(proxies: &Matcher, target: &Uri) -> Option<Intercept> {
    // The variables speak of the schemes below.
    let scheme = if target.scheme_str() == Some("wss") { "https" } else { "http" };
    let target = format!("{scheme}://{}/", target.authority()?);
    if Url::parse(&target).is_ok_and(|url| is_loopback(&url)) {
        return None;
    }
    proxies.intercept(&target.parse().ok()?)
}

/// A connection to the host of `target` that the proxy makes.
async fn tunnel(proxy: &Intercept, target: &Uri) -> Result<TcpStream, Error> {
    let failed = |why: String| Error::Io(std::io::Error::other(why));
    let (address, host) = (proxy.uri(), proxy.uri().host().unwrap_or_default());
    if address.scheme_str() != Some("http") {
        return Err(failed(format!(
            "websockets go through `http://` proxies only, and not through `{host}`"
        )));
    }
    let port = target.port_u16().unwrap_or(if target.scheme_str() == Some("wss") { 443 } else { 80 });
    let target = format!("{}:{port}", target.host().unwrap_or_default());
    let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(login) = proxy.basic_auth() {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(login.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let mut stream =
        TcpStream::connect((host.trim_matches(['[', ']']), address.port_u16().unwrap_or(80))).await?;
    stream.set_nodelay(true)?;
    stream.write_all(&head).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == MAX_HEAD {
            return Err(failed(format!("the proxy `{host}` gave no HTTP answer")));
        }
        // What follows the answer belongs to whoever reads next.
        answer.push(stream.read_u8().await?);
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('2') {
        return Ok(stream);
    }
    Err(failed(format!(
        "the proxy `{host}` refused with status `{}`",
        status.chars().take(3).collect::<String>()
    )))
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::net::TcpListener;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

    use super::*;

    /// A proxy that answers so, and then is the websocket itself; gives what it was asked.
    async fn proxy(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a head"));
            }
            stream.write_all(answer.as_bytes()).await.expect("written");
            if let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await {
                // The client may be gone already.
                let _ = socket.send(Message::text("through")).await;
            }
            String::from_utf8(head).expect("text")
        });
        (format!("http://me:secret@{address}"), asked)
    }

    fn request(url: &str) -> Request {
        url.into_client_request().expect("a request")
    }

    #[tokio::test]
    async fn a_websocket_goes_through_the_proxy() {
        let (url, asked) = proxy("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n").await;
        let proxies = Matcher::builder().all(url).build();
        let mut socket =
            open_through(&proxies, request("ws://chat.example/events"), 1_000).await.expect("a socket");
        assert_eq!(socket.next().await.expect("a message").expect("whole"), Message::text("through"));
        let head = asked.await.expect("a proxy");
        assert!(head.starts_with("CONNECT chat.example:80 HTTP/1.1\r\nHost: chat.example:80\r\n"), "{head}");
        assert!(head.contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"), "{head}");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_told_without_its_password() {
        let (url, _asked) = proxy("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
        for (url, told) in [(url.as_str(), "`407`"), ("socks5://me:secret@127.0.0.1:1", "`http://`")] {
            let proxies = Matcher::builder().all(url).build();
            let error =
                open_through(&proxies, request("wss://chat.example/"), 1_000).await.expect_err("refused");
            let text = format!("{error} {error:?}");
            assert!(text.contains(told) && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn the_variables_speak_of_http_and_not_of_this_machine() {
        let proxies = Matcher::builder().https("http://p:1").no("no.example").build();
        let has_proxy = |url: &str| proxy_of(&proxies, request(url).uri()).is_some();
        assert!(has_proxy("wss://chat.example/x") && !has_proxy("ws://chat.example/x"));
        assert!(
            !has_proxy("wss://no.example/")
                && !has_proxy("wss://127.0.0.1:7/")
                && !has_proxy("wss://localhost/")
        );
    }
}
