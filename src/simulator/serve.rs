//! How a request gets its answer or its fault.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::call::Call;
use super::chat::rules::Refusal;
use super::fault::FaultKind;
use super::listener::Connection;
use super::lock::lock;
use super::names::Host;
use super::shared::Shared;
use super::{chat, control, http, qa, site};

/// A request body has at most so many bytes.
const MAX_BODY_BYTES: usize = 1 << 20;
/// A client has so long to send its body.
const BODY_TIME: Duration = Duration::from_secs(30);
/// A client that never gives up is cut off after so long.
const LONGEST_STALL: Duration = Duration::from_secs(600);

/// Answers one request of one host: the fault that waits for it, or what the host says.
pub(super) async fn serve(shared: Arc<Shared>, host: Host, request: Request) -> Response {
    let Some(ConnectInfo(connection)) = request.extensions().get::<ConnectInfo<Connection>>().cloned() else {
        return http::error_page(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_TIME, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return http::error_page(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return http::error_page(StatusCode::REQUEST_TIMEOUT),
    };
    let call = Call { parts, body, connection };
    let (method, path) = (call.parts.method.as_str().to_owned(), call.path().to_owned());
    let fault = match host {
        Host::Control => None,
        _ => lock(&shared.faults).take(host, &method, &path),
    };
    let name = fault.as_ref().map(fault_name);
    let number = lock(&shared.log).came(host, &method, &path, name, shared.now());
    let response = match fault {
        None => dispatch(&shared, host, call).await,
        Some(fault) => serve_fault(&shared, host, call, fault).await,
    };
    if response.extensions().get::<Unanswered>().is_none() {
        lock(&shared.log).answered(host, number, response.status().as_u16());
    }
    response
}

fn fault_name(fault: &FaultKind) -> String {
    let value = serde_json::to_value(fault).unwrap_or_default();
    value["fault"].as_str().unwrap_or("fault").to_owned()
}

async fn dispatch(shared: &Arc<Shared>, host: Host, call: Call) -> Response {
    match host {
        Host::Chat(server) => chat::host::answer(shared, server, &call),
        Host::ChatSockets => chat::socket::answer(shared, call).await,
        Host::Site(site) => site::host::answer(shared, site, &call),
        Host::Api => qa::host::answer(shared, &call, None),
        Host::Realtime => qa::realtime::answer(shared, call).await,
        Host::Control => control::answer(shared, &call),
    }
}

async fn serve_fault(shared: &Arc<Shared>, host: Host, call: Call, fault: FaultKind) -> Response {
    let connection = call.connection.clone();
    match fault {
        FaultKind::Drop => cut(&connection),
        FaultKind::Stall => {
            stall(shared).await;
            cut(&connection)
        }
        FaultKind::Delay { seconds } => {
            let response = dispatch(shared, host, call).await;
            pause(shared, seconds).await;
            response
        }
        FaultKind::ErrorPage { status } => http::error_page(status_of(status)),
        FaultKind::Cloudflare => http::cloudflare_page(),
        FaultKind::Html => {
            http::html(StatusCode::OK, "<html><body><h1>We are offline for maintenance</h1></body></html>")
        }
        FaultKind::StaleFkey => {
            if let Some(acct) = call.cookie("acct") {
                lock(&shared.accounts).renew_fkey(acct);
            }
            dispatch(shared, host, call).await
        }
        FaultKind::ExpiredSession => {
            if let Some(acct) = call.cookie("acct") {
                lock(&shared.accounts).end(acct);
            }
            dispatch(shared, host, call).await
        }
        FaultKind::Truncate if !call.is_upgrade() => truncate(dispatch(shared, host, call).await).await,
        FaultKind::Truncate => dispatch(shared, host, call).await,
        FaultKind::LoseReply => {
            dispatch(shared, host, call).await;
            cut(&connection)
        }
        FaultKind::Late { seconds } => {
            late(shared, host, call, seconds).await;
            cut(&connection)
        }
        FaultKind::Throttle { seconds: Some(seconds) } => {
            let plural = if seconds == 1 { "" } else { "s" };
            let text = format!("You can perform this action again in {seconds} second{plural}");
            http::text(StatusCode::CONFLICT, text)
        }
        FaultKind::Throttle { seconds: None } => {
            http::text(StatusCode::CONFLICT, "You can perform this action again soon")
        }
        FaultKind::Duplicate => http::json(&json!({"id": null, "time": null})),
        FaultKind::TooLong => chat::host::refused(&Refusal::TooLong),
        FaultKind::Frozen => chat::host::refused(&Refusal::Frozen),
        FaultKind::NoPermission => chat::host::refused(&Refusal::NoPermission),
        FaultKind::Suspended => chat::host::refused(&Refusal::Suspended("5 hours".to_owned())),
        FaultKind::RoomTimeout { seconds } => chat::host::refused(&Refusal::RoomTimeout(seconds)),
        FaultKind::Answer { status, body } => http::text(status_of(status), body),
        FaultKind::Backoff { .. }
        | FaultKind::ApiError { .. }
        | FaultKind::Quota { .. }
        | FaultKind::NoEncodingHeader => match host {
            Host::Api => qa::host::answer(shared, &call, Some(&fault)),
            _ => dispatch(shared, host, call).await,
        },
    }
}

fn status_of(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Marks an answer that never goes out.
#[derive(Clone, Copy)]
struct Unanswered;

/// Resets the connection. The answer is only there because a handler must give one: it can not be written any more.
fn cut(connection: &Connection) -> Response {
    connection.cut();
    let mut response = http::error_page(StatusCode::BAD_GATEWAY);
    response.extensions_mut().insert(Unanswered);
    response
}

async fn stall(shared: &Shared) {
    tokio::select! {
        () = tokio::time::sleep(LONGEST_STALL) => {}
        () = shared.stop.cancelled() => {}
    }
}

async fn pause(shared: &Shared, seconds: f64) {
    let length = Duration::try_from_secs_f64(seconds).unwrap_or_default().min(LONGEST_STALL);
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        () = shared.stop.cancelled() => {}
    }
}

/// Half of the body, under the length of that half.
async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(half.len()));
    Response::from_parts(parts, Body::from(half))
}

/// Waits for the client to go away; the request is done some time after that. The server drops this future when the
/// client closes the connection, and with it the sender whose end the task waits for.
async fn late(shared: &Arc<Shared>, host: Host, call: Call, seconds: f64) {
    let (here, gone) = tokio::sync::oneshot::channel::<()>();
    let later = Arc::clone(shared);
    shared.tasks.spawn(async move {
        tokio::select! {
            _ = gone => {}
            () = later.stop.cancelled() => return,
        }
        pause(&later, seconds).await;
        dispatch(&later, host, call).await;
    });
    stall(shared).await;
    drop(here);
}
