//! The sites of the network: their hosts, the names that the API takes, and their numbers on the realtime socket. Pure.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::html;

/// Hosts that are in the site list from the start, with their numbers; only the small numbers are the real ones.
const KNOWN: [(&str, u32); 123] = [
    ("stackoverflow.com", 1),
    ("serverfault.com", 2),
    ("superuser.com", 3),
    ("meta.stackexchange.com", 4),
    ("webapps.stackexchange.com", 34),
    ("stackapps.com", 5),
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
    ("es.stackoverflow.com", 637),
    ("pt.stackoverflow.com", 526),
    ("ru.stackoverflow.com", 609),
    ("meta.stackoverflow.com", 552),
    ("mathoverflow.net", 504),
    ("3dprinting.stackexchange.com", 1001),
    ("academia.stackexchange.com", 1002),
    ("ai.stackexchange.com", 1003),
    ("android.stackexchange.com", 1004),
    ("arduino.stackexchange.com", 1005),
    ("astronomy.stackexchange.com", 1006),
    ("beer.stackexchange.com", 1007),
    ("biology.stackexchange.com", 1008),
    ("bitcoin.stackexchange.com", 1009),
    ("blender.stackexchange.com", 1010),
    ("chemistry.stackexchange.com", 1011),
    ("codegolf.stackexchange.com", 1012),
    ("codereview.stackexchange.com", 1013),
    ("coffee.stackexchange.com", 1014),
    ("crypto.stackexchange.com", 1015),
    ("cs.stackexchange.com", 1016),
    ("datascience.stackexchange.com", 1017),
    ("dba.stackexchange.com", 1018),
    ("dsp.stackexchange.com", 1019),
    ("electronics.stackexchange.com", 1020),
    ("ell.stackexchange.com", 1021),
    ("fitness.stackexchange.com", 1022),
    ("french.stackexchange.com", 1023),
    ("gamedev.stackexchange.com", 1024),
    ("gardening.stackexchange.com", 1025),
    ("genai.stackexchange.com", 1026),
    ("german.stackexchange.com", 1027),
    ("graphicdesign.stackexchange.com", 1028),
    ("ham.stackexchange.com", 1029),
    ("hinduism.stackexchange.com", 1030),
    ("history.stackexchange.com", 1031),
    ("homebrew.stackexchange.com", 1032),
    ("interpersonal.stackexchange.com", 1033),
    ("islam.stackexchange.com", 1034),
    ("italian.stackexchange.com", 1035),
    ("japanese.stackexchange.com", 1036),
    ("judaism.stackexchange.com", 1037),
    ("latin.stackexchange.com", 1038),
    ("law.stackexchange.com", 1039),
    ("lifehacks.stackexchange.com", 1040),
    ("linguistics.stackexchange.com", 1041),
    ("magento.stackexchange.com", 1042),
    ("matheducators.stackexchange.com", 1043),
    ("mechanics.stackexchange.com", 1044),
    ("medicalsciences.stackexchange.com", 1045),
    ("money.stackexchange.com", 1046),
    ("movies.stackexchange.com", 1047),
    ("music.stackexchange.com", 1048),
    ("mythology.stackexchange.com", 1049),
    ("networkengineering.stackexchange.com", 1050),
    ("opensource.stackexchange.com", 1051),
    ("outdoors.stackexchange.com", 1052),
    ("parenting.stackexchange.com", 1053),
    ("patents.stackexchange.com", 1054),
    ("pets.stackexchange.com", 1055),
    ("philosophy.stackexchange.com", 1056),
    ("photo.stackexchange.com", 1057),
    ("physics.stackexchange.com", 1058),
    ("poker.stackexchange.com", 1059),
    ("politics.stackexchange.com", 1060),
    ("puzzling.stackexchange.com", 1061),
    ("quant.stackexchange.com", 1062),
    ("raspberrypi.stackexchange.com", 1063),
    ("retrocomputing.stackexchange.com", 1064),
    ("rpg.stackexchange.com", 1065),
    ("rus.stackexchange.com", 1066),
    ("russian.stackexchange.com", 1067),
    ("salesforce.stackexchange.com", 1068),
    ("scifi.stackexchange.com", 1069),
    ("security.stackexchange.com", 1070),
    ("sharepoint.stackexchange.com", 1071),
    ("skeptics.stackexchange.com", 1072),
    ("softwareengineering.stackexchange.com", 1073),
    ("softwarerecs.stackexchange.com", 1074),
    ("space.stackexchange.com", 1075),
    ("spanish.stackexchange.com", 1076),
    ("stats.stackexchange.com", 1077),
    ("sustainability.stackexchange.com", 1078),
    ("tex.stackexchange.com", 1079),
    ("unix.stackexchange.com", 1080),
    ("ux.stackexchange.com", 1081),
    ("vi.stackexchange.com", 1082),
    ("webmasters.stackexchange.com", 1083),
    ("windowsphone.stackexchange.com", 1084),
    ("wordpress.stackexchange.com", 1085),
    ("worldbuilding.stackexchange.com", 1086),
    ("writing.stackexchange.com", 1087),
    ("ja.stackoverflow.com", 1088),
    ("meta.superuser.com", 1089),
    ("meta.serverfault.com", 1090),
    ("meta.askubuntu.com", 1091),
    ("meta.mathoverflow.net", 1092),
    ("english.meta.stackexchange.com", 1093),
    ("math.meta.stackexchange.com", 1094),
    ("gaming.meta.stackexchange.com", 1095),
    ("workplace.meta.stackexchange.com", 1096),
    ("history.meta.stackexchange.com", 1097),
    ("french.meta.stackexchange.com", 1098),
    ("datascience.meta.stackexchange.com", 1099),
    ("3dprinting.meta.stackexchange.com", 1100),
    ("conlang.meta.stackexchange.com", 1101),
    ("beer.meta.stackexchange.com", 1102),
];

