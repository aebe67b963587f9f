//! The learned limit under full load against the best possible schedule, for every hidden limit.

use smokestack::core::rate_limit::RateLimit;
use smokestack::core::time::Timestamp;

use crate::drive::{Course, Latency, drive};
use crate::hidden_limits::{Dice, Limit, named, random};

/// Prints a line for every hidden limit whose name contains `only`, and at the end how many goals were missed.
pub(super) fn run(only: Option<&str>) {
    println!("share of the best possible rate; refusals; goals 0.85, 0.95, 10, 20");
    println!("{:<34} {:>9} {:>9} {:>9} {:>9}", "", "1..200", "200..1000", "ref. 100", "ref. 1000");
    let plain = Latency(0.06, 0.06);
    let jitter = Latency(0.05, 0.5);
    let mut misses = [0; 4];
    let mut rows = 0;
    let mut sums = (0.0, 0.0);
    for (scale, latency, what) in [(1.0, plain, ""), (1.0, jitter, " jitter"), (0.05, plain, " /20")] {
        let latency = Latency(latency.0 * scale, latency.1 * scale);
        for (name, first, second) in cases() {
            let name = format!("{name}{what}");
            if only.is_some_and(|only| !name.contains(only)) {
                continue;
            }
            let mut limiter = RateLimit::new();
            let (course, now) = drive(&mut limiter, &first.scaled(scale), latency, 1000, Timestamp::ZERO, 1);
            let (course, limit) = match second {
                None => (course, first),
                Some(second) => (drive(&mut limiter, &second.scaled(scale), latency, 1000, now, 2).0, second),
            };
            let f = figures(&course, &limit.scaled(scale), latency);
            let missed = [f.0 < 0.85, f.1 < 0.95, f.2 > 10, f.3 >= 20];
            rows += 1;
            sums.0 += f.0.min(1.0);
            sums.1 += f.1.min(1.0);
            for (count, missed) in misses.iter_mut().zip(missed) {
                *count += usize::from(missed);
            }
            let [a, b, c, d] = missed.map(|missed| if missed { '!' } else { ' ' });
            println!("{name:<34} {:>8.3}{a} {:>8.3}{b} {:>8}{c} {:>8}{d}", f.0, f.1, f.2, f.3);
        }
    }
    println!("mean: {:.3}, {:.3}", sums.0 / f64::from(rows), sums.1 / f64::from(rows));
    println!("{rows} rows; goals missed (marked !): {misses:?}");
}

type Figures = (f64, f64, usize, usize);

fn figures(course: &Course, limit: &Limit, latency: Latency) -> Figures {
    let best = limit.best_times(1000, (latency.0 + latency.1) / 2.0);
    (
        course.share(&best, 0, 200),
        course.share(&best, 200, 1000),
        course.refused(0, 100),
        course.refused(0, 1000),
    )
}

/// Name, limit at the start, limit after a change.
fn cases() -> Vec<(String, Limit, Option<Limit>)> {
    let names = ["fit1", "fit2", "stacked40", "relaxed", "flat20", "none"];
    let known = |name| named(name).expect("one of the list");
    let mut cases: Vec<_> = names.iter().map(|name| ((*name).to_owned(), known(name), None)).collect();
    for family in ["curve", "steps", "bucket", "window", "cap"] {
        for seed in 1..=8 {
            cases.push((format!("{family} {seed}"), random(family, &mut Dice(seed)), None));
        }
    }
    for (from, to) in [
        ("none", "fit1"),
        ("fit1", "flat20"),
        ("flat20", "fit1"),
        ("fit2", "stacked40"),
        ("relaxed", "fit2"),
        ("fit1", "relaxed"),
        ("fit1", "none"),
    ] {
        cases.push((format!("{from} then {to}"), known(from), Some(known(to))));
    }
    for seed in 1..=8 {
        let mut dice = Dice(1000 + seed);
        let first = random("curve", &mut dice);
        cases.push((format!("curve {seed} then another"), first, Some(random("curve", &mut dice))));
    }
    cases
}
