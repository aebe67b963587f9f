//! The promises of ARCHITECTURE.md that a compiler does not keep.

use std::path::{Path, PathBuf};

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in
        std::fs::read_dir(folder).expect("a folder of the source").map(|e| e.expect("an entry").path())
    {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            files.push(entry);
        }
    }
    files
}

/// The code of a file without comments, and without the tests at its end.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a readable file");
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_core_has_no_clock_no_io_and_no_edges() {
    const FORBIDDEN: [&str; 18] = [
        "tokio::",
        "reqwest",
        "axum",
        "rusqlite",
        "async fn",
        ".await",
        "std::fs",
        "std::net::Tcp",
        "std::env",
        "std::io::",
        "std::thread",
        "Instant",
        "SystemTime",
        "println!",
        "crate::clock",
        "crate::chat::",
        "crate::store",
        "crate::app",
    ];
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core");
    let files = rust_files(&core);
    assert!(files.len() > 20, "the core has moved: {} files", files.len());
    let is_test =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("tests.rs"));
    for path in files.iter().filter(|path| !is_test(path)) {
        let code = code(path);
        for word in FORBIDDEN {
            assert!(!code.contains(word), "{} names `{word}`", path.display());
        }
    }
}

#[test]
fn edges_do_not_know_each_other() {
    const EDGES: [&str; 5] = ["chat", "api", "realtime", "store", "web"];
    // The web surface reads the store; nothing else may look across.
    let allowed = [("web", "store")];
    for edge in EDGES {
        for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(edge)) {
            let code = code(&path);
            for other in EDGES.iter().filter(|other| **other != edge && !allowed.contains(&(edge, other))) {
                assert!(!code.contains(&format!("crate::{other}::")), "{} knows `{other}`", path.display());
            }
            assert!(
                !code.contains("crate::app") && !code.contains("crate::simulator"),
                "{} looks up",
                path.display()
            );
        }
    }
}
