//! A site with accounts over HTTP: the login form with each of its outcomes, and who is logged in.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::accounts::{LoginAnswer, LoginOutcome};
use crate::simulator::call::Call;
use crate::simulator::html;
use crate::simulator::http::{self, set_cookie};
use crate::simulator::lock::lock;
use crate::simulator::names::Site;
use crate::simulator::shared::Shared;
use crate::simulator::token::{random_guid, random_hex};

/// Cookies say when they end; what they say is far away.
const EXPIRES: &str = "Mon, 27 Jul 2037 04:32:42 GMT";

/// One request, with all that answering it needs.
struct Desk<'a> {
    shared: &'a Arc<Shared>,
    site: Site,
    call: &'a Call,
    /// The anonymous cookie: the one sent, or a new one.
    prov: String,
}

/// Answers one request.
pub(in crate::simulator) fn answer(shared: &Arc<Shared>, site: Site, call: &Call) -> Response {
    let known = call.cookie("prov").map(str::to_owned);
    let is_new = known.is_none();
    let desk = Desk { shared, site, call, prov: known.unwrap_or_else(random_guid) };
    let mut response = if call.is_post() { desk.post() } else { desk.get() };
    if is_new {
        set_cookie(&mut response, "prov", &desk.prov, Some(EXPIRES));
    }
    response
}

