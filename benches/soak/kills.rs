//! Five hundred kills of the real service; the tests make twenty.

use std::time::Instant;

use crate::kill::wave_with_kills;

const KILLS: usize = 500;
const SEED: u64 = 20_191_003;

/// Kills the service so often.
pub(super) fn run(kills: Option<&str>) {
    let kills = kills.map_or(KILLS, |kills| kills.parse().expect("a number"));
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let aftermath = runtime.block_on(wave_with_kills(kills, SEED));
    println!("seed {SEED}, {:.0} s: {aftermath}", started.elapsed().as_secs_f64());
    assert_eq!((aftermath.lost, aftermath.twice), (0, 0), "a report is lost or repeated");
}
