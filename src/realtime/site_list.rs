//! The numbers of the sites, which the names of per-question streams need.

use std::collections::BTreeMap;
use std::time::Duration;

use scraper::{Html, Selector};

use crate::loopback::is_loopback;

/// The page is some hundred kilobytes.
const MAX_PAGE: usize = 8 * 1024 * 1024;

/// How long the page may take, whatever the client's own limit.
const TIME_LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

/// How long fetching may take.
const FETCH_TIME: Duration = Duration::from_secs(30);

/// Host of a site to its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteIds {
    ids: BTreeMap<String, u32>,
}

/// The list could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SiteListError {
    /// The page was not reached.
    #[error("the site list was not reached: {0}")]
    Transport(#[source] reqwest::Error),
    /// The page came with another status than 200.
    #[error("the site list came with status {0}")]
    Status(u16),
    /// The page is too large.
    #[error("the site list is larger than {} MiB", MAX_PAGE / 1024 / 1024)]
    TooLarge,
    /// No site was found in it.
    #[error("the site list names no site")]
    Empty,
}

impl SiteIds {
    /// Fetches and reads the page.
    ///
    /// # Errors
    /// The page can not be had, or names no site.
    pub async fn fetch(url: &str) -> Result<Self, SiteListError> {
        let mut http = reqwest::Client::builder().timeout(FETCH_TIME);
        if reqwest::Url::parse(url).is_ok_and(|url| is_loopback(&url)) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(SiteListError::Transport)?;
        let mut response =
            http.get(url).timeout(TIME_LIMIT).send().await.map_err(SiteListError::Transport)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(SiteListError::Status(response.status().as_u16()));
        }
        let mut page = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(SiteListError::Transport)? {
            if page.len() + chunk.len() > MAX_PAGE {
                return Err(SiteListError::TooLarge);
            }
            page.extend_from_slice(&chunk);
        }
        let sites = Self::parse(&String::from_utf8_lossy(&page));
        if sites.ids.is_empty() { Err(SiteListError::Empty) } else { Ok(sites) }
    }

    /// Reads the page: every link with a `data-id` is a site. What is no such link is passed over.
    pub fn parse(page: &str) -> Self {
        let Ok(links) = Selector::parse("a[href][data-id]") else { return Self::default() };
        let page = Html::parse_document(page);
        let ids = page.select(&links).filter_map(|link| {
            let host = reqwest::Url::parse(link.attr("href")?).ok()?.host_str()?.to_lowercase();
            Some((host, link.attr("data-id")?.trim().parse().ok()?))
        });
        Self { ids: ids.take(10_000).collect() }
    }

    /// The number of a site.
    pub fn get(&self, host: &str) -> Option<u32> {
        self.ids.get(host).copied()
    }

    /// All hosts, in order.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.ids.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::SiteIds;

    #[test]
    fn links_with_a_number_are_sites() {
        let sites = SiteIds::parse(
            r#"<ul><li><a href="https://stackoverflow.com" data-id="1">Stack Overflow</a></li>
            <li><a href="https://Meta.StackExchange.com/" data-id=" 4 ">Meta</a></li><li><a href="/x" data-id="5">x</a>
            <li><a href="https://a.example" data-id="x">a</a><li><a href="https://b.example">b</a><p><a data-id="7">"#,
        );
        assert_eq!(sites.hosts().collect::<Vec<_>>(), ["meta.stackexchange.com", "stackoverflow.com"]);
        assert_eq!((sites.get("stackoverflow.com"), sites.get("meta.stackexchange.com")), (Some(1), Some(4)));
        assert_eq!(sites.get("a.example"), None);
    }

    #[test]
    fn a_page_that_is_no_site_list_names_none() {
        for page in
            ["", "{}", "<html><body>We are offline", "<a href='https://a.example' data-id='99999999999'>"]
        {
            assert_eq!(SiteIds::parse(page), SiteIds::default(), "{page}");
        }
    }
}
