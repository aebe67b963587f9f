//! What a pattern needs: squeezed texts of which one must be there for it to match.

use super::escape::Escape;
use super::frequency::{SHORTEST, frequency};
use crate::core::rules::dialect::{Node, canonical};

/// Most texts of one needle.
const MAX_TEXTS: usize = 40;
/// A text that gets longer is cut; the rest of the pattern may still give a better one.
const LONGEST: usize = 60;
/// A repeat is written out so many times, then the rest of it may be anything.
const MAX_TIMES: u32 = 8;
/// A needle farther than this from the start does not tell where to start.
const FARTHEST: usize = 64;

/// Squeezed texts; a match of the pattern contains one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    /// Each at least three bytes.
    pub texts: Vec<Vec<u8>>,
    /// How many characters of the text (not of its squeezed view) the first character of the needle is from the start of
    /// the match, at least and at most; without the latter it does not say where to start.
    pub least: usize,
    /// See `least`.
    pub most: Option<usize>,
    /// The needle is not needed in a text that has one of these.
    pub unless: Option<Escape>,
    /// The needle begins exactly where this node of the pattern does, counted in the outermost sequence.
    pub node: Option<usize>,
}

impl Needle {
    /// An estimate of how often one of its texts is met, per position.
    pub fn frequency(&self) -> f64 {
        self.texts.iter().map(|text| frequency(text)).sum()
    }
}

/// The cheapest needle of a pattern; nothing when it needs no text worth a search.
pub fn needle(root: &Node) -> Option<Needle> {
    let plain = assuming(root, None);
    [Escape::Entity, Escape::Percent].into_iter().fold(plain, |best, escape| {
        if best.is_some() {
            return best;
        }
        assuming(root, Some(escape)).map(|needle| Needle { unless: Some(escape), ..needle })
    })
}

fn assuming(root: &Node, absent: Option<Escape>) -> Option<Needle> {
    let part = Reader { absent }.part(root, true);
    cheaper(part.own(), part.best)
}

type Offset = (usize, Option<usize>);

/// A squeezed text of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    bytes: Vec<u8>,
    /// The node's text may go on after it, with anything.
    open: bool,
}

impl Text {
    fn closed(bytes: Vec<u8>) -> Self {
        Self { bytes, open: false }
    }
}

fn nothing() -> Vec<Text> {
    vec![Text::closed(Vec::new())]
}

/// What is known of a node.
struct Part {
    /// What its squeezed texts begin with, if that is few; none at all when it can not match.
    texts: Option<Vec<Text>>,
    /// Where in the node the first character of such a text is.
    offset: Offset,
    /// Of the outermost sequence, where the texts begin, if exactly at a node.
    node: Option<usize>,
    /// The best needle inside.
    best: Option<Needle>,
}

impl Part {
    const UNKNOWN: Self = Self { texts: None, offset: (0, None), node: None, best: None };

    fn new(texts: Vec<Text>, node: &Node) -> Self {
        let most = node.width().1.map(|most| most.saturating_sub(1));
        Self { texts: Some(texts), offset: (0, most), node: None, best: None }
    }

    /// A needle made of its own texts.
    fn own(&self) -> Option<Needle> {
        candidate(self.texts.as_deref()?, self.offset, self.node)
    }
}

struct Reader {
    /// What the text is assumed not to have.
    absent: Option<Escape>,
}

impl Reader {
    fn part(&self, node: &Node, outermost: bool) -> Part {
        match node {
            Node::Empty | Node::Assert(_) => Part::new(nothing(), node),
            Node::Char(c) | Node::CharAnyCase(c) => {
                let bytes = canonical(*c).map(|c| c.to_string().into_bytes()).unwrap_or_default();
                Part::new(vec![Text::closed(bytes)], node)
            }
            Node::Set(set) => match set.squeezed() {
                Some(texts) => Part::new(texts.iter().cloned().map(Text::closed).collect(), node),
                None => Part::UNKNOWN,
            },
            Node::Concat(nodes) => self.concat(nodes, outermost),
            Node::Alternate(nodes) => self.alternate(nodes.iter()),
            Node::Conditional { yes, no, .. } => self.alternate([&**yes, &**no].into_iter()),
            Node::Repeat { node: inner, min, max, .. } => self.repeat(node, inner, *min, *max),
            Node::Group { node, .. } | Node::Atomic(node) => self.part(node, false),
            Node::Look { negate: true, .. } => Part::new(nothing(), node),
            Node::Look { behind, node: inner, .. } => {
                let part = self.part(inner, false);
                let found = cheaper(part.own(), part.best).map(|needle| match behind {
                    true => Needle { most: None, ..needle },
                    false => needle,
                });
                Part { best: found, ..Part::new(nothing(), node) }
            }
            Node::BackReference { .. } | Node::Call(_) => Part::UNKNOWN,
        }
    }

