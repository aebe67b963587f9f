//! Commands that change the lists.

use super::super::{Arg, BASE, Command, Spec, Who};
use crate::core::lists::{Kind, List};

const PRIVILEGED: Spec = Spec { who: Who::Privileged, ..BASE };

/// A command that puts an entry on a list.
const ADD: Spec = Spec {
    source: true,
    args: &[Arg::Rest("pattern")],
    force: Some(Who::Privileged),
    manual: "Checked first, and a proposal from people without privileges, as with `watch`.",
    ..BASE
};

const fn watch(kind: Kind) -> List {
    List { watch: true, kind }
}

const fn blacklist(kind: Kind) -> List {
    List { watch: false, kind }
}

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        name: "watch",
        aliases: &["watch-keyword"],
        summary: "puts a pattern on the watchlist of keywords",
        manual: "The pattern is taken as you typed it, and checked first: does it parse, does it hit harmless text, has it an \
                 unescaped dot, is it caught already. `-force` overrules the last two. From people without privileges it is a \
                 proposal: `!!/approve` makes it live.",
        read: |args| Ok(Command::add_entry(watch(Kind::Keywords), args)),
        ..ADD
    },
    Spec {
        name: "watch-website",
        summary: "puts a pattern on the watchlist of websites",
        read: |args| Ok(Command::add_entry(watch(Kind::Websites), args)),
        ..ADD
    },
    Spec {
        name: "watch-username",
        summary: "puts a pattern on the watchlist of user names",
        read: |args| Ok(Command::add_entry(watch(Kind::Usernames), args)),
        ..ADD
    },
    Spec {
        name: "watch-number",
        summary: "puts a phone number on the watchlist",
        read: |args| Ok(Command::add_entry(watch(Kind::Numbers), args)),
        ..ADD
    },
    Spec {
        name: "blacklist-keyword",
        summary: "puts a pattern on the blacklist of keywords, and takes it off the watchlist",
        read: |args| Ok(Command::add_entry(blacklist(Kind::Keywords), args)),
        ..ADD
    },
    Spec {
        name: "blacklist-website",
        summary: "puts a pattern on the blacklist of websites, and takes it off the watchlist",
        read: |args| Ok(Command::add_entry(blacklist(Kind::Websites), args)),
        ..ADD
    },
    Spec {
        name: "blacklist-username",
        summary: "puts a pattern on the blacklist of user names, and takes it off the watchlist",
        read: |args| Ok(Command::add_entry(blacklist(Kind::Usernames), args)),
        ..ADD
    },
    Spec {
        name: "blacklist-number",
        summary: "puts a phone number on the blacklist, and takes it off the watchlist",
        read: |args| Ok(Command::add_entry(blacklist(Kind::Numbers), args)),
        ..ADD
    },
    Spec {
        name: "unwatch",
        args: &[Arg::Rest("pattern")],
        source: true,
        summary: "takes an entry off the watchlists",
        manual: "The pattern is written as in the list. An entry of an imported list stays in its file and is switched off.",
        read: |args| Ok(Command::RemoveEntry { watch: true, text: args.text("pattern") }),
        ..PRIVILEGED
    },
    Spec {
        name: "unblacklist",
        args: &[Arg::Rest("pattern")],
        source: true,
        summary: "takes an entry off the blacklists",
        manual: "The pattern is written as in the list. An entry of an imported list stays in its file and is switched off.",
        read: |args| Ok(Command::RemoveEntry { watch: false, text: args.text("pattern") }),
        ..PRIVILEGED
    },
    Spec {
        name: "proposals",
        summary: "entries that wait for a privileged person",
        read: |_| Ok(Command::Proposals),
        ..BASE
    },
    Spec {
        name: "approve",
        aliases: &["accept"],
        args: &[Arg::Number("proposal")],
        force: Some(Who::Privileged),
        summary: "makes a proposed entry live",
        read: |args| Ok(Command::Approve { number: args.count("proposal"), force: args.force }),
        ..PRIVILEGED
    },
    Spec {
        name: "reject",
        aliases: &["close"],
        args: &[Arg::Number("proposal"), Arg::MaybeRest("why")],
        force: Some(Who::Privileged),
        summary: "refuses a proposed entry",
        manual: "Say why, in 20 characters or more; `-force` does without. Who made a proposal takes it back in the same way, and \
                 need not say why.",
        read: |args| {
            let why = args.maybe("why").unwrap_or_default();
            let why = why.trim_matches(['"', '“', '”']).to_owned();
            Ok(Command::Reject { number: args.count("proposal"), why, force: args.force })
        },
        ..PRIVILEGED
    },
    Spec {
        name: "muted",
        summary: "new entries whose reports wait for a person",
        manual: "An entry that is younger than a day, has fewer than 5 tp, and hit 3 false positives or posts of authors with \
                 a reputation above 100 is muted: what only it finds is held until `unmute`.",
        read: |_| Ok(Command::Muted),
        ..BASE
    },
    Spec {
        name: "unmute",
        args: &[Arg::One("entry")],
        summary: "lets out what a muted entry found, and trusts it from now on",
        read: |args| Ok(Command::Unmute(args.text("entry"))),
        ..PRIVILEGED
    },
];
