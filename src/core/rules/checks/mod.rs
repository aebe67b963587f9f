//! Checks: what a pattern can not say, one small pure function a file, all listed in [`find`].
//!
//! A rule file names a check with `check: name`; part, site, reputation and score limits stay in the rule, so a
//! check only looks at text. Every check is linear in its input, which is paid for before it runs; what is more than
//! that is capped, or taken off the check's [`Budget`].

pub mod anchors;
mod customer_service;
mod email_keyword;
mod health_title;
pub(super) mod hosts;
mod images;
mod link_at_end;
mod link_text;
mod luncheon_meat;
mod misleading_link;
mod no_whitespace;
mod obfuscated_word;
mod offensive;
mod overused_character;
mod pattern;
mod phone_in_title;
mod plain;
mod product_names;
mod punctuation;
mod repeated_link;
mod repeating_characters;
mod repeating_words;
mod scripts;
mod similarity;
mod thanks_link;
mod title_in_body;
mod unique_characters;
mod url_ending;
mod username_site;

use std::cell::OnceCell;

use super::Budget;
use crate::core::verdict::Part;

pub use anchors::Anchor;

/// The host that a link leads to, in small letters, if it is outside the network.
pub fn foreign_host(url: &str) -> Option<String> {
    let host = hosts::host_of(url);
    (!host.is_empty() && !hosts::is_our_own(host)).then(|| host.to_lowercase())
}

/// What a check found: byte offsets into the text it was given, half-open, on character boundaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What a person wants to know beside the place, such as `'b'*22`; may be empty.
    pub note: String,
}

impl Hit {
    /// A hit without a note.
    pub fn new(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end, note: String::new() }
    }

    /// The same with a note.
    pub fn noted(range: std::ops::Range<usize>, note: impl Into<String>) -> Self {
        Self { start: range.start, end: range.end, note: note.into() }
    }
}

/// A [`Hit`] in a named part of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartHit {
    /// The part whose text `hit` speaks of.
    pub part: Part,
    /// Where, in that part as it was given to the check.
    pub hit: Hit,
}

/// What was taken out of one text, on first use, for every check that looks at it.
#[derive(Debug, Default)]
pub struct Extracted {
    anchors: OnceCell<Vec<Anchor>>,
    tagless: OnceCell<String>,
    /// Nothing when the budget did not suffice.
    visible: OnceCell<Option<String>>,
}

/// One part of a post as a check sees it: entities decoded, invisible characters removed from bodies, code
/// replaced where the rule asks for it.
#[derive(Clone, Copy, Debug)]
pub struct TextInput<'a> {
    /// The prepared text; bodies are HTML with tags, summaries plain text.
    pub text: &'a str,
    /// Which part it is.
    pub part: Part,
    /// Host name of the site.
    pub site: &'a str,
    /// Whether the post is an answer.
    pub is_answer: bool,
    /// Whether the text is the plain excerpt of a realtime frame.
    pub is_summary: bool,
    /// Shared by all checks of the same `text`; `Extracted::default()` for a new text.
    pub extracted: &'a Extracted,
    /// What a check that does more than read the text once takes its steps off.
    pub budget: &'a Budget,
}

impl<'a> TextInput<'a> {
    /// The links of the text in HTML form, extracted once.
    pub fn anchors(&self) -> &'a [Anchor] {
        self.extracted.anchors.get_or_init(|| anchors::find(self.text))
    }

    /// The text without tags, made once.
    pub(crate) fn tagless(&self) -> &'a str {
        self.extracted.tagless.get_or_init(|| plain::without_tags(self.text))
    }

    /// The text without tags and web addresses, made once.
    pub(crate) fn visible(&self) -> &'a str {
        let make = || {
            let visible = plain::without_addresses(self.tagless(), self.budget);
            (!self.budget.is_overrun()).then_some(visible)
        };
        self.extracted.visible.get_or_init(make).as_deref().unwrap_or_else(|| {
            // Too much for one check is too much for every other that asks.
            self.budget.spend(u64::MAX);
            ""
        })
    }
}

/// A whole post as a check sees it; the texts are prepared as for [`TextInput`].
#[derive(Clone, Copy, Debug)]
pub struct PostInput<'a> {
    /// Title; empty for answers.
    pub title: &'a str,
    /// HTML body, code replaced only if the rule asks for it.
    pub body: &'a str,
    /// Display name of the owner.
    pub username: &'a str,
    /// Host name of the site.
    pub site: &'a str,
    /// Whether the post is an answer.
    pub is_answer: bool,
    /// Whether the body is the plain excerpt of a realtime frame.
    pub is_summary: bool,
    /// What a check that does more than read the texts once takes its steps off.
    pub budget: &'a Budget,
}

