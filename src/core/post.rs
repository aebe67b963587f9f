//! What a post is, in the shape of the contract: one JSON object.

use serde::{Deserialize, Serialize};

/// A question or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostType {
    /// A question; its title is looked at by the rules.
    Question,
    /// An answer; the title is that of its question, and no rule looks at it.
    Answer,
}

/// Who wrote a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// Display name, HTML-encoded as the API gives it; empty when the account is gone.
    pub name: String,
    /// Reputation on the site; 1 when it is not known.
    pub reputation: i64,
}

impl Default for Owner {
    fn default() -> Self {
        Self { name: String::new(), reputation: 1 }
    }
}

/// One post as the engine sees it. `title`, `body` and `owner.name` are HTML-encoded, as the API gives them.
///
/// Unknown keys are ignored; `id`, `site`, `post_type`, `title` and `body` are required.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Any text; echoed in the verdict.
    pub id: String,
    /// Host name of the Q&A site, such as `stackoverflow.com`.
    pub site: String,
    /// Question or answer.
    pub post_type: PostType,
    /// Title; of the question, for an answer.
    pub title: String,
    /// HTML; plain text when `body_is_summary`.
    pub body: String,
    /// Whether `body` is the excerpt of a realtime frame; only some rules look at those.
    #[serde(default)]
    pub body_is_summary: bool,
    /// Who wrote it.
    #[serde(default)]
    pub owner: Owner,
    /// Votes up less votes down.
    #[serde(default)]
    pub score: i64,
}

impl Post {
    /// A hash of what the rules look at: title, body and name of the owner. Stable across versions, since it is kept.
    pub fn content_hash(&self) -> u64 {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        for part in [&self.title, &self.body, &self.owner.name] {
            context.update(&part.len().to_le_bytes());
            context.update(part.as_bytes());
        }
        let digest = context.finish();
        digest.as_ref().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }
}

/// Names one post on the whole network: questions and answers of a site share their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PostKey {
    /// Host name of the site.
    pub site: String,
    /// Question or answer number.
    pub number: i64,
}

impl std::fmt::Display for PostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.site, self.number)
    }
}

/// A post out of an API answer: what the engine sees, and what a report and a look-up need beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchedPost {
    /// What the engine scans; `id` is `PostKey`'s display form.
    pub post: Post,
    /// Its name on the network.
    pub key: PostKey,
    /// The question it is or belongs to.
    pub question: i64,
    /// Link of its owner's profile as the API gives it; absent when the account is gone.
    pub owner_url: Option<String>,
    /// Whether it was edited after its grace period (`last_edit_date` differs from `creation_date`).
    pub edited: bool,
    /// Unix seconds of the last activity of the question it came with; 0 when not given.
    pub last_activity: i64,
}
