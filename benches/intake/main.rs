//! How soon posts are seen: `cargo bench --bench intake`, or one part of it with `-- days`, `-- bursts`, `-- hits`, `-- durable`
//! or `-- flood`.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../../tests/support/fetch_day.rs"]
mod fetch_day;
mod machine;
mod plans;

fn main() {
    let parts: [(&str, fn()); 5] = [
        ("days", plans::days),
        ("bursts", plans::bursts),
        ("hits", plans::hits),
        ("durable", machine::durable),
        ("flood", machine::flood),
    ];
    let wanted = std::env::args().skip(1).find(|arg| arg != "--bench");
    if let Some(unknown) = wanted.as_deref().filter(|wanted| parts.iter().all(|(name, _)| name != wanted)) {
        eprintln!("`{unknown}` is no part of this benchmark");
        std::process::exit(64);
    }
    for (name, part) in parts {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            part();
        }
    }
}
