//! The simulator's locks.

use std::sync::{Mutex, MutexGuard};

/// Locks; nothing panics while it holds one of the simulator's locks.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while the state is locked")
}
