//! What is read off web pages: forms, fkeys, who we are, what a room's page says. Pure.

use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};
use serde::Deserialize;
use serde_json::Value;

use super::types::Pingable;

/// Real pages nest some dozens deep. The parser takes quadratic time for what never closes (50,000 open elements are
/// minutes), so a page ends where it gets deeper than this.
const DEPTH_MAX: usize = 500;
/// Elements that have no end.
const VOID: [&str; 8] = ["input", "br", "img", "meta", "link", "hr", "source", "wbr"];

/// A form as it stands in a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it goes, as written.
    pub(super) action: String,
    /// Its inputs that have a name.
    pub(super) inputs: Vec<(String, String)>,
}

/// What any page of chat tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChatPage {
    pub(super) fkey: Option<String>,
    /// Id and name of who is logged in.
    pub(super) user: Option<(i64, String)>,
}

/// What the page of a room tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RoomPage {
    pub(super) name: String,
    pub(super) is_private: bool,
    pub(super) can_post: bool,
    /// Why we may not write; empty when we may.
    pub(super) words: String,
    /// Who is there.
    pub(super) present: Vec<Pingable>,
}

macro_rules! selector {
    ($name:ident, $css:literal) => {
        static $name: LazyLock<Selector> =
            LazyLock::new(|| Selector::parse($css).expect("a constant selector"));
    };
}
selector!(FKEY, "input[name=fkey]");
selector!(NEW_ACCOUNT, "form#logout-user");
selector!(LOGIN_FORM, "form#login-form, input#password");
selector!(NAMED_INPUT, "input[name]");
selector!(INBOX, ".js-inbox-button");
selector!(TOPBAR_LINK, ".topbar-menu-links a[href]");
selector!(ACTIVE_USER, "#active-user");
selector!(ROOM_NAME, "#roomname");
selector!(TITLE, "title");
selector!(HEADING, "h2");
selector!(WRITE_BOX, "textarea#input");
selector!(BUBBLE, "#bubble");
selector!(PRESENT, ".js-present[data-users]");
selector!(MESSAGE_SOURCE, ".message-source");

/// The beginning of `html` that is no deeper than [`DEPTH_MAX`], told by counting tags.
pub(super) fn bounded(html: &str) -> &str {
    let mut depth = 0usize;
    for (at, _) in html.match_indices('<') {
        let tag = &html[at + 1..];
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let name = &tag[..tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len())];
            depth += usize::from(!VOID.iter().any(|void| void.eq_ignore_ascii_case(name)));
        }
        if depth > DEPTH_MAX {
            return &html[..at];
        }
    }
    html
}

fn parse(html: &str) -> Html {
    Html::parse_document(bounded(html))
}

/// Whether a body is a page and no data. The content type does not tell: chat sends plain refusals as `text/html`.
pub(super) fn is_html(body: &str) -> bool {
    body.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace()).starts_with('<')
}

/// Whether a page is Cloudflare's and not the site's.
pub(super) fn is_cloudflare_challenge(body: &str) -> bool {
    [
        "Just a moment...",
        "/cdn-cgi/challenge-platform",
        "Attention Required! | Cloudflare",
        "cf-error-details",
    ]
    .iter()
    .any(|mark| body.contains(mark))
}

/// The title of a page, empty without one.
pub(super) fn title(html: &str) -> String {
    text_of(&parse(html), &TITLE)
}

/// The fkey of a login page: the first hidden field of that name that is not empty.
pub(super) fn site_fkey(html: &str) -> Option<String> {
    fkey(&parse(html))
}

/// The form that a site shows to an account of the network without a profile there.
pub(super) fn new_account_form(html: &str) -> Option<Form> {
    let page = parse(html);
    let form = page.select(&NEW_ACCOUNT).next()?;
    let inputs = form
        .select(&NAMED_INPUT)
        .map(|input| (attribute(input, "name"), attribute(input, "value")))
        .collect();
    Some(Form { action: attribute(form, "action"), inputs })
}

/// Whether a page is the login form.
pub(super) fn is_login_form(html: &str) -> bool {
    parse(html).select(&LOGIN_FORM).next().is_some()
}

/// Whether a page demands a captcha.
pub(super) fn is_captcha(html: &str) -> bool {
    html.contains("Human verification")
}

/// Whether a page of a site was made for someone who is logged in.
pub(super) fn has_inbox(html: &str) -> bool {
    parse(html).select(&INBOX).next().is_some()
}

/// What a page of chat tells.
pub(super) fn chat_page(html: &str) -> ChatPage {
    let page = parse(html);
    let in_topbar = page.select(&TOPBAR_LINK).find_map(|link| {
        let id = user_id(link.value().attr("href")?)?;
        let title = attribute(link, "title");
        let name = if title.is_empty() { squeezed(link) } else { title };
        Some((id, name))
    });
    // Room pages show us beside the text field as well.
    let beside_input = || {
        let user = page.select(&ACTIVE_USER).next()?;
        let id = user.value().classes().find_map(|class| class.strip_prefix("user-")?.parse().ok())?;
        (id > 0).then(|| (id, attribute(user, "title")))
    };
    ChatPage { fkey: fkey(&page), user: in_topbar.or_else(beside_input) }
}

/// What the page of a room tells.
pub(super) fn room_page(html: &str) -> RoomPage {
    let page = parse(html);
    let title = text_of(&page, &TITLE);
    let is_private =
        title.starts_with("Access Denied") || page.select(&HEADING).any(|h| squeezed(h) == "Private Room");
    let shown = text_of(&page, &ROOM_NAME);
    let name = if shown.is_empty() {
        title.rsplit_once(" | ").map_or(title.as_str(), |(name, _)| name)
    } else {
        &shown
    };
    let can_post = page.select(&WRITE_BOX).next().is_some();
    let mut words = String::new();
    if !can_post {
        words = text_of(&page, &BUBBLE);
        if words.is_empty() && html.contains("frozen:true") {
            words = "the room is frozen".to_owned();
        }
    }
    RoomPage { name: name.to_owned(), is_private, can_post, words, present: present(&page) }
}

/// Who is in a room: a list of objects in an attribute.
fn present(page: &Html) -> Vec<Pingable> {
    #[derive(Deserialize)]
    struct User {
        id: i64,
        name: String,
    }
    let list = page.select(&PRESENT).next().map(|element| attribute(element, "data-users"));
    let users: Vec<Value> = list.and_then(|list| serde_json::from_str(&list).ok()).unwrap_or_default();
    let users = users.into_iter().filter_map(|user| User::deserialize(user).ok());
    users.map(|User { id, name }| Pingable { id, name }).collect()
}

/// The newest source in the list of revisions of a message.
pub(super) fn newest_source(html: &str) -> Option<String> {
    parse(html).select(&MESSAGE_SOURCE).next().map(|source| source.text().collect())
}

/// `4711` of `/users/4711/example-bot`.
fn user_id(href: &str) -> Option<i64> {
    href.strip_prefix("/users/")?.split(['/', '?', '#']).next()?.parse().ok().filter(|id| *id > 0)
}

fn fkey(page: &Html) -> Option<String> {
    page.select(&FKEY).map(|input| attribute(input, "value")).find(|value| !value.is_empty())
}

fn attribute(element: ElementRef<'_>, name: &str) -> String {
    element.value().attr(name).unwrap_or_default().to_owned()
}

fn text_of(page: &Html, selector: &Selector) -> String {
    page.select(selector).next().map(squeezed).unwrap_or_default()
}

/// The text of an element with every run of white space as one space.
fn squeezed(element: ElementRef<'_>) -> String {
    element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
