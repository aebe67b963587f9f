//! Which posts are being scanned right now: what a process that dies in a scan leaves behind for the next one.
//!
//! A small file of its own, and no entry of the journal: it is written before every scan and not synced, since the
//! system keeps what a process wrote even when that process dies.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::StoreError;
use crate::core::post::PostKey;

/// Name of the file in `data_dir`.
const FILE_NAME: &str = "scanning";
/// Bytes for one post: a hash, a number, and a host of at most 253 bytes.
const SLOT: usize = 320;
/// More posts than this are scanned unmarked.
const SLOTS: usize = 64;

/// Marks the posts that are being scanned. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ScanMarks(Arc<Mutex<Marks>>);

#[derive(Debug)]
struct Marks {
    file: File,
    used: [bool; SLOTS],
    closed: bool,
}

/// One mark; it goes when this is dropped.
#[derive(Debug)]
pub struct Mark {
    marks: ScanMarks,
    slot: usize,
}

impl ScanMarks {
    /// Opens the file of the data folder: no post is marked in it afterwards. Gives the posts (with the hashes of their
    /// content) that an earlier process was scanning when it died.
    ///
    /// # Errors
    /// The file can not be read or written.
    pub fn open(data_dir: &Path) -> Result<(Self, Vec<(PostKey, u64)>), StoreError> {
        let folder = |source| StoreError::Folder { path: data_dir.to_owned(), source };
        let path = data_dir.join(FILE_NAME);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = open.map_err(folder)?;
        let mut text = Vec::new();
        (&file).take((SLOT * SLOTS) as u64).read_to_end(&mut text).map_err(folder)?;
        let left = text.chunks(SLOT).filter_map(read_slot).collect();
        file.set_len(0).map_err(folder)?;
        let marks = Marks { file, used: [false; SLOTS], closed: false };
        Ok((Self(Arc::new(Mutex::new(marks))), left))
    }

    /// Marks a post until the guard is dropped; `None` when too many are marked or the disk refuses.
    pub fn mark(&self, key: &PostKey, content: u64) -> Option<Mark> {
        let mut marks = self.lock();
        let slot = marks.used.iter().position(|used| !used)?;
        let text = format!("{content} {} {}", key.number, key.site);
        if marks.closed || text.len() > SLOT {
            return None;
        }
        marks.write(slot, text.as_bytes())?;
        marks.used[slot] = true;
        Some(Mark { marks: self.clone(), slot })
    }

    /// The process ends in good order: what is still being scanned is no suspect.
    pub fn close(&self) {
        let mut marks = self.lock();
        marks.closed = true;
        // What can not be emptied now costs a post one of its two tries at worst.
        let _ = marks.file.set_len(0);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Marks {
    fn write(&mut self, slot: usize, text: &[u8]) -> Option<()> {
        let mut bytes = [b' '; SLOT];
        bytes[..text.len()].copy_from_slice(text);
        self.file.seek(SeekFrom::Start((slot * SLOT) as u64)).ok()?;
        self.file.write_all(&bytes).ok()
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let mut marks = self.marks.lock();
        marks.used[self.slot] = false;
        if !marks.closed {
            let _ = marks.write(self.slot, b"");
        }
    }
}

fn read_slot(bytes: &[u8]) -> Option<(PostKey, u64)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut words = text.split_ascii_whitespace();
    let (content, number) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((PostKey { site: words.next()?.to_owned(), number }, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: i64) -> PostKey {
        PostKey { site: "superuser.com".to_owned(), number }
    }

    #[test]
    fn only_what_was_under_way_at_the_death_is_left() {
        let dir = tempfile::tempdir().expect("a folder");
        let (marks, left) = ScanMarks::open(dir.path()).expect("a file");
        assert_eq!(left, []);
        let ended = marks.mark(&key(1), 7).expect("room");
        let dying = [marks.mark(&key(2), u64::MAX).expect("room"), marks.mark(&key(-3), 8).expect("room")];
        drop(ended);
        std::mem::forget(dying);
        let (marks, left) = ScanMarks::open(dir.path()).expect("a file");
        assert_eq!(left, [(key(2), u64::MAX), (key(-3), 8)]);
        let stopped = marks.mark(&key(4), 9).expect("room");
        marks.close();
        assert!(marks.mark(&key(5), 9).is_none());
        std::mem::forget(stopped);
        assert_eq!(ScanMarks::open(dir.path()).expect("a file").1, [], "an orderly end leaves nothing");
    }

    #[test]
    fn more_than_there_is_room_for_and_any_bytes_do_no_harm() {
        let dir = tempfile::tempdir().expect("a folder");
        let (marks, _) = ScanMarks::open(dir.path()).expect("a file");
        let kept: Vec<_> = (0..100).map(|n| marks.mark(&key(n), 7)).collect();
        assert_eq!(kept.iter().flatten().count(), SLOTS);
        assert!(marks.mark(&PostKey { site: "x".repeat(400), number: 1 }, 7).is_none());
        std::fs::write(dir.path().join(FILE_NAME), vec![0xff; 100_000]).expect("written");
        assert_eq!(ScanMarks::open(dir.path()).expect("a file").1, []);
    }
}
