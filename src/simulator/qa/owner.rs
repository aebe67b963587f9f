//! Numbers and links of those who wrote posts.

use crate::core::post::Owner;
use crate::simulator::chat::slug;

/// The user id that belongs to a name on any site; `None` when the account is gone, which an empty name says.
pub fn user_of(owner: &Owner) -> Option<i64> {
    if owner.name.is_empty() && owner.reputation <= 1 {
        return None;
    }
    let hash = owner.name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Some(i64::try_from(hash % 20_000_000).unwrap_or(0) + 1)
}

/// The network account id of an owner.
pub fn account_of(owner: &Owner) -> Option<i64> {
    user_of(owner).map(|user| user + 50_000_000)
}

/// The profile of a user.
pub fn owner_link(host: &str, user: i64, name: &str) -> String {
    format!("https://{host}/users/{user}/{}", slug(name))
}
