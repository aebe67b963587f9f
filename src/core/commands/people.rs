//! What people ask for about reports and pings.

use super::{Arguments, Command, short};
use crate::core::feedback;
use crate::core::phrase::Phrase;
use crate::core::post::PostKey;
use crate::core::report::ReportId;
use crate::core::retraction::Retract;

/// A command about reports or pings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeopleCommand {
    /// Feedback on a report that is named.
    Feedback {
        /// Which.
        on: Named,
        /// A canonical type, or the word that takes feedback back.
        kind: String,
    },
    /// Why a post was reported, and what people say of it; by id, or in reply to its report.
    Why(Option<Named>),
    /// The same of one item of a combined message.
    WhyItem(Option<i64>),
    /// What the words behind the shorthand say of the latest reports of the room, newest first.
    Latest(String),
    /// Delete or edit the report that the command replies to.
    Retract {
        /// What is to become of it.
        how: Retract,
        /// Also where reports stay as a record.
        force: bool,
    },
    /// Ping me.
    Notify {
        /// In this room.
        room: i64,
        /// For reports of this site.
        site: String,
        /// Also when I am not there.
        always: bool,
    },
    /// Do not.
    Unnotify {
        /// In this room.
        room: i64,
        /// For reports of this site.
        site: String,
    },
    /// Never.
    UnnotifyAll,
    /// Whether I am pinged.
    WillBeNotified {
        /// In this room.
        room: i64,
        /// For reports of this site.
        site: String,
    },
    /// For which sites I am pinged.
    NotificationSites {
        /// In this room; absent for all rooms of the server.
        room: Option<i64>,
    },
}

/// A report as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By its id.
    Report(ReportId),
    /// By the link of its post.
    Post(PostKey),
}

impl Named {
    fn read(text: &str) -> Result<Self, Phrase> {
        if let Ok(report) = text.parse() {
            return Ok(Self::Report(report));
        }
        super::post(text).map(|(key, _)| Self::Post(key)).ok_or_else(|| {
            Phrase::default().code(short(text)).words(" is neither the id of a report nor the link of a post")
        })
    }
}

impl PeopleCommand {
    pub(super) fn feedback(args: &Arguments) -> Result<Command, Phrase> {
        let word = args.text("type");
        let kind = feedback::parse_or_undo(&word)
            .ok_or_else(|| Phrase::default().code(short(&word)).words(" is no type of feedback"))?;
        Ok(Command::People(Self::Feedback { on: Named::read(&args.text("report"))?, kind }))
    }

    pub(super) fn why(args: &Arguments) -> Result<Command, Phrase> {
        Ok(Command::People(Self::Why(args.maybe("report").map(|text| Named::read(&text)).transpose()?)))
    }

    pub(super) fn notify(args: &Arguments) -> Result<Command, Phrase> {
        let always = match args.maybe("always") {
            None => false,
            Some(word)
                if ["always", "true", "yes", "always_ping"].contains(&word.to_lowercase().as_str()) =>
            {
                true
            }
            Some(word) => {
                return Err(Phrase::default().code(short(&word)).words(" must be `always`, or be left out"));
            }
        };
        let (room, site) = room_and_site(args)?;
        Ok(Command::People(Self::Notify { room, site, always }))
    }

    pub(super) fn unnotify(args: &Arguments) -> Result<Command, Phrase> {
        let (room, site) = room_and_site(args)?;
        Ok(Command::People(Self::Unnotify { room, site }))
    }

    pub(super) fn will_be_notified(args: &Arguments) -> Result<Command, Phrase> {
        let (room, site) = room_and_site(args)?;
        Ok(Command::People(Self::WillBeNotified { room, site }))
    }
}

fn room_and_site(args: &Arguments) -> Result<(i64, String), Phrase> {
    let text = args.text("site").to_lowercase();
    let site = text.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    let is_host = site.contains('.') && site.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    if !is_host {
        return Err(Phrase::default()
            .code(short(&text))
            .words(" must be the host of a site, as in `superuser.com`"));
    }
    Ok((args.number("room").unwrap_or_default(), site.to_owned()))
}
