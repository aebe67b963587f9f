//! Logging in: saved cookies first, then the login form, with every outcome named.
//!
//! Too many logins in a short time make the site demand a captcha, so the form is sent once; only a connection that
//! breaks is tried again.

use std::time::Duration;

use reqwest::Url;
use secrecy::ExposeSecret;

use super::error::{ChatError, LoginError};
use super::http::{Answer, Request, jittered};
use super::pages;
use super::session::{Known, Session, Who, at};
use super::types::{Credentials, LoginHow, Me};

/// How often the login form is sent when the connection breaks.
const FORM_TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Logs in and takes the session over.
pub(super) async fn login(session: &Session, credentials: &Credentials) -> Result<Me, LoginError> {
    let (known, how) = match saved(session).await? {
        Some(known) => (known, LoginHow::SavedCookies),
        None => {
            // What is left of an expired login would only confuse the form.
            session.http.jar.clear();
            let how = by_form(session, credentials).await?;
            check_account(session).await?;
            (check_chat(session).await?, how)
        }
    };
    let me = Me { id: known.id, name: known.name.clone(), how };
    session.adopt(known).await;
    Ok(me)
}

/// The login that the saved cookies still give. A site in trouble is an error here and no reason to use the password.
async fn saved(session: &Session) -> Result<Option<Known>, LoginError> {
    if !session.http.jar.is_worth_trying() {
        return Ok(None);
    }
    match session.ask_who().await.map_err(|error| trouble(&session.bases.chat, error))? {
        Who::Known(known) => Ok(Some(known)),
        Who::Anonymous => Ok(None),
    }
}

async fn by_form(session: &Session, credentials: &Credentials) -> Result<LoginHow, LoginError> {
    let base = &session.bases.login;
    let url = at(base, "/users/login");
    let page =
        session.http.repeated(&Request::get(url.clone())).await.map_err(|error| trouble(base, error))?;
    check_page(base, &page)?;
    let Some(fkey) = pages::site_fkey(&page.body) else {
        return Err(trouble(base, page.malformed("the login page has no fkey")));
    };
    let form = [
        ("fkey", fkey.as_str()),
        ("ssrc", "head"),
        ("email", credentials.email.as_str()),
        ("password", credentials.password.expose_secret()),
        ("oauth_version", ""),
        ("oauth_server", ""),
    ];
    let answer = sent_form(session, &Request::post(url, &form)).await?;
    check_page(base, &answer)?;
    // Before the cookie: nobody wrote down whether it comes with this form already.
    if let Some(form) = pages::new_account_form(&answer.body) {
        return new_account(session, &form).await;
    }
    if session.http.jar.has(base, "acct") {
        return Ok(LoginHow::Password);
    }
    if let Some(to) = &answer.location {
        return Err(match to.path() {
            "/" | "/users/login" => not_logged_in(base, "it sent no `acct` cookie"),
            // Success leads home; any other page is one that a person has to answer.
            _ => LoginError::Captcha { site: shown(base) },
        });
    }
    if pages::is_login_form(&answer.body) {
        return Err(LoginError::WrongCredentials { site: shown(base) });
    }
    // Neither yes nor no: a page of a site in trouble.
    Err(trouble(base, answer.html()))
}

/// The errors that any page on the way to a login can be.
fn check_page(base: &Url, page: &Answer) -> Result<(), LoginError> {
    match page.trouble() {
        Some(ChatError::Cloudflare { status, .. }) => {
            Err(LoginError::Cloudflare { site: shown(base), status })
        }
        Some(error) => Err(trouble(base, error)),
        None if page.url.path().contains("captcha") || pages::is_captcha(&page.body) => {
            Err(LoginError::Captcha { site: shown(base) })
        }
        None => Ok(()),
    }
}

async fn sent_form(session: &Session, request: &Request<'_>) -> Result<Answer, LoginError> {
    let mut pause = PAUSE;
    for _ in 1..FORM_TRIES {
        match session.http.once(request).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => tracing::debug!("{}, trying again", failure.into_error("the login form")),
        }
        tokio::time::sleep(jittered(pause)).await;
        pause *= 2;
    }
    let last = session.http.once(request).await;
    last.map_err(|failure| trouble(&session.bases.login, failure.into_error("POST /users/login")))
}

/// Confirms that the account may get a profile on the login site. Source: SOBotics, July 2018.
async fn new_account(session: &Session, form: &pages::Form) -> Result<LoginHow, LoginError> {
    let base = &session.bases.login;
    let failed = |why: String| LoginError::NoAccount { site: shown(base), why };
    let to = match base.join(&form.action) {
        // The form holds keys of the account: it goes back to where it came from or nowhere.
        Ok(to) if to.origin() == base.origin() => to,
        _ => return Err(failed("its form leads to another site".to_owned())),
    };
    let inputs: Vec<_> = form.inputs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = Request { follow: true, ..Request::post(to, &inputs) };
    let answer = session
        .http
        .once(&request)
        .await
        .map_err(|failure| failed(failure.into_error("POST").to_string()))?;
    check_page(base, &answer)?;
    if pages::has_inbox(&answer.body) {
        Ok(LoginHow::NewAccount)
    } else {
        Err(failed(format!("HTTP {} without a logged-in page", answer.status)))
    }
}

/// `/users/current` leads to our own page when we are logged in, and to the login form when not.
async fn check_account(session: &Session) -> Result<(), LoginError> {
    let base = &session.bases.account;
    let request = Request::get(at(base, "/users/current"));
    let page = session.http.repeated(&request).await.map_err(|error| trouble(base, error))?;
    check_page(base, &page)?;
    let own_page = page.url.path().strip_prefix("/users/").and_then(|rest| rest.split('/').next());
    let is_own_page = page.status == 200 && own_page.is_some_and(|id| id.parse::<i64>().is_ok());
    if is_own_page || pages::has_inbox(&page.body) {
        Ok(())
    } else {
        Err(not_logged_in(base, &format!("`/users/current` leads to `{}`", page.url.path())))
    }
}

async fn check_chat(session: &Session) -> Result<Known, LoginError> {
    let base = &session.bases.chat;
    match session.ask_who().await.map_err(|error| trouble(base, error))? {
        Who::Known(known) => Ok(known),
        Who::Anonymous => Err(not_logged_in(base, "chat shows its page for visitors")),
    }
}

fn trouble(base: &Url, error: ChatError) -> LoginError {
    match error {
        ChatError::Cloudflare { status, .. } => LoginError::Cloudflare { site: shown(base), status },
        source => LoginError::Site { site: shown(base), source },
    }
}

fn not_logged_in(base: &Url, why: &str) -> LoginError {
    LoginError::NotLoggedIn { site: shown(base), why: why.to_owned() }
}

fn shown(base: &Url) -> String {
    let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", base.host_str().unwrap_or_default())
}
