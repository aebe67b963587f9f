//! Which of several accounts of a server sends an item.

use super::{AccountKey, ItemId};

/// Deals an item to one of the accounts that could send it: each gets about as many as the others, the same item
/// always goes to the same one, and only the items of an account that drops out are dealt anew (rendezvous hashing).
pub fn deal<'a>(item: ItemId, accounts: impl Iterator<Item = &'a AccountKey>) -> Option<&'a AccountKey> {
    accounts.max_by_key(|account| (hash(item, &account.account), *account))
}

/// FNV-1a over the name and the number, then the finalizer of SplitMix64, since FNV alone mixes its last bytes badly.
/// Written out, so that no other version of a library deals differently.
fn hash(item: ItemId, account: &str) -> u64 {
    let bytes = account.bytes().chain(item.0.to_le_bytes());
    let mut hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_dealt_evenly_and_only_those_of_a_failed_account_move() {
        let accounts: Vec<AccountKey> = ["main", "b", "c"]
            .map(|name| AccountKey { server: "stackexchange.com".to_owned(), account: name.to_owned() })
            .to_vec();
        let dealt = |left_out: usize, n| {
            let there = accounts.iter().enumerate().filter(|(index, _)| *index != left_out);
            deal(ItemId(n), there.map(|(_, account)| account)).cloned()
        };
        let all: Vec<_> = (0..3_000).map(|n| dealt(usize::MAX, n).expect("somebody")).collect();
        for (index, account) in accounts.iter().enumerate() {
            let share = all.iter().filter(|dealt| *dealt == account).count();
            assert!((900..1_100).contains(&share), "{account}: {share} of 3000");
            for (n, before) in (0..).zip(&all).filter(|(_, before)| *before != account) {
                assert_eq!(dealt(index, n).as_ref(), Some(before), "item {n} without {account}");
            }
        }
        assert_eq!(deal(ItemId(1), std::iter::empty()), None);
    }
}
