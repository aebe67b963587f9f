//! What the rules say of texts that people type.

use std::collections::BTreeSet;

use super::super::Bot;
use super::{Command, DeskQuestion, Explained, Outcome, Question};
use crate::core::commands::{TestPart, TestText};
use crate::core::phrase::Phrase;
use crate::core::post::{Owner, Post, PostType};
use crate::core::talk::Asked;

/// More entries than this are counted, not named.
const MAX_NAMED: usize = 12;

impl Bot {
    pub(super) fn test(&mut self, asked: &Asked, test: &TestText) -> Outcome {
        match posts_of(test) {
            Ok(posts) => self.ask(asked, Question::Desk(DeskQuestion::Verdicts(posts))),
            Err(said) => Outcome::Fail(said),
        }
    }

    pub(super) fn bisect(&mut self, asked: &Asked, text: &str) -> Outcome {
        let all =
            TestText { part: TestPart::All, site: "stackoverflow.com".to_owned(), text: text.to_owned() };
        self.test(asked, &all)
    }

    pub(super) fn on_verdicts(&self, asked: &Asked, found: Result<Vec<Explained>, String>) -> Outcome {
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                return Outcome::Fail(Phrase::new("the rules gave no verdict (").data(&why).words(")"));
            }
        };
        match self.command_of(asked) {
            Some(Command::Test(_)) => Outcome::Say(verdict(&found)),
            Some(Command::Bisect(_)) => Outcome::Say(entries(&found, |_| true)),
            Some(Command::BisectNumber(_)) => {
                Outcome::Say(entries(&found, |path| path.ends_with("numbers.txt")))
            }
            _ => Outcome::Done,
        }
    }
}

/// The posts that a text stands for.
fn posts_of(test: &TestText) -> Result<Vec<Post>, Phrase> {
    let escaped = test.text.replace('&', "&amp;").replace('<', "&lt;");
    let post = |post_type, title: &str, body: &str, name: &str| Post {
        id: "test".to_owned(),
        site: test.site.clone(),
        post_type,
        title: title.to_owned(),
        body: body.to_owned(),
        owner: Owner { name: name.to_owned(), reputation: 1 },
        ..Post::default()
    };
    // Bodies are HTML as it is typed, titles and names are not.
    let (text, name) = (test.text.as_str(), escaped.as_str());
    let (question, answer) = (PostType::Question, PostType::Answer);
    Ok(match test.part {
        TestPart::All => vec![post(question, name, text, name), post(answer, "", text, "")],
        TestPart::Question => vec![post(question, "Valid title", text, "")],
        TestPart::Answer => vec![post(answer, "Valid title", text, "")],
        TestPart::Title => vec![post(question, name, "Valid body", "")],
        TestPart::Username => vec![post(question, "Valid title", "Valid body", name)],
        TestPart::Json => vec![of_json(test, post)?],
    })
}

fn of_json(test: &TestText, post: impl Fn(PostType, &str, &str, &str) -> Post) -> Result<Post, Phrase> {
    let not = |why: String| Phrase::new("that is no post as JSON (").data(&why).words(")");
    let value: serde_json::Value =
        serde_json::from_str(&test.text).map_err(|error| not(error.to_string()))?;
    let Some(object) = value.as_object() else { return Err(not("an object is wanted".to_owned())) };
    let known = ["title", "body", "username", "type", "reputation", "score", "site"];
    if let Some(unknown) = object.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(not(format!("there is no key `{unknown}`")));
    }
    let text = |key: &str| object.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    let number = |key: &str, else_: i64| object.get(key).and_then(serde_json::Value::as_i64).unwrap_or(else_);
    let post_type = match text("type") {
        "" | "question" => PostType::Question,
        "answer" => PostType::Answer,
        other => return Err(not(format!("`{other}` is neither question nor answer"))),
    };
    let mut post = post(post_type, text("title"), text("body"), text("username"));
    post.owner.reputation = number("reputation", 1);
    post.score = number("score", 0);
    if !text("site").is_empty() {
        post.site = text("site").to_lowercase();
    }
    Ok(post)
}

fn verdict(found: &[Explained]) -> Phrase {
    let reasons: BTreeSet<&String> = found.iter().flat_map(|explained| &explained.verdict.reasons).collect();
    if reasons.is_empty() {
        return Phrase::new("Would not be caught.");
    }
    let reasons: Vec<&str> = reasons.into_iter().map(String::as_str).collect();
    let weight = found.iter().map(|explained| explained.verdict.weight).max().unwrap_or(0);
    let mut said = Phrase::new("Would be caught: ").data(&reasons.join(", ")).words(format!(" ({weight})."));
    let why = found.iter().flat_map(|explained| &explained.verdict.why);
    let mut told = BTreeSet::new();
    for why in why.filter(|why| told.insert((&why.rule, &why.text))).take(MAX_NAMED) {
        said = said.words(" ").code(&why.rule).words(" finds ").code(&why.text).words(".");
    }
    said
}

fn entries(found: &[Explained], is_wanted: impl Fn(&str) -> bool) -> Phrase {
    let lines: BTreeSet<(&str, &str)> = found
        .iter()
        .flat_map(|explained| &explained.origins)
        .filter(|(_, origin)| !origin.text.is_empty() && is_wanted(&origin.path))
        .map(|(name, origin)| (name.as_str(), origin.text.as_str()))
        .collect();
    if lines.is_empty() {
        return Phrase::new("No entry matches.");
    }
    let n_more = lines.len().saturating_sub(MAX_NAMED);
    let mut said = Phrase::new("Matched by");
    for (n, (name, text)) in lines.into_iter().take(MAX_NAMED).enumerate() {
        said = said.words(if n == 0 { " " } else { ", " }).code(text).words(" (").data(name).words(")");
    }
    if n_more > 0 { said.words(format!(", and {n_more} more.")) } else { said.words(".") }
}

/// What the number lists compare of a number.
pub(super) fn normalized(number: &str) -> Outcome {
    match crate::core::rules::number_forms(number) {
        forms if forms.is_empty() => {
            Outcome::Fail(Phrase::default().code(number).words(" holds no number of 9 to 20 digits"))
        }
        forms => {
            let mut said = Phrase::new("Compared as");
            for (written, digits) in forms {
                said = said.words(" ").code(&written).words(" and ").code(&digits).words(".");
            }
            Outcome::Say(said)
        }
    }
}

/// The latest errors of the log.
pub(super) fn errors(lines: &[String]) -> Outcome {
    if lines.is_empty() {
        return Outcome::Say(Phrase::new("No errors since the start."));
    }
    let mut said = Phrase::default();
    for line in lines {
        said = said.code(line).words(" ");
    }
    Outcome::Say(said)
}
