//! One post through all layers of a rule set.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::costs::Costs;
use super::filter::escape::Escape;
use super::filter::places::MOST;
use super::filter::signs::Signs;
use super::filter::squeeze::Squeezed;
use super::findings::{Findings, MAX_PLACES};
use super::layer::{GATE, Layer};
use super::numbers::NumbersOf;
use super::rule::Rule;
use super::run_checks::{text_checks, whole_post};
use super::start::lead_of;
use super::vm::{Machine, Overrun, Program};
use crate::core::post::{Post, PostType};
use crate::core::text::edges::Edges;
use crate::core::text::prepare::Prepared;
use crate::core::verdict::{Part, Verdict};
use crate::core::weight::Weights;

/// Steps for one entry on one text; more than any entry of the known lists needs on honest posts.
const STEPS_PER_ENTRY: u64 = 600_000;
/// Places of a shape that are tried one by one; more are tried from the first to the last.
const FEW_PLACES: usize = 8;
/// Longest part that is scanned, in bytes; the rest is not looked at and the verdict says so. Stack Exchange takes 30,000
/// characters, which with tags around them are seldom more than 100 kB.
const MAX_PART: usize = 512 * 1024;

/// Memory that is kept from scan to scan.
#[derive(Debug, Default)]
pub struct Scratch {
    machine: Machine,
    squeezed: Squeezed,
    candidates: Vec<u32>,
    hits: Vec<Hit>,
    /// Of each shape, the first and last place where it was met, and how many there were.
    places: Vec<Option<(usize, usize, usize)>>,
    /// Of each check, whether its gate is open.
    gates: Vec<bool>,
    /// What each rule cost, while that is counted.
    costs: Costs,
}

impl Scratch {
    /// Scratch memory that also takes down what each rule costs on `clock`, for measurements.
    pub fn measuring(clock: fn() -> Duration) -> Self {
        Self { costs: Costs::on(clock), ..Self::default() }
    }

    /// The time so far and the number of tries of each rule that was tried, and in parentheses of what is done for all; most
    /// time first.
    pub fn costs(&self) -> Vec<(&str, Duration, u64)> {
        self.costs.sorted()
    }
}

/// A place where an entry may match: it starts between `first` and `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    entry: u32,
    first: u32,
    last: u32,
}

/// Entries that are switched off: the number of the layer and of the entry in it.
pub(super) type Off = HashSet<(usize, u32)>;

/// A rule, or an entry of one, that is set aside for its cost: posts that it would look at are told so.
#[derive(Clone, Debug)]
pub(super) struct Aside {
    pub(super) layer: usize,
    pub(super) rule: u32,
    /// Nothing for a check, which is all of its rule.
    pub(super) entry: Option<u32>,
    /// As in verdicts.
    pub(super) name: String,
}

pub(super) fn scan(
    layers: &[Arc<Layer>],
    off: &Off,
    aside: &[Aside],
    scratch: &mut Scratch,
    post: &Post,
    weights: &Weights,
) -> Verdict {
    let all = scratch.costs.now();
    let mut findings = Findings::of(post, Verdict::default());
    let parts = prepare(post, &mut findings);
    let stripped = parts[1].without_code();
    scratch.costs.book("(prepare)", all);
    let mut takes: Vec<Vec<bool>> =
        layers.iter().map(|layer| layer.rules.iter().map(|rule| rule.takes(post)).collect()).collect();
    for aside in aside.iter().filter(|aside| takes[aside.layer][aside.rule as usize]) {
        findings.incomplete.push(aside.name.clone());
    }
    for check in aside.iter().filter(|aside| aside.entry.is_none()) {
        takes[check.layer][check.rule as usize] = false;
    }
    for (part, prepared) in [Part::Title, Part::Body, Part::Username].into_iter().zip(&parts) {
        let without = stripped.as_ref().filter(|_| part == Part::Body);
        for (prepared, is_stripped) in
            std::iter::once((prepared, false)).chain(without.map(|text| (text, true)))
        {
            let mut view = None;
            for (number, (layer, takes)) in layers.iter().zip(&takes).enumerate() {
                let looks = |rule: &Rule| {
                    rule.looks_at(part, post) && (rule.strip_code && without.is_some()) == is_stripped
                };
                let active: Vec<bool> =
                    layer.rules.iter().zip(takes).map(|(rule, taken)| *taken && looks(rule)).collect();
                if active.contains(&true) {
                    let view = view.get_or_insert_with(|| View::of(part, prepared, scratch));
                    let is_off = |entry: u32| !off.is_empty() && off.contains(&(number, entry));
                    one_text(layer, scratch, &active, &is_off, view, &mut findings);
                }
            }
        }
    }
    for (layer, takes) in layers.iter().zip(&takes) {
        whole_post(layer, takes, &parts, stripped.as_ref(), &mut findings, &mut scratch.costs);
    }
    let began = scratch.costs.now();
    let verdict = findings.verdict(weights);
    scratch.costs.book("(verdict)", began);
    verdict
}

