//! The one writer: appends entries and updates the tables in one transaction, many callers sharing one `fsync`.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, params};

use super::StoreError;
use crate::core::feedback::By;
use crate::core::journal::{Entry, Stream};
use crate::core::report::ReportId;
use crate::core::state::Change;
use crate::core::time::Timestamp;

/// Entries of one caller; they become durable together or not at all.
#[derive(Debug, Default)]
pub struct Append {
    /// When they happened.
    pub at: Timestamp,
    /// The entries.
    pub entries: Vec<Entry>,
    /// What they change in the tables.
    pub changes: Vec<Change>,
    /// Streams that must stand at these numbers, else nothing is written and the answer is a conflict.
    pub expected: BTreeMap<Stream, u64>,
}

/// The answer to an append: its entries are on the disk, or why not.
pub type Committed = Result<(), StoreError>;

/// What a caller wants to have called when its entries are durable.
type OnCommit = Box<dyn FnOnce(Committed) + Send>;

enum Job {
    Append(Append, OnCommit),
    Snapshot(String),
}

/// The handle to the writer thread. Dropping it writes what was handed in and ends the thread.
pub struct Journal {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// At most this many appends share a transaction, so that the first is not kept waiting by an endless stream.
const MAX_GROUP: usize = 1_000;

impl Journal {
    pub(super) fn start(connection: Connection, seq: i64) -> Result<Self, StoreError> {
        let last = connection
            .prepare("SELECT stream, last FROM streams")?
            .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?
            .collect::<Result<_, _>>()?;
        let (jobs, inbox) = channel();
        let mut writer = Writer { connection, seq, last };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&inbox))
            .expect("the system can start one more thread");
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Appends; `on_commit` is called on the writer's thread, in the order of the appends.
    pub fn append(&self, append: Append, on_commit: impl FnOnce(Committed) + Send + 'static) {
        let job = Job::Append(append, Box::new(on_commit));
        let lost = match &self.jobs {
            Some(jobs) => jobs.send(job).err().map(|e| e.0),
            None => Some(job),
        };
        if let Some(Job::Append(_, on_commit)) = lost {
            on_commit(Err(StoreError::Closed));
        }
    }

