//! A request with its body read.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Method, header};

use super::http::{self, Fields};
use super::listener::Connection;

/// See the module.
pub(super) struct Call {
    pub(super) parts: Parts,
    pub(super) body: Bytes,
    pub(super) connection: Connection,
}

impl Call {
    pub(super) fn is_post(&self) -> bool {
        self.parts.method == Method::POST
    }

    pub(super) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    pub(super) fn query(&self) -> Fields {
        Fields::parse(self.parts.uri.query().unwrap_or(""))
    }

    /// The form of a POST, and behind it the query.
    pub(super) fn form(&self) -> Fields {
        match self.is_form() {
            true => Fields::parse(&String::from_utf8_lossy(&self.body)).and(self.query()),
            false => self.query(),
        }
    }

    pub(super) fn is_form(&self) -> bool {
        let kind = self.parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        kind.is_some_and(|kind| {
            kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded")
        })
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        http::cookie(&self.parts.headers, name)
    }

    pub(super) fn is_upgrade(&self) -> bool {
        self.parts.headers.contains_key(header::UPGRADE)
    }
}
