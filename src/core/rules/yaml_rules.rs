//! Our own rules: YAML files with one list, `rules`. `rules/README.md` tells authors about them.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_yaml::Spanned;

use super::checks;
use super::network::Facts;
use super::rule::{Rule, Sites, Status};
use super::source::{RuleError, SourceFile};
use crate::core::nearest::nearest;
use crate::core::post::PostType;
use crate::core::verdict::Part;
use crate::core::yaml;

/// A rules file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// The rules, in any order.
    #[serde(default)]
    #[schemars(with = "Vec<RuleText>")]
    pub rules: Vec<Spanned<RuleText>>,
}

/// One rule, as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// Its name, unique: lower-case letters, digits and hyphens.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// What it reports; `{}` stands for `title`, `body`, `answer` or `username`.
    pub reason: String,
    /// How far it is trusted.
    pub status: StatusText,
    /// What it finds, and why that is spam.
    pub description: String,
    /// What it looks at.
    #[serde(default)]
    pub applies_to: AppliesTo,
    /// A pattern in the dialect of Python's `regex` module; case counts unless it begins with `(?i)`.
    #[schemars(with = "Option<String>")]
    pub pattern: Option<Spanned<String>>,
    /// The name of a check in the program.
    #[schemars(with = "Option<String>")]
    pub check: Option<Spanned<String>>,
    /// Where to read more.
    #[serde(default)]
    pub references: Vec<String>,
    /// Honest posts that it is known to find.
    #[serde(default)]
    pub false_positives: Vec<String>,
    /// Examples that it must find.
    #[serde(default, rename = "match")]
    #[schemars(with = "Vec<Example>")]
    pub matches: Vec<Spanned<Example>>,
    /// Examples that it must leave alone.
    #[serde(default)]
    #[schemars(with = "Vec<Example>")]
    pub no_match: Vec<Spanned<Example>>,
    /// A known fault that is kept because it changes verdicts.
    pub defect: Option<String>,
}

/// How far a rule is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusText {
    /// Reports everywhere.
    Blacklist,
    /// On trial: reports where experimental reasons go.
    Watch,
    /// Kept for the record; does nothing.
    Retired,
}

/// What a rule looks at.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AppliesTo {
    /// Parts of a post.
    pub parts: Vec<Part>,
    /// Kinds of post.
    pub posts: Vec<PostTypeText>,
    /// Also the plain excerpt that a realtime frame carries.
    pub summary: bool,
    /// Posts of authors with more reputation are left alone.
    pub max_rep: i64,
    /// Posts with a higher score are left alone.
    pub max_score: i64,
    /// Only on these sites (host names).
    pub sites: Option<Vec<String>>,
    /// On all sites but these.
    pub not_sites: Option<Vec<String>>,
    /// Code blocks are replaced by a word before the rule looks.
    pub strip_code: bool,
}

/// A kind of post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PostTypeText {
    /// Questions.
    Question,
    /// Answers.
    Answer,
}

impl Default for AppliesTo {
    fn default() -> Self {
        Self {
            parts: vec![Part::Title, Part::Body],
            posts: vec![PostTypeText::Question, PostTypeText::Answer],
            summary: false,
            max_rep: 1,
            max_score: 0,
            sites: None,
            not_sites: None,
            strip_code: false,
        }
    }
}

/// A post to try a rule on; what is not given has a harmless default that the rule looks at.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// HTML, as the API gives it.
    pub title: Option<String>,
    /// HTML, as the API gives it.
    pub body: Option<String>,
    /// Display name of the author.
    pub username: Option<String>,
    /// Host name.
    pub site: Option<String>,
    /// Question or answer.
    pub post_type: Option<PostTypeText>,
    /// Of the author.
    pub reputation: Option<i64>,
    /// Votes.
    pub score: Option<i64>,
    /// Whether the body is the excerpt of a realtime frame.
    pub body_is_summary: Option<bool>,
    /// The part that must be found.
    pub part: Option<Part>,
    /// What is known of the hosts in it, for rules of the network.
    pub facts: Option<Facts>,
}

/// How a rule finds: its pattern or its check.
#[derive(Clone, Debug)]
pub enum Finder {
    /// A pattern's text and its line.
    Pattern(String, usize),
    /// A check.
    Check(checks::Check),
}

/// A rule, read.
#[derive(Clone, Debug)]
pub struct YamlRule {
    /// Its options.
    pub rule: Rule,
    /// How it finds.
    pub finder: Finder,
    /// As written.
    pub text: RuleText,
}

