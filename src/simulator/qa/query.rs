//! One request of the API, and its answer: which method, which posts, in which order. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::objects::{Filter, Place};
use super::owner::{account_of, user_of};
use super::store::{SitePosts, Store};
use super::stored::Stored;
use crate::core::post::PostType;
use crate::core::time::Timestamp;
use crate::simulator::http::Fields;
use crate::simulator::sites::site_name;

/// A request names at most so many ids.
const MAX_IDS: usize = 100;
/// Pages beyond this need a key.
const FREE_PAGES: i64 = 25;

/// An error of the API: HTTP status 400, and these in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Such as 400.
    pub id: u16,
    /// For people, and sometimes for programs.
    pub message: String,
}

/// Ids, names and usual messages of the API's errors.
const ERRORS: [(u16, &str, &str); 12] = [
    (400, "bad_parameter", "an invalid parameter was passed"),
    (401, "access_token_required", "a method that requires an access token was called without one"),
    (402, "invalid_access_token", "an invalid access token was passed to a method"),
    (403, "access_denied", "a method which requires certain permissions was called without them"),
    (404, "no_method", "no method found with this name"),
    (405, "key_required", "a method was called in a manner that requires an application key"),
    (406, "access_token_compromised", "an access token is no longer believed to be secure"),
    (407, "write_failed", "a write operation was rejected"),
    (409, "duplicate_request", "a request identified by the passed request_id has already been run"),
    (500, "internal_error", "an unexpected error occurred in the API"),
    (502, "throttle_violation", "too many requests from this IP, more requests available in 600 seconds"),
    (503, "temporarily_unavailable", "some part of the API is not available"),
];

impl ApiError {
    /// An error with the usual message of its id; an unknown id is an internal error.
    pub fn usual(id: u16) -> Self {
        let known = ERRORS.iter().find(|(known, ..)| *known == id).unwrap_or(&ERRORS[9]);
        Self { id: known.0, message: known.2.to_owned() }
    }

    fn bad(message: &str) -> Self {
        Self { id: 400, message: message.to_owned() }
    }

    /// The body.
    pub fn body(&self) -> Value {
        let name =
            ERRORS.iter().find(|(id, ..)| *id == self.id).map_or("internal_error", |(_, name, _)| name);
        json!({"error_id": self.id, "error_message": self.message, "error_name": name})
    }
}

/// A page of items and what the wrapper says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The items.
    pub items: Vec<Value>,
    /// Whether there is another page.
    pub has_more: bool,
    /// How many there are on all pages.
    pub total: usize,
    /// What is shown.
    pub filter: Filter,
}

/// The method of a path: the path with `{ids}` for ids. Backoff is counted by it.
pub fn method(segments: &[&str]) -> String {
    let is_ids = |segment: &&str| segment.starts_with(|c: char| c.is_ascii_digit());
    segments.iter().map(|s| if is_ids(s) { "{ids}" } else { s }).collect::<Vec<_>>().join("/")
}

/// Answers a request. `segments` are those of the path behind the version.
///
/// # Errors
/// What the API refuses.
pub(super) fn answer(
    store: &Store,
    segments: &[&str],
    query: &Fields,
    now: Timestamp,
) -> Result<Page, ApiError> {
    let filter = Filter::named(query.get("filter")).ok_or_else(|| ApiError::bad("filter"))?;
    match segments {
        ["sites"] | ["errors"] | ["errors", _] | ["users", _, "associated"]
            if query.get("site").is_some() =>
        {
            return Err(ApiError::bad("This method does not accept a site parameter"));
        }
        ["sites"] => return sites(store, query, filter),
        ["errors"] => {
            let errors = ERRORS
                .iter()
                .map(|(id, name, text)| json!({"error_id": id, "error_name": name, "description": text}));
            return page(errors.collect(), query, filter);
        }
        ["errors", id] => {
            let id = id.parse().map_err(|_| ApiError::usual(404))?;
            return Err(ApiError::usual(id));
        }
        ["users", ids, "associated"] => return associated(store, &ids_of(ids)?, query, filter, now),
        _ => {}
    }
    let parameter = query.get("site").unwrap_or("");
    let known_method = matches!(
        segments,
        ["questions" | "answers" | "posts" | "users" | "info" | "comments"]
            | ["questions" | "answers" | "posts" | "users" | "comments", _]
            | ["questions", _, "answers" | "comments"]
            | ["answers", _, "questions" | "comments"]
            | ["posts", _, "comments"]
            | ["users", _, "posts" | "questions" | "answers"]
    );
    if !known_method {
        return Err(ApiError::usual(404));
    }
    if parameter.is_empty() {
        return Err(ApiError::bad("site is required"));
    }
    let no_site = || ApiError::bad(&format!("No site found for name `{parameter}`"));
    let host = store.sites.host(parameter).ok_or_else(no_site)?;
    let nothing = SitePosts::default();
    let posts = store.site(host).unwrap_or(&nothing);
    Search { place: Place { host, posts, now, filter }, query }.answer(segments)
}

struct Search<'a> {
    place: Place<'a>,
    query: &'a Fields,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Question,
    Answer,
    Post,
}