/// The pseudo-site whose stream is that of the whole network.
pub const NETWORK: u32 = 155;

/// The sites of one network: those known from the start, and those that waves brought.
#[derive(Debug)]
pub struct Sites {
    numbers: BTreeMap<String, u32>,
    /// By the name that the API takes.
    hosts: BTreeMap<String, String>,
    next: u32,
}

/// So many sites can be there.
const MAX_SITES: usize = 5_000;

impl Default for Sites {
    fn default() -> Self {
        let mut sites = Self { numbers: BTreeMap::new(), hosts: BTreeMap::new(), next: 2_001 };
        for (host, number) in KNOWN {
            sites.insert(host, number);
        }
        sites
    }
}

impl Sites {
    fn insert(&mut self, host: &str, number: u32) {
        self.numbers.insert(host.to_owned(), number);
        self.hosts.insert(api_parameter(host), host.to_owned());
    }

    /// Makes a site known.
    pub fn add(&mut self, host: &str) {
        if !self.numbers.contains_key(host) && self.numbers.len() < MAX_SITES {
            self.next += 1;
            self.insert(host, self.next);
        }
    }

    /// The number of a site; that of a site that is not known is 0.
    pub fn number(&self, host: &str) -> u32 {
        self.numbers.get(host).copied().unwrap_or(0)
    }

    /// The name of a site for the API.
    pub fn parameter(&self, host: &str) -> String {
        api_parameter(host)
    }

    /// The host that a `site` parameter means: a host itself, or the short name of one.
    pub fn host<'a>(&'a self, parameter: &'a str) -> Option<&'a str> {
        if self.numbers.contains_key(parameter) {
            return Some(parameter);
        }
        self.hosts.get(parameter).map(String::as_str)
    }

    /// All hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().map(String::as_str)
    }

    /// `/topbar/site-switcher/site-list`.
    pub(super) fn list_page(&self) -> String {
        let mut html = String::from("<ul>");
        for (host, number) in &self.numbers {
            let _ = write!(
                html,
                "<li><a href=\"https://{}\" data-id=\"{number}\">{}</a></li>",
                html::escape(host),
                html::escape(&site_name(host))
            );
        }
        html + "</ul>"
    }
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
    fn a_site_is_found_by_host_and_by_short_name_also_when_it_came_later() {
        let mut sites = Sites::default();
        assert_eq!(
            (sites.host("diy"), sites.host("diy.stackexchange.com")),
            (Some("diy.stackexchange.com"), Some("diy.stackexchange.com"))
        );
        assert_eq!((sites.host("new"), sites.number("new.stackexchange.com")), (None, 0));
        sites.add("new.stackexchange.com");
        assert_eq!(sites.host("new"), Some("new.stackexchange.com"));
        assert!(sites.number("new.stackexchange.com") > 2_000);
        assert!(sites.list_page().contains("<a href=\"https://stackoverflow.com\" data-id=\"1\">"));
    }

    #[test]
    fn no_two_sites_share_a_number() {
        let numbers: std::collections::BTreeSet<u32> = KNOWN.iter().map(|(_, number)| *number).collect();
        assert_eq!(numbers.len(), KNOWN.len());
    }

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
