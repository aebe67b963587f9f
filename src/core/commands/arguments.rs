//! What a command takes, and the words it was given.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Spec, short, words};
use crate::core::phrase::Phrase;

/// The most words that one argument takes.
const MAX_WORDS: usize = 7;

/// One thing that a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    /// One word.
    One(&'static str),
    /// One word, or none.
    Maybe(&'static str),
    /// One to seven words.
    Many(&'static str),
    /// A whole number, or none.
    MaybeNumber(&'static str),
    /// A whole number.
    Number(&'static str),
    /// All that is left, as typed: quotes and spaces count.
    Rest(&'static str),
    /// The same, or nothing.
    MaybeRest(&'static str),
}

impl Arg {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::One(name)
            | Self::Maybe(name)
            | Self::Many(name)
            | Self::MaybeNumber(name)
            | Self::Number(name)
            | Self::Rest(name)
            | Self::MaybeRest(name) => name,
        }
    }

    /// How a manual page writes it.
    pub fn usage(self) -> String {
        let name = self.name().to_uppercase();
        match self {
            Self::One(_) | Self::Number(_) | Self::Rest(_) => name,
            Self::Maybe(_) | Self::MaybeNumber(_) | Self::MaybeRest(_) => format!("[{name}]"),
            Self::Many(_) => format!("{name}..."),
        }
    }

    fn clap(self) -> clap::Arg {
        let arg = clap::Arg::new(self.name()).allow_hyphen_values(true);
        match self {
            Self::One(_) | Self::Rest(_) => arg.required(true),
            Self::Maybe(_) | Self::MaybeRest(_) => arg,
            Self::Many(_) => arg.required(true).num_args(1..=MAX_WORDS),
            Self::Number(_) => arg.required(true).value_parser(clap::value_parser!(i64)),
            Self::MaybeNumber(_) => arg.value_parser(clap::value_parser!(i64)),
        }
    }
}

/// The words that a command was given, by the names of its arguments.
#[derive(Debug)]
pub struct Arguments {
    found: clap::ArgMatches,
    /// Whether the name ended in `-force`.
    pub force: bool,
    /// The name as the table has it.
    pub name: &'static str,
}

impl Arguments {
    /// Reads what stands behind the name of a command.
    ///
    /// # Errors
    /// What is missing, too much, or of the wrong sort.
    pub(super) fn read(spec: &'static Spec, text: &str, force: bool) -> Result<Self, Phrase> {
        let takes_rest = |arg: &Arg| matches!(arg, Arg::Rest(_) | Arg::MaybeRest(_));
        let words = if spec.args.iter().any(takes_rest) {
            with_rest(text.trim(), spec.args.len())
        } else {
            words::split(text).map_err(|odd| {
                Phrase::new("a quote is opened before ")
                    .code(&odd.0)
                    .words(" and never closed; close it, or leave it out")
            })?
        };
        let command = clap::Command::new(spec.name)
            .no_binary_name(true)
            .disable_help_flag(true)
            .disable_version_flag(true)
            .args(spec.args.iter().map(|arg| arg.clap()));
        match command.try_get_matches_from(words) {
            Ok(found) => Ok(Self { found, force, name: spec.name }),
            Err(error) => Err(said_of(&error)),
        }
    }

    /// A word that is always there.
    pub fn text(&self, name: &str) -> String {
        self.maybe(name).unwrap_or_default()
    }

    /// A word that may be there.
    pub fn maybe(&self, name: &str) -> Option<String> {
        self.found.get_one::<String>(name).cloned()
    }

    /// A number that may be there.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.found.get_one::<i64>(name).copied()
    }

    /// A number that is always there and counts something; 0, which counts nothing, for a negative one.
    pub fn count(&self, name: &str) -> u64 {
        self.number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
    }

    /// All words of an argument that takes several.
    pub fn many(&self, name: &str) -> Vec<String> {
        self.found.get_many::<String>(name).into_iter().flatten().cloned().collect()
    }
}

/// The first words, and the last argument as it was typed.
fn with_rest(text: &str, n_args: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while words.len() + 1 < n_args && !rest.is_empty() {
        let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    if !rest.is_empty() {
        words.push(rest.to_owned());
    }
    words
}

/// What is wrong, without the page that clap would print.
fn said_of(error: &clap::Error) -> Phrase {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    match error.kind() {
        ErrorKind::MissingRequiredArgument => Phrase::new("something is missing"),
        ErrorKind::ValueValidation => {
            Phrase::default().code(short(&context(ContextKind::InvalidValue))).words(" is no whole number")
        }
        _ => Phrase::new("that is more than it takes"),
    }
}
