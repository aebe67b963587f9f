//! What a lookaround found, for a whole stretch of places at once.
//!
//! `(?![^>]*<)` asks at every place where a match could end whether a tag follows, and each time reads on to the next `>`. But
//! where it has read from one place to another character by character, each place between them gives the same answer. Keeping
//! the last answer makes such patterns linear.

/// The last answer of one lookaround whose body begins with a loop over single characters. One text, one search after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memo {
    known: Option<Known>,
    passed: Option<Passed>,
}

/// The answer from `low` to `high`, both included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) low: usize,
    pub(super) high: usize,
    /// Where the loop ends and the rest is found, if it is.
    pub(super) found: Option<usize>,
}

/// Where the loop was left, to try what stands behind it.
#[derive(Clone, Copy, Debug)]
struct Passed {
    low: usize,
    high: usize,
    last: usize,
}

impl Memo {
    /// The answer at `at` and around it, if it is known.
    pub(super) fn get(&self, at: usize) -> Option<Known> {
        self.known.filter(|known| (known.low..=known.high).contains(&at))
    }

    /// The lookaround is asked anew.
    pub(super) fn begin(&mut self) {
        self.passed = None;
    }

    /// Its loop ends at `at`, at least for now.
    pub(super) fn pass(&mut self, at: usize) {
        let Passed { low, high, .. } = self.passed.unwrap_or(Passed { low: at, high: at, last: at });
        self.passed = Some(Passed { low: low.min(at), high: high.max(at), last: at });
    }

    /// It was asked at `from`, and this is the answer. Up to the place where the rest was found, every place finds it there; if
    /// it was found nowhere, no place that the loop came by finds it.
    pub(super) fn end(&mut self, from: usize, found: bool) {
        if let Some(Passed { low, high, last }) = self.passed {
            let (low, high) = if found { (last, last) } else { (low, high) };
            self.known =
                Some(Known { low: low.min(from), high: high.max(from), found: found.then_some(last) });
        }
    }
}
