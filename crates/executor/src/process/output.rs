//! What etcd prints: kept in files, its last lines in memory, and read for how it ends.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, PipeWriter};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use etcd_mesos_etcd::exit::{Clues, Exit, Status};
use tokio::net::unix::pipe::Receiver;

use super::ring::Ring;
use crate::words::cut;

/// How many of the last lines are remembered.
const TAIL_LINES: usize = 40;
/// How much of each of them, in bytes.
const TAIL_LINE_BYTES_MAX: usize = 1024;
/// How much of a line is read for its meaning; a fatal line with its stack is a tenth of this.
const LINE_BYTES_MAX: usize = 16 * 1024;
/// How much is read at a time.
const CHUNK_BYTES: usize = 8 * 1024;

/// One pipe for both streams, so that their lines stay in order: the reading end, and one writing
/// end for each stream.
pub(super) fn pipe() -> io::Result<(Receiver, PipeWriter, PipeWriter)> {
    let (reader, out) = io::pipe()?;
    let err = out.try_clone()?;
    Ok((Receiver::from_owned_fd(OwnedFd::from(reader))?, out, err))
}

/// Reads until every writer is gone. It never stops before: an etcd whose log nobody reads stands
/// still, and one whose log cannot be written any more is ended by SIGPIPE.
pub(super) async fn read(receiver: Receiver, output: Arc<Mutex<Output>>) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while receiver.readable().await.is_ok() {
        match receiver.try_read(&mut chunk) {
            Ok(0) => return,
            Ok(n) => output.lock().unwrap_or_else(PoisonError::into_inner).take(&chunk[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                tracing::error!(%error, "etcd's output cannot be read");
                return;
            }
        }
    }
}

/// What one etcd process has printed.
#[derive(Debug)]
pub struct Output {
    ring: Ring,
    clues: Clues,
    tail: VecDeque<String>,
    line: Vec<u8>,
}

impl Output {
    /// An output that is kept in this sandbox.
    pub fn in_sandbox(sandbox: &Path) -> Self {
        Output {
            ring: Ring::in_sandbox(sandbox),
            clues: Clues::default(),
            tail: VecDeque::new(),
            line: Vec::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.ring.write(bytes);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        self.line.clear();
        self.clues.read(&line);
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        self.tail.push_back(cut(line, TAIL_LINE_BYTES_MAX));
    }

    /// How the process ended.
    pub fn conclude(&self, status: Status) -> Exit {
        self.clues.conclude(status)
    }

    /// The last lines, oldest first.
    pub fn tail(&self) -> Vec<String> {
        self.tail.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_put_together_however_they_are_cut() {
        let dir = tempfile::tempdir().unwrap();
        let text = "flag provided but not defined: -foo\nUsage:\n".as_bytes();
        for size in 1..text.len() {
            let mut output = Output::in_sandbox(dir.path());
            text.chunks(size).for_each(|chunk| output.take(chunk));
            assert_eq!(output.tail(), ["flag provided but not defined: -foo", "Usage:"]);
            assert!(matches!(output.conclude(Status::Code(2)), Exit::BadFlags(_)));
        }
    }

    #[test]
    fn neither_a_long_line_nor_many_of_them_take_memory() {
        let dir = tempfile::tempdir().unwrap();
        let mut output = Output::in_sandbox(dir.path());
        for _ in 0..100 {
            output.take(&vec![b'x'; 100_000]);
            output.take(b"\n");
        }
        assert_eq!(output.tail().len(), TAIL_LINES);
        assert!(output.tail().iter().all(|line| line.len() <= TAIL_LINE_BYTES_MAX));
        assert!(output.line.capacity() <= 2 * LINE_BYTES_MAX);
    }
}
