//! The sites of the network: their hosts, the names that the API takes, and their numbers on the realtime socket. Pure.

use std::fmt::Write;

/// Hosts that are in the site list from the start, with their numbers. Sites that a wave names are added as they come.
const KNOWN: [(&str, u32); 24] = [
    ("stackoverflow.com", 1),
    ("serverfault.com", 2),
    ("superuser.com", 3),
    ("meta.stackexchange.com", 4),
    ("webapps.stackexchange.com", 34),
    ("gaming.stackexchange.com", 41),
    ("askubuntu.com", 89),
    ("math.stackexchange.com", 69),
    ("cooking.stackexchange.com", 49),
    ("diy.stackexchange.com", 73),
    ("english.stackexchange.com", 97),
    ("travel.stackexchange.com", 273),
    ("drupal.stackexchange.com", 220),
    ("apple.stackexchange.com", 118),
    ("workplace.stackexchange.com", 423),
    ("health.stackexchange.com", 606),
    ("es.stackoverflow.com", 637),
    ("pt.stackoverflow.com", 526),
    ("ru.stackoverflow.com", 609),
    ("meta.stackoverflow.com", 552),
    ("mathoverflow.net", 504),
    ("stackapps.com", 5),
    ("meta.superuser.com", 90),
    ("english.meta.stackexchange.com", 98),
];

/// The pseudo-site whose stream is that of the whole network.
pub const NETWORK: u32 = 155;

/// `/topbar/site-switcher/site-list`.
pub(super) fn site_list_page() -> String {
    let mut html = String::from("<ul>");
    for (host, number) in KNOWN {
        let _ =
            write!(html, "<li><a href=\"https://{host}\" data-id=\"{number}\">{}</a></li>", site_name(host));
    }
    html + "</ul>"
}

/// A readable name for a host.
pub(super) fn site_name(host: &str) -> String {
    api_parameter(host)
        .split(['.', '-'])
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
        })
        .collect::<Vec<String>>()
        .join(" ")
}

/// The name of a site for the API, made from its host.
pub fn api_parameter(host: &str) -> String {
    match host {
        "mathoverflow.net" | "meta.mathoverflow.net" => return host.to_owned(),
        "meta.stackexchange.com" => return "meta".to_owned(),
        "photo.stackexchange.com" => return "photo".to_owned(),
        _ => {}
    }
    if let Some(name) = host.strip_suffix(".stackexchange.com") {
        // The old form of a meta site's host.
        return match name.strip_prefix("meta.") {
            Some(main) => format!("{main}.meta"),
            None => name.to_owned(),
        };
    }
    host.strip_suffix(".com").unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_parameters_follow_the_rules_of_the_network() {
        for (host, parameter) in [
            ("stackoverflow.com", "stackoverflow"),
            ("diy.stackexchange.com", "diy"),
            ("meta.stackexchange.com", "meta"),
            ("meta.stackoverflow.com", "meta.stackoverflow"),
            ("meta.superuser.com", "meta.superuser"),
            ("es.stackoverflow.com", "es.stackoverflow"),
            ("ru.meta.stackoverflow.com", "ru.meta.stackoverflow"),
            ("english.meta.stackexchange.com", "english.meta"),
            ("meta.english.stackexchange.com", "english.meta"),
            ("mathoverflow.net", "mathoverflow.net"),
            ("meta.mathoverflow.net", "meta.mathoverflow.net"),
            ("stackapps.com", "stackapps"),
            ("askubuntu.com", "askubuntu"),
        ] {
            assert_eq!(api_parameter(host), parameter);
        }
    }
}
