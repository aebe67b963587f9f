//! The learned limit under full load against the best possible schedule, for every hidden limit.

use smokestack::core::rate_limit::RateLimit;
use smokestack::core::time::Timestamp;

use crate::drive::{Course, Latency, drive};
use crate::hidden_limits::{Dice, Limit, named, random};

/// Limits with random parameters in each family.
const SEEDS: u64 = 40;

/// Prints a line for every hidden limit whose name contains `only`, and at the end how many goals were missed.
pub(super) fn run(only: Option<&str>) {
    println!("share of the best possible rate; refusals; goals 0.85, 0.95, 10, 20");
    println!("`at most`: what no learner exceeds on average over the first 200 messages (see `at_most`)");
    println!(
        "{:<34} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "1..200", "at most", "200..1000", "ref. 100", "ref. 1000"
    );
    let plain = Latency(0.06, 0.06);
    let jitter = Latency(0.05, 0.5);
    let mut groups: Vec<Group> = Vec::new();
    for (scale, latency, what) in [(1.0, plain, "plain"), (1.0, jitter, "jitter"), (0.05, plain, "/20")] {
        let latency = Latency(latency.0 * scale, latency.1 * scale);
        for (name, first, second) in cases() {
            let name = if what == "plain" { name } else { format!("{name} {what}") };
            if only.is_some_and(|only| !name.contains(only)) {
                continue;
            }
            let mut limiter = RateLimit::new();
            let (course, now) = drive(&mut limiter, &first.scaled(scale), latency, 1000, Timestamp::ZERO, 1);
            let before = latency.best_times(&first.scaled(scale), 1000);
            let (course, limit) = match second {
                None => (course, first),
                Some(second) => (drive(&mut limiter, &second.scaled(scale), latency, 1000, now, 2).0, second),
            };
            let limit = limit.scaled(scale);
            let best = latency.best_times(&limit, 1000);
            let lifted = 1.05 * best[999] < before[999];
            let row = figures(&course, &best);
            let most = at_most(&best, lifted.then_some(&before));
            let missed = [row.0 < 0.85, row.1 < 0.95, row.2 > 10, row.3 >= 20];
            let [a, b, c, d] = missed.map(|missed| if missed { '!' } else { ' ' });
            println!(
                "{name:<34} {:>8.3}{a} {most:>8.3}  {:>8.3}{b} {:>8}{c} {:>8}{d}",
                row.0, row.1, row.2, row.3
            );
            Group::of(&mut groups, if lifted { "lifted" } else { what }).add(row, missed, most < 0.85);
        }
    }
    println!(
        "rows, means, rows that miss each goal (marked ! above), rows of which nobody can reach the first goal;"
    );
    println!("`lifted`: the best rate became higher");
    for group in &groups {
        let rows = group.rows as f64;
        println!(
            "{:<10} {:>4} rows: {:.3} {:.3}; {:?}; {}",
            group.name,
            group.rows,
            group.sums.0 / rows,
            group.sums.1 / rows,
            group.misses,
            group.out_of_reach
        );
    }
}

/// Rows of one kind.
struct Group {
    name: &'static str,
    rows: usize,
    sums: (f64, f64),
    misses: [usize; 4],
    out_of_reach: usize,
}

impl Group {
    fn of<'a>(groups: &'a mut Vec<Self>, name: &'static str) -> &'a mut Self {
        let index = groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
            groups.push(Self { name, rows: 0, sums: (0.0, 0.0), misses: [0; 4], out_of_reach: 0 });
            groups.len() - 1
        });
        &mut groups[index]
    }

    fn add(&mut self, row: Figures, missed: [bool; 4], out_of_reach: bool) {
        self.out_of_reach += usize::from(out_of_reach);
        self.rows += 1;
        self.sums.0 += row.0.min(1.0);
        self.sums.1 += row.1.min(1.0);
        for (count, missed) in self.misses.iter_mut().zip(missed) {
            *count += usize::from(missed);
        }
    }
}

type Figures = (f64, f64, usize, usize);

fn figures(course: &Course, best: &[f64]) -> Figures {
    (
        course.share(best, 0, 200),
        course.share(best, 200, 1000),
        course.refused(0, 100),
        course.refused(0, 1000),
    )
}

/// The share of the best possible rate over the first 200 messages that no learner exceeds on average, by two things
/// that hold for all of them:
///
/// - A limit that was lifted says nothing. It is noticed by a message that the old one would have refused. With fewer
///   than 20 refusals in 1,000 messages such a probe can come once in 50 messages, so that on average 25 go out at
///   the old pace (`before` has the best times there).
/// - Whatever the limit is, it takes a refusal to know that there is one, one to tell whether a pause ends it, and one
///   to know how long a pause. Chat names whole seconds, which are waited for, also where the best schedule has two
///   messages in one.
///
/// It is a bound from above: what it does not explain may still be out of reach.
fn at_most(best: &[f64], before: Option<&Vec<f64>>) -> f64 {
    let time = |times: &[f64], n: usize| times[n] - times[0];
    let needed = time(best, 199);
    let unnoticed = before.map_or(0.0, |before| time(before, 25) - time(best, 25)).max(0.0);
    let gap = needed / 199.0;
    needed / (needed + unnoticed + 3.0 * (1.0 - gap).max(0.0))
}

/// Name, limit at the start, limit after a change.
fn cases() -> Vec<(String, Limit, Option<Limit>)> {
    let names = ["fit1", "fit2", "stacked40", "relaxed", "flat20", "none"];
    let known = |name| named(name).expect("one of the list");
    let mut cases: Vec<_> = names.iter().map(|name| ((*name).to_owned(), known(name), None)).collect();
    for family in ["curve", "steps", "bucket", "window", "cap"] {
        for seed in 1..=SEEDS {
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
    for seed in 1..=SEEDS {
        let mut dice = Dice(1000 + seed);
        let first = random("curve", &mut dice);
        cases.push((format!("curve {seed} then another"), first, Some(random("curve", &mut dice))));
    }
    cases
}
