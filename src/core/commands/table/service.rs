//! Commands that stop, start and steer the service.

use super::super::{Arg, BASE, Command, Spec, Who};

const PRIVILEGED: Spec = Spec { who: Who::Privileged, ..BASE };

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        name: "stappit",
        args: &[Arg::MaybeRest("instance")],
        summary: "silences the service at once; it goes on scanning",
        manual: "Heard before everything that waits, and not answered. With a text it means only instances whose name \
                 (`version` shows it) holds it. Reports are kept, and said after `resume`.",
        read: |args| Ok(Command::StappIt(args.maybe("instance"))),
        ..PRIVILEGED
    },
    Spec {
        name: "standby",
        args: &[Arg::MaybeRest("instance")],
        summary: "hands over: it fetches and says nothing until `resume`",
        manual: "Heard before everything that waits, and not answered. With a text it means only instances whose name \
                 holds it. What becomes active meanwhile is scanned after `resume`.",
        read: |args| Ok(Command::Standby(args.maybe("instance"))),
        ..PRIVILEGED
    },
    Spec {
        name: "resume",
        aliases: &["unstappit"],
        summary: "ends `stappit` and `standby`",
        read: |_| Ok(Command::Resume),
        ..PRIVILEGED
    },
    Spec {
        name: "kill",
        summary: "ends the process at once",
        manual: "Heard before everything that waits, and not answered. What waits is kept for the next start, which \
                 somebody with a shell has to make.",
        read: |_| Ok(Command::Kill),
        ..PRIVILEGED
    },
    Spec {
        name: "reboot",
        aliases: &["restart"],
        confirm: true,
        summary: "starts the service again, with its files read anew",
        read: |_| Ok(Command::Reboot),
        ..PRIVILEGED
    },
];
