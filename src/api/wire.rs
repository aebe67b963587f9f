//! The API's JSON: the wrapper, its errors, and items to posts. Pure.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::ApiError;
use super::error::short;
use crate::core::people::UserKey;
use crate::core::post::{FetchedPost, Owner, Post, PostKey, PostType};

/// The wait after a throttle that names none, as SmokeDetector has it.
const DEFAULT_WAIT: Duration = Duration::from_secs(12);
const DAY: u64 = 86_400;

/// What an answer tells beside its items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Whether there is a next page.
    pub has_more: bool,
    /// Requests a day; absent when not told.
    pub quota_max: Option<i64>,
    /// Requests left today; -1 has been seen.
    pub quota_remaining: Option<i64>,
    /// No call of the same method before this is over.
    pub backoff: Option<Duration>,
    /// Items that could not be read and were left out.
    pub skipped: usize,
}

/// Questions and their answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// Each question followed by its answers, in the order of the API.
    pub posts: Vec<FetchedPost>,
    /// The ids of the questions that are there, also of those that could not be read.
    pub found: Vec<i64>,
    /// What the answer told beside them.
    pub meta: Meta,
}

/// A post that is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostState {
    /// Its number.
    pub number: i64,
    /// Unix seconds of its last edit, if it was edited after its grace period.
    pub last_edit: Option<i64>,
}

/// The posts that are still there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostStates {
    /// One for each that is there.
    pub posts: Vec<PostState>,
    /// What the answer told beside them.
    pub meta: Meta,
}

#[derive(Deserialize)]
struct Question {
    question_id: i64,
    title: Option<String>,
    #[serde(default)]
    last_activity_date: i64,
    #[serde(default)]
    answers: Vec<Value>,
}

#[derive(Deserialize)]
struct Answer {
    answer_id: i64,
}

/// What questions and answers have in common.
#[derive(Deserialize)]
struct Common {
    body: Option<String>,
    owner: Option<Value>,
    #[serde(default)]
    score: i64,
    creation_date: Option<i64>,
    last_edit_date: Option<i64>,
}

#[derive(Deserialize)]
struct WireOwner {
    #[serde(default)]
    display_name: String,
    link: Option<String>,
    reputation: Option<i64>,
}

#[derive(Deserialize)]
struct WirePost {
    post_id: i64,
    last_edit_date: Option<i64>,
    creation_date: Option<i64>,
}

/// The wrapper of an answer, or the error that it tells. The status is only looked at where the body says nothing:
/// the API answers its own errors with 400, whatever their number.
pub(super) fn wrapper(body: &[u8], status: u16) -> Result<Value, ApiError> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            let text = String::from_utf8_lossy(&body[..body.len().min(2_000)]);
            let start = short(&text);
            // JSON that breaks off is damage on the way; anything else is another page in its place.
            return Err(match text.trim_start().chars().next() {
                Some('{' | '[') => ApiError::Malformed(short(&error.to_string())),
                _ if status >= 500 => ApiError::Unavailable { status, message: start },
                _ => ApiError::NotJson { status, start },
            });
        }
    };
    if let Some(id) = value.get("error_id").and_then(Value::as_i64) {
        let text = |key: &str| short(value.get(key).and_then(Value::as_str).unwrap_or_default());
        let (name, message) = (text("error_name"), text("error_message"));
        return Err(match id {
            502 => ApiError::Throttled { wait: wait(&message), message },
            500 | 503 => ApiError::Unavailable { status, message },
            _ => ApiError::Refused { id, name, message },
        });
    }
    match value.get("items") {
        Some(Value::Array(_)) => Ok(value),
        _ => Err(ApiError::Malformed(format!("no `items` in it (status {status})"))),
    }
}

/// The N of "more requests available in N seconds".
fn wait(message: &str) -> Duration {
    let rest = message.split("available in ").nth(1).unwrap_or_default();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().map_or(DEFAULT_WAIT, |seconds: u64| Duration::from_secs(seconds.clamp(1, DAY)))
}

