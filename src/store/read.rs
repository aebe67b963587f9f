//! Questions to the store: reports with their feedback and deliveries, and which reports a message carries.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params, params_from_iter, types::Value};

use super::{FILE_NAME, StoreError, schema};
use crate::core::bot::Kept;
use crate::core::feedback::{By, Given};
use crate::core::report::{Report, ReportId};
use crate::core::time::Timestamp;

/// A connection that only reads; works beside the process that writes.
pub struct Reader {
    connection: Connection,
}

/// Which reports, newest first.
#[derive(Clone, Debug, Default)]
pub struct ReportFilter {
    /// At most so many (the caller bounds it).
    pub limit: usize,
    /// Only reports older than this one.
    pub before: Option<ReportId>,
    /// Only of this site.
    pub site: Option<String>,
    /// Only with exactly this reason.
    pub reason: Option<String>,
    /// Only with feedback of this type (with or without `-`); `none` for those without any.
    pub feedback: Option<String>,
    /// Only made at or after.
    pub since: Option<Timestamp>,
    /// Only made before.
    pub until: Option<Timestamp>,
    /// Only with this text in the title, the owner's name or a reason, ignoring ASCII case.
    pub q: Option<String>,
}

/// One report as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    /// The report.
    pub report: Report,
    /// When its post was seen to be gone.
    pub deleted_at: Option<Timestamp>,
    /// What people said, oldest first.
    pub feedback: Vec<FeedbackRow>,
    /// What else they said of it, oldest first.
    pub comments: Vec<CommentRow>,
    /// Where it went, by item.
    pub delivery: Vec<DeliveryRow>,
}

/// Feedback on a report.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedbackRow {
    /// Its type.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Chat server; absent for the web.
    pub server: Option<String>,
    /// Chat user id; absent for the web.
    pub user_id: Option<i64>,
    /// Name of the person.
    pub name: String,
    /// The chat message that says so; absent for the web.
    pub message_id: Option<i64>,
}

/// A comment on a report.
#[derive(Clone, Debug, PartialEq)]
pub struct CommentRow {
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Chat server.
    pub server: String,
    /// Chat user id.
    pub user_id: i64,
    /// Name of the person.
    pub name: String,
}

/// One item of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRow {
    /// Chat server.
    pub server: String,
    /// Room.
    pub room: i64,
    /// `waiting`, `sending`, `unknown`, `sent`, `held` or `covered`.
    pub state: String,
    /// The message that carries it.
    pub message_id: Option<i64>,
    /// Its number in a combined message.
    pub number: Option<u32>,
    /// When the state was reached.
    pub at: Timestamp,
}

/// One page of reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Newest first.
    pub items: Vec<ReportRow>,
    /// The `before` of the next page; absent on the last.
    pub next: Option<ReportId>,
}

/// What a message of ours carries.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRow {
    /// Its room.
    pub room: i64,
    /// Its reports, by number.
    pub items: Vec<MessageItem>,
}

/// One report in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageItem {
    /// Its number; absent in a single report.
    pub number: Option<u32>,
    /// The report.
    pub report: ReportId,
}

impl ReportFilter {
    /// SQL conditions with one `?` for each value.
    fn conditions(&self) -> (Vec<&'static str>, Vec<Value>) {
        let mut found: Vec<(&'static str, Vec<Value>)> = vec![("1", Vec::new())];
        let time = |at: Timestamp| vec![Value::Integer(at.as_millis())];
        let text = |text: &str| vec![Value::Text(text.to_owned())];
        if let Some(before) = self.before {
            found.push(("n < ?", vec![Value::Integer(i64::try_from(before.0).unwrap_or(i64::MAX))]));
        }
        if let Some(site) = &self.site {
            found.push(("site = ?", text(site)));
        }
        if let Some(reason) = &self.reason {
            found.push(("n IN (SELECT report FROM reasons WHERE reason = ?)", text(reason)));
        }
        match self.feedback.as_deref() {
            Some("none") => found.push(("n NOT IN (SELECT report FROM feedback)", Vec::new())),
            Some(kind) => found.push((
                "n IN (SELECT report FROM feedback WHERE rtrim(type, '-') = ?)",
                text(kind.trim_end_matches('-')),
            )),
            None => {}
        }
        if let Some(since) = self.since {
            found.push(("created_at >= ?", time(since)));
        }
        if let Some(until) = self.until {
            found.push(("created_at < ?", time(until)));
        }
        if let Some(q) = &self.q {
            found.push((
                "(instr(lower(title), lower(?)) OR instr(lower(owner), lower(?)) \
                 OR n IN (SELECT report FROM reasons WHERE instr(lower(reason), lower(?))))",
                vec![Value::Text(q.clone()); 3],
            ));
        }
        let (clauses, values): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        (clauses, values.concat())
    }
}

impl Reader {
    /// Opens the store of `data_dir` for reading.
    ///
    /// # Errors
    /// When there is none, or it is not ours, newer, or damaged.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join(FILE_NAME);
        if !path.exists() {
            return Err(StoreError::Missing { path: data_dir.to_owned() });
        }
        // Not the read-only flag: a WAL file left by a killed process must be replayed by whoever opens it next.
        let connection = Connection::open_with_flags(
            &path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        schema::check(&connection, &path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self { connection })
    }

