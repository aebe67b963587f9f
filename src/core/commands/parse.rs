//! From a chat message to a command.

use super::arguments::Arguments;
use super::people::PeopleCommand;
use super::{Command, Form, Spec, Who, manual, short, table, upstream};
use crate::core::feedback::{self, behind_shorthand, without_number};
use crate::core::nearest::nearest;
use crate::core::phrase::Phrase;

/// Longer names are no commands; the longest is half of this.
const MAX_NAME: usize = 60;
/// More words of the shorthand are not looked at; no room remembers so many reports.
const MAX_LATEST: usize = 200;

/// How commands look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// What a command starts with: `!!/`.
    pub prefix: String,
    /// What feedback on the latest reports starts with, `sd`; with a `c` behind it, it starts a command as well.
    pub shorthand: String,
}

impl Default for Grammar {
    fn default() -> Self {
        Self { prefix: "!!/".to_owned(), shorthand: "sd".to_owned() }
    }
}

/// Where the words of a message come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// As chat shows them, links shortened.
    Shown,
    /// As they were typed.
    Typed,
}

/// A command that was understood.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its line of the table.
    pub spec: &'static Spec,
    /// What it asks for.
    pub command: Command,
    /// Say only what goes wrong.
    pub quiet: bool,
    /// Whether `-force` stood behind its name.
    pub force: bool,
    /// Who may ask for it in this way.
    pub who: Who,
}

/// What a message is.
#[derive(Clone, Debug)]
pub enum Heard {
    /// No command; nothing is answered.
    NoCommand,
    /// A command.
    Call(Box<Call>),
    /// A command with a mistake; the text says which, and how to mend it.
    Mistake(Phrase),
}

/// Reads a message that may begin with a command.
pub fn hear(text: &str, words: Words, grammar: &Grammar) -> Heard {
    match called(text, grammar) {
        Some((name, arguments)) => understand(name, arguments, Form::Prefix, words, grammar),
        None => hear_latest(text, grammar),
    }
}

/// Reads a reply to a report of ours. What begins with the prefix is a command as anywhere; else the first word may
/// be one of those that are said as replies.
pub fn hear_reply(text: &str, words: Words, grammar: &Grammar) -> Heard {
    if let Some((name, arguments)) = called(text, grammar) {
        // `!!/why` in reply to a report means what `why` does.
        return match understand(name, arguments, Form::Reply, words, grammar) {
            Heard::NoCommand => understand(name, arguments, Form::Prefix, words, grammar),
            heard => heard,
        };
    }
    match hear_latest(text, grammar) {
        Heard::NoCommand => {}
        heard => return heard,
    }
    let text = text.trim();
    let (name, arguments) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    understand(name, arguments, Form::Reply, words, grammar)
}

/// One word that is said in reply to a report and is no feedback: `why`, `gone-force`.
pub fn reply_word(word: &str, grammar: &Grammar) -> Option<Box<Call>> {
    match understand(word, "", Form::Reply, Words::Shown, grammar) {
        Heard::Call(call) => Some(call),
        Heard::NoCommand | Heard::Mistake(_) => None,
    }
}

/// Reads the shorthand where a word of it is what reports are replied with. Feedback alone is no command: it counts in
/// every room, and also when it is read later.
fn hear_latest(text: &str, grammar: &Grammar) -> Heard {
    let Some(spec) = table::latest() else { return Heard::NoCommand };
    let Some(words) = behind_shorthand(text, &grammar.shorthand) else { return Heard::NoCommand };
    let each = || words.split_whitespace().take(MAX_LATEST).map(without_number);
    let asks: Vec<Who> = each().filter_map(|word| reply_word(word, grammar)).map(|call| call.who).collect();
    if asks.is_empty() {
        return Heard::NoCommand;
    }
    let has_feedback = each().any(|word| feedback::parse_or_undo(word).is_some());
    let who = if has_feedback || asks.contains(&Who::Privileged) { Who::Privileged } else { Who::Everyone };
    let command = Command::People(PeopleCommand::Latest(words.to_owned()));
    Heard::Call(Box::new(Call { spec, command, quiet: false, force: false, who }))
}

/// Whether a message looks like one that must be heard before any other: it silences, hands over, or ends the service.
/// Who says it is not looked at.
pub fn is_stop(text: &str, grammar: &Grammar) -> bool {
    matches!(hear(text, Words::Shown, grammar), Heard::Call(call)
        if matches!(call.command, Command::StappIt(_) | Command::Standby(_) | Command::Kill))
}

/// The name and what stands behind it.
fn called<'a>(text: &'a str, grammar: &Grammar) -> Option<(&'a str, &'a str)> {
    let text = text.trim();
    let rest = match text.strip_prefix(grammar.prefix.as_str()) {
        Some(rest) => rest,
        None => {
            let (word, rest) = text.split_once(char::is_whitespace)?;
            let (shorthand, c) = word.split_at_checked(grammar.shorthand.len())?;
            let is_ours = shorthand.eq_ignore_ascii_case(&grammar.shorthand) && c.eq_ignore_ascii_case("c");
            is_ours.then(|| rest.trim_start())?
        }
    };
    Some(rest.split_once(char::is_whitespace).unwrap_or((rest, "")))
}

fn understand(typed: &str, arguments: &str, form: Form, words: Words, grammar: &Grammar) -> Heard {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '/';
    let name = typed.trim_end_matches(|c: char| !is_in_name(c));
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_in_name);
    if !is_name || name.len() > MAX_NAME {
        return Heard::NoCommand;
    }
    let name = name.to_ascii_lowercase().replace('_', "-");
    let (name, quiet) = match name.strip_suffix('-') {
        Some(name) => (name, true),
        None => (name.as_str(), false),
    };
    let Some((spec, force)) = table::named(name, form) else {
        return if form == Form::Prefix { unknown(name, grammar) } else { Heard::NoCommand };
    };
    let who = match spec.force {
        Some(who) if force => who,
        _ => spec.who,
    };
    let read = Arguments::read(spec, arguments, force).and_then(|arguments| (spec.read)(&arguments));
    match read {
        Ok(command) => Heard::Call(Box::new(Call { spec, command, quiet, force, who })),
        Err(_) if spec.source && words == Words::Shown => {
            Heard::Call(Box::new(Call { spec, command: Command::Unread, quiet, force, who }))
        }
        Err(why) => Heard::Mistake(why.words("; it goes ").code(&manual::usage(spec, grammar))),
    }
}

fn unknown(name: &str, grammar: &Grammar) -> Heard {
    if let Some(instead) = upstream::instead(name) {
        return Heard::Mistake(Phrase::new("there is no ").code(name).words(format!(" here: {instead}")));
    }
    let names = table::all().filter(|spec| spec.form == Form::Prefix).map(|spec| spec.name);
    let said = Phrase::new("no such command ").code(short(name));
    let command = |name: &str| format!("{}{name}", grammar.prefix);
    Heard::Mistake(match nearest(name, names) {
        Some(near) => said.words("; did you mean ").code(&command(near)).words("?"),
        None => said.words("; ").code(&command("help")).words(" lists them"),
    })
}
