//! A post as a site keeps it.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::core::post::{Owner, Post, PostType};
use crate::core::time::Timestamp;

/// What a post says since some moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The API shows it from then on.
    pub visible_from: Timestamp,
    /// HTML-encoded; of the question, for an answer.
    pub title: String,
    /// HTML.
    pub body: String,
    /// Who wrote the post.
    pub owner: Owner,
    /// Votes.
    pub score: i64,
    /// When it was written.
    pub at: Timestamp,
}

impl Version {
    /// The post as it is put there now; the API shows it after `delay`.
    pub(super) fn of(post: &Post, now: Timestamp, delay: Duration) -> Self {
        Self {
            visible_from: now + delay,
            title: post.title.clone(),
            body: post.body.clone(),
            owner: post.owner.clone(),
            score: post.score,
            at: now,
        }
    }
}

/// One post.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Number on its site; questions and answers share them.
    pub number: i64,
    /// Question or answer.
    pub post_type: PostType,
    /// The question it is or belongs to.
    pub question: i64,
    /// First version.
    pub created: Timestamp,
    /// Last activity; of the question with its answers, for a question.
    pub active: Timestamp,
    /// Whether it was edited.
    pub edited: Option<Timestamp>,
    /// Deleted posts are not in the API.
    pub deleted: bool,
    /// The version shown and the one that is not shown yet.
    versions: VecDeque<Version>,
    /// Numbers of its answers.
    pub answers: BTreeSet<i64>,
}

impl Stored {
    /// A post that appears now; the API shows it after `delay`.
    pub(super) fn new(number: i64, question: i64, post: &Post, now: Timestamp, delay: Duration) -> Self {
        Self {
            number,
            post_type: post.post_type,
            question,
            created: now,
            active: now,
            edited: None,
            deleted: false,
            versions: VecDeque::from([Version::of(post, now, delay)]),
            answers: BTreeSet::new(),
        }
    }

    /// It is edited now; the API shows that after `delay`.
    pub(super) fn edit(&mut self, post: &Post, now: Timestamp, delay: Duration) {
        // Older versions than the one that is shown are not asked for any more.
        let shown = self.versions.iter().rposition(|version| version.visible_from <= now).unwrap_or(0);
        self.versions.drain(..shown);
        self.versions.truncate(1);
        self.versions.push_back(Version::of(post, now, delay));
        self.edited = Some(now);
        self.deleted = false;
    }

    /// What the API knows of it at `now`, if anything.
    pub fn visible(&self, now: Timestamp) -> Option<&Version> {
        match self.deleted {
            true => None,
            false => self.versions.iter().rev().find(|version| version.visible_from <= now),
        }
    }

    /// What was written last.
    pub fn newest(&self) -> &Version {
        self.versions.back().expect("a post has a version from the start")
    }
}
