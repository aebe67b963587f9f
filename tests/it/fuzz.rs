//! The inputs that fuzzing once found, or began with, as ordinary tests.

use std::path::Path;

#[path = "../../fuzz/checks.rs"]
mod checks;

/// Runs every file of a corpus.
fn each(corpus: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(corpus);
    let mut n_files = 0;
    for file in std::fs::read_dir(&folder).expect("the corpus is there") {
        let path = file.expect("an entry").path();
        eprintln!("{}", path.display());
        check(&std::fs::read(&path).expect("a readable file"));
        n_files += 1;
    }
    assert!(n_files >= 5, "the corpus has only {n_files} files");
}

#[test]
fn patterns_of_the_corpus_match_alike_in_both_matchers() {
    each("dialect", checks::dialect);
}

#[test]
fn rule_files_of_the_corpus_load_or_are_refused() {
    each("load", checks::load_file);
}

#[test]
fn posts_of_the_corpus_are_scanned() {
    each("scan", checks::scan);
}
