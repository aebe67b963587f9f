//! Reads rules folders into memory.

mod write;

use std::fs;
use std::path::{Path, PathBuf};

use crate::core::rules::SourceFile;

pub use write::{add_line, empty_line};

/// Largest rules file that is read.
const MAX_FILE: u64 = 32 * 1024 * 1024;
/// Most files of all folders together.
const MAX_FILES: usize = 10_000;
/// Deepest folder below the one given.
const MAX_DEPTH: usize = 16;

/// Why a rules folder can not be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It is not there, or no folder.
    #[error("the rules folder `{0}` is not there, or is no folder; name another with `--rules`")]
    Missing(PathBuf),
    /// Something in it can not be read.
    #[error("`{path}` can not be read: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is too large to be one of rules.
    #[error("`{0}` is larger than {MAX_FILE} bytes, which no rules file is")]
    TooLarge(PathBuf),
    /// More files than any rules folder has.
    #[error(
        "more than {MAX_FILES} files or folders deeper than {MAX_DEPTH} in the rules folders; is `{0}` one?"
    )]
    TooMany(PathBuf),
}

/// Reads all rule files (`.txt`, `.yml`, `.yaml`) of some folders and their subfolders, in the order given and by name
/// inside. Hidden files and folders are passed over.
///
/// # Errors
/// When a folder is missing, or something in it can not be read.
pub fn read(folders: &[PathBuf]) -> Result<Vec<SourceFile>, FolderError> {
    let mut sources = Vec::new();
    for folder in folders {
        if !folder.is_dir() {
            return Err(FolderError::Missing(folder.clone()));
        }
        read_folder(folder, 0, &mut sources)?;
    }
    Ok(sources)
}

fn read_folder(folder: &Path, depth: usize, sources: &mut Vec<SourceFile>) -> Result<(), FolderError> {
    let unreadable = |source| FolderError::Unreadable { path: folder.to_owned(), source };
    if depth > MAX_DEPTH {
        return Err(FolderError::TooMany(folder.to_owned()));
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
        if paths.len() > MAX_FILES {
            return Err(FolderError::TooMany(folder.to_owned()));
        }
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(&path, depth + 1, sources)?;
            continue;
        }
        let is_rules = path.extension().is_some_and(|end| end == "txt" || end == "yml" || end == "yaml");
        if !is_rules {
            continue;
        }
        let unreadable = |source| FolderError::Unreadable { path: path.clone(), source };
        if fs::metadata(&path).map_err(unreadable)?.len() > MAX_FILE {
            return Err(FolderError::TooLarge(path));
        }
        if sources.len() >= MAX_FILES {
            return Err(FolderError::TooMany(folder.to_owned()));
        }
        let text = fs::read(&path).map_err(unreadable)?;
        sources.push(SourceFile { path: path.display().to_string(), text });
    }
    Ok(())
}