fn meta(value: &Value, skipped: usize) -> Meta {
    let number = |key: &str| value.get(key).and_then(Value::as_i64);
    let backoff =
        number("backoff").and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    Meta {
        has_more: value.get("has_more").and_then(Value::as_bool).unwrap_or(false),
        quota_max: number("quota_max"),
        quota_remaining: number("quota_remaining"),
        backoff: backoff.map(|seconds| Duration::from_secs(seconds.min(DAY))),
        skipped,
    }
}

fn items(value: &Value) -> &[Value] {
    value.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The posts of an answer about questions of `site`.
pub(super) fn questions(value: &Value, site: &str) -> Questions {
    let mut result = Questions::default();
    let mut skipped = 0;
    for item in items(value) {
        result.found.extend(item.get("question_id").and_then(Value::as_i64));
        // As SmokeDetector: without title or body there is nothing to look at, and its answers lack a title.
        let (Ok(Question { question_id, title: Some(title), last_activity_date, answers }), Ok(common)) =
            (Question::deserialize(item), Common::deserialize(item))
        else {
            skipped += 1;
            continue;
        };
        let place = Place { site, title: &title, question: question_id, last_activity: last_activity_date };
        let Some(question) = place.post(question_id, PostType::Question, common) else {
            skipped += 1;
            continue;
        };
        result.posts.push(question);
        for item in &answers {
            let answer = match (Answer::deserialize(item), Common::deserialize(item)) {
                (Ok(answer), Ok(common)) => place.post(answer.answer_id, PostType::Answer, common),
                _ => None,
            };
            skipped += usize::from(answer.is_none());
            result.posts.extend(answer);
        }
    }
    result.meta = meta(value, skipped);
    result
}

/// The posts of an answer that are there.
pub(super) fn posts(value: &Value) -> PostStates {
    let (mut posts, mut skipped) = (Vec::new(), 0);
    for item in items(value) {
        match WirePost::deserialize(item) {
            Ok(post) => {
                let last_edit = post.last_edit_date.filter(|edit| post.creation_date != Some(*edit));
                posts.push(PostState { number: post.post_id, last_edit });
            }
            Err(_) => skipped += 1,
        }
    }
    PostStates { posts, meta: meta(value, skipped) }
}

/// The users of an answer about network accounts.
pub(super) fn users(value: &Value) -> Vec<UserKey> {
    let user = |item: &Value| {
        let site = item.get("site_url")?.as_str()?;
        UserKey::from_url(&format!("{site}/users/{}", item.get("user_id")?.as_i64()?))
    };
    items(value).iter().filter_map(user).collect()
}

/// Where a question and its answers are.
struct Place<'a> {
    site: &'a str,
    title: &'a str,
    question: i64,
    last_activity: i64,
}

impl Place<'_> {
    /// `None` without a body.
    fn post(&self, number: i64, post_type: PostType, common: Common) -> Option<FetchedPost> {
        let key = PostKey { site: self.site.to_owned(), number };
        // SmokeDetector's rule: an owner without a link is gone, and nothing of it counts.
        let owner = common.owner.and_then(|owner| WireOwner::deserialize(owner).ok());
        let (owner, owner_url) = match owner.filter(|owner| owner.link.is_some()) {
            Some(owner) => {
                (Owner { name: owner.display_name, reputation: owner.reputation.unwrap_or(1) }, owner.link)
            }
            None => (Owner::default(), None),
        };
        Some(FetchedPost {
            post: Post {
                id: key.to_string(),
                site: self.site.to_owned(),
                post_type,
                title: self.title.to_owned(),
                body: common.body?,
                body_is_summary: false,
                owner,
                score: common.score,
            },
            key,
            question: self.question,
            owner_url,
            created: common.creation_date.unwrap_or(0),
            edited: common.last_edit_date.is_some() && common.last_edit_date != common.creation_date,
            last_activity: self.last_activity,
        })
    }
}

#[cfg(test)]
mod tests;
