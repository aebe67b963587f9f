//! Whether an address is of this machine, where no proxy can reach it: a simulated network is never behind the proxy of
//! the real one.

use std::net::IpAddr;

use reqwest::Url;

/// Whether the host is `localhost` or an address of loopback.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_this_machine_in_every_spelling() {
        for (url, is_local) in [
            ("http://127.0.0.1:8090/x", true),
            ("http://localhost/", true),
            ("ws://[::1]:5/", true),
            ("https://127.0.0.1.example.org/", false),
            ("https://chat.stackexchange.com", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).expect("a URL")), is_local, "{url}");
        }
    }
}
