//! What can go wrong when talking to chat, named by what the caller does about it.
//!
//! No variant holds a password, an fkey or a cookie; words of the server are cut at [`WORDS_MAX`] characters.

use std::time::Duration;

use thiserror::Error;

/// Longest excerpt of a server's answer that an error carries, in characters.
pub const WORDS_MAX: usize = 200;

/// A request that only reads, or whose repetition does no harm, failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChatError {
    /// The request certainly did not arrive: name not resolved, connection refused, TLS failed.
    #[error("`{what}` can not be reached: {why}")]
    Unreachable {
        /// Method and path of the request.
        what: String,
        /// The chain of causes.
        why: String,
    },
    /// The connection broke, timed out, or the answer stopped in the middle.
    #[error("`{what}` gave no whole answer: {why}")]
    Broken {
        /// Method and path of the request.
        what: String,
        /// The chain of causes.
        why: String,
    },
    /// Cloudflare answered instead of the site.
    #[error(
        "`{what}` was stopped by a Cloudflare page (HTTP {status}); wait, or let a browser on this address pass it once"
    )]
    Cloudflare {
        /// Method and path of the request.
        what: String,
        /// HTTP status.
        status: u16,
    },
    /// A web page where data is due.
    #[error("`{what}` answered with a web page where data is due (HTTP {status}, title `{title}`)")]
    Html {
        /// Method and path of the request.
        what: String,
        /// HTTP status.
        status: u16,
        /// Title of the page, empty without one.
        title: String,
    },
    /// An HTTP status that is no success, with an answer this client does not know.
    #[error("`{what}` answered HTTP {status}: {words}")]
    Status {
        /// Method and path of the request.
        what: String,
        /// HTTP status.
        status: u16,
        /// Beginning of the answer.
        words: String,
    },
    /// The answer is longer than is sane.
    #[error("`{what}` answered with more than {limit} bytes")]
    TooLarge {
        /// Method and path of the request.
        what: String,
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// The answer is not what the protocol says: broken JSON, or a page without the part that is looked for.
    #[error("`{what}` gave an answer that can not be read: {why}")]
    Malformed {
        /// Method and path of the request.
        what: String,
        /// What is missing or broken.
        why: String,
    },
    /// Room or message does not exist, or is invisible to us.
    #[error("`{what}`: not found")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// The server refuses us this: private room, kicked, suspended, not an owner.
    #[error("`{what}` is refused: {words}")]
    NoPermission {
        /// What was asked for.
        what: String,
        /// The server's words.
        words: String,
    },
    /// Asked too often.
    #[error("throttled{}", shown_wait(*wait))]
    Throttled {
        /// The wait that the server named.
        wait: Option<Duration>,
    },
    /// The login is no longer valid: call `login` again.
    #[error("the session has expired (log in again)")]
    SessionExpired,
}

/// A message was not sent, or nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// Not posted: too fast. Send nothing to this server before the wait is over.
    #[error("throttled{}", shown_wait(*wait))]
    Throttled {
        /// The wait that the server named, rounded up by it to whole seconds; none when it named no number.
        wait: Option<Duration>,
    },
    /// Not posted: our previous message has the same text (`"id": null`).
    #[error("refused as a repetition of our previous message")]
    Duplicate,
    /// Not posted: too long.
    #[error("refused as too long: {0}")]
    TooLong(String),
    /// Not posted: kicked, gallery room, or the room is gone.
    #[error("no permission to write: {0}")]
    NoPermission(String),
    /// Not posted: the room is frozen.
    #[error("the room is frozen: {0}")]
    Frozen(String),
    /// Not posted: the room is in timeout.
    #[error("the room is in timeout: {words}")]
    RoomTimeout {
        /// The time that is left, when it could be read.
        wait: Option<Duration>,
        /// The server's words.
        words: String,
    },
    /// Not posted: the account is suspended on this server.
    #[error("the account is suspended: {0}")]
    Suspended(String),
    /// Not posted: the account has too little reputation.
    #[error("too little reputation: {0}")]
    LowReputation(String),
    /// Not posted: there never was such a room.
    #[error("no such room: {0}")]
    NoSuchRoom(String),
    /// Not posted: refused in words that are not known.
    #[error("refused (HTTP {status}): {words}")]
    Refused {
        /// HTTP status, 4xx.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// Not posted: the login is no longer valid.
    #[error("the session has expired (log in again)")]
    SessionExpired,
    /// It certainly did not reach chat: connection refused, name not resolved.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have been posted: look before repeating it.
    #[error("may have been posted: {0}")]
    Unknown(String),
}

