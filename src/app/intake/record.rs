//! What came in, written as a wave that `demo`, `simulate` and `replay` play back.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use crate::core::bot::{Active, Scanned};
use crate::core::feedback::{By, Given};
use crate::core::journal::Entry;
use crate::core::post::{Post, PostKey};
use crate::core::state::State;
use crate::core::time::Timestamp;
use crate::core::wave::{Feedback, WaveAction, WaveEvent, last_time};

/// Lines that wait for the disk; beyond them some are left out of the record.
const WAITING: usize = 10_000;
/// Frames that wait for what the API says of their questions; beyond them they are written at once.
const MAX_FRAMES: usize = 20_000;
/// The end of an older record is in its last bytes.
const TAIL: u64 = 1 << 20;

/// Writes the record on a thread of its own. A disk that is full ends the record and nothing else.
pub(in crate::app) struct Recorder {
    /// The time of the wave's zero.
    zero: Timestamp,
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<()>>,
    n_left_out: u64,
    /// What the feed showed of questions that were not scanned yet, and when.
    frames: BTreeMap<(String, i64), (Timestamp, Post)>,
}

impl Recorder {
    /// Begins a record, or goes on with one that is there: its last event and this moment are the same time of the wave.
    ///
    /// # Errors
    /// The file can not be read or written.
    pub(in crate::app) fn open(path: &Path, now: Timestamp) -> std::io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let last = go_to_end(&mut file)?;
        let (lines, inbox) = sync_channel(WAITING);
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || write_lines(file, &inbox, &path))?;
        let zero = Timestamp::from_millis(now.as_millis().saturating_sub((last * 1000.0) as i64));
        Ok(Self { zero, lines: Some(lines), thread: Some(thread), n_left_out: 0, frames: BTreeMap::new() })
    }

    /// Takes in what the feed showed of questions. A frame is written when it is clear that no post of its question is: where
    /// the wave is played the network makes the frames of posts itself.
    pub(in crate::app) fn heard(&mut self, active: &[Active], frames: Vec<Post>, now: Timestamp) {
        for (Active { site, question, .. }, frame) in active.iter().zip(frames) {
            let key = (site.clone(), *question);
            if self.frames.len() < MAX_FRAMES {
                self.frames.entry(key).or_insert((now, frame));
            } else if !self.frames.contains_key(&key) {
                self.write(WaveAction::Post { post: frame, question: None }, now);
            }
        }
    }

    /// These questions were dealt with, or given up.
    fn settled(&mut self, site: &str, questions: &[i64]) {
        for question in questions {
            if let Some((at, post)) = self.frames.remove(&(site.to_owned(), *question)) {
                self.write(WaveAction::Post { post, question: None }, at);
            }
        }
    }

    /// Writes posts as they were scanned, at the time of their first sign.
    pub(in crate::app) fn scanned(&mut self, scanned: &Scanned, state: &State, now: Timestamp) {
        let fetched = scanned.posts.iter().map(|post| &post.fetched);
        for fetched in fetched.chain(scanned.failed.iter().map(|post| &post.fetched)) {
            let pending = (fetched.key.site.clone(), fetched.question);
            let seen_at = state.pending.get(&pending).copied().unwrap_or(now);
            self.frames.remove(&pending);
            let question = PostKey { site: pending.0, number: pending.1 };
            let question = (fetched.key != question).then(|| question.to_string());
            self.write(WaveAction::Post { post: fetched.post.clone(), question }, seen_at);
        }
    }

    /// Writes what became of questions and of reported posts, and what people said of them.
    pub(in crate::app) fn entries(&mut self, entries: &[Entry], state: &State, at: Timestamp) {
        for entry in entries {
            match entry {
                Entry::Scanned { site, questions, .. } | Entry::GivenUp { site, questions } => {
                    self.settled(site, questions);
                }
                Entry::PostDeleted { key } => self.write(WaveAction::Deleted(key.to_string()), at),
                Entry::Feedback(Given {
                    report, kind, by: By { user_id: Some(user_id), name, .. }, ..
                }) => {
                    let Some(key) = state.reported.post_of(*report) else { continue };
                    let (post, by, kind) = (key.to_string(), name.clone(), kind.clone());
                    let feedback = Feedback { post, by, user_id: *user_id, privileged: true, kind };
                    self.write(WaveAction::Feedback(feedback), at);
                }
                _ => {}
            }
        }
    }

    /// Writes one event that happened `at`.
    fn write(&mut self, what: WaveAction, at: Timestamp) {
        let event = WaveEvent { at: at.since(self.zero).as_secs_f64(), what };
        let sent = self.lines.as_ref().map(|lines| lines.try_send(event.line()));
        if let Some(Err(TrySendError::Full(_))) = sent {
            if self.n_left_out == 0 {
                tracing::warn!("the disk is too slow for the record; events are left out of it");
            }
            self.n_left_out += 1;
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        for (at, post) in std::mem::take(&mut self.frames).into_values() {
            self.write(WaveAction::Post { post, question: None }, at);
        }
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            // A writer that failed has told so.
            let _ = thread.join();
        }
    }
}

fn write_lines(file: File, inbox: &Receiver<String>, path: &Path) {
    let mut file = std::io::BufWriter::new(file);
    while let Ok(line) = inbox.recv() {
        let written = std::iter::once(line)
            .chain(inbox.try_iter())
            .try_for_each(|line| writeln!(file, "{line}"))
            .and_then(|()| file.flush());
        if let Err(error) = written {
            tracing::error!(error = %error, path = %path.display(), "the record can not be written and ends here");
            return;
        }
    }
}

/// Goes to the end of the last whole line, since a killed process may have left a part of one, and gives the time of
/// the latest event there; 0 in an empty file.
fn go_to_end(file: &mut File) -> std::io::Result<f64> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    tail.truncate(whole);
    let end = from + whole as u64;
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    Ok(last_time(&String::from_utf8_lossy(&tail)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::wave::parse_wave;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn deleted(id: &str) -> WaveAction {
        WaveAction::Deleted(id.to_owned())
    }

    #[test]
    fn a_record_goes_on_where_a_killed_process_left_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("wave.jsonl");
        let mut recorder = Recorder::open(&path, at(1_000)).expect("a file");
        recorder.write(deleted("a/1"), at(1_005));
        recorder.write(deleted("a/2"), at(1_003));
        drop(recorder);
        let mut torn = OpenOptions::new().append(true).open(&path).expect("a file");
        torn.write_all(b"{\"at\":7,\"dele").expect("written");
        drop(torn);
        let mut recorder = Recorder::open(&path, at(9_000)).expect("a file");
        recorder.write(deleted("a/3"), at(9_002));
        drop(recorder);
        let wave = parse_wave(&std::fs::read_to_string(&path).expect("text")).expect("a wave");
        let told: Vec<_> = wave.into_iter().map(|event| (event.at, event.what)).collect();
        assert_eq!(told, [(3.0, deleted("a/2")), (5.0, deleted("a/1")), (7.0, deleted("a/3"))]);
    }

    #[test]
    fn a_file_that_can_not_be_written_is_an_error_at_once() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(Recorder::open(dir.path(), at(0)).is_err());
    }
}
