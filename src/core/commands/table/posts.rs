//! Commands about posts and users: what the rules say of them, and reports by hand.

use super::super::arguments::Arguments;
use super::super::{Arg, BASE, Command, Posts, Report, Spec, TestPart, TestText, Who, post, short};
use crate::core::people::{UserKey, UserList};
use crate::core::phrase::Phrase;

const SOURCE: Spec = Spec { source: true, ..BASE };
const PRIVILEGED: Spec = Spec { who: Who::Privileged, ..SOURCE };
const URLS: &[Arg] = &[Arg::Many("url")];
const TEXT: &[Arg] = &[Arg::Rest("text")];
const USER: &[Arg] = &[Arg::Rest("user")];
const NUMBER: &[Arg] = &[Arg::Rest("number")];
/// The most posts that one command names.
const MAX_POSTS: usize = 5;

pub(super) const COMMANDS: &[Spec] = &[
    Spec {
        name: "scan",
        args: URLS,
        force: Some(Who::Privileged),
        summary: "scans up to five posts now and reports what is caught",
        manual: "With `-force` also what was reported before.",
        read: |args| posts(args, Report::IfCaught),
        ..SOURCE
    },
    Spec {
        name: "report",
        args: URLS,
        force: Some(Who::Privileged),
        summary: "reports up to five posts, caught or not, and blacklists their authors",
        manual: "A reason in quotes behind the links is kept with the report. With `-force` also what was reported before.",
        read: |args| posts(args, Report::Always),
        ..PRIVILEGED
    },
    Spec {
        name: "report-direct",
        args: URLS,
        force: Some(Who::Privileged),
        summary: "reports up to five posts and leaves their authors alone",
        read: |args| posts(args, Report::Only),
        ..PRIVILEGED
    },
    Spec {
        name: "allspam",
        aliases: &["reportuser"],
        args: USER,
        confirm: true,
        summary: "reports all posts of a user, who goes on the blacklist",
        manual: "Name the link of a profile; with one of stackexchange.com the posts on all sites. Refused for more than 15 posts, \
                 a reputation above 100, or accounts on more than 15 sites.",
        read: |args| user(args).map(Command::AllSpam),
        ..PRIVILEGED
    },
    Spec {
        name: "test",
        args: TEXT,
        summary: "what the rules say of a text as title, body and name",
        manual: "`site=HOST` in front chooses the site; so, se, su, sf and au are short for some.",
        read: |args| test(args, TestPart::All),
        ..SOURCE
    },
    Spec {
        name: "test-question",
        aliases: &["test-q"],
        args: TEXT,
        summary: "what the rules say of a text as the body of a question",
        read: |args| test(args, TestPart::Question),
        ..SOURCE
    },
    Spec {
        name: "test-answer",
        aliases: &["test-a"],
        args: TEXT,
        summary: "what the rules say of a text as the body of an answer",
        read: |args| test(args, TestPart::Answer),
        ..SOURCE
    },
    Spec {
        name: "test-title",
        aliases: &["test-t"],
        args: TEXT,
        summary: "what the rules say of a text as a title",
        read: |args| test(args, TestPart::Title),
        ..SOURCE
    },
    Spec {
        name: "test-username",
        aliases: &["test-u", "test-user"],
        args: TEXT,
        summary: "what the rules say of a text as a display name",
        read: |args| test(args, TestPart::Username),
        ..SOURCE
    },
    Spec {
        name: "test-json",
        aliases: &["test-j"],
        args: TEXT,
        summary: "what the rules say of a post, given as JSON",
        manual: "Keys: title, body, username, type (question or answer), reputation, score, site.",
        read: |args| test(args, TestPart::Json),
        ..SOURCE
    },
    Spec {
        name: "bisect",
        aliases: &["what"],
        args: TEXT,
        who: Who::Privileged,
        summary: "which entries of the lists match a text, each with its list and line",
        read: |args| Ok(Command::Bisect(args.text("text"))),
        ..SOURCE
    },
    Spec {
        name: "bisect-number",
        aliases: &["what-number"],
        args: NUMBER,
        who: Who::Privileged,
        summary: "which entries of the number lists match a number",
        read: |args| Ok(Command::BisectNumber(args.text("number"))),
        ..SOURCE
    },
    Spec {
        name: "normalize-number",
        aliases: &["deobfuscate-number", "normalise-number"],
        args: NUMBER,
        summary: "what the number lists compare of a number",
        read: |args| Ok(Command::NormalizeNumber(args.text("number"))),
        ..SOURCE
    },
    Spec {
        name: "addblu",
        aliases: &["addblacklistuser"],
        args: USER,
        summary: "puts a user on the blacklist: all their posts are reported",
        manual: USER_MANUAL,
        read: |args| user(args).map(|user| Command::ListUser(UserList::Blacklist, user)),
        ..PRIVILEGED
    },
    Spec {
        name: "rmblu",
        aliases: &["removeblu", "rmblacklistuser"],
        args: USER,
        summary: "takes a user off the blacklist",
        manual: USER_MANUAL,
        read: |args| user(args).map(|user| Command::UnlistUser(UserList::Blacklist, user)),
        ..PRIVILEGED
    },
    Spec {
        name: "isblu",
        aliases: &["isblacklisted"],
        args: USER,
        summary: "whether a user is on the blacklist",
        manual: USER_MANUAL,
        read: |args| user(args).map(|user| Command::IsListed(UserList::Blacklist, user)),
        ..SOURCE
    },
    Spec {
        name: "addwlu",
        aliases: &["addwhitelistuser"],
        args: USER,
        summary: "puts a user on the whitelist: their name alone is no reason to report",
        manual: USER_MANUAL,
        read: |args| user(args).map(|user| Command::ListUser(UserList::Whitelist, user)),
        ..PRIVILEGED
    },
    Spec {
        name: "rmwlu",
        aliases: &["removewlu", "rmwhitelistuser"],
        args: USER,
        summary: "takes a user off the whitelist",
        manual: USER_MANUAL,
        read: |args| user(args).map(|user| Command::UnlistUser(UserList::Whitelist, user)),
        ..PRIVILEGED
    },
    Spec {
        name: "iswlu",
        aliases: &["iswhitelisted"],
        args: USER,
        summary: "whether a user is on the whitelist",
        manual: USER_MANUAL,
        read: |args| user(args).map(|user| Command::IsListed(UserList::Whitelist, user)),
        ..SOURCE
    },
];

