//! The file of a transcript: one for each process, its predecessor kept beside it, both bounded.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use etcd_mesos_core::transcript::{Entry, TRANSCRIPT_BEGINS};

use super::Ended;

/// A transcript is replayed from its first line, so that it cannot lose its beginning: at this size it ends.
/// An idle cluster of three members says about 100 MB a day.
const TRANSCRIPT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Writes until nobody sends any more.
pub(super) fn write(path: &Path, header: String, lines: &Receiver<String>) -> Result<(), Ended> {
    let failed = |error: io::Error| Ended::Failed(error.to_string());
    put_aside(path).map_err(failed)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    write_lines(&mut file, TRANSCRIPT_BYTES_MAX, std::iter::once(header).chain(lines.iter()))
        .map_err(failed)?
}

fn write_lines(
    file: &mut impl Write,
    bytes_max: u64,
    lines: impl Iterator<Item = String>,
) -> io::Result<Result<(), Ended>> {
    let mut bytes = 0;
    for mut line in lines {
        line.push('\n');
        bytes += line.len() as u64;
        if bytes > bytes_max {
            let why = format!(
                "it has reached {} MiB. A restart of the scheduler, which harms nothing, begins another",
                bytes_max / (1024 * 1024)
            );
            writeln!(file, "{}", Entry::end_line(&why))?;
            return Ok(Err(Ended::Full(why)));
        }
        // As one write, so that whoever reads meanwhile, or after a crash, finds whole lines.
        file.write_all(line.as_bytes())?;
    }
    writeln!(file, "{}", Entry::end_line("the program has ended"))?;
    Ok(Ok(()))
}

/// What is there becomes the predecessor. Only a transcript is moved or replaced: a slip in a flag must not
/// cost anybody a file.
fn put_aside(path: &Path) -> io::Result<()> {
    let mut former = path.as_os_str().to_owned();
    former.push(".1");
    let former = PathBuf::from(former);
    if is_there(path)? {
        is_there(&former)?;
        std::fs::rename(path, &former)?;
    }
    Ok(())
}

/// Whether a transcript is there, or an empty file.
fn is_there(path: &Path) -> io::Result<bool> {
    let meta = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    let mut begin = Vec::new();
    if meta.is_file() {
        File::open(path)?.take(TRANSCRIPT_BEGINS.len() as u64).read_to_end(&mut begin)?;
    }
    if !meta.is_file() || !(begin.is_empty() || begin == TRANSCRIPT_BEGINS.as_bytes()) {
        let what = format!("{} is there, and is no transcript: name another file", path.display());
        return Err(io::Error::other(what));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn it_ends_at_its_size_and_says_so() {
        let mut file = Vec::new();
        let lines = (0..100).map(|n| format!("line {n:02}"));
        let outcome = write_lines(&mut file, 30, lines).unwrap();
        assert!(matches!(outcome, Err(Ended::Full(_))));
        let text = String::from_utf8(file).unwrap();
        let mut lines = text.lines();
        assert_eq!(
            [lines.next(), lines.next(), lines.next()],
            ["line 00", "line 01", "line 02"].map(Some)
        );
        let end = Entry::parse(lines.next().unwrap(), 4).unwrap();
        assert!(matches!(end, Entry::End { why } if why.contains("MiB")));
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn a_full_disk_is_an_error_with_the_systems_words() {
        let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = write_lines(&mut full, 1000, std::iter::once("x".to_owned())).unwrap_err();
        assert!(error.to_string().contains("No space left"), "{error}");
    }

    #[test]
    fn the_former_transcript_is_kept_and_nothing_else_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t");
        let former = dir.path().join("t.1");
        for n in 0..3 {
            put_aside(&path).unwrap();
            assert!(!path.exists());
            std::fs::write(&path, format!("{TRANSCRIPT_BEGINS}{n}}}")).unwrap();
        }
        assert!(std::fs::read_to_string(&former).unwrap().ends_with("1}"));
        std::fs::write(&former, "somebody's").unwrap();
        assert!(put_aside(&path).unwrap_err().to_string().contains("t.1 is there"));
        std::fs::write(&path, "etcd-mesos state 1").unwrap();
        let refused = put_aside(&path).unwrap_err().to_string();
        assert!(refused.contains("is no transcript"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "etcd-mesos state 1");
        assert!(put_aside(dir.path()).is_err(), "a directory");
    }
}