    fn concat(&self, nodes: &[Node], outermost: bool) -> Part {
        if let Some(escape) = self.absent
            && (0..nodes.len()).any(|at| escape.begins(&nodes[at..]))
        {
            return Part { texts: Some(Vec::new()), ..Part::UNKNOWN };
        }
        let mut run = nothing();
        let mut run_offset: Offset = (0, Some(0));
        let mut run_node = None;
        let mut before: Offset = (0, Some(0));
        let mut best = None;
        let mut whole = true;
        for (index, node) in nodes.iter().enumerate() {
            let part = self.part(node, false);
            let width = node.width();
            let inner = part.best.map(|inner| Needle {
                least: before.0 + inner.least,
                most: before.1.zip(inner.most).map(|(a, b)| a + b),
                node: None,
                ..inner
            });
            best = cheaper(best, inner);
            let fits = part.texts.as_ref().is_some_and(|texts| {
                texts.len() * run.len() <= MAX_TEXTS
                    && run.iter().all(|text| text.bytes.len() <= LONGEST)
                    && (run.is_empty() || run.iter().any(|text| !text.open))
            });
            if !fits {
                best = cheaper(best, candidate(&run, run_offset, run_node));
                run = nothing();
                whole = false;
                run_offset = if part.texts.is_some() { before } else { plus(before, width) };
                run_node = None;
            }
            if let Some(texts) = part.texts {
                let empty = |text: &Text| text.bytes.is_empty();
                let all_empty = run.iter().all(empty);
                if all_empty && texts.iter().all(empty) {
                    run_offset = plus(before, width);
                } else if all_empty {
                    run_offset = plus(before, part.offset);
                    let begins_here = outermost && !texts.iter().any(empty) && part.offset == (0, Some(0));
                    run_node = begins_here.then_some(index);
                } else if run.iter().any(empty) {
                    // In some of the texts the first character is only in this node.
                    run_offset.1 = run_offset.1.zip(plus(before, part.offset).1).map(|(a, b)| a.max(b));
                }
                run = product(&run, &texts);
            }
            before = plus(before, width);
        }
        if whole {
            return Part { texts: Some(run), offset: run_offset, node: run_node, best };
        }
        Part { best: cheaper(best, candidate(&run, run_offset, run_node)), ..Part::UNKNOWN }
    }

    fn alternate<'a>(&self, nodes: impl Iterator<Item = &'a Node>) -> Part {
        let mut texts = Some(Vec::new());
        let mut offset: Offset = (usize::MAX, Some(0));
        let mut best: Option<Option<Needle>> = None;
        for node in nodes {
            let part = self.part(node, false);
            if part.texts.as_ref().is_some_and(Vec::is_empty) {
                // Can not match, so it counts for nothing.
                continue;
            }
            offset = (offset.0.min(part.offset.0), offset.1.zip(part.offset.1).map(|(a, b)| a.max(b)));
            let own = cheaper(part.own(), part.best);
            best = Some(match (best, own) {
                (None, own) => own,
                (Some(Some(mut a)), Some(b)) => {
                    b.texts.into_iter().for_each(|text| add(&mut a.texts, text));
                    a.least = a.least.min(b.least);
                    a.most = a.most.zip(b.most).map(|(a, b)| a.max(b));
                    a.node = None;
                    Some(a)
                }
                _ => None,
            });
            texts = match (texts, part.texts) {
                (Some(mut all), Some(texts)) => {
                    texts.into_iter().for_each(|text| add(&mut all, text));
                    Some(all)
                }
                _ => None,
            };
        }
        let offset = (offset.0.min(offset.1.unwrap_or(usize::MAX)), offset.1);
        let texts = texts.filter(|texts| texts.len() <= MAX_TEXTS);
        Part { texts, offset, node: None, best: best.flatten() }
    }

    fn repeat(&self, whole: &Node, inner: &Node, min: u32, max: Option<u32>) -> Part {
        let part = self.part(inner, false);
        let best = part.best.filter(|_| min > 0);
        let Some(texts) = part.texts else { return Part { best, ..Part::UNKNOWN } };
        if texts.is_empty() {
            return Part { best, ..Part::new(if min == 0 { nothing() } else { Vec::new() }, whole) };
        }
        if texts.iter().all(|text| text.bytes.is_empty() && !text.open) {
            return Part { best, ..Part::new(nothing(), whole) };
        }
        let short = |text: &Text| text.bytes.len() <= 1;
        if min == 0 && max.is_none() && !texts.iter().all(short) {
            // A word that may be there any number of times tells less than what stands beside it.
            return Part::UNKNOWN;
        }
        // Twice may do where once is too short.
        let twice =
            (min > 1 && candidate(&texts, part.offset, None).is_none()).then(|| product(&texts, &texts));
        let best = cheaper(best, twice.and_then(|texts| candidate(&texts, part.offset, None)));
        // Every number of times from `min` on, as far as texts stay few; then more times as one that is open.
        let mut all = Vec::new();
        let mut power = nothing();
        let last = max.map_or(min.saturating_add(1), |max| max.min(min.saturating_add(3)));
        for count in 0..=last {
            if count > 0 {
                let longest = power.iter().map(|text| text.bytes.len()).max().unwrap_or(0);
                if power.len() * texts.len() > MAX_TEXTS || longest > LONGEST || count > MAX_TIMES {
                    // What there is stands for all further times.
                    power.iter().for_each(|text| add(&mut all, Text { open: true, ..text.clone() }));
                    break;
                }
                power = product(&power, &texts);
            }
            let goes_on = count == last && max != Some(last);
            if count >= min || goes_on {
                power
                    .iter()
                    .for_each(|text| add(&mut all, Text { open: text.open || goes_on, ..text.clone() }));
            }
        }
        if all.len() > MAX_TEXTS {
            let first = candidate(&texts, part.offset, None).filter(|_| min > 0);
            return Part { best: cheaper(best, first), ..Part::UNKNOWN };
        }
        let may_be_later = texts.iter().any(|text| text.bytes.is_empty());
        let offset =
            if may_be_later { (0, whole.width().1.map(|most| most.saturating_sub(1))) } else { part.offset };
        Part { texts: Some(all), offset, node: None, best }
    }
}