impl Search<'_> {
    fn answer(&self, segments: &[&str]) -> Result<Page, ApiError> {
        let all = || self.place.posts.posts.values();
        match segments {
            ["questions"] => self.list(self.listed_questions()?, As::Question),
            ["answers"] => self.list(all().filter(|s| s.post_type == PostType::Answer).collect(), As::Answer),
            ["posts"] => self.list(all().collect(), As::Post),
            ["questions", ids] => self.list(self.by_ids(ids, Some(PostType::Question))?, As::Question),
            ["answers", ids] => self.list(self.by_ids(ids, Some(PostType::Answer))?, As::Answer),
            ["posts", ids] => self.list(self.by_ids(ids, None)?, As::Post),
            ["questions", ids, "answers"] => {
                let asked = self.by_ids(ids, Some(PostType::Question))?;
                let numbers = asked.iter().flat_map(|asked| &asked.answers);
                self.list(numbers.filter_map(|n| self.place.posts.posts.get(n)).collect(), As::Answer)
            }
            ["answers", ids, "questions"] => {
                let given = self.by_ids(ids, Some(PostType::Answer))?;
                let mut numbers: Vec<i64> = given.iter().map(|given| given.question).collect();
                numbers.sort_unstable();
                numbers.dedup();
                self.list(
                    numbers.iter().filter_map(|n| self.place.posts.posts.get(n)).collect(),
                    As::Question,
                )
            }
            ["users", ids] => self.users(ids),
            ["users", ids, what] => {
                let ids = ids_of(ids)?;
                let owned = all().filter(|stored| {
                    stored
                        .visible(self.place.now)
                        .and_then(|version| user_of(&version.owner))
                        .is_some_and(|user| ids.contains(&user))
                });
                match *what {
                    "questions" => {
                        self.list(owned.filter(|s| s.post_type == PostType::Question).collect(), As::Question)
                    }
                    "answers" => {
                        self.list(owned.filter(|s| s.post_type == PostType::Answer).collect(), As::Answer)
                    }
                    _ => self.list(owned.collect(), As::Post),
                }
            }
            ["info"] => self.info(),
            // Nobody comments here.
            ["comments", ..] | [_, _, "comments"] => page(Vec::new(), self.query, self.place.filter),
            _ => Err(ApiError::usual(404)),
        }
    }

    /// The candidates of `/questions`: with the usual sort the index of activity bounds the work.
    fn listed_questions(&self) -> Result<Vec<&Stored>, ApiError> {
        let posts = self.place.posts;
        let by_activity = matches!(self.query.get("sort"), None | Some("activity"));
        let min = if by_activity { self.date("min")? } else { None };
        let from = (min.unwrap_or(Timestamp::from_millis(i64::MIN)), i64::MIN);
        Ok(posts.by_activity.range(from..).filter_map(|(_, number)| posts.posts.get(number)).collect())
    }

    fn by_ids(&self, ids: &str, kind: Option<PostType>) -> Result<Vec<&Stored>, ApiError> {
        let found = ids_of(ids)?.into_iter().filter_map(|id| self.place.posts.posts.get(&id));
        Ok(found.filter(|stored| kind.is_none_or(|kind| stored.post_type == kind)).collect())
    }

    fn date(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        match self.query.get(name) {
            None | Some("") => Ok(None),
            Some(text) => {
                text.parse().map(|secs| Some(Timestamp::from_secs(secs))).map_err(|_| ApiError::bad(name))
            }
        }
    }

    /// Filters, sorts and cuts out the page; only the posts of that page become JSON.
    fn list(&self, mut found: Vec<&Stored>, shape: As) -> Result<Page, ApiError> {
        let (from, to) = (self.date("fromdate")?, self.date("todate")?);
        let (min, max) = (self.query.get("min"), self.query.get("max"));
        let bound = |text: Option<&str>, name: &str| match text {
            None | Some("") => Ok(None),
            Some(text) => text.parse::<i64>().map(Some).map_err(|_| ApiError::bad(name)),
        };
        let (min, max) = (bound(min, "min")?, bound(max, "max")?);
        let sort: fn(&Stored, Timestamp) -> i64 = match self.query.get("sort") {
            None | Some("" | "activity") => |stored, _| stored.active.as_secs(),
            Some("creation") => |stored, _| stored.created.as_secs(),
            Some("votes") => |stored, now| stored.visible(now).map_or(0, |version| version.score),
            Some(_) => return Err(ApiError::bad("sort")),
        };
        let descending = match self.query.get("order") {
            None | Some("" | "desc") => true,
            Some("asc") => false,
            Some(_) => return Err(ApiError::bad("order")),
        };
        let now = self.place.now;
        found.retain(|stored| {
            let key = sort(stored, now);
            stored.visible(now).is_some()
                && from.is_none_or(|from| stored.created.as_secs() >= from.as_secs())
                && to.is_none_or(|to| stored.created.as_secs() <= to.as_secs())
                && min.is_none_or(|min| key >= min)
                && max.is_none_or(|max| key <= max)
        });
        found.sort_by_key(|stored| (sort(stored, now), stored.number));
        if descending {
            found.reverse();
        }
        let (first, size) = bounds(self.query)?;
        let total = found.len();
        let items = found
            .into_iter()
            .skip(first)
            .take(size)
            .filter_map(|stored| match shape {
                As::Question => self.place.question(stored),
                As::Answer => self.place.answer(stored, false),
                As::Post => self.place.post(stored),
            })
            .collect();
        Ok(Page { items, has_more: total > first.saturating_add(size), total, filter: self.place.filter })
    }

    fn users(&self, ids: &str) -> Result<Page, ApiError> {
        let mut ids = ids_of(ids)?;
        let mut users = Vec::new();
        for stored in self.place.posts.posts.values() {
            let Some(version) = stored.visible(self.place.now) else { continue };
            let Some(user) = user_of(&version.owner).filter(|user| ids.contains(user)) else { continue };
            ids.retain(|id| *id != user);
            users.push(self.place.user(user, &version.owner, stored.created));
        }
        page(users, self.query, self.place.filter)
    }

    fn info(&self) -> Result<Page, ApiError> {
        let count = |kind| {
            let visible = self.place.posts.posts.values().filter(|s| s.visible(self.place.now).is_some());
            visible.filter(|stored| stored.post_type == kind).count()
        };
        let (questions, answers) = (count(PostType::Question), count(PostType::Answer));
        let item = json!({
            "new_active_users": 0, "total_users": 1, "badges_per_minute": 0.0, "total_badges": 0, "total_votes": 0,
            "total_comments": 0, "answers_per_minute": 0.0, "questions_per_minute": 0.0, "total_answers": answers,
            "total_accepted": 0, "total_unanswered": questions, "total_questions": questions,
            "api_revision": "simulated",
        });
        page(vec![item], self.query, self.place.filter)
    }
}

