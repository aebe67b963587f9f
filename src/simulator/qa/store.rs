//! The posts of all sites, and what the realtime socket says when one changes. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use crate::core::post::{Owner, Post, PostType, trailing_number};
use crate::core::time::Timestamp;
use crate::simulator::chat::slug;
use crate::simulator::html::without_tags;
use crate::simulator::sites::{NETWORK, Sites};

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

/// The posts of one site.
#[derive(Debug, Default)]
pub struct SitePosts {
    /// By number.
    pub posts: BTreeMap<i64, Stored>,
    /// Questions by last activity, for the listing.
    pub by_activity: BTreeSet<(Timestamp, i64)>,
    next_number: i64,
}

/// A frame for the realtime socket: the stream, and the text inside `data`.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The subscription that gets it.
    pub stream: String,
    /// The whole frame.
    pub text: String,
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
        let version = version(post, now, self.delay);
        site.posts.insert(
            number,
            Stored {
                number,
                post_type: post.post_type,
                question,
                created: now,
                active: now,
                edited: None,
                deleted: false,
                versions: VecDeque::from([version]),
                answers: BTreeSet::new(),
            },
        );
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
            frames.push(self.question_frame(&given.site, given.question, &data));
        }
        frames
    }

    fn edit(&mut self, given: &Given, post: &Post, now: Timestamp) -> Vec<Frame> {
        let delay = self.delay;
        let Some(site) = self.by_site.get_mut(&given.site) else { return Vec::new() };
        let Some(stored) = site.posts.get_mut(&given.number) else { return Vec::new() };
        // Older versions than the one that is shown are not asked for any more.
        let shown = stored.versions.iter().rposition(|version| version.visible_from <= now).unwrap_or(0);
        stored.versions.drain(..shown);
        stored.versions.truncate(1);
        stored.versions.push_back(version(post, now, delay));
        stored.edited = Some(now);
        stored.deleted = false;
        site.touch(given.question, now);
        let data = json!({"a": "post-edit", "id": given.number, "acctid": account_of(&post.owner)});
        let mut frames = self.activity(&given.site, given.question);
        frames.push(self.question_frame(&given.site, given.question, &data));
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
        vec![self.question_frame(&given.site, given.question, &data)]
    }

    /// A post that is a frame and nothing else: the API does not have it.
    fn summary_only(&self, given: &Given, post: &Post, now: Timestamp) -> Frame {
        let version = version(post, now, Duration::ZERO);
        self.activity_frame(&given.site, given.question, &version, &post.body, now, NETWORK)
    }

    fn activity(&self, host: &str, question: i64) -> Vec<Frame> {
        let Some(stored) = self.by_site.get(host).and_then(|site| site.posts.get(&question)) else {
            return Vec::new();
        };
        let version = stored.newest();
        let summary = summary(&version.body);
        [NETWORK, self.sites.number(host)]
            .into_iter()
            .map(|site| self.activity_frame(host, question, version, &summary, stored.active, site))
            .collect()
    }

    fn activity_frame(
        &self,
        host: &str,
        question: i64,
        version: &Version,
        summary: &str,
        active: Timestamp,
        site: u32,
    ) -> Frame {
        let mut data = json!({
            "siteBaseHostAddress": host,
            "id": question,
            "titleEncodedFancy": version.title,
            "bodySummary": summary,
            "tags": ["example"],
            "lastActivityDate": active.as_secs(),
            "url": format!("https://{host}/questions/{question}/{}", slug(&version.title)),
            "apiSiteParameter": self.sites.parameter(host),
        });
        if let Some(user) = user_of(&version.owner) {
            data["ownerUrl"] = json!(owner_link(host, user, &version.owner.name));
            data["ownerDisplayName"] = json!(version.owner.name);
        }
        frame(format!("{site}-questions-active"), &data)
    }

    fn question_frame(&self, host: &str, question: i64, data: &Value) -> Frame {
        frame(format!("{}-question-{question}", self.sites.number(host)), data)
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

fn version(post: &Post, now: Timestamp, delay: Duration) -> Version {
    Version {
        visible_from: now + delay,
        title: post.title.clone(),
        body: post.body.clone(),
        owner: post.owner.clone(),
        score: post.score,
        at: now,
    }
}

fn frame(stream: String, data: &Value) -> Frame {
    let text = json!({"action": stream, "data": data.to_string()}).to_string();
    Frame { stream, text }
}

/// The user id that belongs to a name on any site; `None` when the account is gone, which an empty name says.
pub fn user_of(owner: &Owner) -> Option<i64> {
    if owner.name.is_empty() && owner.reputation <= 1 {
        return None;
    }
    let hash = owner.name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Some(i64::try_from(hash % 20_000_000).unwrap_or(0) + 1)
}

/// The network account id of an owner.
pub fn account_of(owner: &Owner) -> Option<i64> {
    user_of(owner).map(|user| user + 50_000_000)
}

/// The profile of a user.
pub fn owner_link(host: &str, user: i64, name: &str) -> String {
    format!("https://{host}/users/{user}/{}", slug(name))
}

/// So many characters of a body are in a frame.
const SUMMARY_CHARS: usize = 200;

/// The start of a body without its tags; entities stay as they are.
fn summary(body: &str) -> String {
    let text = without_tags(body);
    let text = text.trim();
    let Some((cut, _)) = text.char_indices().nth(SUMMARY_CHARS) else { return text.to_owned() };
    let mut start = &text[..cut];
    // An entity that was cut would read as text.
    if let Some(entity) = start.rfind('&').filter(|at| !start[*at..].contains(';')) {
        start = &start[..entity];
    }
    format!("{start} ...")
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
