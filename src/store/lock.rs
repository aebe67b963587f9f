//! One process works on a data folder at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::StoreError;

/// An OS lock on the data folder; the system drops it with the process, however that ends.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

impl DirLock {
    /// Locks the folder.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it.
    pub fn take(data_dir: &Path) -> Result<Self, StoreError> {
        let folder = |source| StoreError::Folder { path: data_dir.to_owned(), source };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(data_dir.join("lock"))
            .map_err(folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: data_dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(folder(source)),
        }
    }
}
