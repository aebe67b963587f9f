//! Chat servers with a hidden limit, and the exact best schedule for each: what the learned limit is measured against.
//!
//! Written from the published description alone, apart from the simulator, so that a misreading in one shows.
//! Times are seconds; a scale other than 1 makes every second of the limit that much shorter, but a refusal still
//! names whole real seconds.

use std::collections::VecDeque;

/// What a limit is; `Server` is one with its present state.
#[derive(Clone, Debug)]
pub(crate) enum Limit {
    /// No limit.
    None,
    /// The gap grows with the messages of a burst, and a long pause ends the burst.
    Burst(Burst),
    /// `size` at once, then one in `interval`; unused permits pile up to `size` again.
    Bucket { size: f64, interval: f64 },
    /// At most `max` in any `window`.
    Window { max: usize, window: f64 },
    /// At most `max` between two full multiples of `window`.
    Cap { max: usize, window: f64 },
}

/// After `n` messages of a burst the next needs a gap of `need[n]`, and a gap above `rest[n]` ends the burst.
/// Longer bursts are as the last entry.
#[derive(Clone, Debug)]
pub(crate) struct Burst {
    need: Vec<f64>,
    rest: Vec<f64>,
    /// Posting within a quarter of a wait after it ran out adds this to the next wait, up to ten times.
    stack: f64,
}

impl Burst {
    /// `need(n)` for n from 1, and the pause that ends a burst as a multiple of `need(max(n, 2))`.
    pub(crate) fn new(need: impl Fn(f64) -> f64, rest_factor: f64) -> Self {
        let table = |least: usize| (0..1500).map(|n: usize| need(n.max(least) as f64).max(0.0)).collect();
        let rest: Vec<f64> = table(2);
        Self { need: table(1), rest: rest.into_iter().map(|gap| gap * rest_factor).collect(), stack: 0.0 }
    }

    fn at(table: &[f64], n: usize) -> f64 {
        table[n.min(table.len() - 1)]
    }
}

/// The curve called `fit1`, with another ceiling for `stacked40`.
fn fit1(ceiling: f64) -> Burst {
    Burst::new(move |n| if n < 2.0 { 0.0 } else { ceiling.min(4.1484 * n.ln() + 1.02242) }, 2.0)
}

/// The six curves that the simulated network knows by name.
pub(crate) fn named(name: &str) -> Option<Limit> {
    Some(match name {
        "fit1" => Limit::Burst(fit1(20.0)),
        "fit2" => Limit::Burst(Burst::new(|n| 4.82146 * n.ln() - 1.88249, 2.0)),
        "stacked40" => Limit::Burst(Burst { stack: 4.0, ..fit1(40.0) }),
        "relaxed" => Limit::Bucket { size: 5.0, interval: 2.0 },
        "flat20" => Limit::Bucket { size: 1.0, interval: 20.0 },
        "none" => Limit::None,
        _ => return None,
    })
}

/// A reproducible source of numbers in 0..1 (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// A limit of a family with parameters drawn from `dice`.
pub(crate) fn random(family: &str, dice: &mut Dice) -> Limit {
    match family {
        // Logarithmic curves around the published ones, other ceilings, free messages and resting pauses.
        "curve" => {
            let (a, b) = (dice.between(1.0, 8.0), dice.between(-2.0, 4.0));
            let (ceiling, free) = (dice.between(10.0, 60.0), dice.between(2.0, 4.99).floor());
            let need = move |n: f64| if n < free { 0.0 } else { ceiling.min((a * n.ln() + b).max(0.3)) };
            let mut burst = Burst::new(need, 0.0);
            let factor = dice.between(1.3, 3.0);
            burst.rest = (0..burst.need.len()).map(|n| factor * need((n as f64).max(free))).collect();
            Limit::Burst(burst)
        }
        // Gaps in steps: short for the first messages of a burst, then longer, then longest.
        "steps" => {
            let (first, second) = (dice.between(2.0, 8.0).floor(), dice.between(10.0, 40.0).floor());
            let (low, middle) = (dice.between(0.5, 3.0), dice.between(4.0, 10.0));
            let high = dice.between(10.0, 30.0);
            let need = move |n: f64| {
                if n < 2.0 {
                    0.0
                } else if n < first {
                    low
                } else if n < second {
                    middle
                } else {
                    high
                }
            };
            Limit::Burst(Burst::new(need, dice.between(1.5, 3.0)))
        }
        "bucket" => {
            Limit::Bucket { size: dice.between(1.0, 20.99).floor(), interval: dice.between(0.5, 20.0) }
        }
        "window" => Limit::Window { max: dice.between(1.0, 30.99) as usize, window: dice.between(5.0, 90.0) },
        "cap" => Limit::Cap { max: dice.between(2.0, 30.99) as usize, window: 60.0 },
        _ => Limit::None,
    }
}

impl Limit {
    /// The same limit with every time multiplied.
    pub(crate) fn scaled(&self, by: f64) -> Self {
        match self {
            Self::None => Self::None,
            Self::Burst(burst) => Self::Burst(Burst {
                need: burst.need.iter().map(|x| x * by).collect(),
                rest: burst.rest.iter().map(|x| x * by).collect(),
                stack: burst.stack * by,
            }),
            Self::Bucket { size, interval } => Self::Bucket { size: *size, interval: interval * by },
            Self::Window { max, window } => Self::Window { max: *max, window: window * by },
            Self::Cap { max, window } => Self::Cap { max: *max, window: window * by },
        }
    }

