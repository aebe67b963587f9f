//! What a pattern needs: squeezed texts of which one must be there for it to match.

use crate::core::rules::dialect::{Node, canonical};

/// Shortest text that is worth a search, in bytes.
pub const SHORTEST: usize = 3;
/// Most texts of one needle.
const MAX_TEXTS: usize = 32;
/// A text that gets longer is cut; the rest of the pattern may still give a better one.
const LONGEST: usize = 60;
/// A needle farther than this from the start does not tell where to start.
const FARTHEST: usize = 64;

/// Squeezed texts; a match of the pattern contains one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    /// Each at least [`SHORTEST`] bytes.
    pub texts: Vec<Vec<u8>>,
    /// How many characters of the text (not of its squeezed view) the first character of the needle is from the start of
    /// the match, at least and at most; without the latter it does not say where to start.
    pub least: usize,
    /// See `least`.
    pub most: Option<usize>,
}

/// The cheapest needle of a pattern; nothing when it needs no text worth a search.
pub fn needle(root: &Node) -> Option<Needle> {
    let part = part(root);
    let exact = part.exact.and_then(|texts| candidate(texts, part.offset.0, part.offset.1));
    cheaper(exact, part.best)
}

type Offset = (usize, Option<usize>);

/// What is known of a node.
struct Part {
    /// All squeezed texts of the node, if they are few.
    exact: Option<Vec<Vec<u8>>>,
    /// Where in the node the first character of such a text is.
    offset: Offset,
    /// The best needle inside.
    best: Option<Needle>,
}

impl Part {
    fn exactly(texts: Vec<Vec<u8>>, node: &Node) -> Self {
        let most = node.width().1.map(|most| most.saturating_sub(1));
        Self { exact: Some(texts), offset: (0, most), best: None }
    }

    const UNKNOWN: Self = Self { exact: None, offset: (0, None), best: None };
}

fn part(node: &Node) -> Part {
    match node {
        Node::Empty | Node::Assert(_) => Part::exactly(vec![Vec::new()], node),
        Node::Char(c) | Node::CharAnyCase(c) => Part::exactly(vec![squeezed(*c)], node),
        Node::Set(set) => match set.squeezed() {
            Some(texts) => Part::exactly(texts.to_vec(), node),
            None => Part::UNKNOWN,
        },
        Node::Concat(nodes) => concat(nodes),
        Node::Alternate(nodes) => alternate(nodes.iter()),
        Node::Conditional { yes, no, .. } => alternate([&**yes, &**no].into_iter()),
        Node::Repeat { node: inner, min, max, .. } => repeat(node, inner, *min, *max),
        Node::Group { node, .. } | Node::Atomic(node) => part(node),
        Node::Look { negate: true, .. } => Part::exactly(vec![Vec::new()], node),
        Node::Look { behind, node: inner, .. } => {
            let found = needle(inner).map(|needle| match behind {
                true => Needle { most: None, ..needle },
                false => needle,
            });
            Part { best: found, ..Part::exactly(vec![Vec::new()], node) }
        }
        Node::BackReference { .. } | Node::Call(_) => Part::UNKNOWN,
    }
}

fn squeezed(c: char) -> Vec<u8> {
    canonical(c).map(|c| c.to_string().into_bytes()).unwrap_or_default()
}

fn add(texts: &mut Vec<Vec<u8>>, text: Vec<u8>) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

fn concat(nodes: &[Node]) -> Part {
    let nothing = || vec![Vec::new()];
    let mut run = nothing();
    let mut run_offset: Offset = (0, Some(0));
    let mut before: Offset = (0, Some(0));
    let mut best = None;
    let mut exact = true;
    for node in nodes {
        let part = part(node);
        let width = node.width();
        let inner = part.best.map(|inner| Needle {
            least: before.0 + inner.least,
            most: before.1.zip(inner.most).map(|(a, b)| a + b),
            ..inner
        });
        best = cheaper(best, inner);
        let fits = part.exact.as_ref().is_some_and(|texts| {
            texts.len() * run.len() <= MAX_TEXTS && run.iter().map(Vec::len).max().unwrap_or(0) <= LONGEST
        });
        if !fits {
            best =
                cheaper(best, candidate(std::mem::replace(&mut run, nothing()), run_offset.0, run_offset.1));
            exact = false;
            run_offset = if part.exact.is_some() { before } else { plus(before, width) };
        }
        if let Some(texts) = part.exact {
            let all_empty = run.iter().all(Vec::is_empty);
            if all_empty && texts.iter().all(Vec::is_empty) {
                run_offset = plus(before, width);
            } else if all_empty {
                run_offset = plus(before, part.offset);
            } else if run.iter().any(Vec::is_empty) {
                // In some of the texts the first character is only in this node.
                run_offset.1 = run_offset.1.zip(plus(before, part.offset).1).map(|(a, b)| a.max(b));
            }
            run = product(&run, &texts);
        }
        before = plus(before, width);
    }
    if exact {
        return Part { exact: Some(run), offset: run_offset, best };
    }
    Part { exact: None, offset: (0, None), best: cheaper(best, candidate(run, run_offset.0, run_offset.1)) }
}

fn plus(a: Offset, b: Offset) -> Offset {
    (a.0.saturating_add(b.0), a.1.zip(b.1).and_then(|(a, b)| a.checked_add(b)))
}

