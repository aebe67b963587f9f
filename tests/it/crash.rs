//! `kill -9` at random moments of a wave: what the rooms show afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use smokestack::clock::Clock;
use smokestack::simulator;
use smokestack::simulator::chat::curve::Curve;

use crate::world::{HQ, World, post};

const N_KILLS: usize = 10;
const N_POSTS: i64 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_in_a_wave_lose_no_report() {
    let options = simulator::Options { curve: Curve::Relaxed, speed: 40.0, ..simulator::Options::default() };
    let world = World::with(options).await;
    let mut random = SmallRng::seed_from_u64(20_191_003);
    let mut process = world.process();
    let lines: Vec<String> = (1..=N_POSTS)
        .map(|n| {
            #[expect(clippy::cast_precision_loss, reason = "a small number")]
            let at = n as f64 * 16.0;
            post(at, &format!("su-{}", 1000 + n), "superuser.com", &format!("miracle stapler {n}"))
        })
        .collect();
    let _playing = world.play(&lines).await;
    for _ in 0..N_KILLS {
        tokio::time::sleep(Duration::from_millis(random.random_range(300..2_500))).await;
        process.kill();
        process = world.process();
    }
    let times = |world: &World| {
        let mut times: BTreeMap<i64, usize> = (1001..=1000 + N_POSTS).map(|n| (n, 0)).collect();
        for text in world.texts(HQ) {
            for (number, n) in &mut times {
                *n += usize::from(text.contains(&format!("questions/{number}")));
            }
        }
        times
    };
    world.until("every report", |world| times(world).values().all(|n| *n > 0)).await;
    assert_eq!(process.terminate(), Some(0));
    let twice: Vec<_> = times(&world).into_iter().filter(|(_, n)| *n > 1).collect();
    assert!(twice.is_empty(), "reported more than once: {twice:?}");
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