fn plus(a: Offset, b: Offset) -> Offset {
    (a.0.saturating_add(b.0), a.1.zip(b.1).and_then(|(a, b)| a.checked_add(b)))
}

fn add<T: PartialEq>(texts: &mut Vec<T>, text: T) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

fn product(left: &[Text], right: &[Text]) -> Vec<Text> {
    let mut texts = Vec::with_capacity(left.len() * right.len());
    for a in left {
        if a.open {
            add(&mut texts, a.clone());
            continue;
        }
        for b in right {
            add(&mut texts, Text { bytes: [&a.bytes[..], &b.bytes[..]].concat(), open: b.open });
        }
    }
    texts
}

fn candidate(texts: &[Text], offset: Offset, node: Option<usize>) -> Option<Needle> {
    let usable = !texts.is_empty() && texts.iter().all(|text| text.bytes.len() >= SHORTEST);
    usable.then(|| {
        let mut sorted: Vec<&[u8]> = texts.iter().map(|text| &text.bytes[..]).collect();
        sorted.sort_unstable();
        // Where a text is, its beginnings are.
        let mut distinct: Vec<Vec<u8>> = Vec::with_capacity(texts.len());
        for text in sorted {
            if !distinct.last().is_some_and(|last| text.starts_with(last)) {
                distinct.push(text.to_vec());
            }
        }
        let most = offset.1.filter(|most| *most <= FARTHEST);
        Needle { texts: distinct, least: offset.0, most, unless: None, node }
    })
}

fn cheaper(a: Option<Needle>, b: Option<Needle>) -> Option<Needle> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if cost(&b) < cost(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// Roughly how much work a needle makes: how often its texts are met, and how many starts are then tried.
fn cost(needle: &Needle) -> f64 {
    let starts = needle.most.map_or(400.0, |most| (most - needle.least.min(most) + 1) as f64);
    needle.frequency() * (20.0 + starts)
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
        assert_eq!(of(r"suc+k"), Some((vec!["succ".into(), "suck".into()], 0, Some(0))));
        assert_eq!(of(r"(?:get\W)*procoreketo"), one("procoreketo", 0, None));
        assert_eq!(of(r"k(?:%[\da-f]{2,}\W*)*e(?:%[\da-f]{2,}\W*)*t"), one("ket", 0, Some(0)));
        assert_eq!(of(r"(?:ab|cd|\W){2,}"), None);
        assert_eq!(of(r"oop*s"), Some((vec!["oop".into(), "oos".into()], 0, Some(0))));
        assert_eq!(of(r"(?:ab){4,}"), one("abababab", 0, Some(0)));
        assert_eq!(of(r"k(?:\W|&\w+;)*e(?:\W|&\w+;)*t(?:\W|&\w+;)*o"), one("keto", 0, Some(0)));
    }
}
