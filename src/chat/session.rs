//! Who we are on a chat server and with which fkey, and the requests that need to know it.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Notify};

use super::error::{ChatError, SetupError, words};
use super::http::{Answer, Http, Request};
use super::pages;
use super::types::ServerUrls;
use crate::clock::Clock;

/// The bases of one server, parsed.
pub(super) struct Bases {
    pub(super) chat: Url,
    pub(super) login: Url,
    pub(super) account: Url,
}

impl Bases {
    pub(super) fn parse(urls: &ServerUrls) -> Result<Self, SetupError> {
        let parse = |text: &str| {
            let url = Url::parse(text)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            url.ok_or_else(|| SetupError::Url { url: text.to_owned() })
        };
        Ok(Self { chat: parse(&urls.chat)?, login: parse(&urls.login)?, account: parse(&urls.account)? })
    }
}

/// A login that chat knows.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) fkey: SecretString,
    pub(super) id: i64,
    pub(super) name: String,
}

/// What chat makes of our cookies.
pub(super) enum Who {
    Known(Known),
    Anonymous,
}

/// What all clones of a client share.
pub(super) struct Session {
    pub(super) bases: Bases,
    pub(super) http: Http,
    pub(super) clock: Clock,
    /// Told at every login, so that who waits after an expired session tries again at once.
    pub(super) logged_in: Notify,
    known: Mutex<Option<Known>>,
}

/// An absolute path on one of the bases; every path in this module is a constant with ids in it.
pub(super) fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(path);
    url
}

impl Session {
    pub(super) fn new(bases: Bases, http: Http) -> Self {
        Self { bases, http, clock: Clock::start(), logged_in: Notify::new(), known: Mutex::new(None) }
    }

    pub(super) fn chat(&self, path: &str) -> Url {
        at(&self.bases.chat, path)
    }

    /// Asks chat who we are, by a page that every chat server has. Source: ChatExchange.
    pub(super) async fn ask_who(&self) -> Result<Who, ChatError> {
        let answer = self.http.repeated(&Request::get(self.chat("/chats/join/favorite"))).await?;
        if let Some(trouble) = answer.trouble() {
            return Err(trouble);
        }
        if answer.status != 200 {
            return Err(ChatError::Status {
                what: answer.what,
                status: answer.status,
                words: words(&answer.body),
            });
        }
        match pages::chat_page(&answer.body) {
            pages::ChatPage { fkey: Some(fkey), user: Some((id, name)) } => {
                Ok(Who::Known(Known { fkey: fkey.into(), id, name }))
            }
            // Visitors get an fkey as well, here or on the login form that they are sent to.
            pages::ChatPage { fkey: Some(_), user: None } => Ok(Who::Anonymous),
            _ => Err(answer.malformed("the page has no fkey")),
        }
    }

    /// Takes over a login.
    pub(super) async fn adopt(&self, known: Known) {
        *self.known.lock().await = Some(known);
        self.logged_in.notify_waiters();
    }

    /// The fkey of the session; asked for when none is known.
    pub(super) async fn fkey(&self) -> Result<SecretString, ChatError> {
        let mut known = self.known.lock().await;
        if let Some(known) = &*known {
            return Ok(known.fkey.clone());
        }
        self.renew(&mut known).await
    }

    /// Asks again after `old` was turned away; none when it is still the current one.
    pub(super) async fn newer_fkey(&self, old: &SecretString) -> Result<Option<SecretString>, ChatError> {
        let is_old = |fkey: &SecretString| fkey.expose_secret() == old.expose_secret();
        let mut known = self.known.lock().await;
        // Somebody else may have asked while this one waited for the lock.
        if let Some(known) = &*known
            && !is_old(&known.fkey)
        {
            return Ok(Some(known.fkey.clone()));
        }
        let fkey = self.renew(&mut known).await?;
        Ok((!is_old(&fkey)).then_some(fkey))
    }

    /// Forgets the fkey, so that the next request asks who we are.
    pub(super) async fn doubt(&self) {
        *self.known.lock().await = None;
    }

    async fn renew(&self, known: &mut Option<Known>) -> Result<SecretString, ChatError> {
        match self.ask_who().await? {
            Who::Known(new) => Ok(known.insert(new).fkey.clone()),
            Who::Anonymous => {
                *known = None;
                Err(ChatError::SessionExpired)
            }
        }
    }

    /// A POST that only reads or that may be done twice, with the fkey added to its form.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer, ChatError> {
        let fkey = self.fkey().await?;
        let answer = self.post_with(&fkey, path, form).await?;
        let is_turned_away =
            answer.trouble().is_none() && answer.status != 409 && (answer.status != 200 || answer.is_html());
        if !is_turned_away {
            return Ok(answer);
        }
        match self.newer_fkey(&fkey).await {
            Ok(Some(newer)) => self.post_with(&newer, path, form).await,
            Err(ChatError::SessionExpired) => Err(ChatError::SessionExpired),
            // The answer says more than the trouble with asking.
            Ok(None) | Err(_) => Ok(answer),
        }
    }

    async fn post_with(
        &self,
        fkey: &SecretString,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Answer, ChatError> {
        let mut form = form.to_vec();
        form.push(("fkey", fkey.expose_secret()));
        self.http.repeated(&Request::post(self.chat(path), &form)).await
    }

    /// The longest time that one request may take.
    pub(super) fn timeout(&self) -> Duration {
        self.http.timeout
    }
}
