//! The API over HTTP: wrapper, gzip, throttles, cache, and its faults.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::query::{self, ApiError, Page};
use super::quota::{Left, Throttle};
use crate::core::time::Timestamp;
use crate::simulator::call::Call;
use crate::simulator::fault::FaultKind;
use crate::simulator::http;
use crate::simulator::lock::lock;
use crate::simulator::shared::Shared;

/// Answers one request, with the API's own faults.
pub(in crate::simulator) fn answer(shared: &Arc<Shared>, call: &Call, fault: Option<&FaultKind>) -> Response {
    let path = call.path().to_owned();
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    // Without a version the newest one answers.
    if segments.first().is_some_and(|version| matches!(*version, "2.3" | "2.2" | "2.1" | "2.0")) {
        segments.remove(0);
    }
    let fields = call.query();
    let (key, now) = (fields.get("key").filter(|key| !key.is_empty()), shared.now());
    let method = query::method(&segments);
    if let Some(FaultKind::Quota { remaining }) = fault {
        lock(&shared.api).quota.set(key, *remaining);
    }
    let left = match lock(&shared.api).quota.spend(key, &method, now) {
        Ok(left) => left,
        Err(Throttle::TooFast) => return http::error_page(StatusCode::TOO_MANY_REQUESTS),
        Err(Throttle::Spent(seconds)) => {
            let message =
                format!("too many requests from this IP, more requests available in {seconds} seconds");
            return refused(&ApiError { id: 502, message });
        }
        Err(Throttle::Backoff) => {
            return refused(&ApiError { id: 502, message: "Violation of backoff parameter".to_owned() });
        }
    };
    if let Some(FaultKind::ApiError { id, message }) = fault {
        let usual = ApiError::usual(*id);
        return refused(&ApiError { id: *id, message: message.clone().unwrap_or(usual.message) });
    }
    let page = match page(shared, call, &segments, now) {
        Ok(page) => page,
        Err(error) => return refused(&error),
    };
    let mut backoff = None;
    if let Some(FaultKind::Backoff { seconds }) = fault {
        lock(&shared.api).quota.back_off(&method, Duration::from_secs(*seconds), now);
        backoff = Some(*seconds);
    }
    let response = zipped(StatusCode::OK, &wrapper(page, left, backoff));
    match fault {
        Some(FaultKind::NoEncodingHeader) => without_header(response),
        _ => response,
    }
}

fn page(shared: &Shared, call: &Call, segments: &[&str], now: Timestamp) -> Result<Page, ApiError> {
    if call.parts.method != Method::GET {
        return Err(ApiError::usual(404));
    }
    let fields = call.query();
    if fields.get("key").is_some_and(|key| key.starts_with("bad")) {
        return Err(ApiError { id: 400, message: "`key` doesn't match a known application".to_owned() });
    }
    let question = call.parts.uri.to_string();
    let cache_time = shared.scaled(shared.options.api_cache);
    if let Some(page) = lock(&shared.api).cached(&question, now, cache_time) {
        return Ok(page);
    }
    let page = query::answer(&lock(&shared.store), segments, &fields, now)?;
    if cache_time > Duration::ZERO {
        lock(&shared.api).keep(question, page.clone(), now);
    }
    Ok(page)
}

fn wrapper(page: Page, left: Left, backoff: Option<u64>) -> Value {
    let mut wrapper = Map::new();
    if page.filter.total {
        wrapper.insert("total".to_owned(), json!(page.total));
    }
    if page.filter.items {
        wrapper.insert("items".to_owned(), Value::Array(page.items));
        wrapper.insert("has_more".to_owned(), json!(page.has_more));
        if let Some(seconds) = backoff {
            wrapper.insert("backoff".to_owned(), json!(seconds));
        }
        wrapper.insert("quota_max".to_owned(), json!(left.max));
        wrapper.insert("quota_remaining".to_owned(), json!(left.remaining));
    }
    Value::Object(wrapper)
}

fn refused(error: &ApiError) -> Response {
    zipped(StatusCode::BAD_REQUEST, &error.body())
}

/// Every answer is gzip, whatever the client asked for.
fn zipped(status: StatusCode, body: &Value) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zipped = encoder.write_all(body.to_string().as_bytes()).and_then(|()| encoder.finish());
    let bytes = zipped.expect("writing to memory can not fail");
    let mut response = http::answer(status, "application/json; charset=utf-8", bytes);
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

fn without_header(mut response: Response) -> Response {
    response.headers_mut().remove(header::CONTENT_ENCODING);
    response
}
