//! Faults on demand: which there are, and which request or socket gets one. Pure.

use serde::{Deserialize, Serialize};

use super::names::Host;

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection is reset before the request is looked at.
    Drop,
    /// No answer at all until the client gives up; the request is not looked at.
    Stall,
    /// The request is done at once, but the answer takes so long.
    Delay {
        /// Real seconds.
        seconds: f64,
    },
    /// An HTML error page instead of doing it.
    ErrorPage {
        /// 500, 502, 503 ...
        status: u16,
    },
    /// Cloudflare's page, status 403, instead of doing it.
    Cloudflare,
    /// An HTML page with status 200 instead of doing it.
    Html,
    /// The client's chat fkey is renewed just before, so that the one it sends is stale.
    StaleFkey,
    /// The client's session ends just before.
    ExpiredSession,
    /// It is done, but half of the body is missing.
    Truncate,
    /// It is done, but the connection is reset instead of the answer.
    LoseReply,
    /// It is done only some time after the client gave up waiting.
    Late {
        /// Real seconds after the client closed the connection.
        seconds: f64,
    },
    /// "You can perform this action again in N seconds", not done.
    Throttle {
        /// The number named; without it the text names none.
        seconds: Option<u64>,
    },
    /// `{"id":null,"time":null}`, not done.
    Duplicate,
    /// "The message is too long", not done.
    TooLong,
    /// "The room has been frozen", not done.
    Frozen,
    /// "... or you do not have permission", not done.
    NoPermission,
    /// "Your account is blocked", not done.
    Suspended,
    /// "The room is in timeout", not done.
    RoomTimeout {
        /// The number named.
        seconds: u64,
    },
    /// Any answer, instead of doing it.
    Answer {
        /// HTTP status.
        status: u16,
        /// Body, as plain text.
        body: String,
    },
    /// API: done, with `backoff` in the wrapper; repeating the method before it ran out is refused.
    Backoff {
        /// The number named.
        seconds: u64,
    },
    /// API: an error of section B3 instead of doing it.
    ApiError {
        /// Its id, such as 502.
        id: u16,
        /// Its message; without it the usual one.
        message: Option<String>,
    },
    /// API: the quota becomes this, also for what follows.
    Quota {
        /// Requests left; -1 is possible.
        remaining: i64,
    },
    /// API: gzip as always, but no header says so.
    NoEncodingHeader,
}

/// What goes wrong with a websocket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum SocketFaultKind {
    /// The connection is reset.
    SocketReset,
    /// A close frame.
    SocketClose {
        /// The code in it; 1000 if not given.
        code: Option<u16>,
    },
    /// It stays open, but nothing comes any more; no keep-alive either. On the realtime socket heartbeats still come.
    SocketSilent,
    /// A frame with this text, whatever it is.
    SocketFrame {
        /// The text.
        text: String,
    },
    /// Chat: an event of a type that nobody knows. Realtime: an action that nobody knows.
    SocketUnknown,
    /// Realtime: a heartbeat now.
    SocketHeartbeat {
        /// `hb` or `pong`; `hb` if not given.
        data: Option<String>,
    },
}

/// A fault that waits for its requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Real name of the host, such as `chat.stackexchange.com`; without it every host.
    #[serde(default)]
    pub host: Option<String>,
    /// `GET` or `POST`; without it both.
    #[serde(default)]
    pub method: Option<String>,
    /// Pattern of the path, in which `*` stands for any text; without it every path.
    #[serde(default)]
    pub path: Option<String>,
    /// How many requests get it; 0: all until it is cleared.
    #[serde(default = "one")]
    pub count: u32,
    /// How many requests that fit pass before.
    #[serde(default)]
    pub skip: u32,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

/// A fault for websockets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketFault {
    /// `chat.sockets.stackexchange.com` or `qa.sockets.stackexchange.com`; without it both.
    #[serde(default)]
    pub host: Option<String>,
    /// Without it the sockets open now get it; with it the next so many, as soon as they are open.
    #[serde(default)]
    pub next: Option<u32>,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: SocketFaultKind,
}

fn one() -> u32 {
    1
}

impl Fault {
    /// A fault for the next request of a host whose path fits.
    pub fn next(host: Host, path: &str, kind: FaultKind) -> Self {
        Self {
            host: Some(host.name().to_owned()),
            method: None,
            path: Some(path.to_owned()),
            count: 1,
            skip: 0,
            kind,
        }
    }

    fn fits(&self, host: Host, method: &str, path: &str) -> bool {
        self.host.as_deref().is_none_or(|name| name == host.name())
            && self.method.as_deref().is_none_or(|known| known.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|pattern| matches(pattern, path))
    }
}

/// The faults that are waiting.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Vec<Fault>,
    sockets: Vec<SocketFault>,
}

/// So many faults can wait.
const MAX_WAITING: usize = 1_000;

