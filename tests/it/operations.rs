//! Whatever fails, in whatever order: every report is in its rooms once. The long run is `cargo bench --bench soak --
//! operations`.

#[path = "../support/operations/mod.rs"]
mod lists;

use lists::{Tally, check};

const LISTS: u64 = 20_000;
/// Short lists find nearly as much, and a build for tests is slow.
const LONGEST: usize = 8;

#[test]
fn what_once_broke_a_promise_keeps_it() {
    for (seed, _what_broke_it) in [
        (5_007_521, "the answer to a send named the message of one whose room could not be read"),
        (6_002_527, "a send that was found late ended the wait that chat had named since"),
        (6_017_853, "so did one that seemed to be sent in the future, because the clock was set back"),
    ] {
        check(seed, 40).unwrap_or_else(|why| panic!("{why}"));
    }
}

#[test]
fn whatever_happens_every_report_is_in_its_rooms_once() {
    let half = |which: u64| {
        move || {
            let mut tally = Tally::default();
            for seed in (which..LISTS).step_by(2) {
                match check(seed, LONGEST) {
                    Ok(one) => tally.add(one),
                    Err(why) => panic!("{why}"),
                }
            }
            tally
        }
    };
    let other = std::thread::spawn(half(1));
    let mut tally = half(0)();
    tally.add(other.join().expect("the other half"));
    assert_eq!(tally.lists, LISTS);
    let happened =
        [tally.reports, tally.requests, tally.lost_replies, tally.refusals, tally.crashes, tally.found];
    assert!(happened.iter().all(|n| *n > LISTS / 10), "the lists do too little: {tally:?}");
}
