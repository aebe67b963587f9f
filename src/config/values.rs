//! Single values of the configuration: how they are written, and what is refused.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

use super::DnsServer;

/// `20s`, `500ms`, `2m`, `1h 30m`; between `MIN` and `MAX` milliseconds.
pub(super) fn duration<'de, const MIN: u64, const MAX: u64, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    let Some(duration) = parsed else {
        return Err(D::Error::custom(format!(
            "`{text}` is not a duration; write it with its unit, as in `20s`"
        )));
    };
    let range = Duration::from_millis(MIN)..=Duration::from_millis(MAX);
    if !range.contains(&duration) {
        return Err(D::Error::custom(format!(
            "`{text}` must be from {:?} to {:?}",
            range.start(),
            range.end()
        )));
    }
    Ok(duration)
}

/// A whole number between `MIN` and `MAX`.
pub(super) fn number<'de, const MIN: usize, const MAX: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<usize, D::Error> {
    let number = usize::deserialize(deserializer).map_err(|_| D::Error::custom("must be a whole number"))?;
    if !(MIN..=MAX).contains(&number) {
        return Err(D::Error::custom(format!("`{number}` must be from {MIN} to {MAX}")));
    }
    Ok(number)
}

/// `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`, or `off`.
pub(super) fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text == "off" {
        return Ok(None);
    }
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    match numeric.as_deref().unwrap_or(&text).parse() {
        Ok(address) => Ok(Some(address)),
        Err(_) => Err(D::Error::custom(format!(
            "`{text}` is not an address and port such as `127.0.0.1:8080`, nor `off`"
        ))),
    }
}

/// `auto`, `off`, or an address with or without a port.
pub(super) fn dns_server<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DnsServer, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "auto" => Ok(DnsServer::Auto),
        "off" => Ok(DnsServer::Off),
        text => {
            // The port of DNS servers.
            let without_port = || Some(SocketAddr::new(text.parse().ok()?, 53));
            text.parse().ok().or_else(without_port).map(DnsServer::At).ok_or_else(|| {
                D::Error::custom(format!(
                    "`{text}` is not the address of a name server such as `192.0.2.53`, nor `auto` or `off`"
                ))
            })
        }
    }
}

/// A host name, in lower case.
pub(super) fn host_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?.trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    // What is asked is an address and this name, together at most 253 characters.
    if text.len() <= 230 && text.split('.').all(is_label) {
        return Ok(text);
    }
    Err(D::Error::custom(format!("`{text}` is not a host name such as `origin.asn.cymru.com`")))
}

/// An `http://` or `https://` address, without the slash at its end.
pub(super) fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    check_url(&text, &["https", "http"]).map_err(D::Error::custom)?;
    Ok(text.trim_end_matches('/').to_owned())
}

/// As [`http_url`], for a key that may be left out.
pub(super) fn optional_http_url<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    http_url(deserializer).map(Some)
}

/// A `ws://` or `wss://` address.
pub(super) fn ws_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    check_url(&text, &["wss", "ws"]).map_err(D::Error::custom)?;
    Ok(text)
}

/// The address is never repeated where it could hold a password.
fn check_url(text: &str, schemes: &[&str]) -> Result<(), String> {
    let hint = format!("write it as `{}://host` or `{}://host:port`", schemes[0], schemes[1]);
    let url = reqwest::Url::parse(text).map_err(|_| match text.contains('@') {
        true => format!("is not an address; {hint}"),
        false => format!("`{text}` is not an address; {hint}"),
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "an address here must not hold a name or password; secrets belong in the environment".to_owned()
        );
    }
    if !schemes.contains(&url.scheme()) {
        return Err(format!("`{text}` has the wrong scheme; {hint}"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{text}` must not have a `?` or `#` part"));
    }
    Ok(())
}

/// What commands start with.
pub(super) fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let fine = |text: &str| {
        (1..=10).contains(&text.chars().count()) && !text.chars().any(|c| c.is_whitespace() || c.is_control())
    };
    checked(deserializer, fine, "must be 1 to 10 characters without white space")
}

/// What feedback on the latest reports starts with.
pub(super) fn shorthand<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let fine = |text: &str| (1..=10).contains(&text.chars().count()) && text.chars().all(char::is_alphabetic);
    checked(deserializer, fine, "must be 1 to 10 letters")
}

/// The text of a link in a report.
pub(super) fn label_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let fine = |text: &str| {
        (1..=40).contains(&text.chars().count())
            && !text.chars().any(|c| "[]()".contains(c) || c.is_control())
    };
    checked(deserializer, fine, "must be 1 to 40 characters, none of them a bracket")
}

/// The address of a link in a report.
pub(super) fn label_link<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let fine = |text: &str| {
        let plain = text.replace("{api_site}", "").replace("{post_id}", "");
        text.chars().count() <= 200
            && ["https://", "http://", "//"].iter().any(|start| text.starts_with(start))
            && !plain.chars().any(|c| "(){}[] ".contains(c) || c.is_control())
    };
    let rule = "must be an address of at most 200 characters that starts with `https://` or `//`; \
                the only parts filled in are `{api_site}` and `{post_id}`";
    checked(deserializer, fine, rule)
}

fn checked<'de, D: Deserializer<'de>>(
    deserializer: D,
    fine: impl Fn(&str) -> bool,
    rule: impl Display,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if fine(&text) { Ok(text) } else { Err(D::Error::custom(format!("`{text}` {rule}"))) }
}
