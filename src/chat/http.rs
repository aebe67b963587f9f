//! Requests to chat and its sites: bounded answers, few repetitions, and the line between "certainly not sent" and
//! "nobody knows".

use std::sync::Arc;
use std::time::Duration;

use rand::Rng as _;
use reqwest::header::LOCATION;
use reqwest::{Method, Url, redirect};

use super::error::{ChatError, SetupError, words};
use super::jar::Jar;
use super::pages;

/// The largest answer that is read. Room pages with a hundred present users are some 100 kB.
pub(super) const ANSWER_MAX_BYTES: usize = 2 << 20;
/// How often a request without effect is tried in all.
pub(super) const READ_TRIES: u32 = 3;
/// Pause before the second try; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// A page that a login goes through may be behind a few redirections; more are a loop.
const REDIRECTS_MAX: usize = 8;

/// What a server said.
pub(super) struct Answer {
    /// Method and path, for errors.
    pub(super) what: String,
    pub(super) status: u16,
    /// Where it came from, after redirections.
    pub(super) url: Url,
    /// Where it sends us, when redirections are not followed.
    pub(super) location: Option<Url>,
    pub(super) body: String,
    is_cloudflare: bool,
}

/// No whole answer came.
#[derive(Debug)]
pub(super) enum Failure {
    /// The request certainly did not leave.
    NotSent(String),
    /// It may have arrived.
    Broken(String),
    /// More than [`ANSWER_MAX_BYTES`].
    TooLarge,
}

impl Failure {
    pub(super) fn into_error(self, what: &str) -> ChatError {
        let what = what.to_owned();
        match self {
            Self::NotSent(why) => ChatError::Unreachable { what, why },
            Self::Broken(why) => ChatError::Broken { what, why },
            Self::TooLarge => ChatError::TooLarge { what, limit: ANSWER_MAX_BYTES },
        }
    }
}

/// One request.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) form: &'a [(&'a str, &'a str)],
    /// Page that it claims to come from.
    pub(super) referer: Option<String>,
    /// Whether redirections are followed.
    pub(super) follow: bool,
}

impl<'a> Request<'a> {
    pub(super) fn get(url: Url) -> Self {
        Self { method: Method::GET, url, form: &[], referer: None, follow: true }
    }

    /// Redirections are not followed: what sends a form elsewhere has refused it, or has accepted it and is told apart
    /// by where it points.
    pub(super) fn post(url: Url, form: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: Method::POST, url, form, referer: None, follow: false }
    }

    /// For errors: no query, no form.
    fn what(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{} {}{port}{}", self.method, self.url.host_str().unwrap_or_default(), self.url.path())
    }
}

/// Two HTTP clients that share one cookie jar.
pub(super) struct Http {
    following: reqwest::Client,
    staying: reqwest::Client,
    pub(super) jar: Arc<Jar>,
    pub(super) timeout: Duration,
}

impl Http {
    /// `is_local`: the server is on this machine, where no proxy could reach it.
    pub(super) fn new(
        jar: Arc<Jar>,
        timeout: Duration,
        user_agent: &str,
        is_local: bool,
    ) -> Result<Self, SetupError> {
        let build = |policy| {
            let mut builder = reqwest::Client::builder();
            if is_local {
                builder = builder.no_proxy();
            }
            builder
                .user_agent(user_agent)
                .cookie_provider(jar.clone())
                .redirect(policy)
                .timeout(timeout)
                // A connection that could not be made in half the time fails as "certainly not sent".
                .connect_timeout(timeout / 2)
                .pool_idle_timeout(Duration::from_secs(20))
                .build()
                .map_err(|error| SetupError::Http(chain(&error)))
        };
        Ok(Self {
            following: build(redirect::Policy::limited(REDIRECTS_MAX))?,
            staying: build(redirect::Policy::none())?,
            jar: jar.clone(),
            timeout,
        })
    }

