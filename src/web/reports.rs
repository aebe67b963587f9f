//! Questions about reports, messages and the outbox.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::oneshot;
use utoipa::IntoParams;

use super::problem::Problem;
use super::views::{Backlog, Message, Outbox, Report, Reports};
use super::{Question, Web};
use crate::core::report::ReportId;
use crate::core::time::Timestamp;
use crate::store::{Reader, ReportFilter, StoreError};

/// Which reports, newest first.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ListParameters {
    /// At most so many, 1 to 500; 50 by default.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only of this site (its host name).
    site: Option<String>,
    /// Only with exactly this reason.
    reason: Option<String>,
    /// Only with feedback of this type; `none` for those without any.
    feedback: Option<String>,
    /// Only made at or after this time (RFC 3339).
    since: Option<String>,
    /// Only made before this time (RFC 3339).
    until: Option<String>,
    /// Only with this text in the title, the owner's name or a reason.
    q: Option<String>,
}

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 500;

impl ListParameters {
    fn filter(self) -> Result<ReportFilter, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::bad_request(format!("`limit` is {limit}, but must be 1 to {MAX_LIMIT}")));
        }
        let time = |name: &str, text: Option<String>| {
            let parse = |text: String| {
                let wrong = || {
                    Problem::bad_request(format!(
                        "`{name}` must look like `2026-11-20T10:00:00Z`, not `{text}`"
                    ))
                };
                Timestamp::parse(&text).ok_or_else(wrong)
            };
            text.map(parse).transpose()
        };
        let before = match self.cursor {
            Some(cursor) => Some(
                cursor.parse().map_err(|_| Problem::bad_request("`cursor` is not one that was given out"))?,
            ),
            None => None,
        };
        Ok(ReportFilter {
            limit,
            before,
            site: self.site,
            reason: self.reason,
            feedback: self.feedback,
            since: time("since", self.since)?,
            until: time("until", self.until)?,
            q: self.q,
        })
    }
}

#[utoipa::path(get, path = "/v1/reports", params(ListParameters), responses(
    (status = 200, description = "A page of reports, newest first", body = Reports),
    (status = 400, description = "A parameter is wrong", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(web): State<Web>,
    parameters: Result<Query<ListParameters>, QueryRejection>,
) -> Result<Json<Reports>, Problem> {
    let Query(parameters) = parameters.map_err(|e| Problem::bad_request(e.body_text()))?;
    let filter = parameters.filter()?;
    let page = read(&web, move |reader| reader.reports(&filter)).await?;
    Ok(Json(page.into()))
}

#[utoipa::path(get, path = "/v1/reports/{id}", params(("id" = String, Path, description = "The report's id")), responses(
    (status = 200, description = "The report", body = Report),
    (status = 404, description = "There is none", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn one(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Report>, Problem> {
    let none = |what: String| Problem::new(StatusCode::NOT_FOUND, what);
    let report: ReportId = id.parse().map_err(|e: crate::core::report::NotAReportId| none(e.to_string()))?;
    let row = read(&web, move |reader| reader.report(report)).await?;
    row.map(|row| Json(row.into())).ok_or_else(|| none(format!("there is no report `{report}`")))
}

#[utoipa::path(get, path = "/v1/messages/{server}/{message_id}", params(
    ("server" = String, Path, description = "The chat server"), ("message_id" = i64, Path, description = "Chat's id of the message"),
), responses(
    (status = 200, description = "The reports that the message carries", body = Message),
    (status = 404, description = "No message of ours", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn message(
    State(web): State<Web>,
    Path((server, message_id)): Path<(String, String)>,
) -> Result<Json<Message>, Problem> {
    let none = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("no message `{message_id}` on `{server}` carries a report"),
        )
    };
    let id: i64 = message_id.parse().map_err(|_| none())?;
    let asked = server.clone();
    let row = read(&web, move |reader| reader.message(&asked, id)).await?.ok_or_else(none)?;
    Ok(Json(Message::new(server, id, row)))
}

#[utoipa::path(get, path = "/v1/outbox", responses((status = 200, description = "What waits for each room", body = Outbox)))]
pub(super) async fn outbox(State(web): State<Web>) -> Result<Json<Outbox>, Problem> {
    let stopping = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping");
    let (answer, rows) = oneshot::channel();
    web.service.send(Question::Backlog(answer)).await.map_err(|_| stopping())?;
    let rows = rows.await.map_err(|_| stopping())?;
    Ok(Json(Outbox { items: rows.into_iter().map(Backlog::from).collect() }))
}

/// Asks the store on a thread that may block.
pub(super) async fn read<T: Send + 'static>(
    web: &Web,
    ask: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let reader = Arc::clone(&web.reader);
    let asked = tokio::task::spawn_blocking(move || {
        // A reader that panicked holds no half-written state: it only reads.
        let reader = reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        ask(&reader)
    });
    let answer = asked.await.map_err(|e| Problem::internal("reading the store", &e))?;
    answer.map_err(|e| Problem::internal("reading the store", &e))
}