fn product(left: &[Vec<u8>], right: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut texts = Vec::with_capacity(left.len() * right.len());
    for a in left {
        for b in right {
            let text = [&a[..], &b[..]].concat();
            if left.len() * right.len() == 1 || !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

fn alternate<'a>(nodes: impl Iterator<Item = &'a Node>) -> Part {
    let mut exact = Some(Vec::new());
    let mut offset: Offset = (usize::MAX, Some(0));
    let mut best: Option<Option<Needle>> = None;
    for node in nodes {
        let part = part(node);
        offset = (offset.0.min(part.offset.0), offset.1.zip(part.offset.1).map(|(a, b)| a.max(b)));
        let own = cheaper(
            part.exact.clone().and_then(|texts| candidate(texts, part.offset.0, part.offset.1)),
            part.best,
        );
        best = Some(match (best, own) {
            (None, own) => own,
            (Some(Some(mut a)), Some(b)) => {
                for text in b.texts {
                    add(&mut a.texts, text);
                }
                a.least = a.least.min(b.least);
                a.most = a.most.zip(b.most).map(|(a, b)| a.max(b));
                Some(a)
            }
            _ => None,
        });
        exact = match (exact, part.exact) {
            (Some(mut all), Some(texts)) => {
                for text in texts {
                    add(&mut all, text);
                }
                Some(all)
            }
            _ => None,
        };
    }
    let exact = exact.filter(|texts: &Vec<_>| texts.len() <= MAX_TEXTS);
    Part { exact, offset: (offset.0.min(offset.1.unwrap_or(usize::MAX)), offset.1), best: best.flatten() }
}

fn repeat(whole: &Node, inner: &Node, min: u32, max: Option<u32>) -> Part {
    let part = part(inner);
    if part.exact.as_ref().is_some_and(|texts| texts.iter().all(Vec::is_empty)) {
        let best = part.best.filter(|_| min > 0);
        return Part { best, ..Part::exactly(vec![Vec::new()], whole) };
    }
    let small = max.filter(|max| *max <= 3);
    if let (Some(texts), Some(max)) = (&part.exact, small) {
        let mut all = Vec::new();
        let mut power = vec![Vec::new()];
        for count in 0..=max {
            if count >= min {
                power.iter().for_each(|text: &Vec<u8>| add(&mut all, text.clone()));
            }
            if count < max && all.len() <= MAX_TEXTS && power.len() * texts.len() <= MAX_TEXTS {
                power = product(&power, texts);
            } else if count < max {
                all.clear();
                break;
            }
        }
        if !all.is_empty() && all.len() <= MAX_TEXTS {
            let best = part.best.filter(|_| min > 0);
            return Part { best, ..Part::exactly(all, whole) };
        }
    }
    if min == 0 {
        return Part::UNKNOWN;
    }
    // At least the first time must be there.
    let first = part.exact.map(|texts| {
        let times = min.min(4);
        (1..times).fold(texts.clone(), |power, _| {
            if power.len() * texts.len() > MAX_TEXTS { power } else { product(&power, &texts) }
        })
    });
    let offset = if min > 1 { (part.offset.0, whole.width().1) } else { part.offset };
    let own = first.and_then(|texts| candidate(texts, offset.0, offset.1));
    Part { exact: None, offset: (0, None), best: cheaper(own, part.best) }
}

fn candidate(texts: Vec<Vec<u8>>, least: usize, most: Option<usize>) -> Option<Needle> {
    let usable = !texts.is_empty() && texts.iter().all(|text| text.len() >= SHORTEST);
    usable.then(|| Needle { texts, least, most: most.filter(|most| *most <= FARTHEST) })
}

fn cheaper(a: Option<Needle>, b: Option<Needle>) -> Option<Needle> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if cost(&b) < cost(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// Roughly how much work a needle makes: how often its texts are met, and how many starts are then tried.
fn cost(needle: &Needle) -> f64 {
    let met: f64 = needle.texts.iter().map(|text| super::grams::frequency(text)).sum();
    let starts = needle.most.map_or(400.0, |most| (most - needle.least.min(most) + 1) as f64);
    met * (20.0 + starts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rules::dialect::{Flags, parse};

    fn of(pattern: &str) -> Option<(Vec<String>, usize, Option<usize>)> {
        let pattern = parse(pattern, Flags::KEYWORDS).expect("a pattern");
        needle(&pattern.root).map(|n| {
            let mut texts: Vec<_> =
                n.texts.into_iter().map(|t| String::from_utf8(t).expect("text")).collect();
            texts.sort();
            (texts, n.least, n.most)
        })
    }

    fn one(text: &str, least: usize, most: Option<usize>) -> Option<(Vec<String>, usize, Option<usize>)> {
        Some((vec![text.to_owned()], least, most))
    }

    #[test]
    fn finds_what_a_pattern_needs_and_where() {
        assert_eq!(of(r"king[\W_]*+mod[\W_]*+apk"), one("kingmodapk", 0, Some(0)));
        assert_eq!(of(r"academia\.edu"), one("academiaedu", 0, Some(0)));
        assert_eq!(of(r"\W{0,3}keto"), one("keto", 0, Some(3)));
        assert_eq!(of(r"(?<!xyzxyz)\bketone(?=s)"), one("ketone", 0, Some(0)));
        assert_eq!(of(r"\w*keto"), one("keto", 0, None));
        assert_eq!(of(r"a.b"), None);
        assert_eq!(
            of(r"(?:skin|eye)\Wnovela"),
            Some((vec!["eyenovela".into(), "skinnovela".into()], 0, Some(0)))
        );
        assert_eq!(of(r"colou?rful"), Some((vec!["colorful".into(), "colourful".into()], 0, Some(0))));
        assert_eq!(of(r"(?:keto)?"), None);
        assert_eq!(of(r"(?:foo|x\d+)bargain"), one("bargain", 2, None));
        assert_eq!(of(r"[^a]{2}secret"), one("secret", 2, Some(2)));
        assert_eq!(of(r"(?:(?=zzzyyy).)+"), one("zzzyyy", 0, Some(0)));
        assert_eq!(of(r"(?<=https)\d"), one("https", 0, None));
    }
}