    /// Keeps the state as it is after everything appended so far; intake entries that it covers go.
    pub fn snapshot(&self, state_json: String) {
        if let Some(jobs) = &self.jobs {
            // A writer that is gone has told so to the append that ended it.
            let _ = jobs.send(Job::Snapshot(state_json));
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Writer {
    connection: Connection,
    seq: i64,
    last: BTreeMap<String, u64>,
}

impl Writer {
    fn run(&mut self, inbox: &Receiver<Job>) {
        while let Ok(job) = inbox.recv() {
            let mut group = vec![job];
            group.extend(inbox.try_iter().take(MAX_GROUP - 1));
            if !self.write(group) {
                return;
            }
        }
    }

    /// Writes one group; false when the disk refused, after which nothing more is written: a hole in the journal
    /// would be worse than its end.
    fn write(&mut self, group: Vec<Job>) -> bool {
        let mut done: Vec<(OnCommit, Committed)> = Vec::with_capacity(group.len());
        let (mut seq, mut last) = (self.seq, self.last.clone());
        let outcome = (|| {
            let transaction = self.connection.transaction()?;
            for job in group {
                match job {
                    Job::Append(append, on_commit) => {
                        let written = match conflict(&append, &last) {
                            Some(conflict) => Err(conflict),
                            None => {
                                insert(&transaction, &append, &mut seq, &mut last).map_err(StoreError::from)
                            }
                        };
                        let disk_refused = matches!(&written, Err(StoreError::Sqlite(_)));
                        done.push((on_commit, written));
                        if disk_refused {
                            // The transaction is dropped, and with it the whole group.
                            return Err(StoreError::Closed);
                        }
                    }
                    Job::Snapshot(state) => {
                        transaction.execute(
                            "REPLACE INTO snapshot (one, seq, state) VALUES (1, ?1, ?2)",
                            params![seq, state],
                        )?;
                        transaction.execute("DELETE FROM journal WHERE intake = 1 AND seq <= ?1", [seq])?;
                    }
                }
            }
            Ok::<_, StoreError>(transaction.commit()?)
        })();
        match outcome {
            Ok(()) => {
                (self.seq, self.last) = (seq, last);
                for (on_commit, result) in done {
                    on_commit(result);
                }
                true
            }
            Err(error) => {
                let text = error.to_string();
                tracing::error!(error = text, "the journal can not be written");
                let mut first = Some(error);
                for (on_commit, result) in done {
                    on_commit(Err(result.err().or_else(|| first.take()).unwrap_or(StoreError::Closed)));
                }
                false
            }
        }
    }
}

fn conflict(append: &Append, last: &BTreeMap<String, u64>) -> Option<StoreError> {
    append.expected.iter().find_map(|(stream, expected)| {
        let name = stream.to_string();
        let found = last.get(&name).copied().unwrap_or(0);
        (found != *expected).then_some(StoreError::Conflict { stream: name, expected: *expected, found })
    })
}

fn insert(
    to: &Transaction<'_>,
    append: &Append,
    seq: &mut i64,
    last: &mut BTreeMap<String, u64>,
) -> Result<(), rusqlite::Error> {
    let mut entries = to.prepare_cached(
        "INSERT INTO journal (seq, stream, stream_seq, at, intake, entry) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut streams = to.prepare_cached("REPLACE INTO streams (stream, last) VALUES (?1, ?2)")?;
    for entry in &append.entries {
        let stream = entry.stream().to_string();
        let stream_seq = last.entry(stream.clone()).or_default();
        *stream_seq += 1;
        *seq += 1;
        let json = serde_json::to_string(entry).expect("entries are plain data");
        let in_stream = number(*stream_seq);
        entries.execute(params![*seq, stream, in_stream, append.at.as_millis(), entry.is_intake(), json])?;
        streams.execute(params![stream, in_stream])?;
    }
    append.changes.iter().try_for_each(|change| write_change(to, change))
}

fn write_change(to: &Transaction<'_>, change: &Change) -> Result<(), rusqlite::Error> {
    match change {
        Change::Report(report) => {
            let json = serde_json::to_string(report).expect("reports are plain data");
            to.prepare_cached(
                "INSERT INTO reports (n, created_at, site, number, title, owner, report) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (n) DO UPDATE SET report = excluded.report",
            )?
            .execute(params![
                number(report.id.0),
                report.created_at.as_millis(),
                report.post.site,
                report.post.number,
                report.post.title,
                report.post.owner.name,
                json
            ])?;
            let mut reasons =
                to.prepare_cached("INSERT OR IGNORE INTO reasons (report, reason) VALUES (?1, ?2)")?;
            for reason in &report.reasons {
                reasons.execute(params![number(report.id.0), reason])?;
            }
        }
        Change::Delivery { item, report, room, state, message, at } => {
            to.prepare_cached(
                "REPLACE INTO deliveries (item, report, server, room, state, message_id, number, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                number(item.0),
                number(report.0),
                room.server,
                room.room,
                state.word(),
                message.map(|(id, _)| id),
                message.and_then(|(_, n)| n),
                at.as_millis()
            ])?;
        }
        Change::Deleted { key, at } => {
            to.prepare_cached(
                "UPDATE reports SET deleted_at = ?3 WHERE site = ?1 AND number = ?2 AND deleted_at IS NULL",
            )?
            .execute(params![key.site, key.number, at.as_millis()])?;
        }
        Change::Seen { site, posts, at } => {
            let mut seen =
                to.prepare_cached("REPLACE INTO seen (site, number, content, at) VALUES (?1, ?2, ?3, ?4)")?;
            for (number, content) in posts {
                seen.execute(params![site, number, content.cast_signed(), at.as_millis()])?;
            }
        }
        Change::Forgotten { before } => {
            to.prepare_cached("DELETE FROM seen WHERE at < ?1")?.execute([before.as_millis()])?;
        }
        Change::Feedback(given) => {
            delete_feedback(to, given.report, &given.by)?;
            // An edited message is one or the other.
            to.prepare_cached("DELETE FROM comments WHERE report = ?1 AND server = ?2 AND message = ?3")?
                .execute(params![number(given.report.0), given.by.server, given.message_id])?;
            to.prepare_cached(
                "REPLACE INTO feedback (report, type, at, server, user_id, name, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                number(given.report.0),
                given.kind,
                given.at.as_millis(),
                given.by.server,
                given.by.user_id,
                given.by.name,
                given.message_id
            ])?;
        }
        Change::FeedbackWithdrawn { report, by } => delete_feedback(to, *report, by)?,
        Change::Unsaid { server, message_id, user_id } => {
            to.prepare_cached("DELETE FROM comments WHERE server = ?1 AND message = ?2 AND user_id = ?3")?
                .execute(params![server, message_id, user_id])?;
        }
        Change::Comment { comment, at } => {
            to.prepare_cached(
                "REPLACE INTO comments (server, message, report, at, user_id, name, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                comment.by.server.as_deref().unwrap_or_default(),
                comment.message_id,
                number(comment.report.0),
                at.as_millis(),
                comment.by.user_id.unwrap_or_default(),
                comment.by.name,
                comment.text
            ])?;
        }
    }
    Ok(())
}

/// Feedback of the web has no person, and stays.
fn delete_feedback(to: &Transaction<'_>, report: ReportId, by: &By) -> Result<(), rusqlite::Error> {
    to.prepare_cached("DELETE FROM feedback WHERE report = ?1 AND server = ?2 AND user_id = ?3")?
        .execute(params![number(report.0), by.server, by.user_id])?;
    Ok(())
}

/// SQLite's integers are signed; ids count up from 1 and never get there.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
