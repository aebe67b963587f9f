//! The description of the API, made from the types that answer.

use axum::Json;
use utoipa::OpenApi;

use super::problem::Problem;
use super::{feedback, health, reports, scan, views};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Smokestack",
        description = "Reports of spam on Stack Exchange, their delivery to chat, and the rules as a service."
    ),
    paths(
        health::healthz,
        health::readyz,
        health::metrics,
        scan::scan,
        reports::list,
        reports::one,
        feedback::give,
        reports::message,
        reports::outbox,
        openapi,
    ),
    components(schemas(Problem, views::Report))
)]
struct Description;

#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "This description")))]
pub(super) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
