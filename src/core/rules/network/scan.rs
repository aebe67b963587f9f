//! Network rules over one post, by the facts there are.

use std::collections::BTreeSet;

use super::super::findings::{Findings, MAX_PLACES};
use super::super::layer::Layer;
use super::super::scan::prepare;
use super::checks::Found;
use super::facts::{Facts, Lookup, Query};
use super::hosts;
use crate::core::post::Post;
use crate::core::verdict::{Part, Verdict};
use crate::core::weight::Weights;

/// Adds to `verdict` what the network rules of `layer` find; gives what they would have to know beside `facts`.
pub(in crate::core::rules) fn scan_hosts(
    layer: &Layer,
    post: &Post,
    facts: &Facts,
    weights: &Weights,
    verdict: &mut Verdict,
) -> BTreeSet<Query> {
    let mut lookup = Lookup::new(facts);
    let takes: Vec<_> =
        layer.network.iter().filter(|(rule, _)| layer.rules[*rule as usize].takes(post)).collect();
    if takes.is_empty() {
        return BTreeSet::new();
    }
    let mut findings = Findings::of(post, std::mem::take(verdict));
    let parts = prepare(post, &mut findings);
    let stripped = parts[1].without_code();
    for (part, prepared) in [Part::Title, Part::Body].into_iter().zip(&parts) {
        let rules = |stripped: bool| {
            takes.iter().filter(move |(rule, _)| {
                let rule = &layer.rules[*rule as usize];
                rule.looks_at(part, post) && (rule.strip_code && part == Part::Body) == stripped
            })
        };
        for without_code in [false, true] {
            let text = if without_code { stripped.as_ref().unwrap_or(prepared) } else { prepared };
            if rules(without_code).next().is_none() {
                continue;
            }
            let hosts = hosts::in_text(text.text(), &layer.trusted);
            for (rule, check) in rules(without_code) {
                let rule = &layer.rules[*rule as usize];
                let found = hosts.iter().filter_map(|host| Some((host, check.find(host, &mut lookup)?)));
                for (host, found) in found.take(MAX_PLACES) {
                    let name = match found {
                        Found::Rule => rule.name.clone(),
                        Found::Entry(entry) => rule.entry_name(layer.entries[entry as usize].line),
                    };
                    findings.add(rule, name, part, text, host.at.clone());
                }
            }
        }
    }
    *verdict = findings.verdict(weights);
    lookup.lacking
}
