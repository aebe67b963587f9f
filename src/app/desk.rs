//! What commands need to know of the world outside chat: posts by their links, verdicts on texts, errors of the log.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::error_log;
use super::input::Input;
use super::intake::Scanner;
use crate::api::{self, ApiError};
use crate::core::bot::{Batch, DeskQuestion, Event, Reply, ScannedPost};
use crate::core::people::UserKey;
use crate::core::post::{FetchedPost, PostKey, PostType};
use crate::core::talk::MessageKey;

/// Whoever is on more sites is no spammer whom nobody noticed; each costs three requests.
const MAX_ACCOUNTS: usize = 15;
/// Pause between two sites of a network account: the API shuts out whoever asks thirty times a second.
const BETWEEN_SITES: Duration = Duration::from_millis(300);
/// The answer where there is no API.
const NO_API: &str = "posts come from standard input here";

/// Replies to questions, each in a task of its own.
#[derive(Clone)]
pub(super) struct Desk {
    /// Absent where posts come from standard input.
    pub(super) api: Option<api::Client>,
    pub(super) scanner: Scanner,
    pub(super) inputs: mpsc::Sender<Input>,
    pub(super) tasks: TaskTracker,
}

impl Desk {
    pub(super) fn take(&self, message: MessageKey, question: DeskQuestion) {
        let desk = self.clone();
        self.tasks.spawn(async move {
            let reply = desk.reply(question).await;
            // When the service has stopped, the command is still open in the journal.
            let _ = desk.inputs.send(Input::Event(Event::Replied { message, reply })).await;
        });
    }

    async fn reply(&self, question: DeskQuestion) -> Reply {
        match question {
            DeskQuestion::Posts(wanted) => Reply::Posts(match &self.api {
                Some(api) => self.posts(api, wanted).await.map_err(|error| error.to_string()),
                None => Err(NO_API.to_owned()),
            }),
            DeskQuestion::PostsOf(user) => Reply::Posts(match &self.api {
                Some(api) => self.posts_of(api, user).await,
                None => Err(NO_API.to_owned()),
            }),
            DeskQuestion::Verdicts(posts) => Reply::Verdicts(self.scanner.explain(posts).await),
            DeskQuestion::Errors(n) => Reply::Errors(error_log::latest(n)),
        }
    }

    async fn posts(
        &self,
        api: &api::Client,
        wanted: Vec<(PostKey, PostType)>,
    ) -> Result<Vec<ScannedPost>, ApiError> {
        let mut by_kind: BTreeMap<(String, PostType), Vec<i64>> = BTreeMap::new();
        for (key, post_type) in &wanted {
            by_kind.entry((key.site.clone(), *post_type)).or_default().push(key.number);
        }
        let mut found = Vec::new();
        for ((site, post_type), ids) in by_kind {
            let answer = match post_type {
                PostType::Question => api.questions(&site, &ids).await?,
                PostType::Answer => api.questions_of_answers(&site, &ids).await?,
            };
            found.extend(answer.posts.into_iter().filter(|post| ids.contains(&post.key.number)));
        }
        Ok(self.scanned(found).await)
    }

    /// The posts of a user, or of all users of a network account.
    async fn posts_of(&self, api: &api::Client, user: UserKey) -> Result<Vec<ScannedPost>, String> {
        let users = if user.is_network_account() {
            api.users_of_account(user.user).await.map_err(|error| error.to_string())?
        } else {
            vec![user]
        };
        if users.len() > MAX_ACCOUNTS {
            return Err(format!(
                "{} sites have an account of that user, more than {MAX_ACCOUNTS}",
                users.len()
            ));
        }
        let mut found = Vec::new();
        for (n, user) in users.iter().enumerate() {
            if n > 0 {
                tokio::time::sleep(BETWEEN_SITES).await;
            }
            found.extend(self.posts_on_site(api, user).await.map_err(|error| error.to_string())?);
        }
        Ok(found)
    }

    async fn posts_on_site(&self, api: &api::Client, user: &UserKey) -> Result<Vec<ScannedPost>, ApiError> {
        let states = api.posts_of_user(&user.site, user.user).await?;
        let ids: Vec<i64> = states.posts.iter().map(|post| post.number).take(api::MAX_IDS).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = api.questions(&user.site, &ids).await?.posts;
        found.extend(api.questions_of_answers(&user.site, &ids).await?.posts);
        found.retain(|post| ids.contains(&post.key.number));
        found.sort_by_key(|post| post.key.number);
        found.dedup_by_key(|post| post.key.number);
        Ok(self.scanned(found).await)
    }

    async fn scanned(&self, posts: Vec<FetchedPost>) -> Vec<ScannedPost> {
        self.scanner.judge(Batch { posts, ..Batch::default() }).await.posts
    }
}
