//! Where the cookies of one account are kept, in memory and in a file that survives the process.
//!
//! The file holds credentials: mode 0600, session cookies included, replaced as a whole (temporary file, fsync, rename).
//! Values are kept as the server gave them, byte by byte: `acct` has `=`, `&` and `%` inside.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cookie_store::CookieStore;
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::error::SetupError;

/// Cookies that Cloudflare sets for every visitor and renews all day: they are kept, but are no reason to write the file.
const PASSING: [&str; 3] = ["__cf_bm", "__cflb", "_cfuvid"];

/// A file of cookies of one account is some kilobytes; one of this size is something else.
const FILE_MAX_BYTES: u64 = 1 << 20;

/// Where the cookies of an account are kept in a data folder.
pub fn path_in(data_dir: &Path, server: &str, account: &str) -> PathBuf {
    let plain = |name: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        name.replace(|c| !is_plain(c), "_")
    };
    data_dir.join(format!("cookies-{}-{}.json", plain(server), plain(account)))
}

/// Cookies of one account. Shared with the HTTP client.
pub struct Jar {
    store: Mutex<CookieStore>,
    path: Option<PathBuf>,
    /// Whether a server has set a cookie since this was last asked.
    was_set: AtomicBool,
    /// Domain, path, name and value of what the file holds, to see whether writing it is worth it.
    saved: Mutex<Vec<[String; 4]>>,
}

/// Only the path is shown.
impl std::fmt::Debug for Jar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jar").field("path", &self.path).finish_non_exhaustive()
    }
}

impl reqwest::cookie::CookieStore for Jar {
    fn set_cookies(&self, headers: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        let mut store = self.lock();
        for header in headers {
            // `store_response_cookies` would do it, but writes cookies without `Secure` to the debug log.
            let stored = std::str::from_utf8(header.as_bytes()).ok().map(|cookie| store.parse(cookie, url));
            if !matches!(stored, Some(Ok(_))) {
                tracing::debug!("a cookie of `{}` was not taken", url.host_str().unwrap_or_default());
            }
        }
        self.was_set.store(true, Ordering::Release);
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        let store = self.lock();
        let pairs: Vec<_> =
            store.get_request_values(url).map(|(name, value)| format!("{name}={value}")).collect();
        let mut value =
            HeaderValue::from_bytes(pairs.join("; ").as_bytes()).ok().filter(|value| !value.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Jar {
    /// Reads the file of saved cookies, if there is one. A file that can not be understood is renamed to `<name>.bad`
    /// with a warning, and the jar starts empty; fails only when the file can not be read at all.
    pub fn open(path: Option<PathBuf>) -> Result<Self, SetupError> {
        let store = match &path {
            Some(path) => load(path)
                .map_err(|why| SetupError::Jar { path: path.display().to_string(), why: why.to_string() })?,
            None => CookieStore::default(),
        };
        let saved = Mutex::new(lasting(&store));
        Ok(Self { store: Mutex::new(store), path, was_set: AtomicBool::new(false), saved })
    }

    /// Whether a request to `url` would carry a cookie of this name.
    pub fn has(&self, url: &Url, name: &str) -> bool {
        self.lock().matches(url).iter().any(|cookie| cookie.name() == name)
    }

    /// Whether there are cookies besides the passing ones.
    pub fn is_worth_trying(&self) -> bool {
        !lasting(&self.lock()).is_empty()
    }

    /// Forgets everything, in memory only.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Whether cookies were set since this was last asked, and there is a file to keep them in.
    pub fn take_was_set(&self) -> bool {
        self.path.is_some() && self.was_set.swap(false, Ordering::AcqRel)
    }

    /// Writes the file when it differs materially from the cookies held. Without a path does nothing.
    ///
    /// It waits for the disk: call it where waiting is allowed.
    pub fn save(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        // Held while writing, so that of two savers the later state wins.
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        let now = {
            let store = self.lock();
            let now = lasting(&store);
            if now == *saved {
                return Ok(());
            }
            cookie_store::serde::json::save_incl_expired_and_nonpersistent(&store, &mut bytes)
                .map_err(|error| io::Error::other(error.to_string()))?;
            now
        };
        write_private(path, &bytes)?;
        *saved = now;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, CookieStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lasting(store: &CookieStore) -> Vec<[String; 4]> {
    let mut all: Vec<_> = store
        .iter_unexpired()
        .filter(|cookie| !PASSING.contains(&cookie.name()))
        .map(|cookie| {
            let domain = format!("{:?}", cookie.domain);
            [domain, String::from(&cookie.path), cookie.name().to_owned(), cookie.value().to_owned()]
        })
        .collect();
    all.sort_unstable();
    all
}

fn load(path: &Path) -> io::Result<CookieStore> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(CookieStore::default()),
        Err(error) => return Err(error),
    };
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if about.len() <= FILE_MAX_BYTES
        && let Ok(store) = cookie_store::serde::json::load_all(BufReader::new(file))
    {
        return Ok(store);
    }
    // The parser's own words may quote cookie values, so they are not repeated.
    let mut aside = path.as_os_str().to_owned();
    aside.push(".bad");
    fs::rename(path, &aside)?;
    tracing::warn!(
        "cookie file `{}` is not one and was set aside as `{}` (the next login writes a new one)",
        path.display(),
        Path::new(&aside).display()
    );
    Ok(CookieStore::default())
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    // One that a killed process left might have another mode.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
        return written;
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