impl Desk<'_> {
    /// Id on this site and name of who is logged in.
    fn user(&self) -> Option<(i64, String)> {
        let accounts = lock(&self.shared.accounts);
        let (account, _) = accounts.who(self.call.cookie("acct")?, self.site.family())?;
        Some((account.site_user_id(self.site), account.name.clone()))
    }

    fn fkey(&self) -> String {
        self.shared.tokens.hex(("site", self.site.host(), &self.prov), 64)
    }

    fn get(&self) -> Response {
        let path = self.call.path();
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match (segments.as_slice(), self.user()) {
            (["users", "login"], Some(_)) => http::redirect("/"),
            (["users", "login"], None) => self.login_page(""),
            (["users", "current"], Some((id, name))) => {
                http::redirect(&format!("/users/{id}/{}", crate::simulator::chat::slug(&name)))
            }
            (["users", "current"], None) => http::redirect("/users/login?returnurl=%2fusers%2fcurrent"),
            (["users", "logout"], _) => self.page(
                "Log out",
                &format!(
                    "<form action=\"/users/logout\" method=\"POST\">\
                 <input type=\"hidden\" name=\"fkey\" value=\"{}\"></form>",
                    self.fkey()
                ),
            ),
            (["nocaptcha"], _) => {
                self.page("Human verification", "<h1>Human verification</h1><p>Are you a human being?</p>")
            }
            ([] | ["users", ..] | ["questions", ..], _) => self.page(self.site.host(), "<h1>Questions</h1>"),
            (["topbar", "site-switcher", "site-list"], _) => {
                http::html(StatusCode::OK, lock(&self.shared.store).sites.list_page())
            }
            _ => http::not_found(),
        }
    }

    fn post(&self) -> Response {
        let form = self.call.form();
        match self.call.path() {
            // Some clients send what is typed while it is typed.
            "/users/login-or-signup/validation/track" => http::text(StatusCode::OK, "Login-OK"),
            _ if form.get("fkey") != Some(self.fkey().as_str()) => http::error_page(StatusCode::BAD_REQUEST),
            "/users/login" => self.login(form.get("email").unwrap_or(""), form.get("password").unwrap_or("")),
            "/users/confirm-profile" => self.confirm(form.number("account").unwrap_or(0), form.get("proof")),
            "/users/logout" => {
                if let Some(acct) = self.call.cookie("acct") {
                    lock(&self.shared.accounts).end(acct);
                }
                http::redirect("/")
            }
            _ => http::not_found(),
        }
    }

    fn login(&self, email: &str, password: &str) -> Response {
        if self.site == Site::StackExchange {
            return http::not_found();
        }
        let current = self.call.cookie("acct");
        let answer = lock(&self.shared.accounts).login(self.site, email, password, current, fresh_session());
        match answer {
            LoginAnswer::Welcome(acct) => self.welcome(&acct),
            LoginAnswer::NoProfile(account) => self.page("Confirm", &format!(
                "<p>You do not have an account on this site yet.</p>\
                 <form id=\"logout-user\" action=\"/users/confirm-profile\" method=\"post\">\
                 <input type=\"hidden\" name=\"fkey\" value=\"{}\"><input type=\"hidden\" name=\"account\" value=\"{account}\">\
                 <input type=\"hidden\" name=\"proof\" value=\"{}\"><input type=\"submit\" value=\"Confirm\"></form>",
                self.fkey(),
                self.proof(account),
            )),
            LoginAnswer::Refused(LoginOutcome::Captcha) => http::redirect("/nocaptcha?s=1"),
            LoginAnswer::Refused(LoginOutcome::CaptchaPage) => {
                self.page("Human verification", "<h1>Human verification</h1>")
            }
            LoginAnswer::Refused(LoginOutcome::Cloudflare) => http::cloudflare_page(),
            LoginAnswer::Refused(LoginOutcome::Unavailable) => http::error_page(StatusCode::SERVICE_UNAVAILABLE),
            LoginAnswer::Refused(LoginOutcome::Success | LoginOutcome::WrongPassword) => {
                self.login_page("The email or password is incorrect.")
            }
        }
    }

    fn welcome(&self, acct: &str) -> Response {
        let mut response = http::redirect("/");
        set_cookie(&mut response, "acct", acct, Some(EXPIRES));
        set_cookie(&mut response, "prov", &self.prov, Some(EXPIRES));
        response
    }

    /// What only the confirmation form of this visitor holds: the password was right a moment ago.
    fn proof(&self, account: i64) -> String {
        self.shared.tokens.hex(("proof", self.site.host(), &self.prov, account), 32)
    }

    fn confirm(&self, account: i64, proof: Option<&str>) -> Response {
        if proof != Some(self.proof(account).as_str()) {
            return http::error_page(StatusCode::BAD_REQUEST);
        }
        let current = self.call.cookie("acct");
        let opened = lock(&self.shared.accounts).make_profile(account, self.site, current, fresh_session());
        let Some(acct) = opened else { return http::error_page(StatusCode::BAD_REQUEST) };
        let mut response = http::html(
            StatusCode::OK,
            "<html><body><ol class=\"user-logged-in\"><li><a class=\"js-inbox-button\" href=\"#\"></a></li></ol>Welcome</body></html>",
        );
        set_cookie(&mut response, "acct", &acct, Some(EXPIRES));
        response
    }

    fn login_page(&self, message: &str) -> Response {
        if self.site == Site::StackExchange {
            return self.page("Log in", "<p>Log in at one of the sites.</p>");
        }
        self.page("Log In", &format!(
            "<p class=\"js-error\">{message}</p>\n\
             <form id=\"login-form\" class=\"js-login-form\" action=\"/users/login?ssrc=head&returnurl={root}\" method=\"POST\">\n\
             <input type=\"hidden\" name=\"fkey\" value=\"{fkey}\">\n<input type=\"hidden\" name=\"ssrc\" value=\"head\">\n\
             <input id=\"email\" name=\"email\" type=\"email\" maxlength=\"100\">\n\
             <input id=\"password\" name=\"password\" type=\"password\">\n\
             <button id=\"submit-button\" name=\"submit-button\">Log in</button>\n\
             <input type=\"hidden\" id=\"oauth_version\" name=\"oauth_version\">\
             <input type=\"hidden\" id=\"oauth_server\" name=\"oauth_server\">\n</form>",
            root = "%2f",
            fkey = self.fkey(),
        ))
    }

    fn page(&self, title: &str, body: &str) -> Response {
        let user = self.user();
        let bar = match &user {
            Some((id, name)) => format!(
                "<ol class=\"user-logged-in -actions\"><li><a class=\"my-profile js-gps-track\" href=\"/users/{id}/{}\">{}</a></li>\
                 <li><a class=\"js-inbox-button\" href=\"#\"></a></li></ol>",
                crate::simulator::chat::slug(name),
                html::escape(name),
            ),
            None => "<a class=\"login-link\" href=\"/users/login\">Log in</a>".to_owned(),
        };
        let is_anonymous = user.is_none();
        http::html(
            StatusCode::OK,
            format!(
                "<!DOCTYPE html><html><head><title>{title}</title></head><body>{bar}\n{body}\n\
             <script>StackExchange.init({{\"user\":{{\"fkey\":\"{}\",\"isAnonymous\":{is_anonymous}}}}});</script></body></html>",
                self.fkey(),
            ),
        )
    }
}

/// A cookie value in the network's form, with escapes in it that must come back as they are.
fn fresh_session() -> String {
    format!("t={}%2b{}&s={}%3d", random_hex(20), random_hex(22), random_hex(30))
}
