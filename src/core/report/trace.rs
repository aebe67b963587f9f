//! What the posts of one campaign have in common, as far as a report keeps it.

use serde::{Deserialize, Serialize};

use super::Report;
use crate::core::post::Post;
use crate::core::rules::checks::{anchors, foreign_host};
use crate::core::text::prepare::Prepared;

/// More of a post is not looked at: a campaign shows itself at the start.
const TEXT_CHARS: usize = 4_000;
/// Texts whose hashes differ in at most this many of 64 bits are near-identical: another name or number in a few
/// sentences changes about 5 to 10, and texts that have nothing in common differ in about 32.
const NEAR_BITS: u32 = 12;

/// The marks by which a post is known as one of many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The first host outside the network that the body links to.
    pub linked_site: Option<String>,
    /// A hash of title and body that changes little when the text does (SimHash, Charikar 2002, over pairs of words);
    /// 0 for a text without words.
    pub text: u64,
}

impl Trace {
    /// The marks of a post.
    pub fn of(post: &Post) -> Self {
        let links = anchors::find(&post.body);
        let linked_site = links.into_iter().find_map(|link| foreign_host(&post.body[link.href]));
        let (title, body) = (Prepared::title(&post.title), Prepared::body(&post.body));
        Self { linked_site, text: sim_hash(title.text().chars().chain([' ']).chain(body.text().chars())) }
    }
}

impl Report {
    /// Whether both tell of the same campaign: the same reasons, the same linked site, near-identical text.
    pub fn is_alike(&self, other: &Self) -> bool {
        let (mine, others) = (&self.trace, &other.trace);
        (mine.text ^ others.text).count_ones() <= NEAR_BITS
            && (mine.text == 0) == (others.text == 0)
            && mine.linked_site == others.linked_site
            && self.weight == other.weight
            && self.reasons == other.reasons
    }
}

/// Words are runs of letters: digits are what the posts of a campaign differ in.
fn sim_hash(text: impl Iterator<Item = char>) -> u64 {
    let mut counts = [0i32; 64];
    let (mut before, mut word) = (0, 0);
    for c in text.take(TEXT_CHARS).chain([' ']) {
        if c.is_alphabetic() {
            word = mixed(word, c.to_lowercase().next().unwrap_or(c));
        } else if word != 0 {
            let pair = spread(word ^ before);
            for (bit, count) in counts.iter_mut().enumerate() {
                *count += if pair >> bit & 1 == 1 { 1 } else { -1 };
            }
            (before, word) = (word.rotate_left(1), 0);
        }
    }
    counts.iter().enumerate().filter(|(_, count)| **count > 0).fold(0, |hash, (bit, _)| hash | 1 << bit)
}

/// A step of FNV-1a over characters.
fn mixed(hash: u64, c: char) -> u64 {
    let start = if hash == 0 { 0xcbf2_9ce4_8422_2325 } else { hash };
    (start ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3)
}

/// The finalizer of SplitMix64: FNV alone mixes its last characters badly.
fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(title: &str, body: &str) -> Trace {
        Trace::of(&Post {
            id: "x-1".to_owned(),
            site: "superuser.com".to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            ..Post::default()
        })
    }

    fn advert(name: &str, number: u32) -> Trace {
        let body = format!(
            "<p>Call <b>{name}</b> support at {number}, our experts help you with every problem of {name} by day and \
             by night, at home and in the office: <a href=\"https://superuser.com/q/1\">this</a> and \
             <a href=\"https://Help.example/x?y\">that</a></p>"
        );
        trace(&format!("{name} customer support phone number {number} call now"), &body)
    }

    #[test]
    fn another_name_and_number_make_no_other_campaign_and_another_text_does() {
        let [a, b] = [advert("Mailorix", 555_0100), advert("Norvelle", 555_0177)];
        assert_eq!(a.linked_site.as_deref(), Some("help.example"), "the network's own links are left out");
        assert!((a.text ^ b.text).count_ones() <= NEAR_BITS, "{}", (a.text ^ b.text).count_ones());
        let other =
            trace("How do I sharpen a chisel?", "<p>The bevel gets round each time that I try it.</p>");
        assert!((a.text ^ other.text).count_ones() > NEAR_BITS);
        assert_eq!(other.linked_site, None);
        assert_eq!(trace("12 34", "").text, 0);
    }
}
