//! What was reported of each post, so that nobody is told twice of the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::post::PostKey;
use super::report::{Report, ReportId};
use super::time::Timestamp;

/// A post is remembered as reported while fewer than this many came after it: about a month of the network.
pub const MAX_REPORTED: usize = 50_000;

/// What is remembered of a reported post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// Its latest report.
    pub report: ReportId,
    /// Hash of the content that was scanned.
    pub content: u64,
    /// Every reason that was ever told for it.
    pub reasons: Vec<String>,
    /// Whether it is known to be gone.
    pub deleted: bool,
    /// The question it is or belongs to; 0 when an older version wrote it down.
    #[serde(default)]
    pub question: i64,
    /// When its latest report was made.
    #[serde(default)]
    pub at: Timestamp,
}

/// The posts that were reported last, at most [`MAX_REPORTED`]. Saved as a list of pairs; the order of the reports
/// follows from it.
#[derive(Clone, Debug, Default)]
pub struct ReportedPosts {
    posts: BTreeMap<PostKey, Reported>,
    by_report: BTreeMap<ReportId, PostKey>,
}

impl ReportedPosts {
    /// What is remembered of a post.
    pub fn get(&self, key: &PostKey) -> Option<&Reported> {
        self.posts.get(key)
    }

    /// All of them, by site and number.
    pub fn iter(&self) -> impl Iterator<Item = (&PostKey, &Reported)> {
        self.posts.iter()
    }

    /// The post whose latest report this is.
    pub fn post_of(&self, report: ReportId) -> Option<&PostKey> {
        self.by_report.get(&report)
    }

    /// A report was made of a post with this content; with it the post counts as there again.
    pub(super) fn on_report(&mut self, report: &Report, content: u64, at: Timestamp) {
        let key = report.key();
        let mut reasons = match self.posts.remove(&key) {
            Some(before) => {
                self.by_report.remove(&before.report);
                before.reasons
            }
            None => Vec::new(),
        };
        add_new(&mut reasons, &report.reasons);
        let question = report.post.question;
        self.insert(key, Reported { report: report.id, content, reasons, deleted: false, question, at });
        while self.posts.len() > MAX_REPORTED
            && let Some((_, oldest)) = self.by_report.pop_first()
        {
            self.posts.remove(&oldest);
        }
    }

    /// The latest report of its post has more reasons now; false when it is not the latest of any.
    pub(super) fn on_grown(&mut self, report: &Report) -> bool {
        let told = self.posts.get_mut(&report.key()).filter(|told| told.report == report.id);
        told.map(|told| add_new(&mut told.reasons, &report.reasons)).is_some()
    }

    /// A post is gone; false when it was never reported.
    pub(super) fn on_deleted(&mut self, key: &PostKey) -> bool {
        let told = self.posts.get_mut(key);
        told.map(|told| told.deleted = true).is_some()
    }

    fn insert(&mut self, key: PostKey, told: Reported) {
        self.by_report.insert(told.report, key.clone());
        self.posts.insert(key, told);
    }
}

fn add_new(to: &mut Vec<String>, reasons: &[String]) {
    for reason in reasons {
        if !to.contains(reason) {
            to.push(reason.clone());
        }
    }
}

impl PartialEq for ReportedPosts {
    fn eq(&self, other: &Self) -> bool {
        self.posts == other.posts
    }
}

impl Serialize for ReportedPosts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        super::pairs::serialize(&self.posts, to)
    }
}

impl<'de> Deserialize<'de> for ReportedPosts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let posts: BTreeMap<PostKey, Reported> = super::pairs::deserialize(from)?;
        let by_report = posts.iter().map(|(key, told)| (told.report, key.clone())).collect();
        Ok(Self { posts, by_report })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::post::FetchedPost;
    use crate::core::verdict::Verdict;

    fn report(reason: &str) -> Report {
        let line = r#"{"id":"su-1","site":"superuser.com","post_type":"question","title":"a","body":"b"}"#;
        let post = FetchedPost::from_line(line).expect("a post");
        let verdict = Verdict { reasons: vec![reason.to_owned()], ..Verdict::default() };
        Report::new(ReportId(1), &post, verdict, |_| 1, Timestamp::ZERO, Timestamp::ZERO)
    }

    #[test]
    fn the_posts_that_were_reported_last_are_remembered() {
        let (mut posts, mut report, last) = (ReportedPosts::default(), report("a"), MAX_REPORTED as u64);
        let first = report.key();
        for id in 1..=last {
            (report.id, report.post.number) = (ReportId(id), id as i64);
            posts.on_report(&report, 1, Timestamp::ZERO);
        }
        // Reported again, the first post outlives the second, also after everything was saved.
        assert!(posts.on_deleted(&first));
        posts.on_report(&Report { id: ReportId(last + 1), ..self::report("b") }, 2, Timestamp::ZERO);
        let json = serde_json::to_string(&posts).expect("plain data");
        let mut posts: ReportedPosts = serde_json::from_str(&json).expect("as written");
        (report.id, report.post.number) = (ReportId(last + 2), 1_000_000);
        posts.on_report(&report, 1, Timestamp::ZERO);
        let told = posts.get(&first).expect("remembered");
        assert_eq!((told.report, told.deleted, told.reasons.len()), (ReportId(last + 1), false, 2));
        assert_eq!(posts.get(&PostKey { number: 2, ..first.clone() }), None);
        assert_eq!(posts.iter().count(), MAX_REPORTED);
        assert_eq!((posts.post_of(ReportId(last + 1)), posts.post_of(ReportId(1))), (Some(&first), None));
    }
}
