//! Client of the Stack Exchange API 2.3: questions with their answers, and whether posts are still there.
//!
//! It sends one request for one call and repeats nothing: when to ask, and how often, is decided by
//! [`crate::core::fetch_plan`]. Every answer is read within limits, and a part of it that can not be read never hides
//! the rest. The application key is in no error and no log.

mod body;
mod error;
mod wire;

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::core::people::UserKey;
use crate::loopback::is_loopback;
pub use error::ApiError;
pub use wire::{Meta, PostState, PostStates, Questions};

/// The most ids that one call may name, and the largest page.
pub const MAX_IDS: usize = 100;

/// SmokeDetector's public filter for questions: bodies, owners, scores, dates, and the answers with the same.
const QUESTIONS_FILTER: &str = "!1rs)sUKylwB)8isvCRk.xNu71LnaxjnPS12*pX*CEOKbPFwVFdHNxiMa7GIVgzDAwMa";

/// How to reach the API.
#[derive(Clone, Debug)]
pub struct ApiOptions {
    /// Base address with the version, without a slash at the end.
    pub base: String,
    /// Application key; without it the quota is 300 requests a day.
    pub key: Option<SecretString>,
    /// How long one call may take, from connecting to the last byte.
    pub timeout: Duration,
    /// What the client calls itself.
    pub user_agent: String,
}

impl ApiOptions {
    /// The options with SmokeDetector's time limit, 20 s.
    pub fn new(base: impl Into<String>, key: Option<SecretString>) -> Self {
        let user_agent = concat!("smokestack/", env!("CARGO_PKG_VERSION")).to_owned();
        Self { base: base.into(), key, timeout: Duration::from_secs(20), user_agent }
    }
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: Option<SecretString>,
}

impl Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// The HTTP client can not be set up.
    pub fn new(options: ApiOptions) -> Result<Self, ApiError> {
        let mut http = reqwest::Client::builder()
            // Answers are unpacked here, within limits, and also when the header that announces it is missing.
            .gzip(false)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(options.timeout.min(Duration::from_secs(10)))
            .timeout(options.timeout)
            .user_agent(options.user_agent);
        if reqwest::Url::parse(&options.base).is_ok_and(|url| is_loopback(&url)) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(ApiError::transport)?;
        Ok(Self { http, base: options.base.trim_end_matches('/').to_owned(), key: options.key })
    }

    /// Questions of one site by id (at most [`MAX_IDS`]), with all their answers. Ids of deleted or unknown questions
    /// are simply absent.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn questions(&self, site: &str, ids: &[i64]) -> Result<Questions, ApiError> {
        let path = format!("/questions/{}", join(ids));
        let body = self.get(&path, Some(site), &[("filter", QUESTIONS_FILTER)]).await?;
        Ok(wire::questions(&body, site))
    }

    /// The questions of these answers of one site (at most [`MAX_IDS`]), each with all its answers.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn questions_of_answers(&self, site: &str, ids: &[i64]) -> Result<Questions, ApiError> {
        let path = format!("/answers/{}/questions", join(ids));
        Ok(wire::questions(&self.get(&path, Some(site), &[("filter", QUESTIONS_FILTER)]).await?, site))
    }

    /// The posts of a user of one site, at most [`MAX_IDS`] of them.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn posts_of_user(&self, site: &str, user: i64) -> Result<PostStates, ApiError> {
        Ok(wire::posts(&self.get(&format!("/users/{user}/posts"), Some(site), &[]).await?))
    }

    /// The users that belong to a network account, one for each site (at most [`MAX_IDS`]).
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn users_of_account(&self, account: i64) -> Result<Vec<UserKey>, ApiError> {
        Ok(wire::users(&self.get(&format!("/users/{account}/associated"), None, &[]).await?))
    }

    /// A page of the questions of one site that were active at `min` (Unix seconds) or later, latest activity first.
    /// `page` counts from 1.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn active_questions(
        &self,
        site: &str,
        min: i64,
        page: u32,
        page_size: u32,
    ) -> Result<Questions, ApiError> {
        let (min, page, size) = (min.to_string(), page.to_string(), page_size.to_string());
        let parameters = [
            ("filter", QUESTIONS_FILTER),
            ("sort", "activity"),
            ("order", "desc"),
            ("min", &min),
            ("page", &page),
            ("pagesize", &size),
        ];
        Ok(wire::questions(&self.get("/questions", Some(site), &parameters).await?, site))
    }

    /// Which of these posts of one site (at most [`MAX_IDS`]) are still there, and when they were last edited.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn posts(&self, site: &str, ids: &[i64]) -> Result<PostStates, ApiError> {
        Ok(wire::posts(&self.get(&format!("/posts/{}", join(ids)), Some(site), &[]).await?))
    }

    async fn get(
        &self,
        path: &str,
        site: Option<&str>,
        parameters: &[(&str, &str)],
    ) -> Result<serde_json::Value, ApiError> {
        let mut request = self
            .http
            .get(format!("{}{path}", self.base))
            .header(reqwest::header::ACCEPT_ENCODING, "gzip")
            .query(&site.map(|site| [("site", site)]))
            .query(parameters);
        if !parameters.iter().any(|(name, _)| *name == "pagesize") {
            // Without it the API gives 30 and silently withholds the rest.
            request = request.query(&[("pagesize", MAX_IDS)]);
        }
        if let Some(key) = &self.key {
            request = request.query(&[("key", key.expose_secret())]);
        }
        let response = request.send().await.map_err(ApiError::transport)?;
        let status = response.status().as_u16();
        let bytes = body::read(response).await?;
        wire::wrapper(&body::unpack(bytes)?, status)
    }
}

fn join(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(";")
}
