//! What a post is, in the shape of the contract: one JSON object.

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
#[serde(remote = "Self")]
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

impl Serialize for Post {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, to)
    }
}

/// Only from an object: a list of eight values in the order of the fields is no post.
impl<'de> Deserialize<'de> for Post {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Post;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a post, which is an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Post, A::Error> {
                Post::deserialize(MapAccessDeserializer::new(map))
            }
        }

        from.deserialize_map(Object)
    }
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
    /// Unix seconds of its creation; 0 when not given.
    pub created: i64,
    /// Whether it was edited after its grace period (`last_edit_date` differs from `creation_date`).
    pub edited: bool,
    /// Unix seconds of the last activity of the question it came with; 0 when not given.
    pub last_activity: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_an_object_with_the_keys_of_the_contract() {
        let text = r#"{"id":"so-1","site":"stackoverflow.com","post_type":"answer","title":"t","body":"b","more":1}"#;
        let post: Post = serde_json::from_str(text).expect("a post");
        assert_eq!((post.owner.reputation, post.score, post.body_is_summary), (1, 0, false));
        let again = serde_json::to_string(&post).expect("plain data");
        assert_eq!(serde_json::from_str::<Post>(&again).expect("a post"), post);
        for bad in [r#"["so-1","s","answer","t","b",false,{},0]"#, r#"{"id":"so-1"}"#, "7", "\"x\"", "null"] {
            assert!(serde_json::from_str::<Post>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_content_hash_tells_the_parts_apart() {
        let post = |title: &str, body: &str| Post {
            id: String::new(),
            site: String::new(),
            post_type: PostType::Question,
            title: title.to_owned(),
            body: body.to_owned(),
            body_is_summary: false,
            owner: Owner::default(),
            score: 0,
        };
        assert_ne!(post("ab", "c").content_hash(), post("a", "bc").content_hash());
        assert_eq!(
            post("ab", "c").content_hash(),
            269_068_162_514_264_639,
            "kept in journals: it must not change"
        );
    }
}
