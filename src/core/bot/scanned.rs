//! Posts on their way through the scan.

use crate::core::post::FetchedPost;
use crate::core::verdict::Verdict;

/// A post and what the rules say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScannedPost {
    /// The post.
    pub fetched: FetchedPost,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Whether only trial rules found it, so that it goes to rooms with experimental roles.
    pub only_experimental: bool,
    /// Hash of its title, body and owner.
    pub content: u64,
}

/// A post whose scan came to no end.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// The post.
    pub fetched: FetchedPost,
    /// What happened, such as `the scan crashed`.
    pub why: String,
}

/// Posts of one site that came in together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Host name of the site.
    pub site: String,
    /// Questions that are dealt with once the posts are scanned.
    pub questions: Vec<i64>,
    /// The newest activity that the answer showed, in Unix seconds; 0 when it told none.
    pub last_activity: i64,
    /// The posts.
    pub posts: Vec<FetchedPost>,
}

/// What became of a [`Batch`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scanned {
    /// As in the batch.
    pub site: String,
    /// As in the batch.
    pub questions: Vec<i64>,
    /// As in the batch.
    pub last_activity: i64,
    /// Posts with their verdicts.
    pub posts: Vec<ScannedPost>,
    /// Posts without.
    pub failed: Vec<Failed>,
}