    /// Writes a consistent copy.
    ///
    /// # Errors
    /// When `to` can not be written.
    pub(super) fn copy_to(&self, to: &Path) -> Result<(), StoreError> {
        let mut copy = Connection::open(to)?;
        rusqlite::backup::Backup::new(&self.connection, &mut copy)?.run_to_completion(
            512,
            std::time::Duration::from_millis(1),
            None,
        )?;
        Ok(())
    }

    /// Reports that pass the filter, newest first.
    ///
    /// # Errors
    /// When the store can not be read.
    pub fn reports(&self, filter: &ReportFilter) -> Result<Page, StoreError> {
        let (clauses, mut values) = filter.conditions();
        values.push(Value::Integer(i64::try_from(filter.limit).unwrap_or(i64::MAX - 1).saturating_add(1)));
        let sql = format!(
            "SELECT n, report, deleted_at FROM reports WHERE {} ORDER BY n DESC LIMIT ?",
            clauses.join(" AND ")
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut items = statement
            .query_map(params_from_iter(values), read_report)?
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .map(|(n, row)| self.complete(n, row))
            .collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > filter.limit;
        items.truncate(filter.limit);
        let next = if more { items.last().map(|row| row.report.id) } else { None };
        Ok(Page { items, next })
    }

    /// One report.
    ///
    /// # Errors
    /// When the store can not be read.
    pub fn report(&self, id: ReportId) -> Result<Option<ReportRow>, StoreError> {
        let n = i64::try_from(id.0).unwrap_or(i64::MAX);
        let found = self
            .connection
            .query_row("SELECT n, report, deleted_at FROM reports WHERE n = ?1", [n], read_report)
            .optional()?;
        found.map(|(n, row)| self.complete(n, row)).transpose()
    }

    /// Reports with what people said of them, as memory had them; all of them, or none when one is missing.
    ///
    /// # Errors
    /// When the store can not be read.
    pub fn recall(&self, reports: &[ReportId]) -> Result<Vec<Kept>, StoreError> {
        let mut found = Vec::with_capacity(reports.len());
        for id in reports {
            let Some(ReportRow { report, feedback, comments, .. }) = self.report(*id)? else {
                return Ok(Vec::new());
            };
            let given = |row: FeedbackRow| Given {
                report: *id,
                kind: row.kind,
                at: row.at,
                message_id: row.message_id,
                by: By { server: row.server, user_id: row.user_id, name: row.name },
            };
            found.push(Kept {
                report,
                feedback: feedback.into_iter().map(given).collect(),
                comments: comments.into_iter().map(|row| (row.name, row.text)).collect(),
            });
        }
        Ok(found)
    }

    /// The reports that a message of ours carries; `None` when it carries none.
    ///
    /// # Errors
    /// When the store can not be read.
    pub fn message(&self, server: &str, message_id: i64) -> Result<Option<MessageRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT room, number, report FROM deliveries WHERE server = ?1 AND message_id = ?2 ORDER BY number",
        )?;
        let rows = statement
            .query_map(params![server, message_id], |row| {
                Ok((row.get(0)?, MessageItem { number: row.get(1)?, report: report_id(row.get(2)?) }))
            })?
            .collect::<Result<Vec<(i64, MessageItem)>, _>>()?;
        let Some((room, _)) = rows.first() else { return Ok(None) };
        Ok(Some(MessageRow { room: *room, items: rows.iter().map(|(_, item)| item.clone()).collect() }))
    }

    fn complete(&self, n: i64, mut row: ReportRow) -> Result<ReportRow, StoreError> {
        row.feedback = self
            .connection
            .prepare_cached(
                "SELECT type, at, server, user_id, name, message FROM feedback WHERE report = ?1 ORDER BY id",
            )?
            .query_map([n], |row| {
                Ok(FeedbackRow {
                    kind: row.get(0)?,
                    at: Timestamp::from_millis(row.get(1)?),
                    server: row.get(2)?,
                    user_id: row.get(3)?,
                    name: row.get(4)?,
                    message_id: row.get(5)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        row.comments = self
            .connection
            .prepare_cached(
                "SELECT text, at, server, user_id, name FROM comments WHERE report = ?1 ORDER BY at, message",
            )?
            .query_map([n], |row| {
                Ok(CommentRow {
                    text: row.get(0)?,
                    at: Timestamp::from_millis(row.get(1)?),
                    server: row.get(2)?,
                    user_id: row.get(3)?,
                    name: row.get(4)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        row.delivery = self
            .connection
            .prepare_cached("SELECT server, room, state, message_id, number, at FROM deliveries WHERE report = ?1 ORDER BY item")?
            .query_map([n], |row| {
                Ok(DeliveryRow {
                    server: row.get(0)?,
                    room: row.get(1)?,
                    state: row.get(2)?,
                    message_id: row.get(3)?,
                    number: row.get(4)?,
                    at: Timestamp::from_millis(row.get(5)?),
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(row)
    }
}

fn read_report(row: &Row<'_>) -> Result<(i64, ReportRow), rusqlite::Error> {
    let json: String = row.get(1)?;
    let report = serde_json::from_str(&json).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(e))
    })?;
    let deleted_at: Option<i64> = row.get(2)?;
    let row_of = ReportRow {
        report,
        deleted_at: deleted_at.map(Timestamp::from_millis),
        feedback: Vec::new(),
        comments: Vec::new(),
        delivery: Vec::new(),
    };
    Ok((row.get(0)?, row_of))
}

fn report_id(n: i64) -> ReportId {
    ReportId(u64::try_from(n).unwrap_or(0))
}
