//! The single report: SmokeDetector's exact message form, which the community's userscripts read.
//!
//! ```text
//! [ [SmokeDetector](…) | [MS](…) ] Reasons (weight): [title](//site/questions/1) by [user](//site/users/1) on `site`
//! ```
//!
//! Source: section "SmokeDetector report message" of the community's parsers, read 2026-11. One line, at most
//! [`SINGLE_LINE_UNITS`]; when it is too long, reasons go first (the heaviest stay), then the title is shortened,
//! then the name of the owner. The link of the post is never lost.

use super::{Report, ReportedPost};
use crate::core::chat_text::{SINGLE_LINE_UNITS, cut, escaped, is_visible, units};
use crate::core::post::PostType;
use crate::core::site::api_site_parameter;

/// The two link texts of a single report and where they lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Text of the first link; userscripts look for `SmokeDetector`.
    pub service_text: String,
    /// Its address.
    pub service_link: String,
    /// Text of the second link; userscripts look for `MS`.
    pub record_text: String,
    /// Its address; `{api_site}` and `{post_id}` are filled in.
    pub record_link: String,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            service_text: "SmokeDetector".to_owned(),
            service_link: "//git.io/vyDZv".to_owned(),
            record_text: "MS".to_owned(),
            record_link: "//m.erwaysoftware.com/posts/uid/{api_site}/{post_id}".to_owned(),
        }
    }
}

/// At most this many reasons are named.
const MAX_REASONS: usize = 5;
/// More of a title is never looked at: hostile ones are long.
const MAX_TITLE_CHARS: usize = 600;

/// Renders the report in at most `limit` UTF-16 units (never more than [`SINGLE_LINE_UNITS`]).
pub fn single(report: &Report, labels: &Labels, limit: usize) -> String {
    let limit = limit.min(SINGLE_LINE_UNITS);
    let post = &report.post;
    let title: String = post.title.chars().take(MAX_TITLE_CHARS).collect();
    let name: String = post.owner.name.chars().take(MAX_TITLE_CHARS).collect();
    for n_reasons in (1..=MAX_REASONS.min(report.reasons.len().max(1))).rev() {
        let text = line(report, labels, n_reasons, &title, &name);
        if units(&text) <= limit {
            return text;
        }
    }
    for (title_units, name_units) in
        [(300, 60), (200, 40), (150, 30), (100, 30), (60, 20), (30, 20), (10, 10), (0, 0)]
    {
        let text = line(report, labels, 1, &shortened(&title, title_units), &shortened(&name, name_units));
        if units(&text) <= limit {
            return text;
        }
    }
    // Only labels or a host of absurd length lead here; what remains is what people need.
    format!("{}: https://{}", report.id, post_link(post).trim_start_matches('/'))
}

fn line(report: &Report, labels: &Labels, n_reasons: usize, title: &str, name: &str) -> String {
    let post = &report.post;
    let weight =
        if report.weight >= 1000 { format!("**{}**", report.weight) } else { report.weight.to_string() };
    format!(
        "[ [{}]({}) | [{}]({}) ] {} ({weight}): [{}\u{202d}]({}){} by {} on `{}`",
        labels.service_text,
        labels.service_link,
        labels.record_text,
        labels
            .record_link
            .replace("{api_site}", &api_site_parameter(&post.site))
            .replace("{post_id}", &post.number.to_string()),
        reasons(report, n_reasons),
        visible(&escaped(title), "(no title)"),
        post_link(post),
        if post.edited { " ✏️" } else { "" },
        owner(post, name),
        // As the community writes it.
        post.site.replace("stackexchange.com", "SE"),
    )
}

/// The heaviest reasons in alphabetical order, the first letter a capital and the others small, as the community's
/// parsers know them; marks that those parsers would not accept are left out.
fn reasons(report: &Report, n_reasons: usize) -> String {
    let mut shown: Vec<&str> = report.by_weight.iter().take(n_reasons).map(String::as_str).collect();
    shown.sort_unstable();
    let more = report.reasons.len().saturating_sub(n_reasons);
    let mut text = shown.join(", ").to_lowercase();
    text.retain(|c| c.is_alphanumeric() || " _,:+()*-".contains(c));
    if more > 0 {
        text.push_str(&format!(", +{more} more"));
    }
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => text,
    }
}

fn owner(post: &ReportedPost, name: &str) -> String {
    match post.owner.url.as_deref().and_then(|url| user_link(url, &post.site)) {
        Some(link) => format!("[{}]({link})", visible(&escaped(name), "(no name)")),
        None => "a deleted user".to_owned(),
    }
}

/// A protocol-relative link that userscripts know: `//SITE/questions/N` or `//SITE/a/N`.
pub fn post_link(post: &ReportedPost) -> String {
    match post.post_type {
        PostType::Question => format!("//{}/questions/{}", post.site, post.number),
        PostType::Answer => format!("//{}/a/{}", post.site, post.number),
    }
}

/// `//SITE/users/N` out of a profile link of that site; anything else is no link, since it came from outside.
fn user_link(url: &str, site: &str) -> Option<String> {
    let (_, rest) = url.split_once("/users/")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).take(18).collect();
    (!digits.is_empty()).then(|| format!("//{site}/users/{digits}"))
}

