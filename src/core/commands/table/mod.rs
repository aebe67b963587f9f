//! The table of commands, one file a subject.

mod about;
mod lists;
mod people;
mod posts;
mod service;
mod small_talk;

use super::{Form, Spec};

const PARTS: &[&[Spec]] = &[
    about::COMMANDS,
    lists::COMMANDS,
    people::COMMANDS,
    posts::COMMANDS,
    service::COMMANDS,
    small_talk::COMMANDS,
];

/// The commands that a list of them names: those that do something.
pub(super) fn useful() -> impl Iterator<Item = &'static Spec> {
    let rest = small_talk::COMMANDS.iter().map(|spec| spec.name).chain(["null"]).collect::<Vec<_>>();
    all().filter(move |spec| !rest.contains(&spec.name))
}

/// All commands, by subject.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    PARTS.iter().flat_map(|part| part.iter())
}

/// The command of a name or alias, wherever it is said; a reply command only when no other has the name.
pub fn find(name: &str) -> Option<&'static Spec> {
    let forms = [Form::Prefix, Form::Reply, Form::Latest];
    forms.into_iter().find_map(|form| named(name, form)).map(|(spec, _)| spec)
}

/// The shorthand, as far as it is a command.
pub(super) fn latest() -> Option<&'static Spec> {
    all().find(|spec| spec.form == Form::Latest)
}

/// The command, and whether the name ends in a `-force` that the command knows.
pub(super) fn named(name: &str, form: Form) -> Option<(&'static Spec, bool)> {
    let of = |name: &str| all().find(|s| s.form == form && (s.name == name || s.aliases.contains(&name)));
    if let Some(spec) = of(name) {
        return Some((spec, false));
    }
    let spec = of(name.strip_suffix("-force")?).filter(|spec| spec.force.is_some())?;
    Some((spec, true))
}
