//! The web surface: health, metrics, the JSON API, and the description of all of it.
//!
//! It reads the store beside the process that writes it, and asks the running service what only memory knows
//! ([`Question`]). Nothing here decides anything.

mod feedback;
mod health;
mod openapi;
mod problem;
mod reports;
mod scan;
mod views;

use std::future::Future;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::core::bot::{RoomBacklog, WebOutcome};
use crate::core::post::Post;
use crate::core::report::ReportId;
use crate::core::verdict::Verdict;
use crate::store::Reader;

pub use health::{Check, Readiness};
pub use views::{Backlog, Delivery, Message, Outbox, Report, Reports};

/// What only the running service can answer.
pub enum Question {
    /// What waits for each room.
    Backlog(oneshot::Sender<Vec<RoomBacklog>>),
    /// Whether each part works.
    Ready(oneshot::Sender<Readiness>),
    /// Feedback on a report; answered when it is durable.
    Feedback {
        /// Which report.
        report: ReportId,
        /// A canonical type.
        kind: String,
        /// The caller's `Idempotency-Key`.
        key: Option<String>,
        /// What became of it.
        answer: oneshot::Sender<WebOutcome>,
    },
}

/// How posts are scanned: with the rules that are live at that moment.
pub type Scan = Arc<dyn Fn(&Post) -> Verdict + Send + Sync>;
/// The metrics in Prometheus' text format.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What the handlers work with.
#[derive(Clone)]
pub struct Web {
    /// The store, for questions about reports.
    pub reader: Arc<Mutex<Reader>>,
    /// The rules.
    pub scan: Scan,
    /// The metrics.
    pub metrics: Metrics,
    /// The running service.
    pub service: mpsc::Sender<Question>,
    /// What calls that write must bring; without it there are none.
    pub token: Option<SecretString>,
}

/// A request body may hold so many bytes: some hundred large posts.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// All paths.
pub fn router(web: Web) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/v1/scan", post(scan::scan))
        .route("/v1/reports", get(reports::list))
        .route("/v1/reports/{id}", get(reports::one))
        .route("/v1/reports/{id}/feedback", post(feedback::give))
        .route("/v1/messages/{server}/{message_id}", get(reports::message))
        .route("/v1/outbox", get(reports::outbox))
        .route("/openapi.json", get(openapi::openapi))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(web)
}

/// Serves until `stop` resolves; requests in flight are finished.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    web: Web,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(web)).with_graceful_shutdown(stop).await
}
