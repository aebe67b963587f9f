//! What commands need to know of the world: questions, and what comes back.

use std::collections::BTreeMap;

use super::super::ScannedPost;
use crate::core::lists::List;
use crate::core::people::UserKey;
use crate::core::post::{Post, PostKey, PostType};
use crate::core::rules::Origin;
use crate::core::rules::lint::Objection;
use crate::core::verdict::Verdict;

/// What the bot wants to know from outside, to answer a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Of the chat server where the command was said.
    Chat(ChatQuestion),
    /// Of everything else.
    Desk(DeskQuestion),
    /// What speaks against a new entry of a list.
    Lint(Candidate),
}

/// What only chat knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatQuestion {
    /// Whether the asker is a moderator of the chat server.
    IsModerator {
        /// Chat user id.
        user_id: i64,
    },
    /// The source of a message, as its author typed it.
    Source {
        /// Chat's id.
        message_id: i64,
    },
}

/// What the API, the rules and the log know.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskQuestion {
    /// Some posts, with their verdicts.
    Posts(Vec<(PostKey, PostType)>),
    /// All posts of a user, with their verdicts.
    PostsOf(UserKey),
    /// What the rules say of some texts.
    Verdicts(Vec<Post>),
    /// The latest so many errors of the log.
    Errors(usize),
}

/// What the rules say of a text, and where in the files that stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The verdict.
    pub verdict: Verdict,
    /// The rules of [`Verdict::why`], by name.
    pub origins: BTreeMap<String, Origin>,
}

/// What the world says to a [`Question`]. Texts of errors are for the asker.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Whether somebody is a moderator of the chat server.
    IsModerator {
        /// Chat user id.
        user_id: i64,
        /// What chat says.
        known: Result<bool, String>,
    },
    /// The source of a message.
    Source(Result<String, String>),
    /// The posts that are there.
    Posts(Result<Vec<ScannedPost>, String>),
    /// What the rules say, in the order of the question.
    Verdicts(Result<Vec<Explained>, String>),
    /// Errors of the log, oldest first.
    Errors(Vec<String>),
    /// What speaks against a new entry of a list; an error when no list can be changed.
    Lint {
        /// The entry.
        candidate: Candidate,
        /// What speaks against it.
        objections: Result<Vec<Objection>, String>,
    },
}

/// What became of a change of the lists outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The entry that was added, as verdicts name it.
    pub added: Option<String>,
    /// The entries that were taken off, as verdicts name them.
    pub gone: Vec<String>,
    /// Why the change is live and not in its file.
    pub not_kept: Option<String>,
}

/// An entry that is to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it should go.
    pub list: List,
    /// As it would be written.
    pub text: String,
    /// What may be overruled is.
    pub force: bool,
    /// The proposal that it comes from.
    pub proposal: Option<u64>,
}
