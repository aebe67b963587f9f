//! The fast matcher: a pattern as a short program, run by a backtracking machine that counts its steps.
//!
//! One machine runs every pattern. It is exact for the whole dialect, needs no compilation worth naming (30,000 programs are
//! made in a fraction of a second and take a few megabytes), and starts where the filter says a match can begin, so most runs
//! end after a few steps. What other engines buy with automata, time that does not grow out of hand, comes from two
//! bounds here: states that failed once are remembered as soon as a search gets long (the result of a state depends on
//! nothing but its place, unless a pattern refers to its groups), what a lookaround found is kept for the places around (`memo.rs`), and
//! every step is counted against a budget.

mod compile;
mod machine;
mod memo;
mod program;
mod text;

pub use compile::{compile, compile_backwards};
pub use machine::{Machine, Overrun};
pub use program::{Program, TooLarge};

#[cfg(test)]
mod tests;
