//! Help, manual pages and the table of the documentation, from the table of commands.

use super::{Form, Grammar, Spec, Who, table};
use crate::core::feedback;
use crate::core::phrase::Phrase;

/// How a command is typed: `!!/scan URL...`, `why` for one that is a reply, `sd WORD...` for the shorthand.
pub fn usage(spec: &Spec, grammar: &Grammar) -> String {
    let (prefix, name) = match spec.form {
        Form::Prefix => (grammar.prefix.as_str(), spec.name),
        Form::Reply => ("", spec.name),
        Form::Latest => ("", grammar.shorthand.as_str()),
    };
    let force = if spec.force.is_some() { "[-force]" } else { "" };
    let args: String = spec.args.iter().map(|arg| format!(" {}", arg.usage())).collect();
    format!("{prefix}{name}{force}{args}")
}

/// All commands in a line, without small talk.
pub fn list(grammar: &Grammar) -> Phrase {
    let of = |form, last: Option<&'static str>| {
        let names = table::useful().filter(move |spec| spec.form == form).map(|spec| spec.name);
        names.chain(last).collect::<Vec<_>>().join(", ")
    };
    Phrase::new("After ")
        .code(&grammar.prefix)
        .words(format!(
            ": {}. In reply to a report: {}. About the latest reports: ",
            of(Form::Prefix, None),
            of(Form::Reply, Some("feedback"))
        ))
        .code(&format!("{} WORD...", grammar.shorthand))
        .words(". ")
        .code(&format!("{}help NAME", grammar.prefix))
        .words(" tells more of one.")
}

/// The manual page of a command.
pub fn page(spec: &Spec, grammar: &Grammar) -> Phrase {
    let mut page = Phrase::default().code(&usage(spec, grammar));
    if spec.form == Form::Reply {
        page = page.words(" in reply to a report");
    }
    page = page.words(format!(": {}.", spec.summary));
    if !spec.manual.is_empty() {
        page = page.words(format!(" {}", spec.manual));
    }
    if spec.confirm {
        page = page.words(" It asks for ").code(&format!("{}yes", grammar.prefix)).words(".");
    }
    page = page.words(format!(" {}.", who(spec)));
    if spec.aliases.is_empty() { page } else { page.words(format!(" Also: {}.", spec.aliases.join(", "))) }
}

/// What a word of feedback means, which stands for a canonical type.
pub fn feedback(word: &str, kind: &str) -> Phrase {
    let said = Phrase::default().code(word).words(" is said in reply to a report");
    let Some(meaning) = feedback::meaning(kind) else {
        return said.words(", and takes back what you said of it in the last ten minutes.");
    };
    let said = if word == kind { said } else { said.words(", and stands for ").code(kind) };
    let silent = if feedback::is_silent(kind) { "; it is not confirmed" } else { "" };
    said.words(format!(": {meaning}{silent}. For privileged people."))
}

/// Who may use a command, in words.
pub(super) fn who(spec: &Spec) -> &'static str {
    match (spec.who, spec.force) {
        (Who::Everyone, Some(Who::Privileged)) => "For everyone; with `-force` for privileged people",
        (Who::Everyone, _) => "For everyone",
        (Who::Privileged, _) => "For privileged people",
    }
}