const USER_MANUAL: &str = "Name the link of a profile, or a number and a site: `42 superuser.com`.";

/// Links of posts, and perhaps one text behind them.
fn posts(args: &Arguments, how: Report) -> Result<Command, Phrase> {
    let mut words = args.many("url");
    let why = words.pop_if(|word| post(word).is_none() && word.contains(' '));
    let mut posts = Vec::new();
    for word in &words {
        let not = || Phrase::default().code(short(word)).words(" is no link of a question or an answer");
        posts.push(post(word).ok_or_else(not)?);
    }
    match posts.len() {
        0 => Err(Phrase::new("name the link of a post")),
        n if n > MAX_POSTS => Err(Phrase::new("that is more than five posts")),
        _ => Ok(Command::Posts(Posts { posts, how, force: args.force, why })),
    }
}

fn user(args: &Arguments) -> Result<UserKey, Phrase> {
    let text = args.text("user");
    let not = || {
        let said = Phrase::default().code(short(&text)).words(" is no user; name the link of a profile, or ");
        said.code("42 superuser.com")
    };
    UserKey::parse(&text).ok_or_else(not)
}

fn test(args: &Arguments, part: TestPart) -> Result<Command, Phrase> {
    const SHORT: [(&str, &str); 5] = [
        ("so", "stackoverflow.com"),
        ("se", "stackexchange.com"),
        ("su", "superuser.com"),
        ("sf", "serverfault.com"),
        ("au", "askubuntu.com"),
    ];
    let text = args.text("text");
    let (site, text) = match text.strip_prefix("site=") {
        Some(rest) => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        None => ("stackoverflow.com", text.as_str()),
    };
    let site = SHORT.iter().find(|(short, _)| *short == site).map_or(site, |(_, host)| host);
    if text.trim().is_empty() {
        return Err(Phrase::new("there is no text to test"));
    }
    Ok(Command::Test(TestText { part, site: site.to_lowercase(), text: text.trim().to_owned() }))
}
