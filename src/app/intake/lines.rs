//! Posts as JSON lines on standard input or in a file that grows, for communities that are not Stack Exchange.
//!
//! A line that is not a post is told and counted, and the next one is read. Of a file the place up to which all is scanned is
//! in the journal, and the next process goes on there: no line is lost. What is in a pipe can not be read again, so in
//! a crash the lines are lost that were read and not scanned yet. To feed the same lines again does no harm, since a
//! post that did not change is not reported again.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::app::input::Input;
use crate::core::bot::Batch;
use crate::core::journal::ReadTo;
use crate::core::post::FetchedPost;
use crate::web::Check;

/// A longer line is no post.
const MAX_LINE: usize = 16 << 20;
/// So many lines are read ahead.
const READ_AHEAD: usize = 64;

/// What lines are read from.
pub(super) trait LineSource: BufRead + Send + 'static {
    /// How far it was read, if it can be read again from there.
    fn place(&self) -> Option<ReadTo> {
        None
    }
}

impl LineSource for std::io::BufReader<std::io::Stdin> {}

/// A line, which may be no post, and what was read with it.
struct Line {
    number: u64,
    post: Result<FetchedPost, String>,
    read_to: Option<ReadTo>,
}

/// Counts, shared with whoever asks how it goes.
#[derive(Debug, Default)]
struct Counts {
    posts: AtomicU64,
    bad: AtomicU64,
    ended: AtomicBool,
}

/// The source.
#[derive(Clone, Debug)]
pub(in crate::app) struct Lines {
    name: &'static str,
    counts: Arc<Counts>,
}

impl Lines {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, counts: Arc::default() }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Reads to the end of the input on a thread of its own, since a read can not be interrupted, and hands the posts
    /// to the loop as fast as that takes them.
    pub(super) async fn read(
        self,
        input: impl LineSource,
        inputs: mpsc::Sender<Input>,
        stop: CancellationToken,
    ) {
        let (lines, mut read) = mpsc::channel(READ_AHEAD);
        std::thread::spawn(move || {
            each_line(input, |number, line, read_to| {
                let post = line.and_then(|line| FetchedPost::from_line(&line));
                lines.blocking_send(Line { number, post, read_to }).is_ok()
            });
        });
        let mut waiting = Vec::new();
        loop {
            let n = tokio::select! {
                () = stop.cancelled() => return,
                n = read.recv_many(&mut waiting, READ_AHEAD) => n,
            };
            if n == 0 {
                self.counts.ended.store(true, Ordering::Relaxed);
                if inputs.send(Input::SourceEnded).await.is_ok() {
                    // The loop ends the service when all is done.
                    stop.cancelled().await;
                }
                return;
            }
            let read_to = waiting.last().and_then(|line: &Line| line.read_to.clone());
            let batches = self.batches(waiting.drain(..));
            let (taken, goes_on) = oneshot::channel();
            if inputs.send(Input::Given { batches, read_to, taken }).await.is_err() || goes_on.await.is_err()
            {
                return;
            }
        }
    }

    /// The posts by site, in their order; what is none is told.
    fn batches(&self, lines: impl Iterator<Item = Line>) -> Vec<Batch> {
        let mut by_site: BTreeMap<String, Vec<FetchedPost>> = BTreeMap::new();
        for Line { number: line, post, .. } in lines {
            match post {
                Ok(post) => {
                    self.counts.posts.fetch_add(1, Ordering::Relaxed);
                    by_site.entry(post.key.site.clone()).or_default().push(post);
                }
                Err(error) => {
                    self.counts.bad.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(source = self.name, line, error, "a line is not a post");
                }
            }
        }
        by_site.into_iter().map(|(site, posts)| Batch { site, posts, ..Batch::default() }).collect()
    }

    /// Lines that were not posts.
    pub(in crate::app) fn n_bad(&self) -> u64 {
        self.counts.bad.load(Ordering::Relaxed)
    }

    pub(super) fn check(&self) -> Check {
        let posts = self.counts.posts.load(Ordering::Relaxed);
        let ended = if self.counts.ended.load(Ordering::Relaxed) { ", ended" } else { "" };
        Check { ok: true, detail: format!("{posts} posts read, {} lines were none{ended}", self.n_bad()) }
    }
}

/// Calls `take` with the number and the text of each line that is not blank, and how far the input was read then, until it
/// says that this was enough.
fn each_line<I: LineSource>(
    mut input: I,
    mut take: impl FnMut(u64, Result<String, String>, Option<ReadTo>) -> bool,
) {
    let mut number = 0;
    loop {
        number += 1;
        let mut line = Vec::new();
        let read = input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line);
        let text = match read {
            Ok(0) => return,
            Ok(_) if line.len() > MAX_LINE => {
                let skipped = line.ends_with(b"\n") || skip_line(&mut input);
                let more = take(number, Err(format!("longer than {} MiB", MAX_LINE >> 20)), input.place());
                if !skipped || !more {
                    return;
                }
                continue;
            }
            Ok(_) => String::from_utf8(line).map_err(|_| "not UTF-8".to_owned()),
            Err(error) => {
                take(number, Err(format!("the source can not be read: {error}")), None);
                return;
            }
        };
        let is_blank = text.as_ref().is_ok_and(|text| text.trim().is_empty());
        if !is_blank && !take(number, text, input.place()) {
            return;
        }
    }
}

/// Reads to the end of the line without keeping it; false at the end of the input.
fn skip_line(input: &mut impl BufRead) -> bool {
    loop {
        let Ok(buffer) = input.fill_buf() else { return false };
        if buffer.is_empty() {
            return false;
        }
        let (n, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), false),
        };
        input.consume(n);
        if ended {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl LineSource for std::io::Cursor<Vec<u8>> {}

    fn lines(input: &[u8]) -> Vec<(u64, Result<String, String>)> {
        let mut all = Vec::new();
        each_line(std::io::Cursor::new(input.to_vec()), |number, line, _| {
            all.push((number, line));
            true
        });
        all
    }

    #[test]
    fn lines_are_numbered_and_blank_ones_passed_over() {
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(lines(b"a\n\n \nb"), [(1, ok("a\n")), (4, ok("b"))]);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_line_that_is_no_text_or_too_long_does_not_end_the_rest() {
        let mut input = b"\xff\xfe\n".to_vec();
        input.extend(std::iter::repeat_n(b'x', 2 * MAX_LINE + 5));
        input.extend(b"\nlast\n");
        let told: Vec<_> =
            lines(&input).into_iter().map(|(n, line)| (n, line.map_err(|e| e.len()))).collect();
        assert_eq!(told, [(1, Err(9)), (2, Err(18)), (3, Ok("last\n".to_owned()))]);
    }
}
