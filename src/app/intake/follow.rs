//! A file that grows: read on to what is appended, and from the beginning when another file takes its place.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::lines::LineSource;
use crate::core::journal::ReadTo;

/// At its end the file is looked at again this often.
const POLL: Duration = Duration::from_millis(200);
/// So many bytes before a place tell whether it is in the same file.
const BEFORE: usize = 256;

/// Reads a file that grows. Its end is never told, unless `stop` is.
pub(super) struct Follow {
    path: PathBuf,
    stop: CancellationToken,
    file: Option<BufReader<File>>,
    /// What was read of the present file.
    offset: u64,
    /// The last of that, at most [`BEFORE`] bytes.
    before: Vec<u8>,
    /// Where an earlier process stopped, until the file is open.
    resume: Option<ReadTo>,
    /// A file ended within a line; the line ends before the next file begins.
    ends_line: bool,
    /// Whether it was told that there is nothing to read.
    told: bool,
}

impl Follow {
    /// Begins where an earlier process stopped, if what is before that is still there.
    pub(super) fn new(path: PathBuf, resume: Option<ReadTo>, stop: CancellationToken) -> Self {
        let (file, before) = (None, Vec::new());
        Self { path, stop, file, offset: 0, before, resume, ends_line: false, told: false }
    }

    /// Opens what has the path now, unless it is what is open already; true when there may be more to read.
    fn open(&mut self) -> std::io::Result<bool> {
        let mut new = File::open(&self.path)?;
        let (place, is_open) = match self.resume.take() {
            Some(place) => (place, false),
            None => (ReadTo { offset: self.offset, before: hash(&self.before) }, self.file.is_some()),
        };
        let before = read_before(&mut new, place.offset)?;
        let goes_on = before.as_deref().is_some_and(|before| hash(before) == place.before);
        if goes_on && is_open {
            return Ok(false);
        }
        // Its writer may have added something before it was moved away.
        if is_open && !self.fill()?.is_empty() {
            return Ok(true);
        }
        (self.offset, self.before) =
            if goes_on { (place.offset, before.unwrap_or_default()) } else { (0, Vec::new()) };
        new.seek(SeekFrom::Start(self.offset))?;
        if is_open {
            tracing::info!(path = %self.path.display(), "another file took the place of the one that was read");
        }
        (self.file, self.told) = (Some(BufReader::new(new)), false);
        Ok(true)
    }

    fn fill(&mut self) -> std::io::Result<&[u8]> {
        self.file.as_mut().map_or(Ok(&[]), BufRead::fill_buf)
    }
}

impl LineSource for Follow {
    fn place(&self) -> Option<ReadTo> {
        Some(ReadTo { offset: self.offset, before: hash(&self.before) })
    }
}

impl BufRead for Follow {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        while !self.ends_line && self.fill()?.is_empty() && !self.stop.is_cancelled() {
            let is_within_line = self.before.last().is_some_and(|byte| *byte != b'\n');
            let offset = self.offset;
            match self.open() {
                Ok(true) => self.ends_line = is_within_line && self.offset < offset,
                Ok(false) => wait(),
                Err(error) => {
                    if !std::mem::replace(&mut self.told, true) {
                        tracing::warn!(error = %error, path = %self.path.display(), "there is no file to read yet");
                    }
                    wait();
                }
            }
        }
        if self.ends_line { Ok(b"\n") } else { self.fill() }
    }

    fn consume(&mut self, n: usize) {
        if n > 0 && std::mem::take(&mut self.ends_line) {
            return;
        }
        let Some(file) = &mut self.file else { return };
        let read = &file.buffer()[..n];
        self.before.extend_from_slice(&read[n.saturating_sub(BEFORE)..]);
        self.before.drain(..self.before.len().saturating_sub(BEFORE));
        self.offset += n as u64;
        file.consume(n);
    }
}

impl Read for Follow {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.fill_buf()?.read(into)?;
        self.consume(n);
        Ok(n)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the thread only reads this file, and a file does not say that it grew"
)]
fn wait() {
    std::thread::sleep(POLL);
}

/// What stands before a place; nothing when the file is shorter.
fn read_before(file: &mut File, offset: u64) -> std::io::Result<Option<Vec<u8>>> {
    if file.metadata()?.len() < offset {
        return Ok(None);
    }
    let from = offset.saturating_sub(BEFORE as u64);
    file.seek(SeekFrom::Start(from))?;
    let mut before = Vec::new();
    file.take(offset - from).read_to_end(&mut before)?;
    Ok(Some(before))
}

/// Stable across versions, since it is kept.
fn hash(bytes: &[u8]) -> u64 {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Log {
        dir: tempfile::TempDir,
        stop: CancellationToken,
    }

    impl Log {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().expect("a folder"), stop: CancellationToken::new() }
        }

        fn path(&self) -> PathBuf {
            self.dir.path().join("posts.jsonl")
        }

        fn follow(&self, resume: Option<ReadTo>) -> Follow {
            Follow::new(self.path(), resume, self.stop.clone())
        }

        fn append(&self, text: &str) {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.create(true).append(true).open(self.path()).expect("a file");
            std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
        }
    }

    fn line(follow: &mut Follow) -> String {
        let mut line = String::new();
        follow.read_line(&mut line).expect("text");
        line
    }

    #[test]
    fn what_is_appended_is_read_and_another_file_from_its_beginning() {
        let log = Log::new();
        log.append("one\ntwo\n");
        let mut follow = log.follow(None);
        assert_eq!((line(&mut follow), line(&mut follow)), ("one\n".to_owned(), "two\n".to_owned()));
        log.append("three\nhalf");
        assert_eq!(line(&mut follow), "three\n");
        // Moved away and begun anew, which is longer than what was read.
        std::fs::rename(log.path(), log.dir.path().join("old")).expect("moved");
        log.append("a long line of the next file\nmore\n");
        assert_eq!(line(&mut follow), "half\n", "the next file does not continue the line");
        assert_eq!(line(&mut follow), "a long line of the next file\n");
        // Cut off and written again.
        std::fs::write(log.path(), "again\n").expect("written");
        assert_eq!(line(&mut follow), "more\n");
        assert_eq!(line(&mut follow), "again\n");
        log.stop.cancel();
        assert_eq!(line(&mut follow), "");
    }

    #[test]
    fn a_later_process_goes_on_where_one_stopped_unless_the_file_is_another() {
        let log = Log::new();
        let long = "x".repeat(2 * BEFORE);
        log.append(&format!("{long}\none\ntwo\n"));
        let mut follow = log.follow(None);
        assert!(line(&mut follow).len() > BEFORE);
        assert_eq!(line(&mut follow), "one\n");
        let place = follow.place();
        assert_eq!(place.as_ref().map(|place| place.offset), Some(long.len() as u64 + 5));
        assert_eq!(line(&mut log.follow(place.clone())), "two\n");
        let other = format!("{}\none\ntwo\n", "y".repeat(2 * BEFORE));
        std::fs::write(log.path(), other.replace("one", "ONE")).expect("written");
        assert!(line(&mut log.follow(place.clone())).starts_with('y'));
        std::fs::write(log.path(), "short\n").expect("written");
        assert_eq!(line(&mut log.follow(place)), "short\n");
    }

    #[test]
    fn a_file_that_is_not_there_yet_is_waited_for() {
        let log = Log::new();
        let mut follow = log.follow(None);
        let reader = std::thread::spawn(move || line(&mut follow));
        log.append("late\n");
        assert_eq!(reader.join().expect("read"), "late\n");
    }
}
