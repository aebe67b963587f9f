//! The posts of all sites, and what the realtime socket says when one changes. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::json;

use super::frame::{Frame, summary};
use super::owner::account_of;
use super::stored::{Stored, Version};
use crate::core::post::{Owner, Post, PostType, trailing_number};
use crate::core::time::Timestamp;
use crate::simulator::sites::{NETWORK, Sites};

/// The posts of one site.
#[derive(Debug, Default)]
pub struct SitePosts {
    /// By number.
    pub posts: BTreeMap<i64, Stored>,
    /// Questions by last activity, for the listing.
    pub by_activity: BTreeSet<(Timestamp, i64)>,
    next_number: i64,
}

/// Where a post of a wave went.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Given {
    /// Its id in the wave.
    pub id: String,
    /// Host of its site.
    pub site: String,
    /// Its number there.
    pub number: i64,
    /// Whether the number is not the one that the id ends with, or the site not the one it named.
    pub changed: bool,
    /// The question that it belongs to; itself for a question.
    pub question: i64,
}

/// All sites.
#[derive(Debug)]
pub struct Store {
    /// Names and numbers of the sites.
    pub sites: Sites,
    by_site: HashMap<String, SitePosts>,
    given: HashMap<String, Given>,
    /// Ids of the wave in the order they came.
    order: Vec<String>,
    delay: Duration,
}

/// A site for posts that name none.
pub const NAMELESS_SITE: &str = "sandbox.stackexchange.com";
/// Numbers that are given start here, far above what waves bring.
const FIRST_GIVEN: i64 = 900_000_001;
/// So many posts of a wave can be there.
pub const MAX_POSTS: usize = 500_000;
/// A title that no rule minds.
const HARMLESS_TITLE: &str = "How do I sort a list of names by the second word?";
const HARMLESS_BODY: &str = "<p>I have a list of full names and would like to order it by the second word of each. \
Sorting the lines as they are compares the first words. What is a good way to do this?</p>\n";

impl Store {
    /// Without posts; the API shows a change only `delay` after the realtime socket told of it.
    pub fn new(delay: Duration) -> Self {
        Self {
            sites: Sites::default(),
            by_site: HashMap::new(),
            given: HashMap::new(),
            order: Vec::new(),
            delay,
        }
    }

    /// The posts of a site.
    pub fn site(&self, host: &str) -> Option<&SitePosts> {
        self.by_site.get(host)
    }

    /// Where the posts of the waves went, in the order they came.
    pub fn given(&self) -> impl Iterator<Item = &Given> {
        self.order.iter().filter_map(|id| self.given.get(id))
    }

    /// Where one post went.
    pub fn find(&self, id: &str) -> Option<&Given> {
        self.given.get(id)
    }

    /// A post of a wave appears, or is edited if its id was seen. Gives the frames that tell of it.
    pub fn put(&mut self, post: &Post, question: Option<&str>, now: Timestamp) -> Vec<Frame> {
        let known = self.given.get(&post.id).cloned();
        if known.is_none() && self.given.len() >= MAX_POSTS {
            return Vec::new();
        }
        let given = known.clone().unwrap_or_else(|| self.place(post, question, now));
        if post.body_is_summary {
            return vec![self.summary_only(&given, post, now)];
        }
        match known {
            Some(given) if self.is_stored(&given) => self.edit(&given, post, now),
            _ => self.appear(&given, post, now),
        }
    }

    fn is_stored(&self, given: &Given) -> bool {
        self.by_site.get(&given.site).is_some_and(|site| site.posts.contains_key(&given.number))
    }

    /// Chooses site and number for a new post.
    fn place(&mut self, post: &Post, question: Option<&str>, now: Timestamp) -> Given {
        let host = if post.site.is_empty() { NAMELESS_SITE } else { post.site.as_str() };
        self.sites.add(host);
        let wanted = trailing_number(&post.id);
        let site = self.by_site.entry(host.to_owned()).or_default();
        let taken = |number: &i64| site.posts.contains_key(number);
        let number = wanted.filter(|number| !taken(number)).unwrap_or_else(|| site.give());
        let asked = match post.post_type {
            PostType::Question => number,
            PostType::Answer => {
                let named = question.and_then(|id| self.given.get(id));
                let named = named.filter(|named| named.site == host && named.question == named.number);
                match named.map(|named| named.number) {
                    Some(named) => named,
                    None => self.ask_harmless(host, number, now),
                }
            }
        };
        let given = Given {
            id: post.id.clone(),
            site: host.to_owned(),
            number,
            changed: wanted != Some(number) || post.site.is_empty(),
            question: asked,
        };
        self.order.push(post.id.clone());
        self.given.insert(post.id.clone(), given.clone());
        given
    }