fn ids_of(text: &str) -> Result<Vec<i64>, ApiError> {
    let text = text.replace("%3B", ";").replace("%3b", ";");
    let mut ids = Vec::new();
    for id in text.split(';').filter(|id| !id.is_empty()) {
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ApiError::usual(404));
        }
        ids.push(id.parse().map_err(|_| ApiError::bad("ids"))?);
    }
    if ids.len() > MAX_IDS || ids.is_empty() {
        return Err(ApiError::bad("ids"));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// First item and size of the page that is asked for.
fn bounds(query: &Fields) -> Result<(usize, usize), ApiError> {
    let number = |name: &str, default: i64| match query.get(name) {
        None | Some("") => Ok(default),
        Some(text) => text.parse::<i64>().map_err(|_| ApiError::bad(name)),
    };
    let (page, size) = (number("page", 1)?, number("pagesize", 30)?);
    if page < 1 {
        return Err(ApiError::bad("page"));
    }
    let is_listing_sites = query.get("site").is_none();
    if size < 0 || size > 100 && !is_listing_sites {
        return Err(ApiError::bad("pagesize"));
    }
    if page > FREE_PAGES && query.get("key").is_none() {
        return Err(ApiError {
            id: 403,
            message: "page above 25 requires access token or app key".to_owned(),
        });
    }
    let first = (page - 1).saturating_mul(size);
    Ok((usize::try_from(first).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(0)))
}

fn page(all: Vec<Value>, query: &Fields, filter: Filter) -> Result<Page, ApiError> {
    let (first, size) = bounds(query)?;
    let total = all.len();
    let items = all.into_iter().skip(first).take(size).collect();
    Ok(Page { items, has_more: total > first.saturating_add(size), total, filter })
}

/// The users of network accounts, one for each site where they wrote something that is there.
fn associated(
    store: &Store,
    accounts: &[i64],
    query: &Fields,
    filter: Filter,
    now: Timestamp,
) -> Result<Page, ApiError> {
    let mut users = BTreeMap::new();
    for host in store.sites.hosts() {
        for stored in store.site(host).into_iter().flat_map(|site| site.posts.values()) {
            let Some(owner) = stored.visible(now).map(|version| &version.owner) else { continue };
            let Some(account) = account_of(owner).filter(|account| accounts.contains(account)) else {
                continue;
            };
            let user = json!({"account_id": account, "user_id": user_of(owner), "site_name": site_name(host),
                "site_url": format!("https://{host}"), "reputation": owner.reputation});
            users.insert((account, host), user);
        }
    }
    page(users.into_values().collect(), query, filter)
}

fn sites(store: &Store, query: &Fields, filter: Filter) -> Result<Page, ApiError> {
    let is_meta = |host: &str| host.starts_with("meta.") || host.contains(".meta.");
    let all = store.sites.hosts().map(|host| {
        json!({
            "site_type": if is_meta(host) { "meta_site" } else { "main_site" },
            "name": site_name(host),
            "api_site_parameter": store.sites.parameter(host),
            "site_url": format!("https://{host}"),
            "audience": "people who simulate",
            "site_state": if is_meta(host) { "linked_meta" } else { "normal" },
            "launch_date": 1_369_041_720,
        })
    });
    page(all.collect(), query, filter)
}

/// Answers are the same for so long when exactly the same is asked.
pub const CACHE_TIME: Duration = Duration::from_secs(60);

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
