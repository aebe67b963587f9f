//! SmokeDetector's commands, and what is used here in their place: the help for people who know those, and the source of
//! the table in `README.md`. Names as of October 2020, with those that a fork of 2024 added.

use super::{Form, Grammar, manual, table};
use crate::core::feedback;

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// It is here, under all its names.
    Same,
    /// Each of its names is feedback.
    Feedback,
    /// Something else does it.
    Instead(&'static str),
    /// It has no use here.
    Not(&'static str),
}

/// A command of SmokeDetector.
#[derive(Clone, Copy, Debug)]
pub struct Upstream {
    /// Its name, then its aliases.
    pub names: &'static [&'static str],
    /// Where it is said.
    pub form: Form,
    /// What became of it.
    pub here: Here,
}

const NO_METASMOKE: Here = Here::Not("this service keeps its own records and needs no metasmoke");
const NO_GIT: Here = Here::Not("lists change at once, without git; `reboot` reads all files anew");
const ONE_STATE: Here =
    Here::Not("all state is in the journal of the service; `smokestack backup` copies it");

const fn row(names: &'static [&'static str], here: Here) -> Upstream {
    Upstream { names, form: Form::Prefix, here }
}

const fn reply(names: &'static [&'static str], here: Here) -> Upstream {
    Upstream { names, form: Form::Reply, here }
}

/// All of them, in the order of the reference.
pub const ALL: &[Upstream] = &[
    row(&["alive", "live"], Here::Same),
    row(&["status"], Here::Same),
    row(&["version", "rev", "ver", "location"], Here::Same),
    row(&["info", "help", "commands"], Here::Same),
    row(&["welcome"], Here::Same),
    row(&["whoami"], Here::Same),
    row(&["whois"], Here::Same),
    row(&["amiprivileged"], Here::Same),
    row(&["amiblacklistprivileged", "amicodeprivileged"], Here::Same),
    row(&["apiquota"], Here::Same),
    row(&["queuestatus"], Here::Same),
    row(&["inqueue"], Here::Same),
    row(&["listening", "threads"], Here::Not("`/readyz` and `/metrics` tell how the parts are")),
    row(&["last-feedbacked"], Here::Instead("`/v1/reports` has all feedback")),
    row(&["stat", "scan-stat", "statistics"], Here::Same),
    row(&["ping-failure-counter", "counter"], NO_METASMOKE),
    row(&["metasmoke", "ms-status", "ms-up", "ms-down", "ms-down-force"], NO_METASMOKE),
    row(&["test"], Here::Same),
    row(&["test-q", "test-question"], Here::Same),
    row(&["test-a", "test-answer"], Here::Same),
    row(&["test-t", "test-title"], Here::Same),
    row(&["test-u", "test-user", "test-username"], Here::Same),
    row(&["test-j", "test-json"], Here::Same),
    row(&["bisect", "what"], Here::Same),
    row(&["bisect-number", "what-number"], Here::Same),
    row(&["normalize-number", "deobfuscate-number"], Here::Same),
    row(&["scan", "scan-force"], Here::Same),
    row(&["scan-time", "scan-force-time"], Here::Instead("`smokestack rules stats` tells what rules cost")),
    row(&["report", "report-force"], Here::Same),
    row(&["report-direct"], Here::Same),
    row(&["allspam", "reportuser"], Here::Same),
    row(&["feedback"], Here::Same),
    row(&["addblu"], Here::Same),
    row(&["rmblu"], Here::Same),
    row(&["isblu"], Here::Same),
    row(&["addwlu"], Here::Same),
    row(&["rmwlu"], Here::Same),
    row(&["iswlu"], Here::Same),
    row(&["blacklist-keyword", "blacklist-keyword-force"], Here::Same),
    row(&["blacklist-website", "blacklist-website-force"], Here::Same),
    row(&["blacklist-username", "blacklist-username-force"], Here::Same),
    row(&["blacklist-number", "blacklist-number-force"], Here::Same),
    row(&["watch", "watch-keyword", "watch-force"], Here::Same),
    row(&["watch-number", "watch-number-force"], Here::Same),
    row(&["unwatch"], Here::Same),
    row(&["unblacklist"], Here::Same),
    row(&["blacklist"], Here::Instead("`blacklist-keyword`, `-website`, `-username` or `-number`")),
    row(&["approve", "accept"], Here::Same),
    row(&["reject", "close", "reject-force", "close-force"], Here::Same),
    row(&["block"], Here::Same),
    row(&["unblock"], Here::Same),
    row(&["notify"], Here::Same),
    row(&["unnotify"], Here::Same),
    row(&["unnotify-all"], Here::Same),
    row(&["unnotify-all-admin"], Here::Not("everybody ends their own")),
    row(&["willbenotified"], Here::Same),
    row(&["allnotificationsites", "allnoti"], Here::Same),
    row(&["errorlogs", "errlogs", "errorlog", "errlog"], Here::Same),
    row(&["reboot", "restart"], Here::Same),
    row(&["reload"], Here::Instead("`reboot` reads all files anew")),
    row(
        &["pull", "pull-force", "pull-sync", "pull-sync-force", "pull-sync-hard", "pull-sync-hard-reboot"],
        NO_GIT,
    ),
    row(&["git-status", "git-help", "git-merge-abort", "git-reset", "remotediff", "master"], NO_GIT),
    row(&["stappit"], Here::Same),
    row(&["standby"], Here::Same),
    row(&["standby-except"], Here::Instead("`standby` with a part of the name of each of the others")),
    row(&["stopflagging"], Here::Not("this service flags nothing")),
    row(&["dump-data", "load-data"], ONE_STATE),
    row(&["migrate-notifications"], ONE_STATE),
    row(&["dig", "ns", "soa", "dnscheck"], Here::Not("any DNS tool answers that without a chat message")),
    row(&["no-se-websocket-activity"], Here::Not("a silent socket is reconnected without being told")),
    row(&["blame"], Here::Same),
    row(&["brownie"], Here::Same),
    row(&["coffee"], Here::Same),
    row(&["lick"], Here::Same),
    row(&["tea"], Here::Same),
    row(&["wut"], Here::Same),
    row(&["invite"], Here::Instead("a room is added to `rooms.yml`; `reboot` reads it")),
    row(&["null", "ping-help", "groups"], Here::Same),
    reply(&["true", "tp"], Here::Feedback),
    reply(&["trueu", "tpu"], Here::Feedback),
    reply(&["k", "spam", "rude", "abuse", "abusive", "offensive", "r/a"], Here::Feedback),
    reply(&["v", "vand"], Here::Feedback),
    reply(&["vandalism"], Here::Feedback),
    reply(&["false", "fp"], Here::Feedback),
    reply(&["falseu", "fpu"], Here::Feedback),
    reply(&["f", "notspam"], Here::Feedback),
    reply(&["naa", "n"], Here::Feedback),
    reply(&["ignore", "ig"], Here::Feedback),
    reply(&["delete", "del", "remove", "poof", "gone", "kaboom"], Here::Same),
    reply(
        &["delete-force", "del-force", "remove-force", "poof-force", "gone-force", "kaboom-force"],
        Here::Same,
    ),
    reply(&["postgone"], Here::Same),
    reply(&["why", "wtf"], Here::Same),
    reply(&["autoflagged"], Here::Not("this service flags nothing")),
];

