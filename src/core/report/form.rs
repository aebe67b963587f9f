//! Reading a report out of the source of a chat message: the way back from [`super::message`], also for the reports of
//! other instances and for forms that were in use years ago.
//!
//! Source: section "SmokeDetector report message" of the community's parsers, read 2026-11, and the forms that its rooms
//! have seen since 2014: one link or two in front, with or without a weight, `/questions/`, `/q/` and `/a/` links with or
//! without scheme and title, `by a deleted user`, an edit mark, and pings or a link behind.

use super::{Report, ReportId, ReportedOwner, ReportedPost};
use crate::core::people::UserKey;
use crate::core::post::{PostKey, PostType};
use crate::core::time::Timestamp;

/// Chat takes no longer line; more is never looked at.
const MAX_SOURCE: usize = 2_000;
/// More reasons than this no report names.
const MAX_REASONS: usize = 20;
/// What stands for the link of a post that is gone.
const GONE: &str = "*gone*";

/// A report as a message tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its post.
    pub key: PostKey,
    /// Question or answer.
    pub post_type: PostType,
    /// Title without escapes; of the question, for an answer.
    pub title: String,
    /// Profile of the owner, if the message links one.
    pub author: Option<UserKey>,
    /// The owner's name without escapes; empty when the account is gone.
    pub owner: String,
    /// The reasons that it names, in lower case.
    pub reasons: Vec<String>,
    /// The weight that it names; 0 when it names none.
    pub weight: i64,
    /// Where `[title](link)` stands in the source.
    link: std::ops::Range<usize>,
}

impl Told {
    /// As a report of ours.
    pub fn report(&self, id: ReportId, now: Timestamp) -> Report {
        let path = match self.post_type {
            PostType::Question => "questions",
            PostType::Answer => "a",
        };
        Report {
            id,
            created_at: now,
            seen_at: now,
            post: ReportedPost {
                site: self.key.site.clone(),
                number: self.key.number,
                question: self.key.number,
                post_type: self.post_type,
                url: format!("https://{}/{path}/{}", self.key.site, self.key.number),
                title: self.title.clone(),
                owner: ReportedOwner {
                    name: self.owner.clone(),
                    url: self
                        .author
                        .as_ref()
                        .map(|user| format!("https://{}/users/{}", user.site, user.user)),
                    reputation: 1,
                },
                edited: false,
            },
            by_weight: self.reasons.clone(),
            reasons: {
                let mut reasons = self.reasons.clone();
                reasons.sort_unstable();
                reasons.dedup();
                reasons
            },
            weight: self.weight,
            why: Vec::new(),
            trace: crate::core::report::Trace::default(),
        }
    }
}

/// Reads the source of a message with one report; `None` for any other message.
pub fn read(source: &str) -> Option<Told> {
    let source = source.trim_end();
    if source.len() > MAX_SOURCE || source.contains('\n') || !source.starts_with("[ [") {
        return None;
    }
    // Behind the labels, `[ [SmokeDetector](…) | [MS](…) ] `, reasons hold no bracket.
    let head_at = source.find(") ] ")? + ") ] ".len();
    let link_at = head_at + source[head_at..].find('[')?;
    let head = source[head_at..link_at].strip_suffix(": ")?;
    if head.is_empty() || !head.chars().all(|c| c.is_alphanumeric() || " _,:+()*-".contains(c)) {
        return None;
    }
    let (reasons, weight) = reasons(head);
    // The last ` by ` that stands between a post and a user: a title may look like anything.
    source.rmatch_indices(" by ").find_map(|(at, by)| {
        let (title, url, end) = link_before(source, link_at, at)?;
        let (key, post_type) = post(url)?;
        let (owner, author) = owner(&source[at + by.len()..])?;
        let (title, owner) = (unescaped(title), unescaped(owner));
        let reasons = reasons.clone();
        Some(Told { key, post_type, title, author, owner, reasons, weight, link: link_at..end })
    })
}

/// The source with the link of the post taken out, for a post that is gone; `None` for a message with no report.
pub fn gone(source: &str) -> Option<String> {
    let told = read(source)?;
    let source = source.trim_end();
    Some(format!("{}{GONE}{}", &source[..told.link.start], &source[told.link.end..]))
}

