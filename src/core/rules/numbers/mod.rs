//! Phone numbers of a list in a text.
//!
//! SmokeDetector's lists are read as in 2020 ([`written`]); ours, like its newer ones, see through disguises ([`disguised`]).

mod disguised;
mod written;

use std::cell::OnceCell;
use std::ops::Range;

use super::filter::squeeze::Squeezed;
use disguised::{Disguised, Row};
use written::Written;

/// How the numbers of a list are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As written, or by their digits.
    Written,
    /// By what their signs and letters stand for, with and without the `1` of North America.
    Disguised,
}

/// The numbers of one list.
#[derive(Debug)]
pub(super) enum Numbers {
    /// [`Form::Written`].
    Written(Written),
    /// [`Form::Disguised`].
    Disguised(Disguised),
}

impl Numbers {
    /// An empty list.
    pub(super) fn new(form: Form) -> Self {
        match form {
            Form::Written => Self::Written(Written::default()),
            Form::Disguised => Self::Disguised(Disguised::default()),
        }
    }

    /// Adds an entry; the first of several equal ones stays.
    ///
    /// # Errors
    /// Why it can be found in no text.
    pub(super) fn add(&mut self, text: &str, entry: u32) -> Result<(), String> {
        match self {
            // Some in the lists of the reference are none, and are kept as they are.
            Self::Written(list) => {
                list.add(text, entry);
                Ok(())
            }
            Self::Disguised(list) => list.add(text, entry),
        }
    }

    /// At most `most` places of entries in a text, in bytes, from the left.
    pub(super) fn places(
        &self,
        text: &NumbersOf<'_>,
        is_off: &dyn Fn(u32) -> bool,
        most: usize,
    ) -> Vec<(Range<usize>, u32)> {
        match self {
            Self::Written(list) => {
                let found = text
                    .candidates()
                    .iter()
                    .filter_map(|at| Some((at.clone(), list.entry(&text.text[at.clone()])?)));
                found.filter(|(_, entry)| !is_off(*entry)).take(most).collect()
            }
            Self::Disguised(list) => list.places(text.rows(), is_off, most),
        }
    }
}

/// What looks like numbers in one text, found when the first list asks.
#[derive(Debug)]
pub(super) struct NumbersOf<'t> {
    text: &'t str,
    squeezed: &'t Squeezed,
    candidates: OnceCell<Vec<Range<usize>>>,
    rows: OnceCell<Vec<Row>>,
}

impl<'t> NumbersOf<'t> {
    /// For a text and its squeezed view.
    pub(super) fn new(text: &'t str, squeezed: &'t Squeezed) -> Self {
        Self { text, squeezed, candidates: OnceCell::new(), rows: OnceCell::new() }
    }

    fn candidates(&self) -> &[Range<usize>] {
        self.candidates.get_or_init(|| match self.squeezed.has_digits_in_a_row(written::FEWEST) {
            true => written::candidates(self.text),
            false => Vec::new(),
        })
    }

    fn rows(&self) -> &[Row] {
        self.rows.get_or_init(|| disguised::rows(self.text))
    }
}

/// Whether two entries are the same number.
pub(super) fn are_equal(a: &str, b: &str) -> bool {
    let without_comment = |text| written::only_digits(disguised::split_comment(text).0);
    without_comment(a) == without_comment(b)
}

/// The numbers in a text as the lists compare them: as written, and their digits.
pub fn number_forms(text: &str) -> Vec<(String, String)> {
    written::candidates(text)
        .into_iter()
        .map(|place| (text[place.clone()].to_owned(), written::only_digits(&text[place])))
        .collect()
}
