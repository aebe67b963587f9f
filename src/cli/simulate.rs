//! `smokestack simulate`: the simulated network alone, for people who develop against it.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::core::wave::WaveEvent;
use crate::simulator::chat::curve::Curve;
use crate::simulator::chat::room::RoomKind;
use crate::simulator::names::Server;
use crate::simulator::people::extra_room;
use crate::simulator::wave::Playing;
use crate::simulator::{EMAIL, NEWCOMER_EMAIL, Network, Options, PASSWORD, SECOND_EMAIL, SPEEDS};

/// How long what is running may take to end; the contract allows three seconds for all.
const STOP_TIME: Duration = Duration::from_secs(2);

/// Starts the simulated Stack Exchange network and prints the configuration that points at it.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: smokestack simulate --wave fixtures/demo.jsonl --speed 10 > smokestack.yml")]
pub struct SimulateArgs {
    /// Where to listen: the control endpoint on this port, the hosts on the next nine; port 0 takes free ones.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090", value_parser = loopback)]
    listen: SocketAddr,
    /// A wave to play; it starts when the first client has subscribed on the realtime socket.
    #[arg(long, value_name = "FILE")]
    wave: Option<PathBuf>,
    /// How many messages chat lets through: fit1, fit2, stacked40, relaxed, flat20 or none.
    #[arg(long, value_name = "NAME", default_value = "fit1")]
    curve: Curve,
    /// Divides the times of the wave and every chat limit.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
}

fn speed(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    let (least, most) = (SPEEDS.start(), SPEEDS.end());
    if SPEEDS.contains(&number) {
        Ok(number)
    } else {
        Err(format!("`{text}` is not between {least} and {most}"))
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| format!("`{text}` is not an address such as 127.0.0.1:8090"))?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err(format!(
            "`{text}` is not on loopback, and the simulated network guards nothing; take 127.0.0.1"
        )),
    }
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// A wave that can not be read, or a port that can not be had.
pub fn run(args: SimulateArgs) -> anyhow::Result<ExitCode> {
    let wave = args.wave.as_deref().map(|path| super::read_wave(path, super::SEED)).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(simulate(args, wave));
    runtime.shutdown_timeout(STOP_TIME);
    result
}

async fn simulate(args: SimulateArgs, wave: Option<Vec<WaveEvent>>) -> anyhow::Result<ExitCode> {
    let stopped = super::stop_signal()?;
    let options =
        Options { listen: Some(args.listen), curve: args.curve, speed: args.speed, ..Options::default() };
    let network = Network::start(options).await?;
    let mut out = std::io::stdout().lock();
    out.write_all(configuration(&network).as_bytes())?;
    out.flush()?;
    drop(out);
    if let Some(wave) = &wave {
        network.announce_sites(wave);
    }
    tokio::select! {
        never = play(&network, wave) => match never {},
        () = stopped => {}
    }
    network.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Plays the wave when somebody listens, and says so on standard error.
async fn play(network: &Network, wave: Option<Vec<WaveEvent>>) -> std::convert::Infallible {
    if let Some(wave) = wave {
        eprintln!(
            "the wave of {} events starts when a client has subscribed on the realtime socket",
            wave.len()
        );
        network.subscribed().await;
        eprintln!("a client has subscribed; the wave starts");
        let mut playing = network.play(wave);
        let progress = playing.ended().await;
        tell_changes(&playing);
        eprintln!(
            "the wave is over: {} events, feedback given {}, without a report to answer {}",
            progress.played, progress.feedback_given, progress.feedback_unplaced
        );
    }
    std::future::pending().await
}

/// Says which posts did not get the number or the site that their lines name.
fn tell_changes(playing: &Playing) {
    const SHOWN: usize = 20;
    let changed = playing.summary();
    for given in changed.iter().take(SHOWN) {
        eprintln!("post `{}` was played as {}/{}", given.id, given.site, given.number);
    }
    if changed.len() > SHOWN {
        eprintln!("and {} more; `GET /control/posts` lists them", changed.len() - SHOWN);
    }
}

/// The configuration, with all else that one has to know in comments.
fn configuration(network: &Network) -> String {
    let mut text = format!(
        "# The simulated Stack Exchange network; it ends with the program that printed this.\n\
         #\n\
         # Credentials: set these in the environment of `smokestack run`.\n\
         #   SMOKESTACK_EMAIL={EMAIL}\n\
         #   SMOKESTACK_PASSWORD={PASSWORD}\n\
         # Other accounts with the same password: {SECOND_EMAIL}; {NEWCOMER_EMAIL} (its first login makes the profiles).\n\
         # Addresses that begin with wrong@, captcha@, captchapage@, cloudflare@ or unavailable@ get what they say.\n\
         #\n\
         # Control endpoint: {}/control (faults, messages, people; GET lists what it can do)\n\
         #\n\
         # Rooms:\n",
        network.urls().control()
    );
    for server in Server::ALL {
        let rooms: Vec<String> =
            network.chat(server, |chat| chat.rooms().map(|room| room.id.to_string()).collect());
        text.push_str(&format!("#   {server}: {}", rooms.join(", ")));
        let extra =
            [(RoomKind::Private, "private"), (RoomKind::Gallery, "read-only"), (RoomKind::Frozen, "frozen")];
        let extra: Vec<String> = extra
            .iter()
            .filter_map(|(kind, name)| Some(format!("{} {name}", extra_room(server, *kind)?)))
            .collect();
        text.push_str(&format!(" ({})\n", extra.join(", ")));
    }
    text + &network.config_yaml("rooms.yml")
}
