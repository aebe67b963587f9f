//! Posts as JSON lines on standard input, for communities that are not Stack Exchange.
//!
//! A line that is not a post is told and counted, and the next one is read. What was read and not scanned yet is lost in a
//! crash; to feed the same lines again does no harm, since a post that did not change is not reported again.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::app::input::Input;
use crate::core::bot::Batch;
use crate::core::post::FetchedPost;
use crate::web::Check;

/// A longer line is no post.
const MAX_LINE: usize = 16 << 20;
/// So many lines are read ahead.
const READ_AHEAD: usize = 64;

/// Counts, shared with whoever asks how it goes.
#[derive(Debug, Default)]
struct Counts {
    posts: AtomicU64,
    bad: AtomicU64,
    ended: AtomicBool,
}

/// The source.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Lines {
    counts: Arc<Counts>,
}

impl Lines {
    /// Reads to the end of the input on a thread of its own, since a read can not be interrupted, and hands the posts
    /// to the loop as fast as that takes them.
    pub(in crate::app) async fn read(
        self,
        input: impl BufRead + Send + 'static,
        inputs: mpsc::Sender<Input>,
        stop: CancellationToken,
    ) {
        let (lines, mut read) = mpsc::channel(READ_AHEAD);
        std::thread::spawn(move || {
            each_line(input, |number, line| {
                let post = line.and_then(|line| FetchedPost::from_line(&line));
                lines.blocking_send((number, post)).is_ok()
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
            for batch in self.batches(waiting.drain(..)) {
                let (taken, goes_on) = oneshot::channel();
                if inputs.send(Input::Given(batch, taken)).await.is_err() || goes_on.await.is_err() {
                    return;
                }
            }
        }
    }

    /// The posts by site, in their order; what is none is told.
    fn batches(&self, lines: impl Iterator<Item = (u64, Result<FetchedPost, String>)>) -> Vec<Batch> {
        let mut by_site: BTreeMap<String, Vec<FetchedPost>> = BTreeMap::new();
        for (line, post) in lines {
            match post {
                Ok(post) => {
                    self.counts.posts.fetch_add(1, Ordering::Relaxed);
                    by_site.entry(post.key.site.clone()).or_default().push(post);
                }
                Err(error) => {
                    self.counts.bad.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(line, error, "a line of standard input is not a post");
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

/// Calls `take` with the number and the text of each line that is not blank, until it says that this was enough.
fn each_line(mut input: impl BufRead, mut take: impl FnMut(u64, Result<String, String>) -> bool) {
    let mut number = 0;
    loop {
        number += 1;
        let mut line = Vec::new();
        let read = input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line);
        let text = match read {
            Ok(0) => return,
            Ok(_) if line.len() > MAX_LINE => {
                let skipped = line.ends_with(b"\n") || skip_line(&mut input);
                let more = take(number, Err(format!("longer than {} MiB", MAX_LINE >> 20)));
                if !skipped || !more {
                    return;
                }
                continue;
            }
            Ok(_) => String::from_utf8(line).map_err(|_| "not UTF-8".to_owned()),
            Err(error) => {
                take(number, Err(format!("standard input can not be read: {error}")));
                return;
            }
        };
        let is_blank = text.as_ref().is_ok_and(|text| text.trim().is_empty());
        if !is_blank && !take(number, text) {
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

    fn lines(input: &[u8]) -> Vec<(u64, Result<String, String>)> {
        let mut all = Vec::new();
        each_line(input, |number, line| {
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
