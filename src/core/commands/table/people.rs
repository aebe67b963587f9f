//! Commands about reports and pings.

use super::super::people::PeopleCommand;
use super::super::{Arg, BASE, Command, Form, Spec, Who};
use crate::core::retraction::Retract;

const ROOM_AND_SITE: &[Arg] = &[Arg::Number("room"), Arg::One("site")];

/// Said in reply to a report.
const REPLY: Spec = Spec { form: Form::Reply, ..BASE };

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        name: "feedback",
        args: &[Arg::One("report"), Arg::One("type")],
        who: Who::Privileged,
        summary: "feedback on the report with that id, or on that of a post by its link",
        manual: "The types are those of a reply: `tp`, `tpu`, `fp`, `fpu`, `naa`, `ignore`, their short forms, and `undo`, which takes \
                 back what you said in the last ten minutes. A `-` behind the type leaves the confirmation out.",
        source: true,
        read: PeopleCommand::feedback,
        ..BASE
    },
    Spec {
        name: "why",
        aliases: &["wtf"],
        args: &[Arg::Maybe("report")],
        summary: "why a post was reported, and what people say of it, by the report's id or the post's link",
        source: true,
        read: PeopleCommand::why,
        ..BASE
    },
    Spec {
        name: "why",
        aliases: &["wtf"],
        args: &[Arg::MaybeNumber("item")],
        summary: "why the post was reported, and what people say of it; with its number in a message with several",
        read: |args| Ok(Command::People(PeopleCommand::WhyItem(args.number("item")))),
        ..REPLY
    },
    Spec {
        name: "delete",
        aliases: &["del", "remove", "poof", "gone", "kaboom"],
        who: Who::Privileged,
        force: Some(Who::Privileged),
        summary: "deletes the report, within two minutes",
        manual: "A room that hears of all sites keeps its reports as a record, unless it is a `watcher`: there it takes `-force`.",
        read: |args| Ok(Command::People(PeopleCommand::Retract { how: Retract::Delete, force: args.force })),
        ..REPLY
    },
    Spec {
        name: "postgone",
        who: Who::Privileged,
        summary: "takes the link of the post out of the report, within two minutes",
        read: |_| Ok(Command::People(PeopleCommand::Retract { how: Retract::Gone, force: false })),
        ..REPLY
    },
    Spec {
        name: "sd",
        form: Form::Latest,
        args: &[Arg::Many("word")],
        who: Who::Privileged,
        summary: "what replies to the latest reports of the room would say, newest first",
        manual: "A word for each report: feedback, `why`, `delete` or `postgone`. `-` passes one over, and a number in front of a word \
                 repeats it: `sd tpu- - 2fp why`. The items of a message with several count one by one, from the last number to 1. \
                 `why` alone is for everyone.",
        read: |args| Ok(Command::People(PeopleCommand::Latest(args.many("word").join(" ")))),
        ..BASE
    },
    Spec {
        name: "notify",
        args: &[Arg::Number("room"), Arg::One("site"), Arg::Maybe("always")],
        summary: "pings you when that room hears of a post on that site",
        manual: "Only while you are in the room, unless you add `always`. The ping stands behind the report, or follows it where it \
                 does not fit.",
        read: PeopleCommand::notify,
        ..BASE
    },
    Spec {
        name: "unnotify",
        args: ROOM_AND_SITE,
        summary: "ends `notify`",
        read: PeopleCommand::unnotify,
        ..BASE
    },
    Spec {
        name: "unnotify-all",
        summary: "ends all your `notify` on this chat server",
        read: |_| Ok(Command::People(PeopleCommand::UnnotifyAll)),
        ..BASE
    },
    Spec {
        name: "willbenotified",
        args: ROOM_AND_SITE,
        summary: "whether you are pinged in that room for that site",
        read: PeopleCommand::will_be_notified,
        ..BASE
    },
    Spec {
        name: "allnotificationsites",
        aliases: &["allnoti"],
        args: &[Arg::MaybeNumber("room")],
        summary: "for which sites you are pinged",
        read: |args| Ok(Command::People(PeopleCommand::NotificationSites { room: args.number("room") })),
        ..BASE
    },
];