fn visible<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if is_visible(text) { text } else { otherwise }
}

fn shortened(text: &str, limit: usize) -> String {
    if units(text) <= limit {
        return text.to_owned();
    }
    format!("{}…", cut(text, limit.saturating_sub(1)).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::{ReportId, ReportedOwner};
    use crate::core::time::Timestamp;
    use proptest::prelude::*;

    /// The form that the community's own fallback parser accepts, written from its description.
    fn form() -> regex::Regex {
        regex::Regex::new(concat!(
            r"^\[ \[SmokeDetector\]\([^)]*\) \| \[MS\]\(.+\) \] [\w\s,:+()*-]+: ",
            r"\[(?P<title>.+)\]\((?P<link>//[\w.]+/(questions|a)/\d+)\).{0,3}",
            r" by (?:\[.+\]\(//[\w.]+/users/\d+\)|[\w ]*) on `[\w.]+`$",
        ))
        .expect("valid")
    }

    fn report(title: &str, name: &str, reasons: &[&str]) -> Report {
        let reasons: Vec<String> = reasons.iter().map(|r| (*r).to_owned()).collect();
        Report {
            id: ReportId(1),
            created_at: Timestamp::ZERO,
            seen_at: Timestamp::ZERO,
            post: ReportedPost {
                site: "superuser.com".to_owned(),
                number: 1_234_567,
                question: 1_234_567,
                post_type: PostType::Question,
                url: "https://superuser.com/questions/1234567".to_owned(),
                title: title.to_owned(),
                owner: ReportedOwner {
                    name: name.to_owned(),
                    url: Some("https://superuser.com/users/42/some-user".to_owned()),
                    reputation: 1,
                },
                edited: false,
            },
            by_weight: reasons.clone(),
            reasons,
            weight: 173,
            why: Vec::new(),
            trace: crate::core::report::Trace::default(),
        }
    }

    #[test]
    fn has_the_form_that_userscripts_know() {
        let report = report("Example title", "Some User", &["bad keyword in body", "link at end of body"]);
        assert_eq!(
            single(&report, &Labels::default(), 500),
            "[ [SmokeDetector](//git.io/vyDZv) | [MS](//m.erwaysoftware.com/posts/uid/superuser/1234567) ] Bad keyword in body, \
             link at end of body (173): [Example title\u{202d}](//superuser.com/questions/1234567) by \
             [Some User](//superuser.com/users/42) on `superuser.com`"
        );
    }

    #[test]
    fn marks_edits_heavy_weights_answers_and_deleted_owners() {
        let mut report = report("t", "n", &["a"]);
        report.post.edited = true;
        report.weight = 1000;
        report.post.post_type = PostType::Answer;
        report.post.owner.url = None;
        report.post.site = "diy.stackexchange.com".to_owned();
        let text = single(&report, &Labels::default(), 500);
        assert!(
            text.ends_with("] A (**1000**): [t\u{202d}](//diy.stackexchange.com/a/1234567) ✏️ by a deleted user on `diy.SE`"),
            "{text}"
        );
        assert!(form().is_match(&text), "{text}");
    }

    #[test]
    fn what_shows_nothing_is_named() {
        for nothing in ["", " \u{a0}", "\u{2800}\u{301}", "\u{200b}\u{202e}"] {
            let text = single(&report(nothing, nothing, &["a"]), &Labels::default(), 500);
            assert!(text.contains("[(no title)\u{202d}](") && text.contains("[(no name)]("), "{text}");
        }
    }

    #[test]
    fn the_heaviest_reasons_stay_when_it_is_too_long() {
        let mut report = report(&"t".repeat(100), "n", &["a".repeat(90).as_str(), "b", "c", "d", "e", "f"]);
        report.by_weight.reverse();
        let text = single(&report, &Labels::default(), 500);
        assert!(text.contains("] B, c, d, e, f, +1 more (173): "), "{text}");
        let text = single(&report, &Labels::default(), units(&text) - 1);
        assert!(text.contains("] C, d, e, f, +2 more (173): "), "{text}");
    }

    #[test]
    fn reasons_are_named_as_the_parsers_accept_them() {
        let report = report("t", "n", &["URL in title", "non-Google \"google search\" link in body"]);
        let text = single(&report, &Labels::default(), 500);
        assert!(text.contains("] Url in title, non-google google search link in body (173)"), "{text}");
    }

    proptest! {
        #[test]
        fn whatever_a_post_says_the_form_and_the_link_stand(title in "\\PC{0,700}", name in "[@_*\\[\\]()`\\\\a-z\u{202e}\u{200b}😀\n]{0,80}") {
            let text = single(&report(&title, &name, &["bad keyword in body"]), &Labels::default(), 500);
            prop_assert!(units(&text) <= 500);
            prop_assert!(!text.contains('\n'));
            prop_assert!(!text.replace("https://", "").contains("http://"));
            let form = form();
            let found = form.captures(&text);
            prop_assert!(found.is_some(), "{}", text);
            prop_assert_eq!(&found.expect("just seen")["link"], "//superuser.com/questions/1234567");
        }
    }
}
