//! From `smokestack.yml`, the rooms files and the environment to checked values.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    Chat, Config, Delivery, Dns, Labels, MAIN_ACCOUNT, Secrets, Server, Source, StackExchange, Web, values,
};
use crate::core::rooms::{self, Rooms};
use crate::core::yaml::{self, Problem, Spanned};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "smokestack.yml";

/// The configuration can not be used; the exit code is 64.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file can not be read.
    #[error("can not read `{}`: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What the files say is wrong; one line for each mistake.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Config {
    /// Reads the configuration: the named file, or `smokestack.yml` in the working directory, or, without that, all
    /// defaults. Secrets come from the process environment.
    ///
    /// # Errors
    /// A file that can not be read, or the first mistake in it.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_with(path, &|name| std::env::var(name).ok())
    }

    /// As [`Config::load`], with the environment as an argument.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with(
        path: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let path = path.or_else(|| Some(Path::new(DEFAULT_FILE)).filter(|p| p.exists()));
        let text = path.map(read_text).transpose()?.unwrap_or_default();
        Self::parse(&text, path, environment).map_err(|problem| ConfigError::Invalid(vec![problem]))
    }

    /// Reads the configuration out of the text of a file; `file` is where relative paths start.
    ///
    /// # Errors
    /// The first mistake.
    pub fn parse(
        text: &str,
        file: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Problem> {
        let name = file.unwrap_or(Path::new(DEFAULT_FILE)).display().to_string();
        let written: File = yaml::parse(text, &name)?;
        let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let servers = servers(written.servers, written.accounts_approved, &name)?;
        Ok(Self {
            file: file.map(Path::to_path_buf),
            rooms: folder.join(written.rooms),
            rules: written.rules.into_iter().map(|rules| folder.join(rules)).collect(),
            rules_write: folder.join(written.rules_write),
            data_dir: folder.join(written.data_dir),
            web: written.web,
            stack_exchange: written.stack_exchange,
            dns: written.dns,
            secrets: Secrets::read(&servers, environment),
            servers,
            source: match written.source {
                Source::Tail(file) => Source::Tail(folder.join(file)),
                source => source,
            },
            record: written.record.map(|record| folder.join(record)),
            delivery: written.delivery,
            accounts_approved: written.accounts_approved,
            chat: written.chat,
            labels: written.labels,
        })
    }

    /// For tests: every address is a loopback port where nothing listens, so that a forgotten one fails at once
    /// instead of reaching the real network; the web surface is off, and a login is there for every server.
    pub fn for_tests() -> Self {
        let nowhere = "http://127.0.0.1:1";
        let mut config = Self::parse("web: {listen: off}", None, &|name| match name {
            "SMOKESTACK_EMAIL" => Some("bot@smokestack.example".to_owned()),
            "SMOKESTACK_PASSWORD" => Some("a test password".to_owned()),
            "SMOKESTACK_WEB_TOKEN" => Some("a test token".to_owned()),
            _ => None,
        })
        .expect("a constant text that the tests below read");
        config.stack_exchange = StackExchange {
            api: format!("{nowhere}/2.3"),
            realtime: "ws://127.0.0.1:1/".to_owned(),
            site_list: format!("{nowhere}/sites"),
        };
        for server in config.servers.values_mut() {
            (server.chat, server.login, server.account) = (nowhere.into(), nowhere.into(), nowhere.into());
        }
        config
    }
}

/// Reads and checks a rooms file, with `users.yml` beside it where there is one.
///
/// # Errors
/// A file that can not be read, or every mistake in the two.
pub fn load_rooms(path: &Path) -> Result<Rooms, ConfigError> {
    let users_path = path.with_file_name("users.yml");
    let text = read_text(path)?;
    let users = if users_path.exists() { Some(read_text(&users_path)?) } else { None };
    let (name, users_name) = (path.display().to_string(), users_path.display().to_string());
    let users = users.as_deref().map(|text| rooms::Source { file: &users_name, text });
    Rooms::parse(rooms::Source { file: &name, text: &text }, users).map_err(ConfigError::Invalid)
}

