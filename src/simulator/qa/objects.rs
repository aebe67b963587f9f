//! The objects of the API as JSON, and which of their fields a filter shows. Pure.

use serde_json::{Map, Value, json};

use super::owner::{account_of, owner_link, user_of};
use super::store::SitePosts;
use super::stored::{Stored, Version};
use crate::core::post::{Owner, PostType};
use crate::core::time::Timestamp;
use crate::simulator::chat::slug;
use crate::simulator::html::without_tags;

/// What a filter shows besides the default fields, or instead of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Only the fields that one of SmokeDetector's filters has, not the default ones.
    pub narrow: bool,
    /// `body`.
    pub body: bool,
    /// `body_markdown`.
    pub markdown: bool,
    /// `answers` of a question.
    pub answers: bool,
    /// `title` and `link` of an answer, `title` of a post.
    pub titles: bool,
    /// `up_vote_count`, `down_vote_count`.
    pub votes: bool,
    /// `total` in the wrapper.
    pub total: bool,
    /// `items` in the wrapper.
    pub items: bool,
}

const DEFAULT: Filter = Filter {
    narrow: false,
    body: false,
    markdown: false,
    answers: false,
    titles: false,
    votes: false,
    total: false,
    items: true,
};

/// Public filters of SmokeDetector, with what it relies on in each.
const SMOKEDETECTOR_QUESTIONS: &str = "!1rs)sUKylwB)8isvCRk.xNu71LnaxjnPS12*pX*CEOKbPFwVFdHNxiMa7GIVgzDAwMa";
const SMOKEDETECTOR_QUESTION: &str = "!m)9.UaQrI5-DZXtlTpWhv2HroYRgS3dPhv.2vxV7fpGT*27rEHM.BKV1";
const SMOKEDETECTOR_ANSWER: &str = "!4z6S)cPO)zvpuDWsWTAUW(kaV6K6thsqi1tlYa";
const SMOKEDETECTOR_USER_POSTS: &str = "!fsv5ng(IaK_MBkZYCDWuA.U2DqLwdl*YEL_";
const SMOKEDETECTOR_ASSOCIATED: &str = "!6Pbp)--cWmv(1";
const SMOKEDETECTOR_SITES: &str = "!)Qpa1bTB_jCkeaZsqiQ8pDwI";

impl Filter {
    /// The filter with this name; `None` if the API would refuse it.
    pub fn named(name: Option<&str>) -> Option<Self> {
        let with_text = Self { body: true, markdown: true, titles: true, votes: true, ..DEFAULT };
        Some(match name {
            None | Some("" | "default") => DEFAULT,
            Some("withbody") => Self { body: true, ..DEFAULT },
            Some("total") => Self { items: false, total: true, ..DEFAULT },
            Some(SMOKEDETECTOR_QUESTIONS) => Self { narrow: true, answers: true, ..with_text },
            Some(SMOKEDETECTOR_QUESTION | SMOKEDETECTOR_ANSWER) => Self { narrow: true, ..with_text },
            Some(SMOKEDETECTOR_USER_POSTS) => Self { titles: true, ..DEFAULT },
            Some(SMOKEDETECTOR_ASSOCIATED | SMOKEDETECTOR_SITES) => DEFAULT,
            Some(_) => return None,
        })
    }
}

/// Where an object is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) host: &'a str,
    pub(super) posts: &'a SitePosts,
    pub(super) now: Timestamp,
    pub(super) filter: Filter,
}

/// `owner`; of one who is gone only the type is certain.
pub(super) fn shallow_user(host: &str, owner: &Owner) -> Value {
    match user_of(owner) {
        None => json!({"user_type": "does_not_exist", "display_name": "user8"}),
        Some(user) => json!({
            "account_id": account_of(owner),
            "reputation": owner.reputation,
            "user_id": user,
            "user_type": "registered",
            "profile_image": format!("https://www.gravatar.com/avatar/{user}?s=256&d=identicon&r=PG"),
            "display_name": owner.name,
            "link": owner_link(host, user, &owner.name),
        }),
    }
}

