//! What speaks against a new entry of a list, before it counts.
//!
//! The same questions whoever asks: does it parse, does it hit harmless text, is it in the list already, does a dot in a
//! domain stand for any character, does a rule find the same already. The first three can not be overruled.

use std::fmt;

use super::dialect::{Flags, parse, sample};
use super::lists;
use super::load;
use super::numbers;
use super::set::RuleSet;
use crate::core::post::{Owner, Post, PostType};
use crate::core::weight::{Weights, is_experimental_text};

/// Texts of ours that no entry may hit, one a line.
const HARMLESS: &str = include_str!("harmless.txt");
/// An entry that hits so many posts that nobody reported says too little.
const MANY_GOOD_POSTS: usize = 3;

/// One thing that speaks against an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// It can not be used: why.
    Broken(String),
    /// The list has it already.
    Known {
        /// The list, as verdicts name it.
        list: String,
        /// Its line, from 1.
        line: usize,
    },
    /// It hits this harmless text.
    Harmless(String),
    /// It hits so many posts of the last hours that no rule found, of so many looked at; one of them.
    GoodPosts {
        /// How many it hits.
        hit: usize,
        /// How many were looked at.
        of: usize,
        /// The title of one.
        title: String,
    },
    /// It has a dot between letters that is not escaped: what stands around the first.
    Dot(String),
    /// What it looks for is found already: the reasons, and the rules that give them.
    Caught {
        /// As people know them.
        reasons: Vec<String>,
        /// As verdicts name them.
        rules: Vec<String>,
    },
}

impl Objection {
    /// Whether a person who knows better may overrule it.
    pub fn can_be_forced(&self) -> bool {
        matches!(self, Self::Dot(_) | Self::Caught { .. } | Self::GoodPosts { .. })
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(why) => write!(f, "it can not be used: {why}"),
            Self::Known { list, line } => write!(f, "it is there already, as {list}:{line}"),
            Self::Harmless(text) => write!(f, "it is too broad: it hits \u{201c}{text}\u{201d}"),
            Self::GoodPosts { hit, of, title } => {
                write!(
                    f,
                    "it is too broad: it hits {hit} of the last {of} harmless posts, such as \u{201c}{title}\u{201d}"
                )
            }
            Self::Dot(around) => {
                write!(f, "the dot in `{around}` stands for any character; a dot is written `\\.`")
            }
            Self::Caught { reasons, rules } => {
                write!(f, "it is caught already: {} ({})", reasons.join(", "), rules.join(", "))
            }
        }
    }
}

/// All that speaks against `text` as a new entry of the list file at `path`. `good` are posts that no rule found
/// and nobody reported. Costs a scan of each of them with this one entry.
pub fn objections(set: &RuleSet, path: &str, text: &str, good: &[Post]) -> Vec<Objection> {
    let alone = match load(Vec::new()).set.with_entry(path, 1, text) {
        Ok(alone) => alone,
        Err(error) => return vec![Objection::Broken(error.message)],
    };
    if let Some(why) = unusable(text) {
        return vec![Objection::Broken(why)];
    }
    let list = lists::name(path).unwrap_or_default();
    let mut found = Vec::new();
    found.extend(known(set, &list, text));
    found.extend(too_broad(&alone, good));
    if !is_numbers(&list) {
        found.extend(dot(text).map(Objection::Dot));
    }
    // What was found to be there is caught of course.
    if found.iter().all(|objection| !matches!(objection, Objection::Known { .. })) {
        found.extend(caught(set, &alone, &list, text));
    }
    found
}

fn is_numbers(list: &str) -> bool {
    list.ends_with("numbers")
}

fn is_watchlist(list: &str) -> bool {
    list.contains("watch")
}

/// What a file of one entry a line can not hold.
fn unusable(text: &str) -> Option<String> {
    if text.contains(['\n', '\r']) {
        return Some("an entry is one line".to_owned());
    }
    if text.starts_with('#') {
        return Some("a line that begins with `#` is a comment; write `\\#`".to_owned());
    }
    if text.trim_end() != text || text.is_empty() {
        return Some("blanks at the end are not kept; write `\\s`".to_owned());
    }
    let hidden = text.chars().find(|c| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    });
    hidden.map(|c| {
        format!(
            "it holds the invisible character U+{:04X}; write `\\u{:04x}` if it is meant",
            c as u32, c as u32
        )
    })
}