/// Title, address and end of the link from `start` that ends at most three characters (an edit mark) before `at`.
fn link_before(source: &str, start: usize, at: usize) -> Option<(&str, &str, usize)> {
    let text = source.get(start..at)?;
    let close = text.rfind(')').filter(|close| text[close + 1..].chars().count() <= 3)?;
    let (title, url) = text[1..close].rsplit_once("](")?;
    Some((title, url, start + close + 1))
}

/// The post behind `//HOST/questions/N`, `/q/N` or `/a/N`, with or without a scheme, a title, or the answer of a question.
pub fn post(url: &str) -> Option<(PostKey, PostType)> {
    let rest = ["https://", "http://", "//"].iter().find_map(|scheme| url.strip_prefix(scheme))?;
    let (site, path) = rest.split_once('/')?;
    let is_host = site.contains('.') && site.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
    let (kind, rest) = path.split_once('/')?;
    let number_at_start = |text: &str| -> Option<i64> {
        let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok().filter(|number| *number > 0)
    };
    let (number, post_type) = match kind {
        "a" => (number_at_start(rest)?, PostType::Answer),
        "q" | "questions" => match rest.rsplit_once('#').and_then(|(_, answer)| number_at_start(answer)) {
            Some(answer) => (answer, PostType::Answer),
            None => (number_at_start(rest)?, PostType::Question),
        },
        _ => return None,
    };
    is_host.then(|| (PostKey { site: site.to_ascii_lowercase(), number }, post_type))
}

/// Name and account out of what follows ` by `: `[name](//SITE/users/N) on `SITE``, or words in place of the link.
fn owner(text: &str) -> Option<(&str, Option<UserKey>)> {
    let (who, place) = text.rsplit_once(" on `")?;
    let (site, behind) = place.split_once('`')?;
    let fits =
        behind.is_empty() || ([" (@", " ["].iter().any(|b| behind.starts_with(b)) && behind.ends_with(')'));
    if !fits || site.is_empty() {
        return None;
    }
    match who.strip_prefix('[').and_then(|link| link.strip_suffix(')')) {
        Some(link) => link.rsplit_once("](").map(|(name, url)| (name, UserKey::from_url(url))),
        None => who.chars().all(|c| c.is_alphanumeric() || c == ' ' || c == '_').then_some(("", None)),
    }
}

/// The reasons of `Bad keyword in body, +2 more (**1173**)`, and the weight.
fn reasons(head: &str) -> (Vec<String>, i64) {
    let weight = |text: &str| text.strip_suffix(')')?.trim_matches('*').parse::<i64>().ok();
    let (names, weight) = match head.rsplit_once(" (").map(|(names, rest)| (names, weight(rest))) {
        Some((names, Some(weight))) => (names, weight),
        _ => (head, 0),
    };
    let names = names.split(", ").filter(|name| !name.starts_with('+')).take(MAX_REASONS);
    (names.map(str::to_lowercase).collect(), weight)
}

