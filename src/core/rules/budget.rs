//! What a rule may spend on one text, so that no text makes a scan slow.

use std::cell::Cell;

/// Steps that are left for one rule on one text. A step is what a machine does for one instruction, about ten
/// nanoseconds: reading eight bytes, or comparing two characters of short words.
///
/// Counted, not timed, so that a verdict does not depend on how busy the machine is.
#[derive(Debug)]
pub struct Budget {
    left: Cell<u64>,
    overrun: Cell<bool>,
}

impl Budget {
    /// So many steps.
    pub fn new(steps: u64) -> Self {
        Self { left: Cell::new(steps), overrun: Cell::new(false) }
    }

    /// Takes steps off; whether there were enough. After a no the rule should give up: what it says is not used.
    pub fn spend(&self, steps: u64) -> bool {
        let left = self.left.get().checked_sub(steps);
        self.left.set(left.unwrap_or(0));
        self.overrun.set(self.overrun.get() || left.is_none());
        left.is_some()
    }

    /// Steps that are left.
    pub fn left(&self) -> u64 {
        self.left.get()
    }

    /// Whether more was asked for than there was.
    pub fn is_overrun(&self) -> bool {
        self.overrun.get()
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn what_is_not_there_can_not_be_spent_and_is_remembered() {
        let budget = Budget::new(10);
        assert!(budget.spend(10) && !budget.is_overrun());
        assert!(!budget.spend(1) && budget.is_overrun());
        assert_eq!(budget.left(), 0);
        assert!(budget.spend(0) && budget.is_overrun(), "an overrun stays one");
    }
}