    /// One request, once.
    pub(super) async fn once(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        let client = if request.follow { &self.following } else { &self.staying };
        let mut builder = client.request(request.method.clone(), request.url.clone());
        if request.method == Method::POST {
            builder = builder.form(request.form);
        }
        if let Some(referer) = &request.referer {
            builder = builder.header(reqwest::header::REFERER, referer);
        }
        let mut response = builder.send().await.map_err(classify)?;
        let status = response.status().as_u16();
        let url = response.url().clone();
        let location = response.headers().get(LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
        let was_challenged = response.headers().contains_key("cf-mitigated");
        let mut bytes = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| Failure::Broken(chain(&error.without_url())))?
        {
            if bytes.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(Failure::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        self.keep_cookies().await;
        let body = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let is_cloudflare =
            was_challenged || (matches!(status, 403 | 429 | 503) && pages::is_cloudflare_challenge(&body));
        Ok(Answer { what: request.what(), status, url, location, body, is_cloudflare })
    }

    /// Writes the cookie file when the last answers changed it. A full disk is no reason to stop.
    async fn keep_cookies(&self) {
        if !self.jar.take_was_set() {
            return;
        }
        let jar = self.jar.clone();
        match tokio::task::spawn_blocking(move || jar.save()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("cookies can not be saved: {error}"),
            Err(error) => tracing::warn!("cookies can not be saved: {error}"),
        }
    }

    /// A request without effect: repeated a few times when it breaks or the server has trouble.
    pub(super) async fn repeated(&self, request: &Request<'_>) -> Result<Answer, ChatError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..READ_TRIES {
            match self.once(request).await {
                Ok(answer) if !matches!(answer.status, 500..=599) || answer.is_cloudflare => {
                    return Ok(answer);
                }
                Err(failure @ Failure::TooLarge) => return Err(failure.into_error(&request.what())),
                Ok(answer) => {
                    tracing::debug!("`{}` answered HTTP {}, trying again", answer.what, answer.status)
                }
                Err(failure) => tracing::debug!("{}, trying again", failure.into_error(&request.what())),
            }
            tokio::time::sleep(jittered(pause)).await;
            pause *= 2;
        }
        self.once(request).await.map_err(|failure| failure.into_error(&request.what()))
    }
}

impl Answer {
    /// The error that this answer is in itself, whatever was asked: Cloudflare, trouble of the server.
    pub(super) fn trouble(&self) -> Option<ChatError> {
        let (what, status) = (self.what.clone(), self.status);
        if self.is_cloudflare {
            Some(ChatError::Cloudflare { what, status })
        } else if !(500..=599).contains(&status) {
            None
        } else if self.is_html() {
            Some(self.html())
        } else {
            Some(ChatError::Status { what, status, words: words(&self.body) })
        }
    }

    pub(super) fn is_html(&self) -> bool {
        pages::is_html(&self.body)
    }

    /// As the error "a page where data is due".
    pub(super) fn html(&self) -> ChatError {
        ChatError::Html {
            what: self.what.clone(),
            status: self.status,
            title: words(&pages::title(&self.body)),
        }
    }

    pub(super) fn malformed(&self, why: impl Into<String>) -> ChatError {
        ChatError::Malformed { what: self.what.clone(), why: why.into() }
    }

    /// The body as JSON of this shape; a page, another status or broken JSON become errors.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, ChatError> {
        if let Some(error) = self.trouble() {
            return Err(error);
        }
        if self.is_html() {
            return Err(self.html());
        }
        if self.status != 200 {
            return Err(ChatError::Status {
                what: self.what.clone(),
                status: self.status,
                words: words(&self.body),
            });
        }
        // `serde_json` names line and column, and of the text at most a mistyped value.
        serde_json::from_str(&self.body).map_err(|error| self.malformed(words(&error.to_string())))
    }
}

/// Between half and the whole of `pause`, so that many clients do not come back together.
pub(super) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..1.0))
}

fn classify(error: reqwest::Error) -> Failure {
    let is_before_sending = error.is_connect() || error.is_builder();
    let why = chain(&error.without_url());
    if is_before_sending { Failure::NotSent(why) } else { Failure::Broken(why) }
}

/// An error with its causes, each once, without the URL (its query may hold a token).
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    words(&text)
}