/// A text file, up to one byte more than the YAML reader takes, so that it can say that there is too much.
fn read_text(path: &Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_path_buf(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(yaml::MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// The file as it may be written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    rooms: PathBuf,
    rules: Vec<PathBuf>,
    rules_write: PathBuf,
    data_dir: PathBuf,
    web: Web,
    stack_exchange: StackExchange,
    dns: Dns,
    servers: Option<BTreeMap<ServerName, ServerEntry>>,
    source: Source,
    record: Option<PathBuf>,
    delivery: Delivery,
    accounts_approved: bool,
    chat: Chat,
    labels: Labels,
}

impl Default for File {
    fn default() -> Self {
        Self {
            rooms: "rooms.yml".into(),
            rules: vec!["rules".into()],
            rules_write: "rules/starter".into(),
            data_dir: "data".into(),
            web: Web::default(),
            stack_exchange: StackExchange::default(),
            dns: Dns::default(),
            servers: None,
            source: Source::default(),
            record: None,
            delivery: Delivery::default(),
            accounts_approved: false,
            chat: Chat::default(),
            labels: Labels::default(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum ServerName {
    #[serde(rename = "stackexchange.com")]
    StackExchange,
    #[serde(rename = "meta.stackexchange.com")]
    Meta,
    #[serde(rename = "stackoverflow.com")]
    StackOverflow,
}

/// A server as it may be written: what is left out is the real one's.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ServerEntry {
    #[serde(deserialize_with = "values::optional_http_url")]
    chat: Option<String>,
    #[serde(deserialize_with = "values::optional_http_url")]
    login: Option<String>,
    #[serde(deserialize_with = "values::optional_http_url")]
    account: Option<String>,
    accounts: Option<Spanned<Vec<String>>>,
}

impl ServerName {
    const ALL: [Self; 3] = [Self::StackExchange, Self::Meta, Self::StackOverflow];

    /// Name, and the real addresses of chat, login form and account page. `stackexchange.com` has no login form of
    /// its own; that of meta.stackexchange.com serves it.
    fn real(self) -> [&'static str; 4] {
        match self {
            Self::StackExchange => [
                "stackexchange.com",
                "https://chat.stackexchange.com",
                "https://meta.stackexchange.com",
                "https://stackexchange.com",
            ],
            Self::Meta => [
                "meta.stackexchange.com",
                "https://chat.meta.stackexchange.com",
                "https://meta.stackexchange.com",
                "https://meta.stackexchange.com",
            ],
            Self::StackOverflow => [
                "stackoverflow.com",
                "https://chat.stackoverflow.com",
                "https://stackoverflow.com",
                "https://stackoverflow.com",
            ],
        }
    }
}

fn servers(
    written: Option<BTreeMap<ServerName, ServerEntry>>,
    accounts_approved: bool,
    file: &str,
) -> Result<BTreeMap<String, Server>, Problem> {
    let written = written
        .unwrap_or_else(|| ServerName::ALL.map(|name| (name, ServerEntry::default())).into_iter().collect());
    let mut servers = BTreeMap::new();
    for (server, entry) in written {
        let [name, chat, login, account] = server.real();
        let accounts = match entry.accounts {
            Some(accounts) => check_accounts(accounts, accounts_approved, file)?,
            None => vec![MAIN_ACCOUNT.to_owned()],
        };
        let server = Server {
            chat: entry.chat.unwrap_or_else(|| chat.to_owned()),
            login: entry.login.unwrap_or_else(|| login.to_owned()),
            account: entry.account.unwrap_or_else(|| account.to_owned()),
            accounts,
        };
        servers.insert(name.to_owned(), server);
    }
    Ok(servers)
}

fn check_accounts(
    accounts: Spanned<Vec<String>>,
    approved: bool,
    file: &str,
) -> Result<Vec<String>, Problem> {
    let at = yaml::position(&accounts);
    let accounts = accounts.value;
    let is_name = |name: &&String| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    if let Some(bad) = accounts.iter().find(|name| !is_name(name)) {
        return Err(Problem::new(
            file,
            at,
            format!("`{bad}` is not an account name; use letters, digits, `-` and `_`"),
        ));
    }
    // `b` and `B` would read the same variables.
    let distinct: std::collections::BTreeSet<_> =
        accounts.iter().map(|name| name.to_uppercase().replace('-', "_")).collect();
    if accounts.is_empty() || distinct.len() != accounts.len() {
        return Err(Problem::new(file, at, "`accounts` must name at least one account, and each only once"));
    }
    if accounts.len() > 1 && !approved {
        let what =
            "several accounts need the site's consent; when you have it, set `accounts_approved: true`";
        return Err(Problem::new(file, at, what));
    }
    Ok(accounts)
}
