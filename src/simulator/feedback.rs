//! Finding the report of a post among messages, and what a person answers to it. Pure.

/// How a message speaks of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mention {
    /// It is the report of this post and of no other.
    Single,
    /// It is one item of a combined message, with this number.
    Item(usize),
}

/// A post in the addresses of one site.
#[derive(Clone, Copy, Debug)]
pub struct PostAddress<'a> {
    /// Host of the site.
    pub site: &'a str,
    /// Number of the question or answer.
    pub number: i64,
}

/// How `source` speaks of a post: by a link to it. A message that starts as a single report does (`[ [`) is one;
/// otherwise each item has its number in front of its link.
pub fn mention(source: &str, post: PostAddress<'_>) -> Option<Mention> {
    let links = post_links(source);
    let index = links
        .iter()
        .position(|link| link.site.eq_ignore_ascii_case(post.site) && link.number == post.number)?;
    if links.len() == 1 && source.trim_start().starts_with("[ [") {
        return Some(Mention::Single);
    }
    let before = if index == 0 { 0 } else { links[index - 1].end };
    let numbers = numbers_in(&source[before..links[index].start]);
    let expected = index + 1;
    match numbers.contains(&expected).then_some(expected).or(numbers.first().copied()) {
        Some(number) => Some(Mention::Item(number)),
        None if links.len() == 1 => Some(Mention::Single),
        None => None,
    }
}

/// What a person replies to a message to give feedback of a kind on one post.
pub fn reply(mention: Mention, kind: &str) -> String {
    match mention {
        Mention::Single => kind.to_owned(),
        Mention::Item(number) => format!("{number} {kind}"),
    }
}

/// A link to a post inside a text.
struct Link<'a> {
    start: usize,
    end: usize,
    site: &'a str,
    number: i64,
}

/// Links to posts, each post once, in order: `//HOST/questions/N`, `//HOST/a/N`, `//HOST/q/N`.
fn post_links(source: &str) -> Vec<Link<'_>> {
    let mut links: Vec<Link<'_>> = Vec::new();
    for (start, _) in source.match_indices("//") {
        let Some(link) = post_link(source, start) else { continue };
        if !links.iter().any(|known| known.site == link.site && known.number == link.number) {
            links.push(link);
        }
    }
    links
}

fn post_link(source: &str, start: usize) -> Option<Link<'_>> {
    let rest = &source[start + 2..];
    let (site, path) = rest.split_once('/')?;
    let is_host =
        !site.is_empty() && site.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    let digits = ["questions/", "a/", "q/"].into_iter().find_map(|prefix| path.strip_prefix(prefix))?;
    let len = digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut number: i64 = digits[..len].parse().ok().filter(|_| is_host)?;
    let mut end = source.len() - digits.len() + len;
    // An answer can be linked through its question: /questions/Q/slug/A#A.
    let tail =
        digits[len..].split(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '"' | '>')).next()?;
    if let Some((path, answer)) = tail.split_once('#')
        && let Ok(answer) = answer.parse::<i64>()
        && path.ends_with(&format!("/{answer}"))
    {
        number = answer;
        end += tail.len();
    }
    Some(Link { start, end, site, number })
}

/// Numbers that stand alone: not part of a word, a longer number with a dot, or an address.
fn numbers_in(text: &str) -> Vec<usize> {
    text.split(|c: char| {
        c.is_whitespace() || matches!(c, '[' | ']' | '(' | ')' | '*' | '.' | ':' | ',' | '#' | '|')
    })
    .filter_map(|word| word.trim_end_matches(['.', ')', ':']).parse().ok())
    .filter(|number| *number > 0)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::batch::{BatchItem, Form, combine};

    fn find(source: &str, site: &str, number: i64) -> Option<Mention> {
        mention(source, PostAddress { site, number })
    }

    #[test]
    fn a_single_report_is_found_by_its_link_whatever_numbers_it_has() {
        let report = "[ [SmokeDetector](//git.io/vyDZv) | [MS](//m.example/posts/uid/superuser/41) ] bad keyword in body \
                      (98): [Top 10 pills](//superuser.com/a/41) by [7 x](//superuser.com/users/3) on `superuser.com`";
        assert_eq!(find(report, "superuser.com", 41), Some(Mention::Single));
        assert_eq!(find(report, "superuser.com", 4), None, "a prefix of the number is another post");
        assert_eq!(find(report, "stackoverflow.com", 41), None);
        assert_eq!(reply(Mention::Single, "tpu-"), "tpu-");
    }

    #[test]
    fn an_item_of_a_combined_message_is_answered_with_its_number() {
        let compact = "**3 reports** · 1 [Buy 7 now](https://superuser.com/questions/41) SU bad keyword · \
                       2 [12 tips](https://diy.stackexchange.com/a/5) DIY · 3 [x](https://superuser.com/questions/6)";
        assert_eq!(find(compact, "superuser.com", 41), Some(Mention::Item(1)));
        assert_eq!(find(compact, "diy.stackexchange.com", 5), Some(Mention::Item(2)));
        assert_eq!(find(compact, "superuser.com", 6), Some(Mention::Item(3)));
        let long = "2 reports, heaviest first\n1. https://superuser.com/questions/41 superuser.com bad keyword (98)\n\
                    2. https://superuser.com/a/9 superuser.com";
        assert_eq!(find(long, "superuser.com", 9), Some(Mention::Item(2)));
        assert_eq!(
            find("1 report\n1 https://superuser.com/a/9 x", "superuser.com", 9),
            Some(Mention::Item(1))
        );
        assert_eq!(reply(Mention::Item(2), "tpu-"), "2 tpu-");
    }

    #[test]
    fn the_items_of_our_own_combined_messages_are_found() {
        let item = |campaign, url, title| BatchItem {
            url,
            site: "diy.stackexchange.com",
            title,
            heaviest_reason: "bad keyword in body",
            weight: 173,
            campaign,
            linked_site: Some("pills-4.example"),
        };
        let items = [
            item(1, "//diy.stackexchange.com/questions/41", "Top 2 tips 3"),
            item(2, "//diy.stackexchange.com/a/5", "1. https://diy.stackexchange.com/questions/6"),
            item(3, "//diy.stackexchange.com/questions/6", "9"),
            item(4, "//diy.stackexchange.com/questions/8", "7 alike (1)"),
            item(4, "//diy.stackexchange.com/questions/9", "7 alike (1)"),
            item(4, "//diy.stackexchange.com/questions/10", "7 alike (1)"),
        ];
        for (form, n_items) in [(Form::Compact, 3), (Form::Long, 6)] {
            let text = combine(form, &items[..n_items], 4, 4_000).text;
            for (index, number) in [41, 5, 6, 8, 9, 10].into_iter().take(n_items).enumerate() {
                let found = find(&text, "diy.stackexchange.com", number);
                assert_eq!(found, Some(Mention::Item(index + 1)), "{number} in {text}");
            }
        }
    }

    #[test]
    fn an_answer_linked_through_its_question_is_the_answer() {
        let source = "[ [S](//x) ] r: [t](https://diy.stackexchange.com/questions/1/some-title/77#77)";
        assert_eq!(find(source, "diy.stackexchange.com", 77), Some(Mention::Single));
        assert_eq!(find(source, "diy.stackexchange.com", 1), None);
    }

    #[test]
    fn hostile_texts_are_no_links() {
        for source in [
            "//",
            "///questions/5",
            "//a b/questions/5",
            "//é.com/questions/5",
            "//x.com/questions/99999999999999999999",
        ] {
            assert_eq!(find(source, "x.com", 5), None, "{source}");
        }
    }
}
