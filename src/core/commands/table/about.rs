//! Commands about the service itself and about commands.

use super::super::{Arg, BASE, Command, Spec, Who};

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        name: "alive",
        aliases: &["live"],
        summary: "says that the service lives",
        read: |_| Ok(Command::Alive),
        ..BASE
    },
    Spec {
        name: "status",
        summary: "since when it runs, and whether it scans and speaks",
        read: |_| Ok(Command::Status),
        ..BASE
    },
    Spec {
        name: "version",
        aliases: &["rev", "ver", "location"],
        summary: "which program this is, and where it runs",
        read: |_| Ok(Command::Version),
        ..BASE
    },
    Spec {
        name: "help",
        aliases: &["info", "commands", "man"],
        args: &[Arg::Maybe("name")],
        summary: "all commands, or what one of them does",
        manual: "A `-` behind a command's name makes it quiet. A message that is edited into a command is obeyed.",
        read: |args| Ok(Command::Help(args.maybe("name"))),
        ..BASE
    },
    Spec { name: "whoami", summary: "the user id of the service", read: |_| Ok(Command::WhoAmI), ..BASE },
    Spec {
        name: "amiprivileged",
        aliases: &["amiblacklistprivileged", "amicodeprivileged", "amicodeprivileged-force"],
        summary: "whether you may use the commands that change something here",
        read: |_| Ok(Command::AmIPrivileged),
        ..BASE
    },
    Spec {
        name: "privileges",
        aliases: &["privileged", "whois"],
        args: &[Arg::MaybeRest("role")],
        summary: "the chat user ids that are privileged in this room",
        read: |_| Ok(Command::Privileges),
        ..BASE
    },
    Spec {
        name: "more",
        aliases: &["next"],
        summary: "the next page of my last answer to you",
        read: |_| Ok(Command::More),
        ..BASE
    },
    Spec {
        name: "yes",
        aliases: &["confirm"],
        who: Who::Privileged,
        summary: "carries out what asked you for a confirmation",
        read: |_| Ok(Command::Yes),
        ..BASE
    },
    Spec {
        name: "null",
        aliases: &["ping-help", "groups"],
        args: &[Arg::MaybeRest("text")],
        summary: "nothing; the word belongs to another bot",
        read: |_| Ok(Command::Nothing),
        ..BASE
    },
];
