//! The store: one SQLite file in `data_dir` that holds the journal, the latest snapshot of the state, and the tables
//! that are asked questions of.
//!
//! One writer thread owns the connection that writes. What arrives while a transaction commits goes into the next
//! one, so hundreds of entries share one `fsync` (`synchronous=FULL`). The caller is told when its entries are on the
//! disk, and acts on them only then.

mod lock;
mod marks;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::core::journal::Entry;
#[cfg(test)]
use crate::core::journal::Stream;
use crate::core::state::State;
use crate::core::time::Timestamp;

pub use lock::DirLock;
pub use marks::{Mark, ScanMarks};
pub use read::{
    CommentRow, DeliveryRow, FeedbackRow, MessageItem, MessageRow, Page, Reader, ReportFilter, ReportRow,
};
pub use writer::{Append, Committed, Journal};

/// Name of the file in `data_dir`.
pub const FILE_NAME: &str = "smokestack.db";

/// Why the store can not be used. None of these ever changes or overwrites the file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder can not be made or read.
    #[error("can not use the data folder `{path}`: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process runs on this folder.
    #[error("another smokestack already runs on `{path}` (stop it, or set another `data_dir`)")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// No store was made here yet.
    #[error("there is no store in `{path}` yet (`smokestack run` makes it)")]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The file is of another program.
    #[error("`{path}` is not a store of smokestack; it was left as it is")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version.
    #[error(
        "`{path}` was written by a newer smokestack (format {found}, this one knows {known}); it was left as it is"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Format of the file.
        found: i64,
        /// The newest that this program reads.
        known: i64,
    },
    /// The file is damaged.
    #[error(
        "`{path}` is damaged: {what}; it was left as it is (restore a backup, or move it away to start empty)"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// Someone else appended to the stream.
    #[error("stream `{stream}` is at {found}, not at {expected}: another process appended to it")]
    Conflict {
        /// The stream.
        stream: String,
        /// What the append demanded.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// The disk is full, or the like.
    #[error("the store can not be written or read: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The writer thread is gone; it told why when it ended.
    #[error("the store was closed")]
    Closed,
}

/// A store opened for writing: the state as it was when the last process ended, and the way to append.
pub struct Opened {
    /// The fold of everything in the journal.
    pub state: State,
    /// Where entries are appended.
    pub journal: Journal,
    /// Held for as long as this process works on the folder.
    pub lock: DirLock,
}

/// Opens (and if need be makes) the store of `data_dir` and locks the folder for this process.
///
/// # Errors
/// See [`StoreError`]; a file that can not be used is never changed.
pub fn open(data_dir: &Path) -> Result<Opened, StoreError> {
    let folder = |source| StoreError::Folder { path: data_dir.to_owned(), source };
    std::fs::create_dir_all(data_dir).map_err(folder)?;
    let lock = DirLock::take(data_dir)?;
    let path = data_dir.join(FILE_NAME);
    let mut connection = Connection::open(&path)?;
    schema::prepare(&mut connection, &path)?;
    let (state, seq) = replay(&connection, &path)?;
    Ok(Opened { state, journal: Journal::start(connection, seq)?, lock })
}

/// Rebuilds the state from the snapshot and the entries after it.
fn replay(connection: &Connection, path: &Path) -> Result<(State, i64), StoreError> {
    let corrupt = |what: String| StoreError::Corrupt { path: path.to_owned(), what };
    let snapshot: Option<(i64, String)> = rusqlite::OptionalExtension::optional(connection.query_row(
        "SELECT seq, state FROM snapshot",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    ))?;
    let (mut seq, mut state): (i64, State) = match snapshot {
        Some((seq, json)) => (
            seq,
            serde_json::from_str(&json).map_err(|e| corrupt(format!("the snapshot does not read: {e}")))?,
        ),
        None => (0, State::default()),
    };
    restore_seen(connection, &mut state)?;
    let mut statement =
        connection.prepare("SELECT seq, at, entry FROM journal WHERE seq > ?1 ORDER BY seq")?;
    let mut rows = statement.query([seq])?;
    while let Some(row) = rows.next()? {
        seq = row.get(0)?;
        let json: String = row.get(2)?;
        let entry: Entry = serde_json::from_str(&json)
            .map_err(|e| corrupt(format!("entry {seq} of the journal does not read: {e}")))?;
        state.apply(&entry, Timestamp::from_millis(row.get(1)?));
    }
    // Intake entries go with each snapshot, so the newest number may be the snapshot's.
    Ok((state, seq))
}

/// What was scanned of each post is in a table of its own. It may hold what entries after the snapshot said; applying
/// those once more changes nothing.
fn restore_seen(connection: &Connection, state: &mut State) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT site, number, content, at FROM seen")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let site = row.get_ref(0)?.as_str().unwrap_or_default();
        let content: i64 = row.get(2)?;
        state.seen.restore(site, row.get(1)?, content.cast_unsigned(), Timestamp::from_millis(row.get(3)?));
    }
    Ok(())
}

/// Writes a consistent copy of the store to `to`, also while another process works on it.
///
/// # Errors
/// When there is no store, or `to` exists, or can not be written.
pub fn backup(data_dir: &Path, to: &Path) -> Result<(), StoreError> {
    let reader = Reader::open(data_dir)?;
    if to.exists() {
        let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "the file exists already");
        return Err(StoreError::Folder { path: to.to_owned(), source });
    }
    reader.copy_to(to)
}