/// An edit or deletion failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// Too fast; edits count like messages.
    #[error("throttled{}", shown_wait(*wait))]
    Throttled {
        /// The wait that the server named.
        wait: Option<Duration>,
    },
    /// Later than two minutes after posting.
    #[error("too late: {0}")]
    TooLate(String),
    /// The message is someone else's.
    #[error("not our message: {0}")]
    NotOurs(String),
    /// The message is deleted already.
    #[error("deleted already: {0}")]
    Deleted(String),
    /// The new text is too long.
    #[error("refused as too long: {0}")]
    TooLong(String),
    /// No write access in that room, or the account is suspended.
    #[error("no permission: {0}")]
    NoPermission(String),
    /// There is no message with that id.
    #[error("no such message")]
    NotFound,
    /// Refused in words that are not known.
    #[error("refused (HTTP {status}): {words}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// The login is no longer valid.
    #[error("the session has expired (log in again)")]
    SessionExpired,
    /// The request certainly did not arrive.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have been done. Repeating an edit or a deletion does no harm beside its cost.
    #[error("may have been done: {0}")]
    Unknown(String),
}

/// Why a login failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoginError {
    /// E-mail or password is wrong.
    #[error("e-mail or password refused by `{site}`")]
    WrongCredentials {
        /// Login site.
        site: String,
    },
    /// The site wants a person to solve a captcha. Trying again makes it worse.
    #[error("`{site}` demands a captcha (log in once with a browser on this address, or wait some hours)")]
    Captcha {
        /// Login site.
        site: String,
    },
    /// Cloudflare answered instead of the site.
    #[error(
        "`{site}` is behind a Cloudflare check (HTTP {status}; wait, or pass it once with a browser on this address)"
    )]
    Cloudflare {
        /// Login site.
        site: String,
        /// HTTP status.
        status: u16,
    },
    /// The account has no profile on the login site and making one failed.
    #[error("no account on `{site}`, and making one failed: {why}")]
    NoAccount {
        /// Login site.
        site: String,
        /// What happened.
        why: String,
    },
    /// The login form was accepted, but the site or chat does not know us afterwards.
    #[error("`{site}` accepted the login but does not know us afterwards: {why}")]
    NotLoggedIn {
        /// The site that does not know us.
        site: String,
        /// What was seen.
        why: String,
    },
    /// The login page is not as expected, or the site has trouble.
    #[error("login to `{site}` failed: {source}")]
    Site {
        /// The site in question.
        site: String,
        /// What happened.
        source: ChatError,
    },
}

impl LoginError {
    /// Whether the server answered and said no to these credentials or this address; false when it has trouble
    /// or can not be reached, so that trying again later makes sense.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Site { .. })
    }
}

/// The client can not be built.
#[derive(Debug, Error)]
pub enum SetupError {
    /// A URL of the configuration is not one.
    #[error("`{url}` is not an http or https URL")]
    Url {
        /// As configured.
        url: String,
    },
    /// The user agent can not stand in a header.
    #[error("the HTTP client can not be built: {0}")]
    Http(String),
    /// The file of saved cookies can not be read at all (a corrupt one is set aside and is no error).
    #[error("cookie file `{path}` can not be read: {why}")]
    Jar {
        /// The file.
        path: String,
        /// The cause.
        why: String,
    },
}

fn shown_wait(wait: Option<Duration>) -> String {
    wait.map(|w| format!(", to wait {} s", w.as_secs())).unwrap_or_default()
}

/// The beginning of a server's answer, on one line, for an error text.
pub(super) fn words(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !c.is_control()).take(WORDS_MAX));
        if line.chars().count() > WORDS_MAX {
            break;
        }
    }
    match line.char_indices().nth(WORDS_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
