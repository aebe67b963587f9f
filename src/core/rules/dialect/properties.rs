//! Unicode properties and POSIX classes by name.

use regex_syntax::hir::ClassUnicode;

use super::class::builtin;

/// The class of `\p{name}`; names as the Unicode tables have them, with `Is` before a script or category allowed.
pub(super) fn property(name: &str) -> Option<ClassUnicode> {
    if name.is_empty()
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '=' | ' ' | '-' | '&'))
    {
        return None;
    }
    let bare = name.strip_prefix("Is").unwrap_or(name);
    builtin(&format!(r"\p{{{name}}}")).or_else(|| builtin(&format!(r"\p{{{bare}}}"))).or_else(|| posix(bare))
}

/// The class of `[:name:]`, over all of Unicode.
pub(super) fn posix(name: &str) -> Option<ClassUnicode> {
    builtin(match name {
        "alpha" => r"\p{Alphabetic}",
        "digit" => r"\d",
        "alnum" => r"[\p{Alphabetic}\p{Nd}]",
        "upper" => r"\p{Uppercase}",
        "lower" => r"\p{Lowercase}",
        "space" => r"\s",
        "blank" => r"[\p{Zs}\t]",
        "cntrl" => r"\p{Cc}",
        "punct" => r"[[\p{P}\p{S}]--\p{Alphabetic}]",
        "graph" => r"[^\s\p{Cc}\p{Cs}\p{Cn}]",
        "print" => r"[[^\s\p{Cc}\p{Cs}\p{Cn}][\p{Zs}]]",
        "word" => r"\w",
        "xdigit" => r"[0-9A-Fa-f\p{Hex_Digit}]",
        "ascii" => r"[\x00-\x7F]",
        _ => return None,
    })
}
