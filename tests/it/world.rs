//! The world of the end-to-end tests: a simulated network, and the service as a process or in this one.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use smokestack::app::{Options, Service};
use smokestack::clock::Clock;
use smokestack::config::{Config, load_rooms};
use smokestack::core::rules;
use smokestack::core::wave::parse_wave;
use smokestack::rules_folder;
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::names::Server;
use smokestack::simulator::wave::Playing;
use smokestack::simulator::{self, Network};

/// The headquarters of the shipped rooms.yml.
pub(crate) const HQ: (Server, i64) = (Server::StackExchange, 11540);

/// What the web API takes from those who may write.
pub(crate) const WEB_TOKEN: &str = "a token";

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A network and a folder with everything that `run` needs to work against it.
pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    /// A network without rate limit, fast, and the shipped rooms with one rule.
    pub(crate) async fn new() -> Self {
        Self::with(simulator::Options { curve: Curve::None, speed: 10.0, ..simulator::Options::default() })
            .await
    }

    pub(crate) async fn with(options: simulator::Options) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let network = Network::start(options).await.expect("a network");
        let folder = tempfile::tempdir().expect("a folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in ["rooms.yml", "users.yml"] {
            std::fs::copy(root.join(file), folder.path().join(file)).expect("a copy");
        }
        let list = folder.path().join("rules/blacklist");
        std::fs::create_dir_all(&list).expect("a folder");
        std::fs::write(list.join("keywords.txt"), "miracle stapler\n").expect("written");
        let world = Self { network, folder };
        world.write_config("web: {listen: \"127.0.0.1:0\"}\n");
        world
    }

    /// Writes the configuration that points at the network, and more.
    pub(crate) fn write_config(&self, more: &str) {
        let config = format!("{}{more}", self.network.config_yaml("rooms.yml"));
        std::fs::write(self.config_path(), config).expect("written");
    }

    /// Several accounts of the first server: `main` and `b`, and `a`, whose password is wrong.
    pub(crate) fn name_accounts(&self, accounts: &str) {
        let config = std::fs::read_to_string(self.config_path()).expect("the configuration");
        let server = "  stackexchange.com:\n";
        let config = config.replace(server, &format!("{server}    accounts: {accounts}\n"));
        std::fs::write(self.config_path(), config + "accounts_approved: true\n").expect("written");
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.folder.path().join("smokestack.yml")
    }

    /// The configuration as `run` would read it.
    pub(crate) fn config(&self) -> Config {
        let secret = |name: &str| match name {
            "SMOKESTACK_EMAIL" => Some(simulator::EMAIL.to_owned()),
            "SMOKESTACK_EMAIL_A" | "SMOKESTACK_EMAIL_B" => Some(simulator::SECOND_EMAIL.to_owned()),
            "SMOKESTACK_PASSWORD_A" => Some("not the password".to_owned()),
            "SMOKESTACK_PASSWORD" | "SMOKESTACK_PASSWORD_B" => Some(simulator::PASSWORD.to_owned()),
            "SMOKESTACK_API_KEY" => Some("a key".to_owned()),
            "SMOKESTACK_WEB_TOKEN" => Some(WEB_TOKEN.to_owned()),
            _ => None,
        };
        Config::load_with(Some(&self.config_path()), &secret).expect("a good configuration")
    }

    /// The service in this process.
    pub(crate) async fn service(&self) -> Service {
        self.service_with(false).await
    }

    pub(crate) async fn service_with(&self, dry_run: bool) -> Service {
        // As fast as the network.
        self.start(dry_run, Clock::at_speed(self.network.options().speed)).await
    }

    /// The service in this process, by that clock.
    pub(crate) async fn service_at(&self, clock: Clock) -> Service {
        self.start(false, clock).await
    }

    async fn start(&self, dry_run: bool, clock: Clock) -> Service {
        let config = self.config();
        let rooms = Arc::new(load_rooms(&config.rooms).expect("good rooms"));
        let rules = rules::load(rules_folder::read(&config.rules).expect("the folder")).set;
        let options = Options { config, rooms, rules: Arc::new(rules), dry_run, clock };
        Service::start(options).await.expect("a service")
    }

    /// The service as a process of its own, not started yet.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smokestack"));
        command
            .args(["run", "--config"])
            .arg(self.config_path())
            .env("SMOKESTACK_EMAIL", simulator::EMAIL)
            .env("SMOKESTACK_PASSWORD", simulator::PASSWORD)
            .env("SMOKESTACK_API_KEY", "a key")
            .env("SMOKESTACK_LOG", "warn");
        command
    }

    /// The service as a process of its own.
    pub(crate) fn process(&self) -> Process {
        let mut command = self.command();
        Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts"))
    }

    /// Plays a wave as soon as the service listens.
    pub(crate) async fn play(&self, lines: &[String]) -> Playing {
        self.network.subscribed().await;
        self.network.play(parse_wave(&lines.join("\n")).expect("a wave"))
    }

    /// The texts in a room as typed, oldest first, deleted messages left out.
    pub(crate) fn texts(&self, (server, room): (Server, i64)) -> Vec<String> {
        let messages = self.network.messages(server, room);
        messages.iter().filter(|m| m.deleted.is_none()).map(|m| m.source().to_owned()).collect()
    }

    /// Waits until the condition holds.
    pub(crate) async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(
            waited.await.is_ok(),
            "{what}: not within {PATIENCE:?}; the headquarters has {:#?}",
            self.texts(HQ)
        );
    }
}

/// Waits until the service hears what is said.
pub(crate) async fn listening(service: &Service) {
    let url = format!("http://{}/readyz", service.web().expect("a web surface"));
    let waited = tokio::time::timeout(PATIENCE, async {
        while !reqwest::get(&url).await.is_ok_and(|answer| answer.status() == 200) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("the service is ready");
}

/// Says something in the headquarters and waits for the answer.
pub(crate) async fn ask(world: &World, user: i64, text: &str) -> String {
    let id = world.network.say(HQ.0, HQ.1, user, text);
    let prefix = format!(":{id} ");
    let answer = |world: &World| {
        let messages = world.network.messages(HQ.0, HQ.1);
        let answer = messages.iter().find(|message| message.parent == Some(id))?;
        Some(answer.source().trim_start_matches(&prefix).to_owned())
    };
    world.until(text, |world| answer(world).is_some()).await;
    answer(world).expect("it is there")
}

/// A process that ends with the test.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("a signal");
        self.0.wait().expect("its end");
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("a signal");
        self.0.wait().expect("its end").code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A question on a site at a time of the wave; `title` decides whether it is spam.
pub(crate) fn post(at: f64, id: &str, site: &str, title: &str) -> String {
    let post = serde_json::json!({"id": id, "site": site, "post_type": "question", "title": title, "body": "<p>Some text.</p>",
        "owner": {"name": "Somebody", "reputation": 1}});
    serde_json::json!({"at": at, "post": post}).to_string()
}
