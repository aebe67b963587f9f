//! Posts in, verdicts out.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde_json::Value;

use super::Web;
use super::problem::Problem;
use crate::core::post::Post;

#[utoipa::path(post, path = "/v1/scan", request_body(content = Value, description = "A post, or an array of posts"), responses(
    (status = 200, description = "The verdict, or an array of verdicts in the order of the posts", body = Value),
    (status = 400, description = "Not a post", body = super::problem::Problem, content_type = "application/problem+json"),
))]
pub(super) async fn scan(
    State(web): State<Web>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Problem> {
    let body = body.map_err(|e| Problem::new(e.status(), e.body_text()))?;
    let value: Value = serde_json::from_slice(&body)
        .map_err(|e| Problem::bad_request(format!("the body is not JSON: {e}")))?;
    let scan = Arc::clone(&web.scan);
    let work = tokio::task::spawn_blocking(move || match value {
        Value::Array(posts) => {
            let verdict = |(n, post)| {
                let post = read_post(post).map_err(|e| format!("item {n} is not a post: {e}"))?;
                Ok(serde_json::to_value(scan(&post)).expect("verdicts are plain data"))
            };
            posts.into_iter().enumerate().map(verdict).collect::<Result<Vec<_>, String>>().map(Value::Array)
        }
        post => {
            let post = read_post(post).map_err(|e| format!("the body is not a post: {e}"))?;
            Ok(serde_json::to_value(scan(&post)).expect("verdicts are plain data"))
        }
    });
    let verdicts = work.await.map_err(|e| Problem::internal("the scan", &e))?;
    verdicts.map(Json).map_err(|what| Problem::new(StatusCode::BAD_REQUEST, what))
}

fn read_post(value: Value) -> Result<Post, serde_json::Error> {
    serde_json::from_value(value)
}
