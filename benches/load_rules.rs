//! How long it takes until rules are ready: all of them, and each file alone.
//!
//! `cargo bench --bench load_rules -- [DIR]...`
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use smokestack::core::rules;
use smokestack::rules_folder;

fn main() {
    let mut folders: Vec<PathBuf> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").map(PathBuf::from).collect();
    if folders.is_empty() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        folders = vec![project.join("rules"), project.join("../shared/data/smokedetector-rules")];
        folders.retain(|folder| folder.is_dir());
    }
    let sources = rules_folder::read(&folders).expect("the folders are there");
    for round in 1..=3 {
        let start = Instant::now();
        let loaded = rules::load(sources.clone());
        println!("round {round}: {} entries and checks in {:.2?}", loaded.set.len(), start.elapsed());
    }
    for source in sources {
        let path = source.path.clone();
        let start = Instant::now();
        let loaded = rules::load(vec![source]);
        println!("{:>10.2?}  {:>6}  {path}", start.elapsed(), loaded.set.len());
    }
}
