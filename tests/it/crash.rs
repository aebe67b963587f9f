//! `kill -9` at random moments of a wave: what the rooms show afterwards. The long run is `cargo bench --bench soak --
//! kills`.

use std::process::Command;
use std::time::Duration;

use smokestack::clock::Clock;

use crate::kills::wave_with_kills;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_in_a_wave_with_lost_replies_lose_no_report_and_repeat_none() {
    let aftermath = wave_with_kills(20, 20_191_003).await;
    assert_eq!((aftermath.lost, aftermath.twice), (0, 0), "{aftermath}");
    assert!(aftermath.unknown >= 5, "the kills hit too few sends: {aftermath}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_within_three_seconds() {
    let world = World::new().await;
    let mut process = world.process();
    world.network.subscribed().await;
    let clock = Clock::start();
    let asked = clock.now();
    assert_eq!(process.terminate(), Some(0));
    let took = clock.now().since(asked);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_in_an_orderly_way_before_it_has_read_its_files() {
    let world = World::new().await;
    let path = world.config_path();
    std::fs::remove_file(&path).expect("removed");
    assert!(Command::new("mkfifo").arg(&path).status().expect("it runs").success());
    let mut process = world.process();
    // Opens when the process reads, which then waits for a text that never comes.
    let _config = std::fs::OpenOptions::new().write(true).open(&path).expect("opened");
    assert_eq!(process.terminate(), Some(0));
}
