//! How chat shows text.

/// The parts of rendering that are not published, or that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// A word longer than this many characters gets U+200C U+200B after each so many; 0 for never.
    pub long_word: usize,
    /// A message of more lines than this shows only the first so many.
    pub partial_lines: usize,
    /// A message of several lines with more characters than this shows only the first lines that fit.
    pub partial_chars: usize,
    /// Whether a reply still gets `@Name` in front, as until 2025.
    pub old_replies: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { long_word: 80, partial_lines: 10, partial_chars: 2_000, old_replies: false }
    }
}
