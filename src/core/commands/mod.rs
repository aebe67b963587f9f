//! What people can ask for in chat. One table says for each command how it is called, what it takes, who may use it and
//! what it means; parsing, help, manual pages and `docs/commands.md` come from it.
//!
//! A command is `!!/name arguments` or `sdc name arguments` at the start of a message, or one word in reply to a report.
//! Names ignore case, take `_` for `-`, and ignore punctuation behind them; a `-` behind the name makes the command
//! quiet: only what went wrong is said. [`hear`] reads a message, and [`Command`] is what it asks for. Nothing here acts.

mod arguments;
pub mod manual;
mod parse;
pub mod people;
mod table;
pub mod upstream;
mod words;

pub use arguments::{Arg, Arguments};
pub use parse::{Call, Grammar, Heard, Words, hear, hear_reply, is_stop, reply_word};
pub use people::PeopleCommand;
pub use table::{all, find};

use crate::core::lists::List;
use crate::core::people::{UserKey, UserList};
use crate::core::phrase::Phrase;
use crate::core::post::{PostKey, PostType};
use crate::core::report::form;
use crate::core::rooms::RoomKey;

/// Who may use a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever speaks in a room with `commands: true`.
    Everyone,
    /// The privileged people of the room, and moderators of the chat server.
    Privileged,
}

/// Where a command is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Behind the prefix, anywhere in the room.
    Prefix,
    /// As a reply to a report.
    Reply,
    /// As a word of the shorthand, about one of the latest reports of the room.
    Latest,
}

/// One command: a line of the table.
#[derive(Debug)]
pub struct Spec {
    /// What it is called; lower case, words joined with `-`.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it takes, in order.
    pub args: &'static [Arg],
    /// Who may use it.
    pub who: Who,
    /// Who may use it with `-force` behind its name; absent when that makes no sense.
    pub force: Option<Who>,
    /// Where it is said.
    pub form: Form,
    /// Whether its words count as typed: chat shows links shortened and Markdown rendered, so the source of the message is
    /// asked for.
    pub source: bool,
    /// Whether it is carried out only after `yes` within a minute.
    pub confirm: bool,
    /// One line for the list of commands.
    pub summary: &'static str,
    /// What else the manual page tells; may be empty.
    pub manual: &'static str,
    /// Its effect.
    pub read: fn(&Arguments) -> Result<Command, Phrase>,
}

