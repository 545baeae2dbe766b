//! A bounded ring of files for etcd's output: it never fills the sandbox's disk.

use std::fs::{File, OpenOptions, rename};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The name of the newest file; older ones have `.1` to `.3` after it.
const FILE: &str = "etcd.log";
/// How many older files are kept.
const OLDER_FILES: u32 = 3;
/// How long a file may become, in bytes.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Where etcd's output is kept. What cannot be written is lost, and counted: a full disk must not
/// stop the reading, or etcd would stand still on its next log line.
#[derive(Debug)]
pub(super) struct Ring {
    path: PathBuf,
    file_bytes_max: u64,
    file: Option<File>,
    written: u64,
    lost: u64,
}

impl Ring {
    pub(super) fn in_sandbox(sandbox: &Path) -> Self {
        Ring::new(sandbox.join(FILE), FILE_BYTES_MAX)
    }

    fn new(path: PathBuf, file_bytes_max: u64) -> Self {
        Ring { path, file_bytes_max, file: None, written: 0, lost: 0 }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_write(bytes) {
            if self.lost == 0 {
                tracing::warn!(%error, path = %self.path.display(), "etcd's output cannot be kept");
            }
            self.lost += bytes.len() as u64;
            self.file = None;
        }
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.written >= self.file_bytes_max {
            self.turn();
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let file = OpenOptions::new().create(true).append(true).open(&self.path)?;
                self.written = file.metadata()?.len();
                self.file.insert(file)
            }
        };
        file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Every file becomes one older; the oldest is replaced.
    fn turn(&mut self) {
        for age in (0..OLDER_FILES).rev() {
            // A file that is not there yet is no error.
            let _ = rename(self.aged(age), self.aged(age + 1));
        }
        self.file = None;
        self.written = 0;
    }

    fn aged(&self, age: u32) -> PathBuf {
        match age {
            0 => self.path.clone(),
            _ => self.path.with_extension(format!("log.{age}")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_ring_is_bounded_and_keeps_the_newest() {
        let dir = tempfile::tempdir().unwrap();
        let mut ring = Ring::new(dir.path().join(FILE), 10);
        for n in 0..100 {
            ring.write(format!("line {n:02}\n").as_bytes());
        }
        let mut names: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["etcd.log", "etcd.log.1", "etcd.log.2", "etcd.log.3"]);
        assert_eq!(std::fs::read_to_string(dir.path().join(FILE)).unwrap(), "line 98\nline 99\n");
        assert_eq!(ring.lost, 0);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_not_fatal() {
        let mut ring = Ring::new(PathBuf::from("/nonexistent/etcd.log"), 10);
        ring.write(b"abc");
        ring.write(b"de");
        assert_eq!(ring.lost, 5);
    }
}
