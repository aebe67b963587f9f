//! The checks of a layer on one text, and on a post as a whole.

use super::checks::{Check, Extracted, PostInput, TextInput};
use super::costs::Costs;
use super::findings::{Findings, MAX_PLACES};
use super::layer::Layer;
use crate::core::post::PostType;
use crate::core::text::prepare::Prepared;
use crate::core::verdict::Part;

/// The checks that look at one part at a time; `gates` says of each whether its gate is open.
pub(super) fn text_checks(
    layer: &Layer,
    active: &[bool],
    gates: &[bool],
    part: Part,
    prepared: &Prepared<'_>,
    findings: &mut Findings<'_>,
    costs: &mut Costs,
) {
    let extracted = Extracted::default();
    let (post, text) = (findings.post, prepared.text());
    for ((rule, check), open) in
        layer.checks.iter().zip(gates).filter(|((rule, _), _)| active[*rule as usize])
    {
        let check = match check {
            Check::Text(check) => Some(check),
            Check::Gated(check, _) if *open => Some(check),
            Check::Gated(..) | Check::Post(_) | Check::Network(_) => None,
        };
        if let Some(check) = check {
            let rule = &layer.rules[*rule as usize];
            let began = costs.now();
            let hits = findings.within_budget(rule, text.len(), |budget| {
                check(&TextInput {
                    text,
                    part,
                    site: &post.site,
                    is_answer: post.post_type == PostType::Answer,
                    is_summary: post.body_is_summary && part == Part::Body,
                    extracted: &extracted,
                    budget,
                })
            });
            costs.book(&rule.name, began);
            for hit in hits.into_iter().take(MAX_PLACES) {
                findings.add(rule, rule.name.clone(), part, prepared, hit.start..hit.end);
            }
        }
    }
}

/// The checks that look at the parts of a post together.
pub(super) fn whole_post(
    layer: &Layer,
    takes: &[bool],
    parts: &[Prepared<'_>; 3],
    stripped: Option<&Prepared<'_>>,
    findings: &mut Findings<'_>,
    costs: &mut Costs,
) {
    let post = findings.post;
    for (rule, check) in layer.checks.iter().filter(|(rule, _)| takes[*rule as usize]) {
        let Check::Post(check) = check else { continue };
        let rule = &layer.rules[*rule as usize];
        if post.body_is_summary && !rule.summary {
            continue;
        }
        let body = stripped.filter(|_| rule.strip_code).unwrap_or(&parts[1]);
        let began = costs.now();
        let length = parts[0].text().len() + body.text().len() + parts[2].text().len();
        let found = findings.within_budget(rule, length, |budget| {
            check(&PostInput {
                title: parts[0].text(),
                body: body.text(),
                username: parts[2].text(),
                site: &post.site,
                is_answer: post.post_type == PostType::Answer,
                is_summary: post.body_is_summary,
                budget,
            })
        });
        costs.book(&rule.name, began);
        for found in found.into_iter().take(MAX_PLACES) {
            let prepared = match found.part {
                Part::Title => &parts[0],
                Part::Body => body,
                Part::Username => &parts[2],
            };
            findings.add(rule, rule.name.clone(), found.part, prepared, found.hit.start..found.hit.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SourceFile, load};
    use crate::core::post::{Owner, Post, PostType};
    use crate::core::weight::Weights;

    #[test]
    fn a_check_that_uses_up_its_budget_is_set_aside_for_the_post_and_the_others_still_run() {
        let rules = "rules:
  - {id: names, reason: name like site, status: blacklist, description: d, check: username-like-site}
  - {id: words, reason: repeating words, status: blacklist, description: d, check: repeating-words}
";
        let source = SourceFile { path: "own.yml".to_owned(), text: rules.as_bytes().to_vec() };
        let loaded = load(vec![source]);
        assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
        let name = "abcdefghij".repeat(6);
        let post = |hosts: usize| Post {
            id: "a".to_owned(),
            site: "superuser.com".to_owned(),
            post_type: PostType::Answer,
            body: format!(
                "{}{}",
                "spam ".repeat(900),
                format!("{}.co.uk ", "jihgfedcba".repeat(6)).repeat(hosts)
            ),
            owner: Owner { name: name.clone(), ..Owner::default() },
            ..Post::default()
        };
        for (hosts, incomplete) in [(1, vec![]), (200, vec!["names"])] {
            let verdict = loaded.set.scan(&post(hosts), &Weights::default());
            assert_eq!(verdict.incomplete, incomplete, "{hosts} hosts");
            assert!(verdict.reasons.contains(&"repeating words".to_owned()), "{:?}", verdict.reasons);
        }
    }
}