/// Without the marks that keep text from being Markdown, and without the one that ends right-to-left text.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(|next| "_*`[]\\".contains(*next)) => {}
            '\u{202d}' => {}
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(source: &str) -> Option<String> {
        let Told { key, post_type, title, author, owner, reasons, weight, .. } = read(source)?;
        let author =
            author.map_or_else(|| "nobody".to_owned(), |user| format!("{}/{}", user.site, user.user));
        let kind = if post_type == PostType::Answer { "a" } else { "q" };
        Some(format!("{kind} {key} `{title}` by `{owner}` {author}; {} ({weight})", reasons.join(", ")))
    }

    /// The labels of different years.
    const OLD: &str = "[ [SmokeDetector](https://github.com/Charcoal-SE/SmokeDetector) ]";
    const SHORT: &str = "[ [SmokeDetector](//goo.gl/eLDYqh) ]";
    const BOTH: &str = "[ [SmokeDetector](//git.io/vyDZv) | [MS](//m.erwaysoftware.com/posts/uid/drupal/7) ]";

    #[test]
    fn the_forms_of_many_years_are_read() {
        for (labels, source, expected) in [
            (
                OLD,
                "Offensive body detected: [Why?](http://drupal.stackexchange.com/questions/5) by [Ann](http://drupal.stackexchange.com/users/9) on `drupal.stackexchange.com`",
                "q drupal.stackexchange.com/5 `Why?` by `Ann` drupal.stackexchange.com/9; offensive body detected (0)",
            ),
            (
                OLD,
                "All-caps title: [BUY](//superuser.com/questions/5) by [Ann](//superuser.com/users/9) on `superuser.com`",
                "q superuser.com/5 `BUY` by `Ann` superuser.com/9; all-caps title (0)",
            ),
            (
                SHORT,
                "Bad keyword in answer: [How?](//superuser.com/a/77) by [Ann](//superuser.com/users/9) on `superuser.com`",
                "a superuser.com/77 `How?` by `Ann` superuser.com/9; bad keyword in answer (0)",
            ),
            (
                SHORT,
                "Manually reported question: [How?](//superuser.com/q/77) by a deleted user on `superuser.com`",
                "q superuser.com/77 `How?` by `` nobody; manually reported question (0)",
            ),
            (
                SHORT,
                "Email in body, phone number detected: [Call us](https://superuser.com/questions/5/call-us) by [Ann](https://superuser.com/users/9/ann) on `superuser.com`",
                "q superuser.com/5 `Call us` by `Ann` superuser.com/9; email in body, phone number detected (0)",
            ),
            (
                SHORT,
                "Link at end of answer: [Call us](//superuser.com/questions/5/call-us/77#77) by [Ann](//superuser.com/users/9) on `superuser.com`",
                "a superuser.com/77 `Call us` by `Ann` superuser.com/9; link at end of answer (0)",
            ),
            (
                BOTH,
                "Bad keyword in title (173): [Pills](//drupal.stackexchange.com/questions/7) by [Ann](//drupal.stackexchange.com/users/9) on `drupal.SE`",
                "q drupal.stackexchange.com/7 `Pills` by `Ann` drupal.stackexchange.com/9; bad keyword in title (173)",
            ),
            (
                BOTH,
                "Bad keyword in title, url in title, +4 more (**1173**): [Pills\u{202d}](//drupal.stackexchange.com/a/7) by a deleted user on `drupal.SE`",
                "a drupal.stackexchange.com/7 `Pills` by `` nobody; bad keyword in title, url in title (1173)",
            ),
            (
                BOTH,
                "Potentially bad keyword in body (1): [Pills\u{202d}](//drupal.stackexchange.com/questions/7) \u{270f}\u{fe0f} by [Ann](//drupal.stackexchange.com/users/9) on `drupal.SE`",
                "q drupal.stackexchange.com/7 `Pills` by `Ann` drupal.stackexchange.com/9; potentially bad keyword in body (1)",
            ),
            (
                BOTH,
                "Blacklisted user (0): [t](//superuser.com/questions/7) by [Ann](//superuser.com/users/9) on `superuser.com` (@Bob @CarlaD)",
                "q superuser.com/7 `t` by `Ann` superuser.com/9; blacklisted user (0)",
            ),
            (
                BOTH,
                "Blacklisted user (5): [t](//superuser.com/questions/7) by [Ann](//superuser.com/users/9) on `superuser.com` [log](//m.example/5)",
                "q superuser.com/7 `t` by `Ann` superuser.com/9; blacklisted user (5)",
            ),
            (
                BOTH,
                r"Few unique characters in body (9): [a \[b\] \*c\* \`d\` e\_f](//superuser.com/questions/7) by [A\_B \[x\]](//superuser.com/users/9) on `superuser.com`",
                "q superuser.com/7 `a [b] *c* `d` e_f` by `A_B [x]` superuser.com/9; few unique characters in body (9)",
            ),
            (
                BOTH,
                "Link at end of body (9): [see [this](//superuser.com/questions/1) by [me](//superuser.com/users/1) on `x`](//superuser.com/questions/7) by [stand by me](//superuser.com/users/9) on `superuser.com`",
                "q superuser.com/7 `see [this](//superuser.com/questions/1) by [me](//superuser.com/users/1) on `x`` by `stand by me` superuser.com/9; link at end of body (9)",
            ),
            (
                BOTH,
                "Bad ns for domain in body (9): [on and on by and by](//stackoverflow.com/questions/7) by [on `x`](//stackoverflow.com/users/9) on `stackoverflow.com`",
                "q stackoverflow.com/7 `on and on by and by` by `on `x`` stackoverflow.com/9; bad ns for domain in body (9)",
            ),
            (
                BOTH,
                "A, b, c, d, e (9): [Заголовок 标题](//ru.stackoverflow.com/questions/7) by [Имя](//ru.stackoverflow.com/users/9) on `ru.stackoverflow.com`",
                "q ru.stackoverflow.com/7 `Заголовок 标题` by `Имя` ru.stackoverflow.com/9; a, b, c, d, e (9)",
            ),
            (
                "[ [Other bot](//x.example) | [Log](//y.example/(1)) ]",
                "A (1): [t](//superuser.com/questions/7) by [n](//superuser.com/users/9) on `superuser.com`",
                "q superuser.com/7 `t` by `n` superuser.com/9; a (1)",
            ),
            (
                BOTH,
                "A (1): [t](//meta.stackexchange.com/questions/7) by [n](//stackexchange.com/accounts/9) on `meta.SE`  ",
                "q meta.stackexchange.com/7 `t` by `n` nobody; a (1)",
            ),
        ] {
            assert_eq!(shown(&format!("{labels} {source}")).as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn what_is_no_report_is_not_read() {
        let one =
            "A (1): [t](//superuser.com/questions/7) by [n](//superuser.com/users/9) on `superuser.com`";
        assert!(read(&format!("{BOTH} {one}")).is_some());
        for source in [
            one.to_owned(),
            format!("see {BOTH} {one}"),
            format!("{BOTH} {one} thanks"),
            format!("{BOTH} {one}\n{BOTH} {one}"),
            format!("{BOTH} {}", one.replace("questions/7", "users/7")),
            format!("{BOTH} {}", one.replace("questions/7", "questions/0")),
            format!("{BOTH} {}", one.replace("questions/7", "questions/99999999999999999999")),
            format!("{BOTH} {}", one.replace("//superuser.com/q", "//super user.com/q")),
            format!("{BOTH} {}", one.replace(" on `", " in `")),
            format!("{BOTH} {}", one.replace("A (1)", "A [x](y)")),
            format!("{BOTH} {}{one}", "x".repeat(3_000)),
            "[ [a](b) ] ".to_owned(),
            "[ [".to_owned(),
            String::new(),
        ] {
            assert_eq!(read(&source), None, "{source}");
        }
    }

    #[test]
    fn a_post_that_is_gone_loses_its_link() {
        let report = format!(
            "{BOTH} A (1): [t](//superuser.com/questions/7) \u{270f}\u{fe0f} by [n](//superuser.com/users/9) on `superuser.com`"
        );
        assert_eq!(
            gone(&report).as_deref(),
            Some(&*format!(
                "{BOTH} A (1): *gone* \u{270f}\u{fe0f} by [n](//superuser.com/users/9) on `superuser.com`"
            ))
        );
        assert_eq!(gone("[ [x](y) ]"), None);
    }

    proptest! {
        #[test]
        fn our_own_reports_come_back_whatever_the_post_says(
            title in "([a-z ]|\\PC|\\]\\(//superuser.com/questions/3\\)| by | on `x`|\\[){0,40}",
            name in "([a-z ]|\\PC| by |\\]\\(){0,20}",
        ) {
            let told = Told {
                key: PostKey { site: "superuser.com".to_owned(), number: 7 },
                post_type: PostType::Answer,
                title,
                author: UserKey::parse("9 superuser.com"),
                owner: name,
                reasons: vec!["bad keyword in answer".to_owned()],
                weight: 12,
                link: 0..0,
            };
            let report = told.report(ReportId(1), Timestamp::ZERO);
            let source = super::super::message::single(&report, &super::super::message::Labels::default(), 500);
            let read = read(&source);
            prop_assert!(read.is_some(), "{}", source);
            let read = read.expect("just seen");
            prop_assert_eq!((read.key, read.author, read.weight), (told.key, told.author, 12), "{}", source);
        }

        #[test]
        fn hostile_sources_are_read_without_harm(source in "(\\[ \\[a\\]\\(b\\) \\] )?(\\PC{0,5}|\\]\\(|\\)| by | on `|: \\[|//a.b/a/7|`){0,30}") {
            let _ = (read(&source), gone(&source));
        }
    }
}