/// What to use instead of a command of SmokeDetector that does not exist here.
pub fn instead(name: &str) -> Option<&'static str> {
    let upstream = ALL.iter().find(|row| row.form == Form::Prefix && row.names.contains(&name))?;
    match upstream.here {
        Here::Same | Here::Feedback => None,
        Here::Instead(why) | Here::Not(why) => Some(why),
    }
}

/// `docs/commands.md`, as it should be.
pub fn page() -> String {
    let grammar = Grammar::default();
    let cell = |text: &str| text.replace('|', "\\|");
    let mut page = INTRODUCTION.to_owned();
    for (kind, meaning) in feedback::TYPES {
        let of = |silent: bool| {
            let of_kind = feedback::words().filter(|word| {
                feedback::parse(word)
                    .is_some_and(|it| it == if silent { format!("{kind}-") } else { kind.to_owned() })
            });
            of_kind.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        };
        page += &format!("| {} | {} | {meaning} |\n", of(false), of(true));
    }
    page += COMMANDS;
    for spec in table::all() {
        let usage = cell(&manual::usage(spec, &grammar));
        let aliases = if spec.aliases.is_empty() {
            String::new()
        } else {
            format!(" (also {})", spec.aliases.join(", "))
        };
        let manual = if spec.manual.is_empty() {
            String::new()
        } else {
            format!(". {}", cell(spec.manual).trim_end_matches('.'))
        };
        page += &format!("| `{usage}`{aliases} | {} | {}{manual} |\n", manual::who(spec), cell(spec.summary));
    }
    page
}

/// The table of the README that says what became of each of SmokeDetector's commands.
pub fn mapping() -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut page = UPSTREAM.to_owned();
    for row in ALL {
        let here = match row.here {
            Here::Same => {
                let name = row
                    .names
                    .first()
                    .and_then(|name| table::named(name, row.form))
                    .map_or("", |(spec, _)| spec.name);
                format!("`{name}`")
            }
            Here::Feedback => "feedback, with the same meaning".to_owned(),
            Here::Instead(what) => what.to_owned(),
            Here::Not(why) => format!("not here: {why}"),
        };
        let form = if row.form == Form::Reply { " (as a reply)" } else { "" };
        page += &format!("| {}{form} | {} |\n", row.names.join(", "), cell(&here));
    }
    page
}

const INTRODUCTION: &str = "# Commands in chat

A command is `!!/name` or `sdc name` at the start of a message, in a room with `commands: true`; `chat` in `smokestack.yml` chooses
other words. Names ignore case, `_` is `-`, punctuation behind a name is ignored, and a `-` behind it makes the command quiet: only what
goes wrong is said. A message that is edited into a command is obeyed. What destroys asks for `!!/yes`. `!!/help NAME` tells what
stands here.

This page is made from the tables in `src/core/commands/table` and `src/core/feedback`; a test compares them.

## Feedback

Privileged people of the room, and moderators of the chat server, reply to a report with one of these words. A `-` behind a word makes it
silent: it counts, and nothing is said of it. What stands behind the word is kept as a comment, and so is any other reply.

| confirmed | silent | means |
|---|---|---|
";

const COMMANDS: &str = "| `undo` | `undo-` | takes back what you said of the report, for ten minutes; so does deleting your message |

In reply to a message with several reports name the items: `2 tpu`, `1,3-5 fp-`, `2 k 4 f`, `k 1,3 f 2`, `all tpu-`. One wrong number and
nothing counts. `sd tpu- - 2fp` speaks of the latest reports of the room, newest first. Feedback counts in every room with `privileges`, on
reports of other instances as well, and also when it was given while the service was down.

## Commands

Those without `!!/` are said in reply to a report.

| command | who | what it does |
|---|---|---|
";

const UPSTREAM: &str = "| there | here |\n|---|---|\n";
