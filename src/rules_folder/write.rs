//! Changes of list files, each whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Puts a line at the end of a file, which is made if it is not there, and gives its number. A line that is there
/// already stays where it is.
///
/// # Errors
/// When the file can not be read or written; then it is as before.
pub fn add_line(path: &Path, line: &str) -> io::Result<usize> {
    let mut text = text_of(path)?;
    if let Some(index) = text.lines().position(|known| known == line) {
        return Ok(index + 1);
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let number = text.lines().count() + 1;
    text.push_str(line);
    text.push('\n');
    replace(path, &text)?;
    Ok(number)
}

/// Empties each line of a file that is equal to `line`, so that all others keep their numbers; does nothing when there
/// is none.
///
/// # Errors
/// When the file can not be read or written; then it is as before.
pub fn empty_line(path: &Path, line: &str) -> io::Result<()> {
    let text = text_of(path)?;
    if !text.lines().any(|known| known.trim_end() == line) {
        return Ok(());
    }
    let kept = text.lines().map(|known| if known.trim_end() == line { "" } else { known });
    replace(path, &kept.flat_map(|line| [line, "\n"]).collect::<String>())
}

fn text_of(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    // Hidden, so that nobody reads it as rules when the process ends half-way.
    let mut file = tempfile::Builder::new().prefix(".changed").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_and_go_and_the_others_keep_their_numbers() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("watchlist/keywords.txt");
        assert_eq!(add_line(&path, "one").expect("written"), 1);
        fs::write(&path, "# comment\none\ntwo").expect("written");
        assert_eq!(add_line(&path, "three").expect("written"), 4);
        assert_eq!(add_line(&path, "one").expect("written"), 2, "it is there already");
        empty_line(&path, "one").expect("written");
        empty_line(&path, "nine").expect("nothing to do");
        assert_eq!(fs::read_to_string(&path).expect("there"), "# comment\n\ntwo\nthree\n");
        let names: Vec<_> = fs::read_dir(folder.path().join("watchlist")).expect("there").collect();
        assert_eq!(names.len(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_file_that_can_not_be_written_stays_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keywords.txt");
        fs::write(&path, b"caf\xe9\n").expect("written");
        assert!(add_line(&path, "one").is_err(), "not UTF-8");
        assert_eq!(fs::read(&path).expect("there"), b"caf\xe9\n");
    }
}