/// A text, and what all layers ask of it.
struct View<'t> {
    part: Part,
    prepared: &'t Prepared<'t>,
    edges: Edges<'t>,
    signs: Signs,
    /// Whether it has each [`Escape`].
    escapes: [bool; 2],
}

impl<'t> View<'t> {
    /// Also squeezes the text.
    fn of(part: Part, prepared: &'t Prepared<'t>, scratch: &mut Scratch) -> Self {
        let began = scratch.costs.now();
        let text = prepared.text();
        scratch.squeezed.fill(text);
        let escapes = [Escape::Entity, Escape::Percent].map(|escape| escape.is_in(text));
        let view = Self { part, prepared, edges: Edges::new(text), signs: Signs::of(text), escapes };
        scratch.costs.book("(squeeze)", began);
        view
    }
}

/// Title, body and user name as the rules see them.
pub(super) fn prepare<'p>(post: &'p Post, findings: &mut Findings<'_>) -> [Prepared<'p>; 3] {
    let title = if post.post_type == PostType::Question { &*post.title } else { "" };
    [
        Prepared::title(cut(title, &mut findings.incomplete)),
        Prepared::body(cut(&post.body, &mut findings.incomplete)),
        Prepared::title(cut(&post.owner.name, &mut findings.incomplete)),
    ]
}

/// The beginning of a part that is too long.
fn cut<'a>(text: &'a str, incomplete: &mut Vec<String>) -> &'a str {
    if text.len() <= MAX_PART {
        return text;
    }
    incomplete.push(format!("text after {MAX_PART} bytes"));
    let end = (0..=MAX_PART).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// One text, and the rules that look at it.
fn one_text(
    layer: &Layer,
    scratch: &mut Scratch,
    active: &[bool],
    is_off: &dyn Fn(u32) -> bool,
    view: &View<'_>,
    findings: &mut Findings<'_>,
) {
    let View { part, prepared, ref edges, signs, escapes } = *view;
    let text = prepared.text();
    let Scratch { machine, squeezed, candidates, hits, places, gates, costs } = scratch;
    hits.clear();
    let began = costs.now();
    gates.clear();
    gates.resize(layer.checks.len(), false);
    let is_active = |entry: u32| match entry & GATE {
        0 => active[layer.entries[entry as usize].rule as usize] && !is_off(entry),
        _ => active[layer.checks[(entry & !GATE) as usize].0 as usize],
    };
    layer.grams.find(squeezed, candidates, |found| {
        if found.owner & GATE != 0 {
            gates[(found.owner & !GATE) as usize] = true;
            return;
        }
        if is_active(found.owner) {
            let place = squeezed.place(found.at as usize);
            let starts = match (found.most, &layer.entries[found.owner as usize].lead) {
                (None, Some(lead)) => lead_of(text, place, lead)..place,
                (Some(most), _) => {
                    back(text, place, usize::from(most))..back(text, place, usize::from(found.least))
                }
                (None, None) => {
                    let before = &layer.entries[found.owner as usize].before;
                    if before
                        .as_ref()
                        .is_some_and(|before| rules_out(before, machine, edges, place, &mut findings.steps))
                    {
                        return;
                    }
                    0..text.len()
                }
            };
            hits.push(Hit { entry: found.owner, first: starts.start as u32, last: starts.end as u32 });
        }
    });
    costs.book("(needles)", began);
    let began = costs.now();
    for always in &layer.always {
        let runs = signs.contain(always.signs)
            && is_active(always.entry)
            && always.if_present.is_none_or(|escape| escapes[escape as usize]);
        if !runs {
            continue;
        }
        if let (true, Some(before)) = (always.at_end, &layer.entries[always.entry as usize].before) {
            let steps = &mut findings.steps;
            let line = text.strip_suffix('\n').map(str::len);
            let ends = [Some(text.len()), line];
            if ends.into_iter().flatten().all(|end| rules_out(before, machine, edges, end, steps)) {
                continue;
            }
        }
        hits.push(Hit { entry: always.entry, first: 0, last: text.len() as u32 });
    }
    for (shapes, shaped) in layer.shapes.iter().zip(layer.shaped.chunks(MOST)) {
        let wanted =
            shapes.bits(|shape| signs.contain(shaped[shape].signs) && is_active(shaped[shape].entry));
        if wanted == 0 {
            continue;
        }
        places.clear();
        places.resize(shaped.len(), None);
        shapes.find(text.as_bytes(), wanted, |at, shape| {
            let first = places[shape].map_or(at, |(first, _, _)| first);
            let count = places[shape].map_or(0, |(_, _, count)| count) + 1;
            places[shape] = Some((first, at, count));
            let shaped = &shaped[shape];
            if count <= FEW_PLACES && shaped.entry & GATE == 0 {
                hits.extend(shaped.start.range(text, at, at).map(|(first, last)| Hit {
                    entry: shaped.entry,
                    first,
                    last,
                }));
            }
        });
        for (shaped, place) in shaped.iter().zip(&*places) {
            let Some((first, last, count)) = *place else { continue };
            if shaped.entry & GATE != 0 {
                gates[(shaped.entry & !GATE) as usize] = true;
                continue;
            }
            if count > FEW_PLACES || shaped.start.range(text, first, last).is_none() {
                let (first, last) = shaped.start.range(text, first, last).unwrap_or((0, text.len() as u32));
                hits.push(Hit { entry: shaped.entry, first, last });
            }
        }
    }
    hits.sort_unstable();
    costs.book("(shapes)", began);
    for group in hits.chunk_by(|a, b| a.entry == b.entry) {
        let began = costs.now();
        entry(layer, machine, edges, group, part, prepared, findings);
        if costs.is_on() {
            let entry = &layer.entries[group[0].entry as usize];
            let name = layer.rules[entry.rule as usize].entry_name(entry.line);
            costs.book(&name, began);
        }
    }
    let began = costs.now();
    if !layer.numbers.is_empty() {
        phone_numbers(layer, active, is_off, &NumbersOf::new(text, squeezed), part, prepared, findings);
    }
    costs.book("(numbers)", began);
    text_checks(layer, active, gates, part, prepared, findings, costs);
}