fn known(set: &RuleSet, list: &str, text: &str) -> Option<Objection> {
    let same = |a: &str, b: &str| match is_numbers(list) {
        true => numbers::are_equal(a, b),
        false => a == b,
    };
    let entry = set.live_entries().find(|entry| entry.list == list && same(entry.text, text))?;
    Some(Objection::Known { list: entry.list.to_owned(), line: entry.line })
}

fn too_broad(alone: &RuleSet, good: &[Post]) -> Vec<Objection> {
    let mut found = Vec::new();
    let harmless = HARMLESS.lines().filter(|line| !line.is_empty());
    if let Some(text) = harmless.into_iter().find(|text| hits(alone, text)) {
        found.push(Objection::Harmless(text.to_owned()));
    }
    let mut hit = good.iter().filter(|post| alone.scan(post, &Weights::default()).is_spam()).peekable();
    if let Some(first) = hit.peek() {
        let title = first.title.clone();
        let count = hit.count();
        if count >= MANY_GOOD_POSTS {
            found.push(Objection::GoodPosts { hit: count, of: good.len(), title });
        }
    }
    found
}

fn hits(set: &RuleSet, text: &str) -> bool {
    probes(text).iter().any(|post| set.scan(post, &Weights::default()).is_spam())
}

/// The text as body of a question and an answer, as title and as name.
fn probes(text: &str) -> [Post; 2] {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let post = |post_type, title: &str, body: &str, name: &str| Post {
        site: "superuser.com".to_owned(),
        post_type,
        title: title.to_owned(),
        body: body.to_owned(),
        owner: Owner { name: name.to_owned(), reputation: 1 },
        ..Post::default()
    };
    [
        post(PostType::Question, &text, &format!("<p>{text}</p>"), &text),
        post(PostType::Answer, "", &format!("<p>{text}</p>"), "user"),
    ]
}

