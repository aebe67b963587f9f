//! What a post is, in the shape of the contract: one JSON object.

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::site::is_host;

/// A question or an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostType {
    /// A question; its title is looked at by the rules.
    #[default]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

/// The keys of a line that are not in [`Post`].
#[derive(Deserialize)]
struct LineExtra {
    question: Option<String>,
}

impl FetchedPost {
    /// From one post as a JSON line of another source than Stack Exchange. The digits at the end of its `id` are its
    /// number on the site, as in a wave; an id without any gets a number of its own. An answer may name its `question`.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn from_line(line: &str) -> Result<Self, String> {
        let mut post: Post = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let extra: LineExtra = serde_json::from_str(line).map_err(|e| e.to_string())?;
        post.site.make_ascii_lowercase();
        if !is_host(&post.site) {
            return Err(format!(
                "`{}` is not the host of a site",
                post.site.chars().take(100).collect::<String>()
            ));
        }
        let number = number_of(&post.id);
        let key = PostKey { site: post.site.clone(), number };
        let question = extra.question.map_or(number, |id| number_of(&id));
        Ok(Self { post, key, question, owner_url: None, created: 0, edited: false, last_activity: 0 })
    }
}

/// The digits at the end of an id, if they are a number that a post can have.
pub fn trailing_number(id: &str) -> Option<i64> {
    let digits = &id[id.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
    let number: i64 = (digits.len() <= 15).then(|| digits.parse().ok()).flatten()?;
    (number > 0).then_some(number)
}

/// The number of a post by its id; of an id without digits a hash, above all numbers of 15 digits.
fn number_of(id: &str) -> i64 {
    const ABOVE: u64 = 1 << 52;
    trailing_number(id).unwrap_or_else(|| {
        let digest = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
        let hash = digest.as_ref().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte));
        (ABOVE | (hash % ABOVE)).cast_signed()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_another_source_becomes_a_post_with_a_number() {
        let line = |id: &str, more: &str| {
            FetchedPost::from_line(&format!(
                r#"{{"id":"{id}","site":"Forum.Example","post_type":"answer","title":"t","body":"b"{more}}}"#
            ))
            .expect("a post")
        };
        let post = line("f-12", r#","question":"f-7""#);
        assert_eq!((post.key.site.as_str(), post.key.number, post.question), ("forum.example", 12, 7));
        let (one, other) = (line("abc", "").key.number, line("abd", "").key.number);
        assert_ne!(one, other);
        assert!((1 << 52..1 << 53).contains(&one), "{one}");
        assert_eq!(line("abc", "").key.number, one, "the same each time");
        for bad in ["{}", "[]", r#"{"id":"1","site":"a b","post_type":"answer","title":"t","body":"b"}"#] {
            assert!(FetchedPost::from_line(bad).is_err(), "{bad}");
        }
    }

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
            title: title.to_owned(),
            body: body.to_owned(),
            ..Post::default()
        };
        assert_ne!(post("ab", "c").content_hash(), post("a", "bc").content_hash());
        assert_eq!(
            post("ab", "c").content_hash(),
            269_068_162_514_264_639,
            "kept in journals: it must not change"
        );
    }
}
