//! What the engine says of a post, in the shape of the contract.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The part of a post that a reason speaks of. An answer's body is `Body` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The title of a question.
    Title,
    /// The body of a question or an answer.
    Body,
    /// The display name of the owner.
    Username,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Why {
    /// The reason it supports.
    pub reason: String,
    /// What found it: `list:line` or the id of a rule or check.
    pub rule: String,
    /// Where.
    pub part: Part,
    /// First code point, in the part as given (before entities are decoded).
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// Exactly that slice of the part as given.
    pub text: String,
}

/// The engine's result for one post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The post's `id`.
    pub id: String,
    /// Sorted by code point, without repeats. Empty: nothing was found.
    pub reasons: Vec<String>,
    /// Sum of the weights of the reasons.
    pub weight: i64,
    /// The evidence, ordered by reason, part and position.
    pub why: Vec<Why>,
    /// Names of rules that were set aside for this post because they overran their budget; absent when none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<String>,
    /// Those of `incomplete` that used up the budget of one rule on this very post: what counts against them. Not part of the shape.
    #[serde(skip)]
    pub over_budget: Vec<String>,
}

impl Verdict {
    /// Whether any reason was found. Every reason reports; there is no threshold.
    pub fn is_spam(&self) -> bool {
        !self.reasons.is_empty()
    }
}