/// A check, by what it needs to see. No hit means the rule stays silent.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Looks at one part at a time.
    Text(fn(&TextInput<'_>) -> Vec<Hit>),
    /// The same, run only on texts that hold one of these patterns' letters and digits, which are looked for together with
    /// all entries of lists.
    Gated(fn(&TextInput<'_>) -> Vec<Hit>, &'static [&'static str]),
    /// Looks at the parts of a post together. On a realtime frame such a rule reports its reason as always; a
    /// [`Check::Text`] rule reports the empty reason for the excerpt there, as the reference does.
    Post(fn(&PostInput<'_>) -> Vec<PartHit>),
    /// Looks at what is known of linked hosts ([`RuleSet::scan_hosts`](super::RuleSet::scan_hosts)), and at nothing else.
    Network(Network),
}

/// A check of [`Check::Network`].
#[derive(Clone, Copy, Debug)]
pub enum Network {
    /// A host that has the addresses of its own name servers.
    ServesItself,
}

impl Check {
    /// Patterns of which a text must hold one for the check to find anything; none when it looks at every text.
    pub fn gates(&self) -> &'static [&'static str] {
        match self {
            Self::Gated(_, gates) => gates,
            Self::Text(_) | Self::Post(_) | Self::Network(_) => &[],
        }
    }
}

/// Every check by the name that rules use, sorted.
pub const CHECKS: &[(&str, Check)] = &[
    ("bad-link-text", Check::Text(link_text::check)),
    ("bad-url-ending", Check::Text(url_ending::check)),
    ("customer-service-scam", Check::Text(customer_service::check)),
    ("few-unique-characters", Check::Text(unique_characters::check)),
    ("health-title", Check::Text(health_title::check)),
    ("host-serves-itself", Check::Network(Network::ServesItself)),
    ("keyword-with-email", Check::Text(email_keyword::check)),
    ("link-at-end", Check::Text(link_at_end::check)),
    ("luncheon-meat", Check::Text(luncheon_meat::check)),
    ("misleading-link", Check::Text(misleading_link::check)),
    ("mostly-images", Check::Text(images::check)),
    ("mostly-non-latin", Check::Text(scripts::check)),
    ("mostly-punctuation", Check::Text(punctuation::check)),
    ("no-whitespace-body", Check::Text(no_whitespace::body)),
    ("no-whitespace-title", Check::Text(no_whitespace::title)),
    ("obfuscated-word", Check::Text(obfuscated_word::check)),
    ("offensive", Check::Gated(offensive::check, offensive::GATES)),
    ("overused-character", Check::Text(overused_character::check)),
    ("phone-in-title", Check::Text(phone_in_title::check)),
    ("product-names", Check::Gated(product_names::check, product_names::GATES)),
    ("repeated-link", Check::Text(repeated_link::check)),
    ("repeating-characters", Check::Text(repeating_characters::check)),
    ("repeating-words", Check::Text(repeating_words::check)),
    ("scam-aimed-at-customers", Check::Text(customer_service::brand)),
    ("support-line", Check::Text(customer_service::phrase)),
    ("thanks-with-link", Check::Text(thanks_link::check)),
    ("title-in-body", Check::Post(title_in_body::check)),
    ("username-like-site", Check::Post(username_site::check)),
];

/// The check with this name.
pub fn find(name: &str) -> Option<Check> {
    CHECKS.binary_search_by_key(&name, |(known, _)| known).ok().map(|at| CHECKS[at].1)
}

#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests {
    use super::testing::run_within;
    use super::*;

    #[test]
    fn every_check_is_found_by_its_name() {
        for (name, _) in CHECKS {
            assert!(find(name).is_some(), "`{name}` is not where the search looks: keep the table sorted");
        }
        assert!(find("no-such-check").is_none());
    }

    /// What a check must bear: its hits are slices of what it was given.
    fn run_on(check: Check, text: &str) {
        let budget = Budget::new(600_000);
        let (title, site) = (text.get(..text.floor_char_boundary(200)).unwrap_or(""), "superuser.com");
        match check {
            Check::Text(check) | Check::Gated(check, _) => {
                for part in [Part::Title, Part::Body, Part::Username] {
                    run_within(&budget, check, part, site, text);
                }
            }
            Check::Network(_) => {}
            Check::Post(check) => {
                for is_answer in [false, true] {
                    let input = PostInput {
                        title,
                        body: text,
                        username: title,
                        site,
                        is_answer,
                        is_summary: false,
                        budget: &budget,
                    };
                    for found in check(&input) {
                        let text = if found.part == Part::Body { text } else { title };
                        assert!(text.get(found.hit.start..found.hit.end).is_some(), "{found:?} is no slice");
                    }
                }
            }
        }
    }

    #[test]
    fn hostile_texts_are_borne_by_every_check() {
        let pieces = [
            "a",
            "(",
            "<",
            "<a ",
            "<a href=\"x\">",
            "<a href=\"http://aa.bb/\">a.cc</a>",
            "aa.",
            "http://",
            "a at b",
            "1 ",
            "123",
            "keto and ",
            "\u{e9}\u{200b}",
            "中",
            "<img ",
            "<code>",
            "<p>",
            "w-",
            "%41.",
            " ",
            "</p>",
            "a@b.cc ",
            "🍆",
        ];
        for piece in pieces {
            let text = piece.repeat(30_000 / piece.len());
            for (_, check) in CHECKS {
                run_on(*check, &text);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_hits_that_are_slices(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec![
                    "<a href=\"", "http://", "keto", "pro ", "\">", "</a>", "<p>", "</p>", "é", "中", " at ", "a.com", "1-888-", "621",
                    "0339", "gmail ", "support ", "number ", "\u{200b}", "fuck", "<code>", "@", "loan", ".", "-reviews/", "xxxxxxxxxxxx",
                ]),
                0..40,
            )
        ) {
            let text = pieces.concat();
            for (_, check) in CHECKS {
                run_on(*check, &text);
            }
        }
    }
}
