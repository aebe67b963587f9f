//! The tables, their versions, and what is checked before a file is touched.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use rusqlite_migration::{M, Migrations};

use super::StoreError;

/// Marks the file as ours (`PRAGMA application_id`): "SmoK".
const APPLICATION_ID: i64 = 0x536d_6f4b;

static MIGRATIONS: LazyLock<Migrations<'static>> =
    LazyLock::new(|| Migrations::new(vec![M::up(FORMAT_1), M::up(FORMAT_2), M::up(FORMAT_3)]));

/// Newest format this program reads (`PRAGMA user_version`).
pub(super) const FORMAT: i64 = 3;

const FORMAT_1: &str = "
CREATE TABLE journal (
    seq        INTEGER PRIMARY KEY,
    stream     TEXT    NOT NULL,
    stream_seq INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    intake     INTEGER NOT NULL,
    entry      TEXT    NOT NULL,
    UNIQUE (stream, stream_seq)
) STRICT;
CREATE INDEX journal_intake ON journal (seq) WHERE intake = 1;

-- Where each stream stands, also when its entries went with a snapshot.
CREATE TABLE streams (stream TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, state TEXT NOT NULL) STRICT;

CREATE TABLE reports (
    n          INTEGER PRIMARY KEY,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    site       TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    title      TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    report     TEXT    NOT NULL
) STRICT;
CREATE INDEX reports_post ON reports (site, number);

CREATE TABLE reasons (report INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (reason, report)) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    item       INTEGER PRIMARY KEY,
    report     INTEGER NOT NULL,
    server     TEXT    NOT NULL,
    room       INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    message_id INTEGER,
    number     INTEGER,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_report ON deliveries (report);
CREATE INDEX deliveries_message ON deliveries (server, message_id);

CREATE TABLE feedback (
    id      INTEGER PRIMARY KEY,
    report  INTEGER NOT NULL,
    type    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    server  TEXT,
    user_id INTEGER,
    name    TEXT    NOT NULL,
    message INTEGER,
    UNIQUE (server, message, report)
) STRICT;
CREATE INDEX feedback_report ON feedback (report);
";

const FORMAT_2: &str = "
CREATE TABLE comments (
    server  TEXT    NOT NULL,
    message INTEGER NOT NULL,
    report  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    text    TEXT    NOT NULL,
    PRIMARY KEY (report, server, message)
) STRICT, WITHOUT ROWID;
";

/// What was scanned of each post: a part of the state that is too large for its snapshot.
const FORMAT_3: &str = "
CREATE TABLE seen (
    site    TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    content INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_at ON seen (at);
";

/// Checks that the file is ours, whole, and of a known format; makes or upgrades the tables.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let is_new = check(connection, path)? == Content::Nothing;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Before the tables, so that a crash between the two leaves a file that is known as ours.
    if is_new {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    let corrupt = |what: String| StoreError::Corrupt { path: path.to_owned(), what };
    MIGRATIONS.to_latest(connection).map_err(|e| corrupt(format!("its tables can not be made: {e}")))
}

/// What a file that passed the check holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing: it was made just now.
    Nothing,
    /// A store of a format that this program reads.
    Store,
}

/// Whether the file can be used; only reads it.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<Content, StoreError> {
    let damaged = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::Corrupt { path: path.to_owned(), what: error.to_string() }
        }
        _ => StoreError::Sqlite(error),
    };
    let pragma =
        |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(damaged);
    let (application, version, n_pages) =
        (pragma("application_id")?, pragma("user_version")?, pragma("page_count")?);
    if n_pages > 0 && application != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if version > FORMAT {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: FORMAT });
    }
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(damaged)?;
    if verdict != "ok" {
        return Err(StoreError::Corrupt { path: path.to_owned(), what: verdict });
    }
    Ok(if n_pages == 0 { Content::Nothing } else { Content::Store })
}
