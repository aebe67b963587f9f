//! What one rule looks at: the options that every list, pattern and check has.

use std::collections::HashSet;

use crate::core::post::{Post, PostType};
use crate::core::verdict::Part;

/// How far a rule is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Reports everywhere.
    Blacklist,
    /// On trial: reports where experimental reasons go.
    Watch,
}

/// On which sites a rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sites {
    /// On all but these.
    Except(HashSet<String>),
    /// On these only.
    Only(HashSet<String>),
}

impl Sites {
    /// All of them.
    pub fn all() -> Self {
        Self::Except(HashSet::new())
    }

    /// Whether `site` is one of them.
    pub fn contain(&self, site: &str) -> bool {
        match self {
            Self::Except(sites) => !sites.contains(site),
            Self::Only(sites) => sites.contains(site),
        }
    }
}

/// The options of a rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The id of a YAML rule; for a list, what stands before `:line` in the names of its entries.
    pub name: String,
    /// The file it came from.
    pub path: String,
    /// Line of a YAML rule in its file; 0 for a list.
    pub line: usize,
    /// What it reports; `{}` stands for the part.
    pub reason: String,
    /// How far it is trusted.
    pub status: Status,
    /// Looks at titles.
    pub title: bool,
    /// Looks at bodies.
    pub body: bool,
    /// Looks at user names.
    pub username: bool,
    /// Looks at the excerpt of a realtime frame too.
    pub summary: bool,
    /// Looks at questions.
    pub questions: bool,
    /// Looks at answers.
    pub answers: bool,
    /// Leaves posts alone whose author has more reputation.
    pub max_rep: i64,
    /// Leaves posts alone that have a higher score.
    pub max_score: i64,
    /// Where.
    pub sites: Sites,
    /// Does not look into code.
    pub strip_code: bool,
    /// Is a function in the reference, not a pattern: on the excerpt of a frame those report an empty reason.
    pub function: bool,
}

impl Rule {
    /// Whether it looks at this post at all.
    pub fn takes(&self, post: &Post) -> bool {
        let kind = match post.post_type {
            PostType::Question => self.questions,
            PostType::Answer => self.answers,
        };
        kind && post.owner.reputation <= self.max_rep
            && post.score <= self.max_score
            && self.sites.contain(&post.site)
    }

    /// Whether it looks at this part of a post that it takes.
    pub fn looks_at(&self, part: Part, post: &Post) -> bool {
        match part {
            Part::Title => self.title && post.post_type == PostType::Question,
            Part::Body => self.body && (!post.body_is_summary || self.summary),
            Part::Username => self.username,
        }
    }

    /// The reason it reports for this part.
    pub fn reason_for(&self, part: Part, post: &Post) -> String {
        if self.function && part == Part::Body && post.body_is_summary {
            return String::new();
        }
        let word = match (part, post.post_type) {
            (Part::Title, _) => "title",
            (Part::Username, _) => "username",
            (Part::Body, PostType::Question) => "body",
            (Part::Body, PostType::Answer) => "answer",
        };
        self.reason.replace("{}", word)
    }
}

impl Rule {
    /// The name of one of its entries in a verdict; `line` is 0 when the rule has only one.
    pub fn entry_name(&self, line: u32) -> String {
        if line == 0 { self.name.clone() } else { format!("{}:{line}", self.name) }
    }
}
