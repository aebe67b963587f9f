//! Two million random lists of what can happen to delivery; each keeps what the tests ask of twenty thousand.

use std::time::Instant;

#[path = "../../tests/support/operations/mod.rs"]
pub(super) mod lists;

use lists::{Tally, check};

const LISTS: u64 = 2_000_000;
const LONGEST: usize = 40;

/// Plays so many lists, from a seed on; the run ends at the first that breaks a promise.
pub(super) fn run(n_lists: Option<&str>, seed: Option<&str>) {
    let number = |text: Option<&str>, default| text.map_or(default, |text| text.parse().expect("a number"));
    let (n_lists, first) = (number(n_lists, LISTS), number(seed, 0));
    let started = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let step = u64::try_from(threads).unwrap_or(1);
    let part = |which: u64| {
        move || {
            let mut tally = Tally::default();
            for seed in (first + which..first + n_lists).step_by(threads) {
                match check(seed, LONGEST) {
                    Ok(one) => tally.add(one),
                    Err(why) => {
                        eprintln!("{why}");
                        std::process::exit(1);
                    }
                }
            }
            tally
        }
    };
    let parts: Vec<_> = (0..step).map(|which| std::thread::spawn(part(which))).collect();
    let mut tally = Tally::default();
    parts.into_iter().for_each(|part| tally.add(part.join().expect("no panic")));
    let took = started.elapsed().as_secs_f64();
    println!("{n_lists} operation lists from seed {first} in {took:.0} s on {threads} threads: {tally:?}");
    println!("nothing lost, nothing twice in a room");
}
