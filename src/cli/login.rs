//! `smokestack login`: whether each server takes our credentials, in one line each.

use std::process::ExitCode;

use futures_util::future::join_all;

use super::ConfigArgs;
use crate::app::chat_client;
use crate::chat::{Credentials, LoginError, LoginHow, Me};
use crate::config::{Config, load_rooms};

/// Tries the credentials of every configured server and says what happened.
///
/// Good saved cookies are used as `run` would use them; otherwise e-mail and password are sent once, and the cookies
/// are saved.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: SMOKESTACK_EMAIL=bot@example.org SMOKESTACK_PASSWORD=... smokestack login")]
pub struct LoginArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// How it went with one account of one server.
enum Outcome {
    In(Me),
    Refused(LoginError),
    NoAnswer(LoginError),
    NotTried(String),
}

/// Runs the command; see [`try_all`] for the exit code.
///
/// # Errors
/// A broken configuration or rooms file (exit code 64).
pub fn run(args: LoginArgs) -> anyhow::Result<ExitCode> {
    super::start_log("warn");
    let config = args.config.load()?;
    let (lines, code) = super::block_on(try_all(&config))?;
    for line in lines {
        println!("{line}");
    }
    Ok(ExitCode::from(code))
}

/// Logs in everywhere at once: a line for each account, and the exit code. 0 when every server let us in, 1 when only
/// some did, 2 when none did, 64 when nothing could be tried for want of credentials or servers.
///
/// # Errors
/// A broken rooms file.
pub async fn try_all(config: &Config) -> anyhow::Result<(Vec<String>, u8)> {
    let servers = servers_in_use(config)?;
    if servers.is_empty() {
        let nothing =
            format!("no server to log in to: `{}` has no room on a listed one", config.rooms.display());
        return Ok((vec![nothing], 64));
    }
    let outcomes = join_all(servers.iter().map(|(server, account)| try_one(config, server, account))).await;
    let lines =
        servers.iter().zip(&outcomes).map(|((server, account), outcome)| line(server, account, outcome));
    Ok((lines.collect(), exit_code(&outcomes)))
}

/// Every account of every listed server; where there is a rooms file, of the servers that it has rooms on.
fn servers_in_use(config: &Config) -> anyhow::Result<Vec<(String, String)>> {
    let rooms = if config.rooms.exists() { Some(load_rooms(&config.rooms)?) } else { None };
    let is_used = |server: &str| rooms.as_ref().is_none_or(|rooms| rooms.servers().contains(server));
    let used = config.servers.iter().filter(|(server, _)| is_used(server));
    let accounts =
        used.flat_map(|(name, server)| server.accounts.iter().map(|account| (name.clone(), account.clone())));
    Ok(accounts.collect())
}

async fn try_one(config: &Config, server: &str, account: &str) -> Outcome {
    let login = match config.secrets.login(server, account) {
        Ok(login) => login,
        Err(missing) => return Outcome::NotTried(missing.to_string()),
    };
    let client = match chat_client(config, server, account) {
        Ok(client) => client,
        Err(error) => return Outcome::NotTried(error.to_string()),
    };
    let credentials = Credentials { email: login.email.clone(), password: login.password.clone() };
    match client.login(&credentials).await {
        Ok(me) => Outcome::In(me),
        Err(error) if error.is_refusal() => Outcome::Refused(error),
        Err(error) => Outcome::NoAnswer(error),
    }
}

fn line(server: &str, account: &str, outcome: &Outcome) -> String {
    let account = if account == crate::config::MAIN_ACCOUNT {
        String::new()
    } else {
        format!(" (account `{account}`)")
    };
    let said = match outcome {
        Outcome::In(Me { id, name, how }) => {
            let how = match how {
                LoginHow::SavedCookies => "with the saved cookies",
                LoginHow::Password => "with e-mail and password",
                LoginHow::NewAccount => "with e-mail and password; a profile on the login site was made",
            };
            format!("logged in as {name} (user {id}) {how}")
        }
        Outcome::Refused(error) => format!("refused: {error}"),
        Outcome::NoAnswer(error) => format!("no usable answer: {error}"),
        Outcome::NotTried(why) => format!("not tried: {why}"),
    };
    format!("{server}{account}: {said}")
}

fn exit_code(outcomes: &[Outcome]) -> u8 {
    let n_in = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::In(_))).count();
    let n_not_tried = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::NotTried(_))).count();
    match n_in {
        n if n == outcomes.len() => 0,
        0 if n_not_tried == outcomes.len() => 64,
        0 => 2,
        _ => 1,
    }
}
