//! SmokeDetector's commands, and what is used here in their place.

/// What to use instead of a command of SmokeDetector that does not exist here.
pub fn instead(name: &str) -> Option<&'static str> {
    ABSENT.iter().find(|(names, _)| names.contains(&name)).map(|(_, why)| *why)
}

/// Commands that make no sense here, with all their names, and why.
const ABSENT: &[(&[&str], &str)] = &[];