impl Place<'_> {
    fn question_link(&self, stored: &Stored, title: &str) -> String {
        format!("https://{}/questions/{}/{}", self.host, stored.question, slug(title))
    }

    fn title_of_question(&self, stored: &Stored) -> String {
        let asked = self.posts.posts.get(&stored.question).and_then(|asked| asked.visible(self.now));
        asked.or_else(|| stored.visible(self.now)).map_or(String::new(), |version| version.title.clone())
    }

    /// Fields that questions, answers and posts share.
    fn common(&self, stored: &Stored, version: &Version) -> Map<String, Value> {
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
        put("owner", shallow_user(self.host, &version.owner));
        put("score", json!(version.score));
        put("last_activity_date", json!(stored.active.as_secs()));
        put("creation_date", json!(stored.created.as_secs()));
        if stored.edited.is_some() && version.at > stored.created {
            put("last_edit_date", json!(version.at.as_secs()));
        }
        if !self.filter.narrow {
            put("content_license", json!("CC BY-SA 4.0"));
        }
        if self.filter.body {
            put("body", json!(version.body));
        }
        if self.filter.markdown {
            // A rough source; its entities stay, as in a safe filter.
            put("body_markdown", json!(without_tags(&version.body)));
        }
        if self.filter.votes {
            put("up_vote_count", json!(version.score.max(0)));
            put("down_vote_count", json!(version.score.saturating_neg().max(0)));
        }
        object
    }

    pub(super) fn question(&self, stored: &Stored) -> Option<Value> {
        let version = stored.visible(self.now)?;
        let mut object = self.common(stored, version);
        let answers: Vec<Value> = stored
            .answers
            .iter()
            .filter_map(|number| self.posts.posts.get(number))
            .filter_map(|answer| self.answer(answer, true))
            .collect();
        let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
        put("tags", json!(["example"]));
        put("question_id", json!(stored.number));
        put("link", json!(self.question_link(stored, &version.title)));
        put("title", json!(version.title));
        if !self.filter.narrow {
            put("is_answered", json!(!answers.is_empty()));
            put("view_count", json!(1 + stored.number % 50));
            put("answer_count", json!(answers.len()));
        }
        if self.filter.answers && !answers.is_empty() {
            put("answers", Value::Array(answers));
        }
        Some(Value::Object(object))
    }

    /// An answer; those inside a question have no title of their own.
    pub(super) fn answer(&self, stored: &Stored, nested: bool) -> Option<Value> {
        let version = stored.visible(self.now)?;
        let mut object = self.common(stored, version);
        let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
        put("is_accepted", json!(false));
        put("answer_id", json!(stored.number));
        put("question_id", json!(stored.question));
        if self.filter.titles {
            let title = self.title_of_question(stored);
            let link = self.question_link(stored, &title);
            put("link", json!(format!("{link}/{0}#{0}", stored.number)));
            if !nested {
                put("title", json!(title));
            }
        }
        Some(Value::Object(object))
    }

    pub(super) fn post(&self, stored: &Stored) -> Option<Value> {
        let version = stored.visible(self.now)?;
        let mut object = self.common(stored, version);
        let (kind, letter) = match stored.post_type {
            PostType::Question => ("question", 'q'),
            PostType::Answer => ("answer", 'a'),
        };
        let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
        put("post_type", json!(kind));
        put("post_id", json!(stored.number));
        put("link", json!(format!("https://{}/{letter}/{}", self.host, stored.number)));
        if self.filter.titles {
            put("title", json!(self.title_of_question(stored)));
        }
        Some(Value::Object(object))
    }

    pub(super) fn user(&self, user: i64, owner: &Owner, created: Timestamp) -> Value {
        let mut object = match shallow_user(self.host, owner) {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
        put("user_id", json!(user));
        put("badge_counts", json!({"bronze": 0, "silver": 0, "gold": 0}));
        put("creation_date", json!(created.as_secs()));
        put("last_access_date", json!(self.now.as_secs()));
        put("is_employee", json!(false));
        Value::Object(object)
    }
}
