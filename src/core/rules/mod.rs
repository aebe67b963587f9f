//! The rule engine: lists, YAML rules and checks, from text to verdict.
//!
//! [`load()`] makes a [`RuleSet`] of files in memory; [`RuleSet::scan`] gives a post's [`Verdict`](crate::core::verdict::Verdict).
//! On the way a text is prepared ([`crate::core::text`]), squeezed and filtered ([`filter`]), and what the filter names is
//! confirmed by a machine ([`vm`]) that runs patterns of the one [`dialect`]. What a rule may spend on that is a [`Budget`].

mod budget;
pub mod checks;
mod compiled;
mod costs;
pub mod dialect;
pub mod examples;
pub mod filter;
mod findings;
mod layer;
pub mod lint;
mod lists;
mod load;
mod network;
mod numbers;
mod offences;
mod rule;
mod run_checks;
mod scan;
mod set;
mod source;
mod start;
pub mod vm;
pub mod yaml_rules;

pub use budget::Budget;
pub use load::{DISABLED_FILE, Loaded, load};
pub use network::{Facts, Query};
pub use numbers::number_forms;
pub use offences::{Offence, Offences};
pub use rule::{Rule, Sites, Status};
pub use scan::Scratch;
pub use set::{EntryInfo, LiveEntry, Origin, RuleSet};
pub use source::{RuleError, SourceFile};
pub use yaml_rules::schema;
