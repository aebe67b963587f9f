//! Small talk: what people say to a bot when little happens.

use super::super::{Arg, Command, Spec};

const TALK: Spec = Spec { args: &[Arg::MaybeRest("whom")], summary: "small talk", ..super::super::BASE };

pub(super) const COMMANDS: &[Spec] = &[
    Spec { name: "blame", read: |_| Ok(Command::Say("It was the cache. It is always the cache.")), ..TALK },
    Spec { name: "brownie", read: |_| Ok(Command::Say("Thank you. It goes well with the logs.")), ..TALK },
    Spec { name: "coffee", read: |_| Ok(Command::Say("One coffee, black as a closed question.")), ..TALK },
    Spec { name: "lick", read: |_| Ok(Command::Say("Please do not. The fans are running.")), ..TALK },
    Spec {
        name: "tea",
        read: |_| Ok(Command::Say("One tea. It has drawn for as long as a reindex.")),
        ..TALK
    },
    Spec { name: "wut", read: |_| Ok(Command::Say("I wonder as well.")), ..TALK },
    Spec {
        name: "welcome",
        summary: "greets somebody new",
        read: |_| {
            Ok(Command::Say(
                "Welcome! I report spam here. Reply to a report with `tpu` or `fp`; `help` tells the rest.",
            ))
        },
        ..TALK
    },
];
