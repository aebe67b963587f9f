//! Small pieces that all hosts use: forms, cookies, and answers of each kind.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::html;

/// The fields of a form or a query string, in order. Names may repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

/// A form has at most so many fields; the rest is ignored.
const MAX_FIELDS: usize = 1_000;

impl Fields {
    /// Reads `application/x-www-form-urlencoded`. Broken escapes are taken as they are.
    pub(super) fn parse(text: &str) -> Self {
        let parts = text.split('&').filter(|part| !part.is_empty()).take(MAX_FIELDS);
        Self(
            parts
                .map(|part| {
                    let (name, value) = part.split_once('=').unwrap_or((part, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// These fields, and those of `more` behind them.
    pub(super) fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// The first value of a field, its name in any case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a field as a number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.trim().parse().ok()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(hex_byte);
        bytes.push(match (first, escaped) {
            (_, Some(byte)) => byte,
            (b'+', None) => b' ',
            (byte, None) => *byte,
        });
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.chars().all(|c| c.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

/// The value of a cookie, verbatim.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Adds a cookie to an answer: host-only and without `Secure`, because this is loopback.
pub(super) fn set_cookie(response: &mut Response, name: &str, value: &str, expires: Option<&str>) {
    let expires = expires.map_or(String::new(), |date| format!("; expires={date}"));
    if let Ok(line) = HeaderValue::from_str(&format!("{name}={value}; path=/; httponly{expires}")) {
        // Appending, because inserting would leave one cookie of several.
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// An answer with a body of some type.
pub(super) fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// HTML.
pub(super) fn html(status: StatusCode, body: impl Into<Body>) -> Response {
    answer(status, "text/html; charset=utf-8", body)
}

/// Plain text.
pub(super) fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    answer(status, "text/plain; charset=utf-8", body)
}

/// JSON with status 200.
pub(super) fn json(value: &serde_json::Value) -> Response {
    answer(StatusCode::OK, "application/json; charset=utf-8", value.to_string())
}

/// A redirect.
pub(super) fn redirect(to: &str) -> Response {
    let body = format!("<html><body><a href=\"{}\">Object moved</a></body></html>", html::escape(to));
    let mut response = html(StatusCode::FOUND, body);
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// The page for what is not there.
pub(super) fn not_found() -> Response {
    html(
        StatusCode::NOT_FOUND,
        "<html><head><title>Page Not Found | Stack Exchange</title></head><body><h1>Page not found</h1>\
         <p>We're sorry, we couldn't find the page you requested.</p></body></html>",
    )
}

/// The site's own error page.
pub(super) fn error_page(status: StatusCode) -> Response {
    html(
        status,
        "<html><head><title>Oops! Something Bad Happened!</title></head><body><h1>Oops! Something Bad Happened!</h1>\
         <p>We apologize for any inconvenience, but an unexpected error occurred while you were browsing our site.</p>\
         </body></html>",
    )
}

/// Cloudflare's challenge.
pub(super) fn cloudflare_page() -> Response {
    let mut response = html(
        StatusCode::FORBIDDEN,
        "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><noscript>Enable JavaScript and \
         cookies to continue</noscript></body></html>",
    );
    response
        .headers_mut()
        .insert(HeaderName::from_static("cf-mitigated"), HeaderValue::from_static("challenge"));
    set_cookie(&mut response, "__cf_bm", &super::token::random_hex(32), None);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_broken_escapes_survive() {
        let fields = Fields::parse("text=a+b%2Bc%0Ad&e&Text=second&x=%zz%4&y=%F0%9F%98%80&z=%ff&w=%+1");
        assert_eq!(fields.get("text"), Some("a b+c\nd"));
        assert_eq!(fields.get("E"), Some(""));
        assert_eq!(fields.get("x"), Some("%zz%4"));
        assert_eq!(fields.get("y"), Some("😀"));
        assert_eq!(fields.get("z"), Some("\u{fffd}"));
        assert_eq!(fields.get("w"), Some("% 1"));
        assert_eq!(fields.get("none"), None);
    }

    #[test]
    fn cookies_are_read_verbatim_from_one_line_or_several() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("prov=1; acct=t=a%2bb&s=c%3d"));
        headers.append(header::COOKIE, HeaderValue::from_static("x=2"));
        assert_eq!(cookie(&headers, "acct"), Some("t=a%2bb&s=c%3d"));
        assert_eq!(cookie(&headers, "x"), Some("2"));
        assert_eq!(cookie(&headers, "y"), None);
    }
}
