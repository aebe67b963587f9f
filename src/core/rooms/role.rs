//! The roles of a room: the words under `msg_types` and what they mean.

use crate::core::yaml::suggestion;

/// What a room wants, or does not want, to hear. Site names and reasons are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `all-sites`: reports of all sites.
    AllSites,
    /// `site-HOST`: reports of one site.
    Site(String),
    /// `experimental-all-sites`: posts that only trial rules found, of all sites.
    ExperimentalAllSites,
    /// `experimental-site-HOST`: the same of one site.
    ExperimentalSite(String),
    /// `site-no-HOST`: nothing of that site.
    NotSite(String),
    /// `no-REASON`: no report with that reason among its reasons; `no-COMMAND`: that command is off in the room.
    No(String),
    /// `delay`: reports are held for five minutes.
    Delay,
    /// `offensive-mask`: offensive titles are hidden.
    OffensiveMask,
    /// `no-offensive-mask`: offensive titles are shown.
    NoOffensiveMask,
    /// `debug`: start-up, reload, quota and error notices.
    Debug,
    /// `metasmoke`: messages relayed from metasmoke.
    Metasmoke,
    /// `metatavern`: notices of blocked rooms.
    Metatavern,
    /// `direct`: messages between instances.
    Direct,
    /// `dump`: data dumps.
    Dump,
    /// `long-rule-times`: notices of slow rules.
    LongRuleTimes,
}

/// The roles without a name in them.
const PLAIN: [(&str, Role); 11] = [
    ("all-sites", Role::AllSites),
    ("experimental-all-sites", Role::ExperimentalAllSites),
    ("delay", Role::Delay),
    ("offensive-mask", Role::OffensiveMask),
    ("no-offensive-mask", Role::NoOffensiveMask),
    ("debug", Role::Debug),
    ("metasmoke", Role::Metasmoke),
    ("metatavern", Role::Metatavern),
    ("direct", Role::Direct),
    ("dump", Role::Dump),
    ("long-rule-times", Role::LongRuleTimes),
];

impl Role {
    /// Reads a role as it is written under `msg_types`.
    ///
    /// # Errors
    /// What is wrong with it, with the nearest known role.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().to_lowercase();
        if let Some((_, role)) = PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(role.clone());
        }
        let site = |host: &str| {
            let fine =
                host.contains('.') && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
            if fine {
                Ok(host.to_owned())
            } else {
                Err(format!("role `{text}` must end in the host of a site, as in `site-superuser.com`"))
            }
        };
        if let Some(host) = text.strip_prefix("site-no-") {
            return site(host).map(Role::NotSite);
        }
        if let Some(host) = text.strip_prefix("experimental-site-") {
            return site(host).map(Role::ExperimentalSite);
        }
        if let Some(host) = text.strip_prefix("site-") {
            return site(host).map(Role::Site);
        }
        match text.strip_prefix("no-") {
            Some(reason) if !reason.is_empty() => Ok(Role::No(reason.to_owned())),
            _ => {
                let written = ["site-HOST", "experimental-site-HOST", "site-no-HOST", "no-REASON"];
                let known: Vec<_> = PLAIN.iter().map(|(name, _)| *name).chain(written).collect();
                Err(format!("unknown role `{text}`{}", suggestion(&text, known.iter().copied())))
            }
        }
    }
}