/// A command that takes nothing; the base of all lines of the table.
const BASE: Spec = Spec {
    name: "",
    aliases: &[],
    args: &[],
    who: Who::Everyone,
    force: None,
    form: Form::Prefix,
    source: false,
    confirm: false,
    summary: "",
    manual: "",
    read: |_| Ok(Command::Nothing),
};

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing: the word belongs to another bot.
    Nothing,
    /// Not known yet: chat does not show the words as they were typed, and they count so.
    Unread,
    /// A line that never changes.
    Say(&'static str),
    /// Whether the service lives.
    Alive,
    /// Since when it runs, and whether it speaks.
    Status,
    /// Which program it is, and where.
    Version,
    /// All commands, or the manual page of one.
    Help(Option<String>),
    /// The user id of the service.
    WhoAmI,
    /// Whether the asker is privileged.
    AmIPrivileged,
    /// Who is privileged in the room.
    Privileges,
    /// The next page of the last answer.
    More,
    /// Carries out what waits for a confirmation.
    Yes,
    /// Puts an entry on a list.
    AddEntry {
        /// Which.
        list: List,
        /// The entry, as chat shows it; the message's source has it as typed.
        text: String,
        /// Some objections are overruled.
        force: bool,
    },
    /// Takes an entry off the lists.
    RemoveEntry {
        /// Off the watchlists; else off the blacklists.
        watch: bool,
        /// The entry, as chat shows it.
        text: String,
    },
    /// Which proposals wait.
    Proposals,
    /// Makes a proposal live.
    Approve {
        /// Which.
        number: u64,
        /// Some objections are overruled.
        force: bool,
    },
    /// Refuses a proposal.
    Reject {
        /// Which.
        number: u64,
        /// Why; may be empty.
        why: String,
        /// Also without a reason.
        force: bool,
    },
    /// Which entries are muted.
    Muted,
    /// Lets a muted entry speak again.
    Unmute(String),
    /// Silences the service, at once; on all instances, or those whose name holds the text.
    StappIt(Option<String>),
    /// Hands over: no fetching, no posting.
    Standby(Option<String>),
    /// Ends silence and standby.
    Resume,
    /// Ends the process.
    Kill,
    /// Starts the service again.
    Reboot,
    /// About reports and pings.
    People(PeopleCommand),
    /// Spares a room for so many seconds; or all rooms.
    Block(i64, Option<String>),
    /// Ends that.
    Unblock(Option<String>),
    /// What waits, room by room.
    Outbox,
    /// How long reports take to their rooms.
    Lag,
    /// When what waits for a room will be out.
    Forecast(Option<String>),
    /// Which report an item of a combined message is; the command replies to that message.
    Item(i64),
    /// Requests that are left today.
    ApiQuota,
    /// Questions that wait to be fetched.
    QueueStatus,
    /// Whether a question waits to be fetched.
    InQueue(PostKey),
    /// What was scanned and reported since the start.
    Stat,
    /// The latest errors.
    ErrorLogs(usize),
    /// What the rules say of a text.
    Test(TestText),
    /// Which entries match a text.
    Bisect(String),
    /// Which number entries match a number.
    BisectNumber(String),
    /// What the number lists compare of a number.
    NormalizeNumber(String),
    /// Scans or reports some posts.
    Posts(Posts),
    /// Reports all posts of a user.
    AllSpam(UserKey),
    /// Puts a user on a list.
    ListUser(UserList, UserKey),
    /// Takes a user off a list.
    UnlistUser(UserList, UserKey),
    /// Whether a user is on a list.
    IsListed(UserList, UserKey),
}

/// A text that the rules are tried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestText {
    /// What it is taken for.
    pub part: TestPart,
    /// Host name of the site.
    pub site: String,
    /// The text, or a post as JSON.
    pub text: String,
}

/// What a text is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestPart {
    /// Title, body and name at once, of a question and of an answer.
    All,
    /// The body of a question.
    Question,
    /// The body of an answer.
    Answer,
    /// A title.
    Title,
    /// A display name.
    Username,
    /// A whole post.
    Json,
}

/// Posts that are to be scanned or reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posts {
    /// Which; at most five.
    pub posts: Vec<(PostKey, PostType)>,
    /// What is done with them.
    pub how: Report,
    /// Also when they were reported before.
    pub force: bool,
    /// What the asker says of them.
    pub why: Option<String>,
}

/// When a post that somebody names is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// When the rules catch it.
    IfCaught,
    /// Always, and its author goes on the blacklist.
    Always,
    /// Always.
    Only,
}

impl Command {
    fn add_entry(list: List, args: &Arguments) -> Self {
        Self::AddEntry { list, text: args.text("pattern"), force: args.force }
    }
}

/// How the room of a command is named when it is not the present one: `990011`, or `stackoverflow.com/990011`.
///
/// # Errors
/// When the text is no room.
pub fn room_named(text: &str, here: &RoomKey) -> Result<RoomKey, Phrase> {
    let (server, room) = text.rsplit_once('/').unwrap_or((&here.server, text));
    match room.parse() {
        Ok(room) => Ok(RoomKey::new(server, room)),
        Err(_) => Err(Phrase::default().code(short(text)).words(" is no room; write its number")),
    }
}

/// The post of a link, with or without a scheme.
fn post(word: &str) -> Option<(PostKey, PostType)> {
    let word = word.trim_matches(['<', '>']);
    if word.contains("//") { form::post(word) } else { form::post(&format!("//{word}")) }
}

/// The beginning of what somebody typed, for an answer that quotes it.
pub fn short(text: &str) -> &str {
    crate::core::chat_text::cut(text, 60)
}

#[cfg(test)]
mod tests;
