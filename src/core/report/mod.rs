//! A report: a post that the rules caught, and what people are told of it.

pub mod form;
pub mod message;
mod trace;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use trace::Trace;

use super::post::{FetchedPost, PostKey, PostType};
use super::text::prepare::Prepared;
use super::time::Timestamp;
use super::verdict::{Verdict, Why};

/// Names a report for as long as the journal lives; short enough to type in chat: `r` and a number in base 36.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReportId(pub u64);

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = Vec::new();
        let mut rest = self.0;
        loop {
            let digit = u32::try_from(rest % 36).expect("below 36");
            digits.push(char::from_digit(digit, 36).expect("below 36"));
            rest /= 36;
            if rest == 0 {
                break;
            }
        }
        write!(f, "r{}", digits.iter().rev().collect::<String>())
    }
}

/// A text that names no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a report (it looks like `r3f9`)")]
pub struct NotAReportId(String);

impl FromStr for ReportId {
    type Err = NotAReportId;

    fn from_str(text: &str) -> Result<Self, NotAReportId> {
        text.strip_prefix(['r', 'R'])
            .filter(|digits| digits.chars().all(|c| c.is_ascii_alphanumeric()))
            .and_then(|digits| u64::from_str_radix(digits, 36).ok())
            .map(Self)
            .ok_or_else(|| NotAReportId(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for ReportId {
    type Error = NotAReportId;

    fn try_from(text: String) -> Result<Self, NotAReportId> {
        text.parse()
    }
}

impl From<ReportId> for String {
    fn from(id: ReportId) -> Self {
        id.to_string()
    }
}

/// Who wrote the reported post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedOwner {
    /// Display name as people read it; empty when the account is gone.
    pub name: String,
    /// Profile; absent when the account is gone.
    pub url: Option<String>,
    /// Reputation when the post was scanned.
    pub reputation: i64,
}

/// The reported post, as people read it (entities decoded).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedPost {
    /// Host name of the site.
    pub site: String,
    /// Number of the post on the site.
    pub number: i64,
    /// Number of the question it is or belongs to.
    pub question: i64,
    /// Question or answer.
    pub post_type: PostType,
    /// `https://SITE/questions/N`, or `https://SITE/a/N` for an answer.
    pub url: String,
    /// Title; of the question, for an answer.
    pub title: String,
    /// Who wrote it.
    pub owner: ReportedOwner,
    /// Whether it had been edited when it was scanned.
    pub edited: bool,
}

/// What the service found and tells its rooms; after it was queued it changes only when its reasons become more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its name.
    pub id: ReportId,
    /// When the verdict was reached.
    pub created_at: Timestamp,
    /// When the event came in that led to it; lag is counted from here.
    pub seen_at: Timestamp,
    /// The post.
    pub post: ReportedPost,
    /// Sorted, without repeats.
    pub reasons: Vec<String>,
    /// Reasons again, heaviest first; the message shows as many as fit.
    pub by_weight: Vec<String>,
    /// Sum of the weights of the reasons.
    pub weight: i64,
    /// The evidence.
    pub why: Vec<Why>,
    /// By what the campaign is known that it belongs to.
    #[serde(default)]
    pub trace: Trace,
}

/// How much evidence of one report is kept; more would let one post fill the store.
const MAX_WHY: usize = 200;

impl Report {
    /// Joins a post and its verdict. `weight_of` is the weight of one reason.
    pub fn new(
        id: ReportId,
        fetched: &FetchedPost,
        mut verdict: Verdict,
        weight_of: impl Fn(&str) -> i64,
        seen_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let FetchedPost { post, key, question, owner_url, edited, .. } = fetched;
        let mut by_weight = verdict.reasons.clone();
        by_weight.sort_by_key(|reason| std::cmp::Reverse(weight_of(reason)));
        verdict.why.truncate(MAX_WHY);
        let path = match post.post_type {
            PostType::Question => "questions",
            PostType::Answer => "a",
        };
        Self {
            id,
            created_at: now,
            seen_at,
            post: ReportedPost {
                site: key.site.clone(),
                number: key.number,
                question: *question,
                post_type: post.post_type,
                url: format!("https://{}/{path}/{}", key.site, key.number),
                title: Prepared::title(&post.title).text().to_owned(),
                owner: ReportedOwner {
                    name: Prepared::title(&post.owner.name).text().to_owned(),
                    url: owner_url.clone(),
                    reputation: post.owner.reputation,
                },
                edited: *edited,
            },
            reasons: verdict.reasons,
            by_weight,
            weight: verdict.weight,
            why: verdict.why,
            trace: Trace::of(post),
        }
    }

    /// The post's name on the network.
    pub fn key(&self) -> PostKey {
        PostKey { site: self.post.site.clone(), number: self.post.number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_come_back() {
        for n in [0, 1, 35, 36, 1_000_000, u64::MAX] {
            let text = ReportId(n).to_string();
            assert_eq!(text.parse(), Ok(ReportId(n)), "{text}");
        }
        assert_eq!(ReportId(1_000_000).to_string(), "rlfls");
        for bad in ["", "r", "x1", "r-1", "r+1", "rzzzzzzzzzzzzzzzzz"] {
            assert!(bad.parse::<ReportId>().is_err(), "{bad}");
        }
    }
}
