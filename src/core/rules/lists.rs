//! List files: SmokeDetector's and ours, one entry a line.

use super::dialect::Flags;
use super::numbers::{Form, Numbers};
use super::rule::{Rule, Sites, Status};
use super::source::{RuleError, SourceFile};

/// Longest entry that is taken, in bytes.
const MAX_ENTRY: usize = 10_000;

/// What the entries of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Patterns between word boundaries.
    Keywords,
    /// Patterns, anywhere.
    Anywhere,
    /// Phone numbers, and how they are compared.
    Numbers(Form),
}

impl Kind {
    /// The flags of its patterns.
    pub(super) fn flags(self) -> Flags {
        match self {
            Self::Keywords => Flags::KEYWORDS,
            Self::Anywhere | Self::Numbers(_) => Flags::WEBSITES,
        }
    }

    /// For a list of numbers, those of a list that has none yet.
    pub(super) fn numbers(self) -> Option<Numbers> {
        match self {
            Self::Keywords | Self::Anywhere => None,
            Self::Numbers(form) => Some(Numbers::new(form)),
        }
    }
}

/// A kind of list file.
struct ListFile {
    /// The folder it must be in; any when empty.
    folder: &'static str,
    file: &'static str,
    kind: Kind,
    /// Lines are `time TAB who TAB entry`.
    columns: bool,
    reason: &'static str,
    status: Status,
    /// Parts, as in `TBU`.
    parts: &'static str,
    summary: bool,
    max_rep: i64,
    max_score: i64,
}

impl ListFile {
    fn name(&self) -> String {
        let stem = self.file.trim_end_matches(".txt");
        if self.folder.is_empty() { stem.to_owned() } else { format!("{}/{stem}", self.folder) }
    }
}

const BASE: ListFile = ListFile {
    folder: "",
    file: "",
    kind: Kind::Keywords,
    columns: false,
    reason: "bad keyword in {}",
    status: Status::Blacklist,
    parts: "TBU",
    summary: true,
    max_rep: 32,
    max_score: 1,
};

const WATCHED: &str = "potentially bad keyword in {}";

/// Every list file there is, with the limits and parts of the reference's rules in 2020. Ours have those of the like there in its
/// newer form, which looks for sites in names as well, and for numbers through disguises and in code.
const FILES: &[ListFile] = &[
    ListFile { file: "bad_keywords.txt", ..BASE },
    ListFile { file: "watched_keywords.txt", columns: true, reason: WATCHED, status: Status::Watch, ..BASE },
    ListFile { file: "blacklisted_websites.txt", ..WEBSITES },
    ListFile { file: "blacklisted_usernames.txt", ..USERNAMES },
    ListFile { file: "blacklisted_numbers.txt", ..NUMBERS },
    ListFile {
        file: "watched_numbers.txt",
        columns: true,
        reason: WATCHED,
        status: Status::Watch,
        ..NUMBERS
    },
    ListFile { folder: "blacklist", file: "keywords.txt", ..BASE },
    ListFile { folder: "blacklist", file: "websites.txt", parts: "TBU", ..WEBSITES },
    ListFile { folder: "blacklist", file: "usernames.txt", ..USERNAMES },
    ListFile { folder: "blacklist", file: "numbers.txt", kind: Kind::Numbers(Form::Disguised), ..NUMBERS },
    ListFile { folder: "watchlist", file: "keywords.txt", reason: WATCHED, status: Status::Watch, ..BASE },
    ListFile {
        folder: "watchlist",
        file: "websites.txt",
        reason: WATCHED,
        status: Status::Watch,
        parts: "TBU",
        ..WEBSITES
    },
    ListFile {
        folder: "watchlist",
        file: "usernames.txt",
        reason: WATCHED,
        status: Status::Watch,
        ..USERNAMES
    },
    ListFile {
        folder: "watchlist",
        file: "numbers.txt",
        kind: Kind::Numbers(Form::Disguised),
        reason: WATCHED,
        status: Status::Watch,
        ..NUMBERS
    },
];

const WEBSITES: ListFile = ListFile {
    kind: Kind::Anywhere,
    reason: "blacklisted website in {}",
    parts: "TB",
    max_rep: 52,
    max_score: 5,
    ..BASE
};

const USERNAMES: ListFile = ListFile {
    kind: Kind::Anywhere,
    reason: "blacklisted username",
    parts: "U",
    summary: false,
    max_rep: 1,
    max_score: 0,
    ..BASE
};

const NUMBERS: ListFile =
    ListFile { kind: Kind::Numbers(Form::Written), reason: "bad phone number in {}", parts: "TB", ..BASE };

/// A list file, read.
pub(super) struct List {
    /// Its options.
    pub rule: Rule,
    /// What its entries are.
    pub kind: Kind,
    /// Line (from 1) and text of each entry.
    pub entries: Vec<(usize, String)>,
}

/// The name of the list in the file at `path`, as it stands in verdicts; nothing when that is no list file.
pub(super) fn name(path: &str) -> Option<String> {
    file_kind(&SourceFile { path: path.to_owned(), text: Vec::new() }).map(ListFile::name)
}

fn file_kind(source: &SourceFile) -> Option<&'static ListFile> {
    let (folder, name) = (source.folder_name(), source.file_name());
    FILES.iter().find(|list| list.file == name && (list.folder.is_empty() || list.folder == folder))
}

/// Reads a list file; lines that can not be read are errors and left out.
pub(super) fn read(source: &SourceFile, errors: &mut Vec<RuleError>) -> Option<List> {
    let file = file_kind(source)?;
    let rule = Rule {
        name: file.name(),
        path: source.path.clone(),
        line: 0,
        reason: file.reason.to_owned(),
        status: file.status,
        title: file.parts.contains('T'),
        body: file.parts.contains('B'),
        username: file.parts.contains('U'),
        summary: file.summary,
        questions: true,
        answers: true,
        max_rep: file.max_rep,
        max_score: file.max_score,
        sites: Sites::all(),
        strip_code: file.kind == Kind::Numbers(Form::Written),
        function: matches!(file.kind, Kind::Numbers(_)),
    };
    let mut entries = Vec::new();
    for (index, bytes) in source.text.split(|byte| *byte == b'\n').enumerate() {
        match entry(bytes, file.columns) {
            Ok(Some(text)) => entries.push((index + 1, text.to_owned())),
            Ok(None) => {}
            Err(message) => {
                errors.push(RuleError { path: source.path.clone(), line: index + 1, column: None, message });
            }
        }
    }
    Some(List { rule, kind: file.kind, entries })
}

/// The entry of a line; nothing for blank lines and comments.
fn entry(bytes: &[u8], columns: bool) -> Result<Option<&str>, String> {
    if bytes.len() > MAX_ENTRY {
        return Err(format!("the entry is {} bytes long; at most {MAX_ENTRY} are taken", bytes.len()));
    }
    let line =
        std::str::from_utf8(bytes).map_err(|e| format!("not UTF-8 from byte {} on", e.valid_up_to() + 1))?;
    let line = line.strip_prefix('\u{feff}').unwrap_or(line).trim_end();
    if line.is_empty() {
        return Ok(None);
    }
    if !columns {
        return Ok((!line.starts_with('#')).then_some(line));
    }
    if line.trim_start().starts_with('#') {
        return Ok(None);
    }
    match line.splitn(3, '\t').nth(2) {
        Some(entry) if entry.starts_with('#') => Ok(None),
        Some("") | None => Err("must be a time, a name and an entry, with tabs between".to_owned()),
        Some(entry) => Ok(Some(entry)),
    }
}
