//! Commands that stop, start and steer the service.

use super::super::{Arg, BASE, Command, Spec, Who, short};
use crate::core::phrase::Phrase;

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
    Spec {
        name: "block",
        args: &[Arg::Number("seconds"), Arg::Maybe("room")],
        summary: "spares a room, or all rooms, for so many seconds",
        manual: "At most 14399 seconds; with 0 or less, 900. Reports are held and said afterwards.",
        read: |args| Ok(Command::Block(args.number("seconds").unwrap_or_default(), args.maybe("room"))),
        ..PRIVILEGED
    },
    Spec {
        name: "unblock",
        args: &[Arg::Maybe("room")],
        summary: "ends the block of a room, or the one of all rooms",
        read: |args| Ok(Command::Unblock(args.maybe("room"))),
        ..PRIVILEGED
    },
    Spec { name: "outbox", summary: "what waits for each room", read: |_| Ok(Command::Outbox), ..BASE },
    Spec {
        name: "lag",
        summary: "how long the latest reports took to their rooms",
        read: |_| Ok(Command::Lag),
        ..BASE
    },
    Spec {
        name: "forecast",
        args: &[Arg::Maybe("room")],
        summary: "when what waits for this room, or another, will be out",
        read: |args| Ok(Command::Forecast(args.maybe("room"))),
        ..BASE
    },
    Spec {
        name: "item",
        args: &[Arg::Number("number")],
        summary: "which report an item of a combined message is",
        manual: "Say it in reply to that message.",
        read: |args| Ok(Command::Item(args.number("number").unwrap_or_default())),
        ..BASE
    },
    Spec {
        name: "apiquota",
        summary: "how many API requests are left today",
        read: |_| Ok(Command::ApiQuota),
        ..BASE
    },
    Spec {
        name: "queuestatus",
        summary: "how many questions wait to be fetched",
        read: |_| Ok(Command::QueueStatus),
        ..BASE
    },
    Spec {
        name: "inqueue",
        args: &[Arg::One("url")],
        source: true,
        summary: "whether a question waits to be fetched",
        read: |args| {
            let url = args.text("url");
            let not = || Phrase::default().code(short(&url)).words(" is no link of a question");
            super::super::post(&url).map(|(key, _)| Command::InQueue(key)).ok_or_else(not)
        },
        ..BASE
    },
    Spec {
        name: "stat",
        aliases: &["scan-stat", "statistics"],
        summary: "what was scanned and reported since the start",
        read: |_| Ok(Command::Stat),
        ..BASE
    },
    Spec {
        name: "errorlogs",
        aliases: &["errlogs", "errorlog", "errlog"],
        args: &[Arg::MaybeNumber("n")],
        summary: "the latest errors of the log; two, or as many as you say",
        read: |args| {
            let n = args.number("n").unwrap_or(2).clamp(1, 20);
            Ok(Command::ErrorLogs(usize::try_from(n).unwrap_or(2)))
        },
        ..PRIVILEGED
    },
];
