//! Whether the process lives, whether it can do its work, and what it counted.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::{Question, Web};

/// One part of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// Whether it works.
    pub ok: bool,
    /// What is the matter, or how it is.
    pub detail: String,
}

/// Whether the service can do its work: logged in, sockets fresh, store writable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether every part works.
    pub ready: bool,
    /// The parts: `store`, `realtime`, and `chat SERVER` for each server.
    pub checks: BTreeMap<String, Check>,
}

#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "The process lives")))]
pub(super) async fn healthz() -> Json<serde_json::Value> {
    Json(serde_json::json!({"status": "ok"}))
}

#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "Logged in, sockets fresh, store writable", body = Readiness),
    (status = 503, description = "Some part does not work; the body says which", body = Readiness),
))]
pub(super) async fn readyz(State(web): State<Web>) -> Response {
    let (answer, readiness) = oneshot::channel();
    let asked = web.service.send(Question::Ready(answer)).await;
    let readiness = match asked {
        Ok(()) => readiness.await.unwrap_or_default(),
        Err(_) => Readiness::default(),
    };
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

#[utoipa::path(get, path = "/metrics", responses((status = 200, description = "Prometheus text format", content_type = "text/plain")))]
pub(super) async fn metrics(State(web): State<Web>) -> Response {
    const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], (web.metrics)()).into_response()
}
