//! What can go wrong with a call, told apart by what the caller should do.

use std::time::Duration;

/// Why a call gave nothing. Texts hold neither the address nor the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The quota is spent, or a backoff was not kept: no call of any kind before `wait` is over.
    #[error("the API wants no request for {} s: {message}", wait.as_secs())]
    Throttled {
        /// How long, at most a day.
        wait: Duration,
        /// The API's words.
        message: String,
    },
    /// The API refuses this call; the same call again will be refused again.
    #[error("the API refuses the request: {name} ({id}): {message}")]
    Refused {
        /// `error_id`.
        id: i64,
        /// `error_name`.
        name: String,
        /// `error_message`.
        message: String,
    },
    /// The API, or something before it, is in trouble; later it may work.
    #[error("the API is not available (status {status}): {message}")]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// What was said.
        message: String,
    },
    /// Something else than JSON came, such as an error page.
    #[error("not JSON but (status {status}): {start}")]
    NotJson {
        /// HTTP status.
        status: u16,
        /// How it starts, as plain text.
        start: String,
    },
    /// JSON of another shape than the API's, or damaged compression.
    #[error("the answer can not be read: {0}")]
    Malformed(String),
    /// The answer is larger than is read; fewer ids give a smaller one.
    #[error("the answer is larger than {} MiB", super::body::MAX_UNPACKED / 1024 / 1024)]
    TooLarge,
    /// The API was not reached, or the connection broke, or the time was over.
    #[error("the API was not reached: {0}")]
    Transport(String),
}

impl ApiError {
    /// From the HTTP client's error, which would name the address, and in it the key.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self::Transport(short(&text))
    }
}

/// At most 200 characters, on one line.
pub(super) fn short(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().filter(|c| !c.is_control()).take(200).collect()
}