/// Whether a program that is to match to the left of `place` does not.
fn rules_out(
    before: &Program,
    machine: &mut Machine,
    edges: &Edges<'_>,
    place: usize,
    steps: &mut u64,
) -> bool {
    let mut left = (*steps).min(STEPS_PER_ENTRY);
    let given = left;
    let found = machine.find(before, edges, place..place, &mut left);
    *steps -= given - left;
    // When the steps did not suffice, the entry itself must say.
    matches!(found, Ok(None))
}

/// The place `count` characters before `at`, or the start.
fn back(text: &str, at: usize, count: usize) -> usize {
    let mut place = at;
    for _ in 0..count {
        match text[..place].chars().next_back() {
            Some(c) => place -= c.len_utf8(),
            None => break,
        }
    }
    place
}

/// The place of the next character after the one at `at`.
fn after(text: &str, at: usize) -> usize {
    (at + 1..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(at + 1)
}

/// Confirms the places of one entry, from the left, each after the end of the one before.
fn entry(
    layer: &Layer,
    machine: &mut Machine,
    edges: &Edges<'_>,
    hits: &[Hit],
    part: Part,
    prepared: &Prepared<'_>,
    findings: &mut Findings<'_>,
) {
    let entry = &layer.entries[hits[0].entry as usize];
    let Some(program) = &entry.program else { return };
    let rule = &layer.rules[entry.rule as usize];
    let mut from = 0;
    let mut places = 0;
    let mut steps = findings.steps.min(STEPS_PER_ENTRY);
    let before = steps;
    let mut searched = false;
    for hit in hits {
        let mut first = (hit.first as usize).max(from);
        while first <= hit.last as usize && places < MAX_PLACES {
            let starts = first..hit.last as usize;
            let found = match std::mem::replace(&mut searched, true) {
                false => machine.find(program, edges, starts, &mut steps),
                true => machine.find_next(program, edges, starts, &mut steps),
            };
            match found {
                Ok(Some(range)) => {
                    // An empty match does not happen: such patterns are refused.
                    first = range.end.max(after(edges.text(), first));
                    from = first;
                    places += 1;
                    findings.add(rule, rule.entry_name(entry.line), part, prepared, range);
                }
                Ok(None) => {
                    from = from.max(after(edges.text(), hit.last as usize));
                    break;
                }
                Err(Overrun) => {
                    let name = rule.entry_name(entry.line);
                    findings.overrun(name, before == STEPS_PER_ENTRY);
                    findings.steps = findings.steps.saturating_sub(before - steps);
                    return;
                }
            }
        }
    }
    findings.steps = findings.steps.saturating_sub(before - steps);
}

fn phone_numbers(
    layer: &Layer,
    active: &[bool],
    is_off: &dyn Fn(u32) -> bool,
    text: &NumbersOf<'_>,
    part: Part,
    prepared: &Prepared<'_>,
    findings: &mut Findings<'_>,
) {
    for (rule, list) in layer.numbers.iter().filter(|(rule, _)| active[*rule as usize]) {
        let rule = &layer.rules[*rule as usize];
        for (range, entry) in list.places(text, is_off, MAX_PLACES) {
            let name = rule.entry_name(layer.entries[entry as usize].line);
            findings.add(rule, name, part, prepared, range);
        }
    }
}