    /// The least times at which 1, 2, ... `count` messages can be accepted from a rested start, when two are at
    /// least `floor` apart, and one for which the limit demands a wait comes `late` after it: what somebody reaches
    /// on average who knows the limit exactly, but not how long the next request takes.
    pub(crate) fn best_times(&self, count: usize, floor: f64, late: f64) -> Vec<f64> {
        match self {
            Self::Burst(burst) => best_bursts(burst, count, floor, late),
            // In these families an earlier message never delays a later one by more than it came earlier,
            // so that sending as soon as allowed is the best schedule.
            _ => {
                let mut server = Server::new(self.clone());
                let mut times = Vec::with_capacity(count);
                let mut t = 0.0;
                for _ in 0..count {
                    while let Err(wait) = server.attempt(t) {
                        t += wait.max(1e-6) + late;
                    }
                    times.push(t);
                    t += floor;
                }
                times
            }
        }
    }
}

/// Dynamic programming over (messages in the burst, waits added). A message later than needed only helps by ending
/// the burst or by clearing what was added, so those three moments are the only choices.
fn best_bursts(burst: &Burst, count: usize, floor: f64, late: f64) -> Vec<f64> {
    const TICK: f64 = 1e-4;
    let levels = if burst.stack > 0.0 { 11 } else { 1 };
    // best[n][s]: least time for the messages still to come; built from "none to come" backwards. `done[m]` is the
    // time for m messages in all.
    let mut best = vec![vec![0.0; levels]; count + 2];
    let mut done = vec![0.0; count];
    for slot in done.iter_mut().skip(1) {
        let mut next = vec![vec![0.0; levels]; count + 2];
        for (n, row) in next.iter_mut().enumerate().skip(1).take(count) {
            let after = (n + 1).min(count);
            for (s, cell) in row.iter_mut().enumerate() {
                let wait = Burst::at(&burst.need, n) + burst.stack * s as f64;
                let more = (s + 1).min(levels - 1);
                let soon = if wait > floor { wait + late } else { floor };
                let stacks = levels > 1 && wait > 0.0 && soon <= wait * 1.25;
                let mut least = soon + best[after][if stacks { more } else { 0 }];
                if stacks {
                    least = least.min((wait * 1.25 + TICK + late).max(floor) + best[after][0]);
                }
                let rest = ((Burst::at(&burst.rest, n) + TICK).max(wait) + late).max(floor);
                let stacks = levels > 1 && wait > 0.0 && rest <= wait * 1.25;
                least = least.min(rest + best[1][if stacks { more } else { 0 }]);
                *cell = least;
            }
        }
        best = next;
        *slot = best[1][0];
    }
    done
}

/// A limit with its present state.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    limit: Limit,
    /// Accepted times that still matter.
    sent: VecDeque<f64>,
    in_burst: usize,
    stacked: f64,
    permits: f64,
}

impl Server {
    /// Rested.
    pub(crate) fn new(limit: Limit) -> Self {
        let permits = if let Limit::Bucket { size, .. } = limit { size } else { 0.0 };
        Self { limit, sent: VecDeque::new(), in_burst: 0, stacked: 0.0, permits }
    }

    /// A message arrives at `t`. Refused with the seconds that remain; a refused one changes nothing.
    pub(crate) fn attempt(&mut self, t: f64) -> Result<(), f64> {
        const HAIR: f64 = 1e-9;
        let last = self.sent.back().copied();
        match &self.limit {
            Limit::None => {}
            Limit::Burst(burst) => {
                let Some(last) = last else {
                    self.in_burst = 1;
                    self.sent.push_back(t);
                    return Ok(());
                };
                let gap = t - last;
                let wait = Burst::at(&burst.need, self.in_burst) + burst.stack * self.stacked;
                if gap + HAIR < wait {
                    return Err(wait - gap);
                }
                self.stacked =
                    if wait > 0.0 && gap <= wait * 1.25 { (self.stacked + 1.0).min(10.0) } else { 0.0 };
                let ended = gap > Burst::at(&burst.rest, self.in_burst);
                self.in_burst = if ended { 1 } else { self.in_burst + 1 };
                self.sent.clear();
            }
            Limit::Bucket { size, interval } => {
                let permits = last.map_or(*size, |last| (self.permits + (t - last) / interval).min(*size));
                if permits + HAIR < 1.0 {
                    return Err((1.0 - permits) * interval);
                }
                self.permits = permits - 1.0;
                self.sent.clear();
            }
            Limit::Window { max, window } => {
                while self.sent.front().is_some_and(|&first| first + window <= t + HAIR) {
                    self.sent.pop_front();
                }
                if self.sent.len() >= *max {
                    return Err(self.sent[0] + window - t);
                }
            }
            Limit::Cap { max, window } => {
                let start = ((t + HAIR) / window).floor() * window;
                while self.sent.front().is_some_and(|&first| first + HAIR < start) {
                    self.sent.pop_front();
                }
                if self.sent.len() >= *max {
                    return Err(start + window - t);
                }
            }
        }
        self.sent.push_back(t);
        Ok(())
    }
}
