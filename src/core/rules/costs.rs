//! What each rule costs, for measurements.

use std::collections::HashMap;
use std::time::Duration;

/// Time and number of tries by name of rule; takes nothing down, and costs nothing, without a clock.
#[derive(Debug, Default)]
pub(super) struct Costs {
    clock: Option<fn() -> Duration>,
    spent: HashMap<String, (Duration, u64)>,
}

impl Costs {
    /// Measured on `clock`.
    pub(super) fn on(clock: fn() -> Duration) -> Self {
        Self { clock: Some(clock), spent: HashMap::new() }
    }

    /// The time on the clock.
    #[inline]
    pub(super) fn now(&self) -> Duration {
        self.clock.map_or(Duration::ZERO, |clock| clock())
    }

    /// Books the time since `began` on `name`.
    #[inline]
    pub(super) fn book(&mut self, name: &str, began: Duration) {
        if let Some(clock) = self.clock {
            self.add(name, clock().saturating_sub(began));
        }
    }

    /// Whether anybody looks at it.
    pub(super) fn is_on(&self) -> bool {
        self.clock.is_some()
    }

    fn add(&mut self, name: &str, spent: Duration) {
        match self.spent.get_mut(name) {
            Some((sum, times)) => {
                *sum += spent;
                *times += 1;
            }
            None => {
                self.spent.insert(name.to_owned(), (spent, 1));
            }
        }
    }

    /// All of it, most first.
    pub(super) fn sorted(&self) -> Vec<(&str, Duration, u64)> {
        let mut costs: Vec<_> =
            self.spent.iter().map(|(name, (spent, times))| (name.as_str(), *spent, *times)).collect();
        costs.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        costs
    }
}