    /// A question for an answer that names none. `answer` is the number that the answer will have.
    fn ask_harmless(&mut self, host: &str, answer: i64, now: Timestamp) -> i64 {
        let post = Post {
            id: String::new(),
            site: host.to_owned(),
            post_type: PostType::Question,
            title: HARMLESS_TITLE.to_owned(),
            body: HARMLESS_BODY.to_owned(),
            body_is_summary: false,
            owner: Owner { name: "Asker".to_owned(), reputation: 120 },
            score: 1,
        };
        let site = self.by_site.entry(host.to_owned()).or_default();
        let mut number = site.give();
        if number == answer {
            number = site.give();
        }
        self.store(host, number, number, &post, now);
        number
    }

    fn store(&mut self, host: &str, number: i64, question: i64, post: &Post, now: Timestamp) {
        let site = self.by_site.entry(host.to_owned()).or_default();
        site.posts.insert(number, Stored::new(number, question, post, now, self.delay));
        if number != question
            && let Some(asked) = site.posts.get_mut(&question)
        {
            asked.answers.insert(number);
        }
        site.touch(question, now);
    }

    fn appear(&mut self, given: &Given, post: &Post, now: Timestamp) -> Vec<Frame> {
        self.store(&given.site, given.number, given.question, post, now);
        let mut frames = self.activity(&given.site, given.question);
        if given.number != given.question {
            let data = json!({
                "a": "answer-add", "id": given.question, "answerid": given.number, "acctid": account_of(&post.owner),
            });
            frames.push(Frame::question(&self.sites, &given.site, given.question, &data));
        }
        frames
    }

    fn edit(&mut self, given: &Given, post: &Post, now: Timestamp) -> Vec<Frame> {
        let delay = self.delay;
        let Some(site) = self.by_site.get_mut(&given.site) else { return Vec::new() };
        let Some(stored) = site.posts.get_mut(&given.number) else { return Vec::new() };
        stored.edit(post, now, delay);
        site.touch(given.question, now);
        let data = json!({"a": "post-edit", "id": given.number, "acctid": account_of(&post.owner)});
        let mut frames = self.activity(&given.site, given.question);
        frames.push(Frame::question(&self.sites, &given.site, given.question, &data));
        frames
    }

    /// A post of a wave is deleted, at once everywhere. Gives the frame that tells of it.
    pub fn delete(&mut self, id: &str) -> Vec<Frame> {
        let Some(given) = self.given.get(id).cloned() else { return Vec::new() };
        let Some(site) = self.by_site.get_mut(&given.site) else { return Vec::new() };
        let Some(stored) = site.posts.get_mut(&given.number).filter(|stored| !stored.deleted) else {
            return Vec::new();
        };
        stored.deleted = true;
        let answers = std::mem::take(&mut stored.answers);
        // Answers go with their question, and nothing tells of them.
        for answer in &answers {
            if let Some(answer) = site.posts.get_mut(answer) {
                answer.deleted = true;
            }
        }
        let mut data = json!({"a": "post-deleted", "qId": given.question});
        if given.number != given.question {
            data["aId"] = json!(given.number);
        }
        vec![Frame::question(&self.sites, &given.site, given.question, &data)]
    }

    /// A post that is a frame and nothing else: the API does not have it.
    fn summary_only(&self, given: &Given, post: &Post, now: Timestamp) -> Frame {
        let version = Version::of(post, now, Duration::ZERO);
        Frame::activity(&self.sites, &given.site, given.question, &version, &post.body, now, NETWORK)
    }

    fn activity(&self, host: &str, question: i64) -> Vec<Frame> {
        let Some(stored) = self.by_site.get(host).and_then(|site| site.posts.get(&question)) else {
            return Vec::new();
        };
        let version = stored.newest();
        let summary = summary(&version.body);
        [NETWORK, self.sites.number(host)]
            .into_iter()
            .map(|site| Frame::activity(&self.sites, host, question, version, &summary, stored.active, site))
            .collect()
    }
}

impl SitePosts {
    fn give(&mut self) -> i64 {
        loop {
            let number = FIRST_GIVEN + self.next_number;
            self.next_number += 1;
            if !self.posts.contains_key(&number) {
                return number;
            }
        }
    }

    /// The question became active.
    fn touch(&mut self, question: i64, now: Timestamp) {
        if let Some(stored) = self.posts.get_mut(&question) {
            self.by_activity.remove(&(stored.active, question));
            stored.active = now;
            self.by_activity.insert((now, question));
        }
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