/// A fault that can not be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// A name that no host has.
    #[error("`{0}` is not a host of the simulated network; see `hosts` in the answer to `GET /control`")]
    NoSuchHost(String),
    /// The list is full.
    #[error("{MAX_WAITING} faults are waiting already; clear them with `DELETE /control/faults`")]
    TooMany,
}

impl Faults {
    /// Adds a fault for requests.
    ///
    /// # Errors
    /// For an unknown host, or when too many are waiting.
    pub fn add(&mut self, fault: Fault) -> Result<(), FaultError> {
        check_host(fault.host.as_deref())?;
        if self.waiting.len() >= MAX_WAITING {
            return Err(FaultError::TooMany);
        }
        self.waiting.push(fault);
        Ok(())
    }

    /// Adds a fault for coming sockets.
    ///
    /// # Errors
    /// For an unknown host, or when too many are waiting.
    pub fn add_socket(&mut self, fault: SocketFault) -> Result<(), FaultError> {
        check_host(fault.host.as_deref())?;
        if self.sockets.len() >= MAX_WAITING {
            return Err(FaultError::TooMany);
        }
        self.sockets.push(fault);
        Ok(())
    }

    /// The fault that this request gets, if any: the oldest that fits.
    pub fn take(&mut self, host: Host, method: &str, path: &str) -> Option<FaultKind> {
        for index in 0..self.waiting.len() {
            let fault = &mut self.waiting[index];
            if !fault.fits(host, method, path) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            let kind = fault.kind.clone();
            match fault.count {
                0 => {}
                1 => drop(self.waiting.remove(index)),
                _ => fault.count -= 1,
            }
            return Some(kind);
        }
        None
    }

    /// The fault that a socket gets when it opens, if any.
    pub fn take_socket(&mut self, host: Host) -> Option<SocketFaultKind> {
        let fits = |fault: &SocketFault| fault.host.as_deref().is_none_or(|name| name == host.name());
        let index = self.sockets.iter().position(fits)?;
        let fault = &mut self.sockets[index];
        let kind = fault.kind.clone();
        match fault.next.unwrap_or(1) {
            0 | 1 => drop(self.sockets.remove(index)),
            n => fault.next = Some(n - 1),
        }
        Some(kind)
    }

    /// What is waiting.
    pub fn waiting(&self) -> (&[Fault], &[SocketFault]) {
        (&self.waiting, &self.sockets)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.sockets.clear();
    }
}

fn check_host(name: Option<&str>) -> Result<(), FaultError> {
    match name {
        Some(name) if Host::from_name(name).is_none() => Err(FaultError::NoSuchHost(name.to_owned())),
        _ => Ok(()),
    }
}

/// Whether `text` fits `pattern`, in which each `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or("")) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: Host = Host::Chat(super::super::names::Server::StackExchange);

    #[test]
    fn a_pattern_fits_the_whole_path() {
        for (pattern, path, fits) in [
            ("/chats/*/messages/new", "/chats/1/messages/new", true),
            ("/chats/*/messages/new", "/chats/1/events", false),
            ("/chats/*", "/chats/1/events", true),
            ("/ws-auth", "/ws-auth", true),
            ("/ws-auth", "/ws-auth2", false),
            ("*", "", true),
            ("/a*a", "/a", false),
            ("*x*y*", "1x2y3", true),
        ] {
            assert_eq!(matches(pattern, path), fits, "{pattern} {path}");
        }
    }

    #[test]
    fn a_fault_hits_as_many_requests_as_it_says_after_those_it_skips() {
        let mut faults = Faults::default();
        faults.add(Fault { count: 2, skip: 1, ..Fault::next(CHAT, "/x*", FaultKind::Drop) }).unwrap();
        let hits: Vec<bool> = (0..5).map(|_| faults.take(CHAT, "GET", "/x1").is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        faults.add(Fault { count: 0, ..Fault::next(CHAT, "/y", FaultKind::Stall) }).unwrap();
        assert!((0..50).all(|_| faults.take(CHAT, "POST", "/y").is_some()));
        assert!(faults.take(Host::Api, "POST", "/y").is_none(), "another host");
        faults.clear();
        assert!(faults.take(CHAT, "POST", "/y").is_none());
    }

    #[test]
    fn faults_read_as_documented() {
        let fault: Fault =
            serde_json::from_str(r#"{"fault":"throttle","seconds":7,"host":"chat.stackexchange.com"}"#)
                .unwrap();
        assert_eq!((fault.count, fault.kind), (1, FaultKind::Throttle { seconds: Some(7) }));
        let fault: SocketFault = serde_json::from_str(r#"{"fault":"socket_silent","next":3}"#).unwrap();
        assert_eq!((fault.next, fault.kind), (Some(3), SocketFaultKind::SocketSilent));
        let unknown =
            Fault { host: Some("example.org".to_owned()), ..Fault::next(CHAT, "*", FaultKind::Drop) };
        assert_eq!(Faults::default().add(unknown), Err(FaultError::NoSuchHost("example.org".to_owned())));
    }
}
