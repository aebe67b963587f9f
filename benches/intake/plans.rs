//! The fetch plan in simulated time, beside plans with fixed batch sizes.

use crate::fetch_day::{
    DAY_S, Outcome, Traffic, World, at, best_fixed_plan, fixed_plan, mean, name, percentile, play,
    smallest_threshold, smokedetector_size, sorted,
};

const EVENTS: usize = 100_000;
const SITES: usize = 180;

/// The day of the goals, and days with less and more quota.
pub(crate) fn days() {
    println!(
        "a day of {EVENTS} events over {SITES} sites; waits in seconds, mean, then median/p99 by events a day of the site"
    );
    for traffic in [Traffic::zipf(EVENTS, SITES), Traffic::stack_overflow_heavy(EVENTS, SITES)] {
        for (quota, learn_days) in [(10_000, 0), (10_000, 1), (300, 1), (80_000, 1)] {
            day(&traffic, quota, learn_days);
        }
    }
}

fn day(traffic: &Traffic, quota: i64, learn_days: u64) {
    let (world, events) = play(traffic, quota, learn_days);
    println!("\n{}, quota {quota}, after {learn_days} days of learning", traffic.name);
    let mut counts = vec![0; SITES];
    events.iter().for_each(|(_, site)| counts[*site] += 1);
    let best = best_fixed_plan(&events, SITES, quota);
    let threshold = smallest_threshold(&events, SITES, quota);
    let ours = Outcome::of(&world, SITES, quota - world.quota);
    println!(
        "  {:<34} {:>6} {:>9} {:>15} {:>15} {:>15} {:>15}",
        "", "calls", "mean", "from 1000", "100 to 1000", "10 to 100", "below 10"
    );
    row("learned plan", &ours, &counts);
    row("best plan with fixed sizes", &best, &counts);
    row(
        &format!("threshold {threshold} everywhere"),
        &fixed_plan(&events, SITES, quota, |_| threshold),
        &counts,
    );
    row("SmokeDetector's thresholds", &fixed_plan(&events, SITES, quota, smokedetector_size), &counts);
    println!(
        "  used {:.1} % of the quota; mean wait {:.3} of the best fixed plan's; median {:.1} s; {} not fetched at midnight",
        (quota - world.quota) as f64 / quota as f64 * 100.0,
        ours.mean() / best.mean(),
        percentile(&ours.all(), 0.5),
        world.waiting.len()
    );
}

fn row(what: &str, outcome: &Outcome, counts: &[usize]) {
    let sizes = [1_000..usize::MAX, 100..1_000, 10..100, 0..10].map(|size| {
        let sites = counts.iter().zip(&outcome.delays).filter(|(count, _)| size.contains(count));
        let delays = sorted(sites.flat_map(|(_, delays)| delays.iter().copied()));
        format!("{:.0}/{:.0}", percentile(&delays, 0.5), percentile(&delays, 0.99))
    });
    let [large, middle, small, tiny] = sizes;
    println!(
        "  {what:<34} {:>6} {:>9.1} {large:>15} {middle:>15} {small:>15} {tiny:>15}",
        outcome.calls,
        outcome.mean()
    );
}

/// A burst at every hour of a learned day, and more of them before midnight.
pub(crate) fn bursts() {
    println!(
        "\n3000 events over 60 sites in 45 s, beside the day's traffic; longest wait of one, and all calls of these 165 s"
    );
    let traffic = Traffic::zipf(EVENTS, SITES);
    let (before, _) = play(&traffic, 10_000, 0);
    let mut world = World::new(10_000, Some(before.plan.learned()), at(DAY_S));
    let mut events = traffic.day(1).into_iter().enumerate().peekable();
    let half_hours = (0..24).map(|hour| (hour, 30));
    for (hour, minute) in half_hours.chain([(23, 40), (23, 50), (23, 56)]) {
        let start = f64::from(hour * 3600 + minute * 60);
        while let Some((n, (second, site))) = events.next_if(|(_, (second, _))| *second < start) {
            world.run_to(at(DAY_S + second));
            world.activity(&name(site), n as i64 * 1000 + 1, false);
        }
        world.run_to(at(DAY_S + start));
        let bucket = world.plan.status().bucket;
        let (longest, calls) = world.clone().burst(3_000, 60, 45.0);
        println!("  {hour:>2}:{minute}  longest {longest:>6.1} s  {calls:>5} calls, bucket before {bucket}");
    }
}

/// What the summary scan found, one in three hundred events.
pub(crate) fn hits() {
    let traffic = Traffic::zipf(EVENTS, SITES);
    let mut world = World::new(10_000, None, at(0.0));
    let mut hits = std::collections::BTreeMap::new();
    let mut waits = Vec::new();
    for (n, (second, site)) in traffic.day(0).into_iter().enumerate() {
        world.run_to(at(second));
        let (id, site) = (n as i64 * 1000 + 1, name(site));
        let is_hit = n % 300 == 0;
        world.activity(&site, id, is_hit);
        if is_hit {
            hits.insert((site, id), world.now);
        }
        // Fetched as soon as it does not wait any more; looked at with every event, so within about a second.
        hits.retain(|hit, since| {
            let waits_still = world.waiting.contains_key(hit);
            if !waits_still {
                waits.push(world.now.since(*since).as_secs_f64());
            }
            waits_still
        });
    }
    let waits = sorted(waits.into_iter());
    println!(
        "\nposts whose summary is caught, quota 10000: {} of them, mean {:.1} s, median {:.1} s, p99 {:.1} s",
        waits.len(),
        mean(&waits),
        percentile(&waits, 0.5),
        percentile(&waits, 0.99)
    );
}
