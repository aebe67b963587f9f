//! Lists that people change from chat: made live, and written into the folder `rules_write`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::input::Input;
use super::intake::Scanner;
use crate::config::Config;
use crate::core::bot::{Event, ListCandidate, Reply, Written};
use crate::core::lists::{Kind, List, ListChange, Made};
use crate::core::rules::{DISABLED_FILE, lint};
use crate::core::talk::MessageKey;
use crate::rules_folder;

/// What is to be done, in this order.
enum Order {
    Change(Made),
    Lint(MessageKey, ListCandidate),
}

/// Changes lists, one change after the other.
pub(super) struct Lists {
    orders: mpsc::UnboundedSender<Order>,
}

impl Lists {
    /// Starts the thread that does it; it ends with this value.
    pub(super) fn start(config: &Config, scanner: Scanner, inputs: mpsc::Sender<Input>) -> Self {
        let (orders, mut inbox) = mpsc::unbounded_channel();
        let folder = Folder::new(config);
        std::thread::spawn(move || {
            while let Some(order) = inbox.blocking_recv() {
                let event = match order {
                    Order::Change(made) => Event::ListWritten {
                        number: made.number,
                        outcome: folder
                            .as_ref()
                            .map_err(Clone::clone)
                            .and_then(|f| f.change(&scanner, &made.change)),
                    },
                    Order::Lint(message, candidate) => {
                        let objections =
                            folder.as_ref().map_err(Clone::clone).map(|f| f.objections(&scanner, &candidate));
                        Event::Replied { message, reply: Reply::Lint { candidate, objections } }
                    }
                };
                // When the service has stopped there is nobody to tell.
                if inputs.blocking_send(Input::Event(event)).is_err() {
                    return;
                }
            }
        });
        Self { orders }
    }

    /// Makes a change live and writes it; [`Event::ListWritten`] tells what became of it.
    pub(super) fn change(&self, made: Made) {
        // The thread lives as long as there is somebody to tell.
        let _ = self.orders.send(Order::Change(made));
    }

    /// Says what speaks against an entry.
    pub(super) fn lint(&self, message: MessageKey, candidate: ListCandidate) {
        let _ = self.orders.send(Order::Lint(message, candidate));
    }
}

/// The folder `rules_write`.
struct Folder(PathBuf);

impl Folder {
    /// # Errors
    /// When it is not among the folders that are loaded: then a change would be gone after the next start.
    fn new(config: &Config) -> Result<Self, String> {
        let folder = &config.rules_write;
        if config.rules.iter().any(|rules| folder.starts_with(rules)) {
            return Ok(Self(folder.clone()));
        }
        Err(format!("`rules_write` ({}) is in none of the folders of `rules`", folder.display()))
    }

    fn file(&self, list: List) -> PathBuf {
        self.0.join(format!("{list}.txt"))
    }

    fn objections(&self, scanner: &Scanner, candidate: &ListCandidate) -> Vec<lint::Objection> {
        let path = self.file(candidate.list).display().to_string();
        lint::objections(&scanner.rules(), &path, &candidate.text, &scanner.good_posts())
    }

    /// A disk that is full does not keep an entry from working until the next start, which tries again.
    fn change(&self, scanner: &Scanner, change: &ListChange) -> Result<Written, String> {
        match change {
            ListChange::Add { list, text } => {
                let mut written = if list.watch {
                    Written::default()
                } else {
                    self.remove(scanner, text, |name| is_watchlist(name) && is_of(name, list.kind))
                };
                self.add(scanner, *list, text, &mut written)?;
                Ok(written)
            }
            ListChange::Remove { watch, text } => {
                Ok(self.remove(scanner, text, |name| is_watchlist(name) == *watch))
            }
        }
    }

    fn add(&self, scanner: &Scanner, list: List, text: &str, written: &mut Written) -> Result<(), String> {
        let path = self.file(list);
        let shown = path.display().to_string();
        let rules = scanner.rules();
        let live = rules.live_entries().find(|entry| entry.path == shown && entry.text == text);
        let line = match rules_folder::add_line(&path, text) {
            Ok(line) => line,
            Err(error) => {
                written.not_kept = Some(error.to_string());
                let lines = rules.live_entries().filter(|entry| entry.path == shown).map(|entry| entry.line);
                live.map_or(lines.max().unwrap_or(0) + 1, |entry| entry.line)
            }
        };
        if live.is_none() {
            scanner.replace(rules.with_entry(&shown, line, text).map_err(|error| error.message)?);
        }
        written.added = Some(format!("{list}:{line}"));
        Ok(())
    }

    fn remove(&self, scanner: &Scanner, text: &str, is_meant: impl Fn(&str) -> bool) -> Written {
        let mut written = Written::default();
        let rules = scanner.rules();
        let found: Vec<(String, PathBuf, usize)> = rules
            .live_entries()
            .filter(|entry| entry.text == text && is_meant(entry.list))
            .map(|entry| (entry.list.to_owned(), PathBuf::from(entry.path), entry.line))
            .collect();
        let mut without = Arc::unwrap_or_clone(rules);
        for (list, path, line) in found {
            without = without.without_entry(&list, text).0;
            if let Err(error) = self.strike(&list, &path, text) {
                written.not_kept = Some(error.to_string());
            }
            written.gone.push(format!("{list}:{line}"));
        }
        if !written.gone.is_empty() {
            scanner.replace(without);
        }
        written
    }

    /// Takes an entry out of a file of ours, or switches one of another folder off.
    fn strike(&self, list: &str, path: &Path, text: &str) -> std::io::Result<()> {
        if path.starts_with(&self.0) {
            return rules_folder::empty_line(path, text);
        }
        rules_folder::add_line(&self.0.join(DISABLED_FILE), &format!("{list}\t{text}")).map(drop)
    }
}

fn is_watchlist(list: &str) -> bool {
    list.contains("watch")
}

/// Whether a list, ours or SmokeDetector's, holds entries of a kind.
fn is_of(list: &str, kind: Kind) -> bool {
    let kinds = [
        ("keywords", Kind::Keywords),
        ("websites", Kind::Websites),
        ("usernames", Kind::Usernames),
        ("numbers", Kind::Numbers),
    ];
    kinds.iter().any(|(name, known)| list.ends_with(name) && *known == kind)
}