/// Reads a rules file. What is wrong with a rule is an error, and the rule is left out; the others are read.
pub fn read(
    source: &SourceFile,
    ids: &mut BTreeMap<String, String>,
    errors: &mut Vec<RuleError>,
) -> Vec<YamlRule> {
    let error = |line: u64, column: u64, message: String| RuleError {
        path: source.path.clone(),
        line: usize::try_from(line).unwrap_or(0),
        column: usize::try_from(column).ok().filter(|column| *column > 0),
        message,
    };
    let text = match std::str::from_utf8(&source.text) {
        Ok(text) => text,
        Err(e) => {
            let line = source.text[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() as u64 + 1;
            errors.push(error(line, 0, "not UTF-8".to_owned()));
            return Vec::new();
        }
    };
    let mut rules = Vec::new();
    for text in read_texts(text, &source.path, &mut |at, what| errors.push(error(at.line, at.column, what))) {
        let at = yaml::position(&text);
        match build(&text.value, &source.path, ids) {
            Ok(Some(rule)) => rules.push(rule),
            Ok(None) => {}
            Err((place, message)) => {
                let at = place.unwrap_or(at);
                errors.push(error(at.line, at.column, message));
            }
        }
    }
    rules
}

/// The JSON schema of a rules file, for editors.
pub fn schema() -> String {
    let mut text = format!("{:#}", schemars::schema_for!(RulesFile).to_value());
    text.push('\n');
    text
}

/// More broken rules than this in one file are not told one by one.
const MAX_BROKEN: usize = 50;

/// The rules of a file. A rule that is not of the right form is blanked out and the rest is read again, since a parser
/// for typed values stops at the first mistake.
fn read_texts(
    text: &str,
    path: &str,
    report: &mut dyn FnMut(yaml::Position, String),
) -> Vec<Spanned<RuleText>> {
    let mut text = text.to_owned();
    for _ in 0..MAX_BROKEN {
        let problem = match yaml::parse::<RulesFile>(&text, path) {
            Ok(file) => return file.rules,
            Err(problem) => problem,
        };
        report(problem.at, problem.what.clone());
        let Some(lines) = lines_of_rule(&text, path, problem.at.line) else { return Vec::new() };
        let blanked: Vec<&str> = text
            .lines()
            .enumerate()
            .map(|(index, line)| if lines.contains(&(index as u64 + 1)) { "" } else { line })
            .collect();
        text = blanked.join("\n");
    }
    report(
        yaml::Position::default(),
        format!("more than {MAX_BROKEN} rules are broken; the file is left out"),
    );
    Vec::new()
}

/// The lines, from the first to before the last, of the rule that `line` is in.
fn lines_of_rule(text: &str, path: &str, line: u64) -> Option<std::ops::Range<u64>> {
    let (tree, _) = yaml::parse_tree(text, path).ok()?;
    let yaml::Value::Map(entries) = &tree.value else { return None };
    let (_, rules) = entries.iter().find(|(key, _)| key.scalar().as_deref() == Some("rules"))?;
    let yaml::Value::List(items) = &rules.value else { return None };
    let starts: Vec<u64> = items.iter().map(|item| item.at.line).collect();
    let index = starts.iter().rposition(|start| *start <= line)?;
    Some(starts[index]..starts.get(index + 1).copied().unwrap_or(u64::MAX))
}

type Wrong = (Option<yaml::Position>, String);

fn build(text: &RuleText, path: &str, ids: &mut BTreeMap<String, String>) -> Result<Option<YamlRule>, Wrong> {
    let id = &text.id.value;
    let at = yaml::position(&text.id);
    let well_formed =
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !well_formed {
        return Err((Some(at), format!("the id `{id}` must be of lower-case letters, digits and hyphens")));
    }
    if let Some(first) = ids.get(id) {
        return Err((
            Some(at),
            format!("the id `{id}` is taken by {first}; ids are unique over all folders"),
        ));
    }
    let finder = match (&text.pattern, &text.check) {
        (Some(pattern), None) => {
            Finder::Pattern(pattern.value.clone(), usize::try_from(yaml::position(pattern).line).unwrap_or(0))
        }
        (None, Some(name)) => match checks::find(&name.value) {
            Some(check) => Finder::Check(check),
            None => {
                let known = checks::CHECKS.iter().map(|(name, _)| *name);
                let near = nearest(&name.value, known)
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                return Err((
                    Some(yaml::position(name)),
                    format!("there is no check `{}`{near}", name.value),
                ));
            }
        },
        _ => return Err((Some(at), format!("the rule `{id}` must have either `pattern` or `check`"))),
    };
    if text.reason.trim().is_empty() {
        return Err((Some(at), format!("the reason of `{id}` is empty")));
    }
    let applies = &text.applies_to;
    let sites = |names: &[String]| names.iter().cloned().collect::<HashSet<_>>();
    let sites = match (&applies.sites, &applies.not_sites) {
        (Some(_), Some(_)) => {
            return Err((Some(at), format!("the rule `{id}` has both `sites` and `not_sites`; keep one")));
        }
        (Some(only), None) => Sites::Only(sites(only)),
        (None, Some(except)) => Sites::Except(sites(except)),
        (None, None) => Sites::all(),
    };
    ids.insert(id.clone(), format!("{path}:{}", at.line));
    let status = match text.status {
        StatusText::Blacklist => Status::Blacklist,
        StatusText::Watch => Status::Watch,
        StatusText::Retired => return Ok(None),
    };
    let rule = Rule {
        name: id.clone(),
        path: path.to_owned(),
        line: usize::try_from(at.line).unwrap_or(0),
        reason: text.reason.clone(),
        status,
        title: applies.parts.contains(&Part::Title),
        body: applies.parts.contains(&Part::Body),
        username: applies.parts.contains(&Part::Username),
        summary: applies.summary,
        questions: applies.posts.contains(&PostTypeText::Question),
        answers: applies.posts.contains(&PostTypeText::Answer),
        max_rep: applies.max_rep,
        max_score: applies.max_score,
        sites,
        strip_code: applies.strip_code,
        function: matches!(
            finder,
            Finder::Check(checks::Check::Text(_) | checks::Check::Gated(..) | checks::Check::Network(_))
        ),
    };
    Ok(Some(YamlRule { rule, finder, text: text.clone() }))
}

impl From<PostTypeText> for PostType {
    fn from(text: PostTypeText) -> Self {
        match text {
            PostTypeText::Question => Self::Question,
            PostTypeText::Answer => Self::Answer,
        }
    }
}
