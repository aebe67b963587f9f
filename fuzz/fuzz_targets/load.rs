//! Files of any content load without a panic, whatever their names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smokestack::core::rules::{SourceFile, load};

const NAMES: &[&str] = &[
    "bad_keywords.txt", "watched_keywords.txt", "blacklisted_websites.txt", "blacklisted_usernames.txt",
    "blacklisted_numbers.txt", "watched_numbers.txt", "watched_nses.yml", "watched_asns.yml", "blacklisted_cidrs.yml", "own.yml",
    "disabled.txt",
];

fuzz_target!(|input: (u8, &[u8])| {
    let name = NAMES[usize::from(input.0) % NAMES.len()];
    load(vec![SourceFile { path: name.to_owned(), text: input.1.to_vec() }]);
});