/// A dot between two letters or digits, outside classes, comments and escapes, with what stands around it.
fn dot(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut in_class, mut at) = (false, 0);
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 1,
            '(' if chars[at..].starts_with(&['(', '?', '#']) => {
                at += chars[at..].iter().position(|c| *c == ')').unwrap_or(chars.len() - at);
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class && at > 0 => {
                let (before, after) = (chars[at - 1], chars.get(at + 1));
                if before.is_alphanumeric() && after.is_some_and(|c| c.is_alphanumeric()) {
                    let from = at.saturating_sub(15);
                    return Some(chars[from..(at + 10).min(chars.len())].iter().collect());
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The rules that find what the entry looks for. Only reasons of lists count: a sample is too short for the others.
fn caught(set: &RuleSet, alone: &RuleSet, list: &str, text: &str) -> Option<Objection> {
    let sample = if is_numbers(list) { text.to_owned() } else { sample(&parse(text, Flags::KEYWORDS).ok()?) };
    // A sample that the entry itself does not find, because of what it must stand next to, proves nothing.
    if !hits(alone, &sample) {
        return None;
    }
    let (mut reasons, mut rules) = (Vec::new(), Vec::new());
    for post in probes(&sample) {
        for why in set.scan(&post, &Weights::default()).why {
            let on_trial = is_experimental_text(&why.reason);
            let of_list = ["bad keyword in ", "blacklisted ", "bad phone number in "];
            let counts = of_list.iter().any(|known| why.reason.contains(known));
            if counts && (is_watchlist(list) || !on_trial) && !reasons.contains(&why.reason) {
                reasons.push(why.reason);
                if !rules.contains(&why.rule) {
                    rules.push(why.rule);
                }
            }
        }
    }
    (!reasons.is_empty()).then_some(Objection::Caught { reasons, rules })
}

#[cfg(test)]
mod tests {
    use super::super::SourceFile;
    use super::*;

    const KEYWORDS: &str = "rules/starter/watchlist/keywords.txt";

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.as_bytes().to_vec() }
    }

    fn set() -> RuleSet {
        let sources = vec![
            file("rules/starter/blacklist/keywords.txt", "garcinia[\\W_]*+cambogia\n"),
            file("rules/starter/blacklist/numbers.txt", "+1 (202) 555-0175\n"),
            file(KEYWORDS, "# a comment\nslim[\\W_]*+tea\n"),
        ];
        load(sources).set
    }

    fn said(path: &str, text: &str) -> Vec<String> {
        objections(&set(), path, text, &[]).iter().map(ToString::to_string).collect()
    }

    fn good(title: &str) -> Post {
        let [post, _] = probes(title);
        post
    }

    #[test]
    fn nothing_speaks_against_a_good_entry() {
        for text in [
            r"cheap-?watches\.example",
            r"miracle[\W_]*+berry",
            "(?i:spell)caster(?#a.comment)",
            "[a.b]xyzzy",
        ] {
            assert_eq!(said(KEYWORDS, text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(said("x/watchlist/numbers.txt", "+1 202 555 0199"), Vec::<String>::new());
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        for (text, expected) in [
            ("(x", "it can not be used: missing `)`, at character 3 of the pattern"),
            ("#spam", "it can not be used: a line that begins with `#` is a comment; write `\\#`"),
            ("spam ", "it can not be used: blanks at the end are not kept; write `\\s`"),
            (
                "a\u{202d}bc",
                "it can not be used: it holds the invisible character U+202D; write `\\u202d` if it is meant",
            ),
        ] {
            assert_eq!(said(KEYWORDS, text), [expected]);
        }
        assert!(
            matches!(objections(&set(), KEYWORDS, "x*", &[])[..], [Objection::Broken(_)]),
            "it matches nothing"
        );
        assert!(matches!(objections(&set(), "notes.txt", "x", &[])[..], [Objection::Broken(_)]), "no list");
        for number in ["555", "call 202-555-0199 now", "1234567890123456789012345"] {
            let said = said("x/watchlist/numbers.txt", number);
            assert_eq!(
                said,
                ["it can not be used: a number has 7 to 20 digits, with signs between"],
                "{number}"
            );
        }
    }

    #[test]
    fn an_entry_that_hits_harmless_text_is_too_broad() {
        let found = objections(&set(), KEYWORDS, "the", &[]);
        assert!(matches!(&found[..], [Objection::Harmless(_)]), "{found:?}");
        assert!(!found[0].can_be_forced());
    }

    #[test]
    fn an_entry_that_hits_several_good_posts_is_too_broad() {
        let posts =
            ["My xyzzy fails", "How do I xyzzy?", "No magic here", "Why xyzzy and not plugh?"].map(good);
        let found = objections(&set(), KEYWORDS, "xyzzy", &posts);
        let expected = Objection::GoodPosts { hit: 3, of: 4, title: "My xyzzy fails".to_owned() };
        assert_eq!(found, [expected]);
        assert_eq!(objections(&set(), KEYWORDS, "xyzzy", &posts[..3]), [], "two are no proof");
    }

    #[test]
    fn a_dot_in_a_domain_is_noticed_and_can_be_forced() {
        let found = objections(&set(), KEYWORDS, "cheap-watches.example", &[]);
        assert_eq!(found, [Objection::Dot("cheap-watches.example".to_owned())]);
        assert!(found[0].can_be_forced());
    }

    #[test]
    fn what_is_caught_already_is_named_with_its_rule() {
        assert_eq!(
            said(KEYWORDS, r"garcinia\s++cambogia"),
            [
                "it is caught already: bad keyword in body, bad keyword in title, bad keyword in username, bad keyword in \
              answer (blacklist/keywords:1)"
            ]
        );
        assert_eq!(said(KEYWORDS, "slim[\\W_]*+tea"), ["it is there already, as watchlist/keywords:2"]);
        let moved_up = said("rules/starter/blacklist/keywords.txt", "slim[\\W_]*+tea");
        assert_eq!(moved_up, Vec::<String>::new(), "a watched entry may be blacklisted");
        let number = said("rules/starter/blacklist/numbers.txt", "12025550175");
        assert_eq!(number, ["it is there already, as blacklist/numbers:1"], "the same digits");
    }
}
