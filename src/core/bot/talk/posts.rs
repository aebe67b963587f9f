//! Posts and users that people name: reports by hand, and the user lists.

use std::collections::BTreeSet;

use super::super::{Bot, ScannedPost};
use super::about::dated;
use super::{Command, Outcome};
use crate::core::commands::{Posts, Report};
use crate::core::journal::Entry;
use crate::core::people::{Listed, UserKey, UserList};
use crate::core::phrase::Phrase;
use crate::core::post::{PostKey, PostType};
use crate::core::talk::Asked;
use crate::core::time::Timestamp;
use crate::core::verdict::{Part, Why};

/// Whoever has more posts is no spammer whom nobody noticed. Source: SmokeDetector's `allspam`.
const MAX_OF_USER: usize = 15;
/// Nor is whoever has more reputation.
const MAX_REPUTATION: i64 = 100;

impl Bot {
    /// The posts that a command asked for are here.
    pub(super) fn on_posts(
        &mut self,
        asked: &Asked,
        found: Result<Vec<ScannedPost>, String>,
        now: Timestamp,
    ) -> Outcome {
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                return Outcome::Fail(Phrase::new("the posts could not be had (").data(&why).words(")"));
            }
        };
        match self.command_of(asked) {
            Some(Command::Posts(posts)) => self.take_named(asked, &posts, found, now),
            Some(Command::AllSpam(user)) => self.report_all(asked, &user, found, now),
            _ => Outcome::Done,
        }
    }

    fn take_named(
        &mut self,
        asked: &Asked,
        posts: &Posts,
        mut found: Vec<ScannedPost>,
        now: Timestamp,
    ) -> Outcome {
        let mut said = Phrase::default();
        for (n, (key, _)) in posts.posts.iter().enumerate() {
            said = if n == 0 { said } else { said.words(" ") };
            let place = found.iter().position(|post| post.fetched.key == *key);
            let outcome = match place.map(|place| found.swap_remove(place)) {
                None => Phrase::new("is not there, or can not be read."),
                Some(post) => self.report_one(asked, posts, post, now),
            };
            said = said.link(&key.to_string(), &link(key)).words(" ").and(outcome);
        }
        Outcome::Say(said)
    }

    fn report_one(&mut self, asked: &Asked, posts: &Posts, mut post: ScannedPost, now: Timestamp) -> Phrase {
        let reported = self.state.reported.get(&post.fetched.key).map(|told| told.report);
        if let (Some(report), false) = (reported, posts.force) {
            return Phrase::new(format!("was reported before as {report}; add `-force` to report it again."));
        }
        if posts.how == Report::IfCaught {
            if !post.verdict.is_spam() {
                return Phrase::new("is not caught.");
            }
        } else {
            by_hand(&mut post, asked, posts.why.as_deref());
        }
        if posts.how == Report::Always
            && let Some(author) = post.fetched.owner_url.as_deref().and_then(UserKey::from_url)
        {
            self.put_on(asked, UserList::Blacklist, author, now);
        }
        let reasons = post.verdict.reasons.join(", ");
        let is_trial = post.only_experimental && posts.how == Report::IfCaught;
        let ScannedPost { fetched, verdict, content, .. } = post;
        let report = self.report(&fetched, verdict, is_trial, content, now, now);
        Phrase::new(format!("is reported as {report}: ")).data(&reasons).words(".")
    }

    fn report_all(
        &mut self,
        asked: &Asked,
        user: &UserKey,
        found: Vec<ScannedPost>,
        now: Timestamp,
    ) -> Outcome {
        let reputation = found.iter().map(|post| post.fetched.post.owner.reputation).max().unwrap_or(1);
        if found.len() > MAX_OF_USER {
            let n = found.len();
            return Outcome::Fail(Phrase::new(format!(
                "that user has {n} posts; more than {MAX_OF_USER} are reported by hand"
            )));
        }
        if reputation > MAX_REPUTATION {
            return Outcome::Fail(Phrase::new(format!(
                "that user has a reputation of {reputation}, above {MAX_REPUTATION}"
            )));
        }
        let authors = found.iter().filter_map(|post| UserKey::from_url(post.fetched.owner_url.as_deref()?));
        let spammers: BTreeSet<UserKey> =
            if user.is_network_account() { authors.collect() } else { BTreeSet::from([user.clone()]) };
        for spammer in &spammers {
            self.put_on(asked, UserList::Blacklist, spammer.clone(), now);
        }
        let posts = Posts {
            posts: found.iter().map(|post| (post.fetched.key.clone(), post.fetched.post.post_type)).collect(),
            how: Report::Only,
            force: false,
            why: None,
        };
        let (mut n_reported, mut n_before) = (0, 0);
        for post in found {
            if self.state.reported.get(&post.fetched.key).is_some() {
                n_before += 1;
            } else {
                n_reported += 1;
                self.report_one(asked, &posts, post, now);
            }
        }
        let said = Phrase::new(format!("{n_reported} posts reported, {n_before} were before; "));
        let said = said.data(&user.to_string()).words(" is on the blacklist");
        Outcome::Say(match user.is_network_account() {
            true => said.words(format!(" of {} sites.", spammers.len())),
            false => said.words("."),
        })
    }

    fn put_on(&mut self, asked: &Asked, list: UserList, user: UserKey, now: Timestamp) {
        let listed =
            Listed { by: asked.by.clone(), at: now, report: None, why: format!("said in {}", asked.room) };
        self.record(Entry::UserListed { user, list, listed }, now);
    }

    pub(super) fn list_user(
        &mut self,
        asked: &Asked,
        list: UserList,
        user: &UserKey,
        now: Timestamp,
    ) -> Outcome {
        if self.state.people.listed(list, user).is_some() {
            return Outcome::Fail(Phrase::default().data(&user.to_string()).words(" is on that list"));
        }
        self.put_on(asked, list, user.clone(), now);
        Outcome::Say(
            Phrase::default().data(&user.to_string()).words(format!(" is on the {} now.", name(list))),
        )
    }

    pub(super) fn unlist_user(
        &mut self,
        asked: &Asked,
        list: UserList,
        user: &UserKey,
        now: Timestamp,
    ) -> Outcome {
        if self.state.people.listed(list, user).is_none() {
            return Outcome::Fail(
                Phrase::default().data(&user.to_string()).words(format!(" is not on the {}", name(list))),
            );
        }
        self.record(Entry::UserUnlisted { user: user.clone(), list, by: asked.by.clone() }, now);
        Outcome::Say(
            Phrase::default().data(&user.to_string()).words(format!(" is off the {} now.", name(list))),
        )
    }

    pub(super) fn is_listed(&self, list: UserList, user: &UserKey) -> Outcome {
        let said = Phrase::default().data(&user.to_string());
        Outcome::Say(match self.state.people.listed(list, user) {
            None => said.words(format!(" is not on the {}.", name(list))),
            Some(listed) => said
                .words(format!(" is on the {} since {}, put there by ", name(list), dated(listed.at)))
                .data(&listed.by.name)
                .words(" (")
                .data(&listed.why)
                .words(")."),
        })
    }
}

/// Adds the reason that somebody reported the post. What would have been caught stays in the evidence only.
fn by_hand(post: &mut ScannedPost, asked: &Asked, why: Option<&str>) {
    let kind = match post.fetched.post.post_type {
        PostType::Question => "question",
        PostType::Answer => "answer",
    };
    let reason = format!("Manually reported {kind}");
    post.verdict.why.push(Why {
        reason: reason.clone(),
        rule: format!(
            "reported by {} in {}{}",
            asked.by.name,
            asked.room,
            why.map(|why| format!(": {why}")).unwrap_or_default()
        ),
        part: Part::Body,
        start: 0,
        end: 0,
        text: String::new(),
    });
    post.verdict.reasons = vec![reason];
}

fn name(list: UserList) -> &'static str {
    match list {
        UserList::Blacklist => "user blacklist",
        UserList::Whitelist => "user whitelist",
    }
}

fn link(key: &PostKey) -> String {
    format!("https://{}/q/{}", key.site, key.number)
}
