//! Nothing that opens a door is shown anywhere.

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Set in the process that logs.
const CHILD: &str = "SMOKESTACK_TEST_OF_SECRETS";

/// A log belongs to a whole process, so this test starts one of its own: itself.
#[test]
fn no_password_fkey_or_cookie_is_shown_in_errors_debug_output_or_the_log() {
    if std::env::var_os(CHILD).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        return runtime.block_on(look_for_secrets());
    }
    let name = "chat::secrets::no_password_fkey_or_cookie_is_shown_in_errors_debug_output_or_the_log";
    let mut child = std::process::Command::new(std::env::current_exe().expect("this file"));
    let output = child.args([name, "--exact"]).env(CHILD, "1").output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn look_for_secrets() {
    let lines = Lines::default();
    let writer = lines.clone();
    // Everything that any library says, too, but for the limits.
    let limits = smokestack::chat::LOG_LIMITS.into_iter();
    let filter = limits.fold(tracing_subscriber::EnvFilter::new("trace"), |filter, limit| {
        filter.add_directive(limit.parse().expect("a directive"))
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || writer.clone())
        .try_init()
        .expect("the only subscriber of this process");
    let network = network().await;
    let folder = tempfile::tempdir().expect("a folder");
    let jar = folder.path().join("jar.json");
    let client = Client::new(options(&network, SERVER, Some(jar.clone()))).expect("a client");
    log_in(&client).await;
    client.send(ROOM, "hello", None).await.expect("sent");
    let (mut stream, _guard) = client.events(vec![ROOM], None);
    tokio::time::timeout(PATIENCE, stream.recv()).await.expect("up");
    // What a browser with these cookies sees.
    let saved = std::fs::read_to_string(&jar).expect("a jar");
    let saved: Vec<serde_json::Value> = serde_json::from_str(&saved).expect("a list of cookies");
    let pairs: Vec<_> =
        saved.iter().filter_map(|cookie| cookie["raw_cookie"].as_str()?.split(';').next()).collect();
    let chat = network.urls().chat(SERVER);
    let browser = reqwest::Client::builder().no_proxy().build().expect("a client");
    let page = browser.get(format!("{chat}/chats/join/favorite")).header("Cookie", pairs.join("; "));
    let page = page.send().await.expect("a page").text().await.expect("a page");
    let after = page.split("name=\"fkey\"").nth(1).expect("an fkey");
    let fkey = after.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an fkey");
    assert!(page.contains("/users/") && fkey.len() == 32, "{page}");
    let mut secrets = vec![PASSWORD.to_owned(), fkey.to_owned()];
    secrets.extend(pairs.iter().filter_map(|pair| Some(pair.split_once('=')?.1.to_owned())));
    assert!(secrets.len() >= 5, "acct, prov and the chat cookie: {}", secrets.len());

    let mut shown =
        format!("{client:?} {:?} {:?}", credentials(EMAIL), options(&network, SERVER, Some(jar.clone())));
    for kind in [
        FaultKind::Drop,
        FaultKind::Html,
        FaultKind::Cloudflare,
        FaultKind::ErrorPage { status: 502 },
        FaultKind::Truncate,
        FaultKind::Answer { status: 418, body: "no".to_owned() },
    ] {
        network
            .fault(Fault { host: None, path: None, count: 0, ..Fault::next(CHAT, "*", kind) })
            .expect("taken");
        let fresh = Client::new(options(&network, SERVER, None)).expect("a client");
        shown += &format!("{:?}", fresh.login(&credentials(EMAIL)).await.map_err(|e| (e.to_string(), e)));
        shown += &format!("{:?}", client.send(ROOM, "hello", None).await.map_err(|e| (e.to_string(), e)));
        shown += &format!("{:?}", client.edit(1, "hello").await.map_err(|e| (e.to_string(), e)));
        shown += &format!("{:?}", client.history(ROOM, None, 1).await.map_err(|e| (e.to_string(), e)));
        network.clear_faults();
    }
    shown += &String::from_utf8_lossy(&lines.0.lock().expect("no writer panics"));
    assert!(shown.contains("chat"), "nothing was logged at all");

    for secret in secrets {
        assert!(!shown.contains(&secret), "a secret is shown: {}", around(&shown, &secret));
    }
}

/// Where a text stands, for the person who has to mend it.
fn around<'a>(text: &'a str, part: &str) -> &'a str {
    let at = text.find(part).unwrap_or(0);
    let start = text[..at].rfind('\n').map_or(0, |start| start + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    &text[start..end]
}
