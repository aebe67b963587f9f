//! The examples that YAML rules carry, tried on the rule that carries them.

use std::fmt;

use super::scan::Scratch;
use super::set::RuleSet;
use super::yaml_rules::{Example, Finder, PostTypeText, YamlRule};
use crate::core::post::{Owner, Post, PostType};
use crate::core::verdict::Verdict;
use crate::core::weight::Weights;
use crate::core::yaml;

/// What became of all examples.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rules that were tried.
    pub rules: usize,
    /// Examples that were tried.
    pub examples: usize,
    /// Those that did not turn out as they should, and rules without examples.
    pub failures: Vec<Failure>,
}

/// An example that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The rule's file.
    pub path: String,
    /// Line of the example.
    pub line: usize,
    /// What should have been.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Runs each check on an example of its rule, so that the tables it makes on first use are there before a scan needs them.
pub(super) fn warm_up(rules: &[YamlRule]) {
    let mut scratch = Scratch::default();
    for rule in rules.iter().filter(|rule| matches!(rule.finder, Finder::Check(_))) {
        if let Ok(set) = RuleSet::of_one(rule) {
            for example in &rule.text.matches {
                set.scan_with(&mut scratch, &post(&example.value, rule), &Weights::default());
            }
        }
    }
}

/// Tries the examples of every YAML rule, each rule alone.
pub fn test(rules: &[YamlRule]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut scratch = Scratch::default();
    for rule in rules {
        outcome.rules += 1;
        let id = &rule.rule.name;
        let mut fail = |line: u64, what: String| {
            let line = usize::try_from(line).unwrap_or(0);
            outcome.failures.push(Failure { path: rule.rule.path.clone(), line, what });
        };
        let set = match RuleSet::of_one(rule) {
            Ok(set) => set,
            Err(error) => {
                fail(rule.rule.line as u64, error);
                continue;
            }
        };
        if rule.text.matches.is_empty() {
            fail(
                rule.rule.line as u64,
                format!("`{id}` has no example under `match`; add a text that it must find"),
            );
        }
        for example in &rule.text.matches {
            outcome.examples += 1;
            let post = post(&example.value, rule);
            let verdict = verdict(&set, &mut scratch, &post, &example.value);
            let found = verdict.why.iter().any(|why| example.value.part.is_none_or(|part| part == why.part));
            if !found {
                let part = example
                    .value
                    .part
                    .map(|part| format!(" in the {part:?}").to_lowercase())
                    .unwrap_or_default();
                fail(yaml::position(example).line, format!("`{id}` does not find this example{part}"));
            }
        }
        for example in &rule.text.no_match {
            outcome.examples += 1;
            let post = post(&example.value, rule);
            let verdict = verdict(&set, &mut scratch, &post, &example.value);
            if let Some(why) = verdict.why.first() {
                let what = format!("`{id}` finds `{}` in this example, but must not", why.text);
                fail(yaml::position(example).line, what);
            }
        }
    }
    outcome
}

/// The verdict on an example, with the facts that it carries.
fn verdict(set: &RuleSet, scratch: &mut Scratch, post: &Post, example: &Example) -> Verdict {
    let weights = Weights::default();
    let mut verdict = set.scan_with(scratch, post, &weights);
    if let Some(facts) = &example.facts {
        set.scan_hosts(post, facts, &weights, &mut verdict);
    }
    verdict
}

/// The post of an example. What it leaves open is chosen so that the rule looks at it.
fn post(example: &Example, rule: &YamlRule) -> Post {
    let applies = &rule.text.applies_to;
    let kind = example.post_type.unwrap_or_else(|| {
        let question = applies.posts.contains(&PostTypeText::Question);
        if question { PostTypeText::Question } else { PostTypeText::Answer }
    });
    let site = applies.sites.as_ref().and_then(|sites| sites.first()).cloned();
    Post {
        id: rule.rule.name.clone(),
        site: example.site.clone().or(site).unwrap_or_else(|| "example.stackexchange.com".to_owned()),
        post_type: PostType::from(kind),
        title: example.title.clone().unwrap_or_default(),
        body: example.body.clone().unwrap_or_default(),
        body_is_summary: example.body_is_summary.unwrap_or(false),
        owner: Owner {
            name: example.username.clone().unwrap_or_default(),
            reputation: example.reputation.unwrap_or(1),
        },
        score: example.score.unwrap_or(0),
    }
}
