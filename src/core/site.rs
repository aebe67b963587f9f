//! Names of Q&A sites: from the host to the short name that the API and metasmoke use.

/// The API's name of a site: `diy` for `diy.stackexchange.com`, `english.meta` for its meta, `pt.stackoverflow`.
///
/// Source: SmokeDetector's `parsing.py`, October 2020. An unknown host keeps all but `.com`.
pub fn api_site_parameter(host: &str) -> String {
    let host = host.to_lowercase();
    match host.as_str() {
        "meta.stackexchange.com" => return "meta".to_owned(),
        // These two have no `.com` to lose, and say all of it.
        "mathoverflow.net" | "meta.mathoverflow.net" => return host,
        _ => {}
    }
    if let Some(name) = host.strip_suffix(".stackexchange.com") {
        // The metas were once called `meta.NAME.stackexchange.com`.
        return match name.strip_prefix("meta.") {
            Some(old) => format!("{old}.meta"),
            None => name.to_owned(),
        };
    }
    host.strip_suffix(".com").unwrap_or(&host).to_owned()
}

/// Whether a text in lower case can be the host of a site. It goes into addresses and into the store.
pub fn is_host(text: &str) -> bool {
    text.contains('.')
        && text.len() <= 253
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::{api_site_parameter, is_host};

    #[test]
    fn a_host_is_letters_digits_dots_and_hyphens() {
        for (text, expected) in [
            ("superuser.com", true),
            ("3dprinting.stackexchange.com", true),
            ("localhost", false),
            ("a.com/questions", false),
            ("a.com](x", false),
            ("", false),
        ] {
            assert_eq!(is_host(text), expected, "{text}");
        }
    }

    #[test]
    fn hosts_become_the_names_that_the_api_uses() {
        for (host, expected) in [
            ("stackoverflow.com", "stackoverflow"),
            ("diy.stackexchange.com", "diy"),
            ("Photo.StackExchange.com", "photo"),
            ("english.meta.stackexchange.com", "english.meta"),
            ("meta.english.stackexchange.com", "english.meta"),
            ("meta.stackexchange.com", "meta"),
            ("meta.stackoverflow.com", "meta.stackoverflow"),
            ("pt.stackoverflow.com", "pt.stackoverflow"),
            ("pt.meta.stackoverflow.com", "pt.meta.stackoverflow"),
            ("meta.superuser.com", "meta.superuser"),
            ("askubuntu.com", "askubuntu"),
            ("stackapps.com", "stackapps"),
            ("mathoverflow.net", "mathoverflow.net"),
            ("meta.mathoverflow.net", "meta.mathoverflow.net"),
            ("", ""),
        ] {
            assert_eq!(api_site_parameter(host), expected, "{host}");
        }
    }
}
