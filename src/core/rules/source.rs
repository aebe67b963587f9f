//! What the engine is made from: files in memory, and what is wrong in them.

use std::fmt;

/// One file of a rules folder.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path as people are to see it; the file's name and its folder's name say what it is.
    pub path: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

impl SourceFile {
    /// Name of the file.
    pub fn file_name(&self) -> &str {
        self.path.rsplit(['/', '\\']).next().unwrap_or("")
    }

    /// Name of the folder that it is in.
    pub fn folder_name(&self) -> &str {
        self.path.rsplit(['/', '\\']).nth(1).unwrap_or("")
    }
}

/// Something in a rules file that can not be used; the rest of the file is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleError {
    /// As in [`SourceFile::path`].
    pub path: String,
    /// From 1; 0 when it is about the whole file.
    pub line: usize,
    /// From 1, in characters.
    pub column: Option<usize>,
    /// What is wrong and how to mend it, a lower-case fragment.
    pub message: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

impl std::error::Error for RuleError {}
