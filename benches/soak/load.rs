//! The learned limit under partial load.

use crate::drive::serve;
use crate::hidden_limits::named;

/// Lags when messages come by chance and nothing is folded.
pub(super) fn run() {
    println!("lag in seconds, 1000 messages, none folded");
    let rates = [
        ("fit1", 4.0),
        ("fit1", 8.0),
        ("fit1", 12.0),
        ("fit2", 20.0),
        ("stacked40", 8.0),
        ("relaxed", 15.0),
        ("flat20", 1.5),
    ];
    for (name, per_minute) in rates {
        for at_once in [1, 4] {
            let (lags, refused) = serve(&named(name).expect("known"), per_minute, at_once, 1000, 7);
            let early = refused.iter().filter(|&&at| at < 100).count();
            println!(
                "{name:<10} {per_minute:>4}/min, {at_once} together: p50 {:>5.1} p99 {:>6.1} max {:>6.1}; refused {early} of 100, {} of 1000",
                lags[500],
                lags[990],
                lags[999],
                refused.len()
            );
        }
    }
}
