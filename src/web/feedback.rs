//! Feedback from programs: needs the token, and may come again without harm.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ring::digest::{SHA256, digest};
use secrecy::ExposeSecret;
use serde::Deserialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::problem::Problem;
use super::reports::read;
use super::views::Report;
use super::{Question, Web};
use crate::core::bot::WebOutcome;
use crate::core::feedback;
use crate::core::report::{NotAReportId, ReportId};

/// Feedback on a report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    /// `tp`, `tpu`, `fp`, `fpu`, `naa` or `ignore`, or one of their short forms; a `-` behind it changes nothing here.
    #[serde(rename = "type")]
    kind: String,
}

/// Longer keys are none.
const MAX_KEY: usize = 200;

#[utoipa::path(post, path = "/v1/reports/{id}/feedback", request_body = Said, params(
    ("id" = String, Path, description = "The report's id"),
    ("Authorization" = String, Header, description = "`Bearer TOKEN`"),
    ("Idempotency-Key" = Option<String>, Header, description = "A request that comes again with the same key changes nothing more"),
), responses(
    (status = 200, description = "The report, with the feedback", body = Report),
    (status = 400, description = "Not feedback", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 401, description = "The token is missing or wrong", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 403, description = "The service has no token, so nobody may write", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 404, description = "There is no such report", body = super::problem::Problem, content_type = "application/problem+json"),
    (status = 422, description = "It can not be said of that report, or the key stood for something else", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn give(
    State(web): State<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match given(&web, &id, &headers, body).await {
        Ok(report) => Json(report).into_response(),
        Err(problem) => {
            let mut response = problem.into_response();
            if response.status() == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

async fn given(
    web: &Web,
    id: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Report, Problem> {
    authorized(web, headers)?;
    let none = |what: String| Problem::new(StatusCode::NOT_FOUND, what);
    let report: ReportId = id.parse().map_err(|e: NotAReportId| none(e.to_string()))?;
    let body = body.map_err(|e| Problem::new(e.status(), e.body_text()))?;
    let Said { kind } = serde_json::from_slice(&body)
        .map_err(|e| Problem::bad_request(format!("the body must be like `{{\"type\":\"tpu-\"}}`: {e}")))?;
    let kind = feedback::parse(&kind).ok_or_else(|| {
        let shown: String = kind.chars().take(40).collect();
        let types = "`tp`, `tpu`, `fp`, `fpu`, `naa` and `ignore`";
        Problem::bad_request(format!("`{shown}` is no type of feedback; there are {types}"))
    })?;
    let key = key(headers)?;
    let stopping = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping");
    let (answer, outcome) = oneshot::channel();
    let question = Question::Feedback { report, kind, key, answer };
    web.service.send(question).await.map_err(|_| stopping())?;
    let missing = || none(format!("there is no report `{report}`"));
    match outcome.await.map_err(|_| stopping())? {
        WebOutcome::Taken => {}
        WebOutcome::NoSuchReport => return Err(missing()),
        WebOutcome::Refused(why) => return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why)),
        WebOutcome::Unreadable => {
            let what = "the report can not be looked up now; try again later";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, what));
        }
    }
    let row = read(web, move |reader| reader.report(report)).await?;
    row.map(Report::from).ok_or_else(missing)
}

/// Compares hashes, so that the time it takes tells nothing of the token.
fn authorized(web: &Web, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(token) = &web.token else {
        let what = "nobody may write here: `SMOKESTACK_WEB_TOKEN` is not set where the service runs";
        return Err(Problem::new(StatusCode::FORBIDDEN, what));
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let hash = |text: &str| digest(&SHA256, text.trim().as_bytes());
    match given {
        Some((_, given)) if hash(given).as_ref() == hash(token.expose_secret()).as_ref() => Ok(()),
        _ => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "send `Authorization: Bearer TOKEN` with the service's token",
        )),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=MAX_KEY).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => {
            Err(Problem::bad_request(format!("`Idempotency-Key` must be 1 to {MAX_KEY} visible characters")))
        }
    }
}
