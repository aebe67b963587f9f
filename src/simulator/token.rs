//! Texts that look like the network's secrets. They guard nothing: everything here is made up and on loopback.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Makes texts that are the same for the same question within one network, and different between networks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens(u64);

impl Tokens {
    pub(super) fn new() -> Self {
        Self(rand::random())
    }

    /// `digits` hexadecimal digits that belong to `of`.
    pub(super) fn hex(&self, of: impl Hash, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        let mut round = 0_u8;
        while text.len() < digits {
            let mut hasher = DefaultHasher::new();
            (self.0, round, &of).hash(&mut hasher);
            text.push_str(&format!("{:016x}", hasher.finish()));
            round += 1;
        }
        text.truncate(digits);
        text
    }
}

/// `digits` random hexadecimal digits.
pub(super) fn random_hex(digits: usize) -> String {
    Tokens::new().hex((), digits)
}

/// A random GUID.
pub(super) fn random_guid() -> String {
    let hex = random_hex(32);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
