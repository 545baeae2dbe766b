//! What a child prints, line by line into our log, and no more of it than somebody reads.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;

/// How much of a line is kept, in bytes.
const LINE_BYTES_MAX: usize = 1024;
/// How many lines are logged in one period.
const LINES_MAX: u32 = 100;
/// The period.
const PERIOD: Duration = Duration::from_secs(10);
/// How much is read at a time.
const CHUNK_BYTES: usize = 4 * 1024;

/// Reads until the child has closed it, and hands each line on that may be logged. It never stops before:
/// a child whose output nobody reads stands still.
pub(super) async fn read(mut from: impl AsyncRead + Unpin, mut log: impl FnMut(String)) {
    let (mut chunk, mut lines) = (vec![0; CHUNK_BYTES], Lines::new(Instant::now()));
    loop {
        match from.read(&mut chunk).await {
            Ok(0) | Err(_) => return lines.finish(&mut log),
            Ok(n) => lines.take(Instant::now(), &chunk[..n], &mut log),
        }
    }
}

/// Lines out of bytes that come in pieces.
struct Lines {
    line: Vec<u8>,
    period: Instant,
    logged: u32,
    left_out: u64,
}

impl Lines {
    fn new(now: Instant) -> Lines {
        Lines { line: Vec::new(), period: now, logged: 0, left_out: 0 }
    }

    fn take(&mut self, now: Instant, bytes: &[u8], log: &mut impl FnMut(String)) {
        if now.saturating_duration_since(self.period) >= PERIOD {
            self.say_left_out(log);
            (self.period, self.logged) = (now, 0);
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line(log);
            }
        }
    }

    fn end_line(&mut self, log: &mut impl FnMut(String)) {
        let line = printable(&self.line);
        self.line.clear();
        if line.is_empty() {
            return;
        }
        if self.logged == LINES_MAX {
            self.left_out += 1;
            return;
        }
        self.logged += 1;
        log(line);
    }

    fn finish(mut self, log: &mut impl FnMut(String)) {
        self.end_line(log);
        self.say_left_out(log);
    }

    fn say_left_out(&mut self, log: &mut impl FnMut(String)) {
        if self.left_out > 0 {
            log(format!("({} more lines, left out)", self.left_out));
        }
        self.left_out = 0;
    }
}

/// The line without what a terminal obeys.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim().chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pieces: &[&[u8]]) -> Vec<String> {
        let (now, mut all) = (Instant::now(), Vec::new());
        let mut lines = Lines::new(now);
        pieces.iter().for_each(|piece| lines.take(now, piece, &mut |line| all.push(line)));
        lines.finish(&mut |line| all.push(line));
        all
    }

    #[test]
    fn lines_are_put_together_however_they_are_cut() {
        let text = b"one line\n\ntwo\x1b[31m lines\r\nand a rest";
        for size in 1..text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(taken(&pieces), ["one line", "two [31m lines", "and a rest"], "{size}");
        }
    }

    #[test]
    fn neither_a_long_line_nor_many_of_them_are_all_logged() {
        let long = taken(&[&[b'x'; 100_000]]);
        assert_eq!(long.iter().map(String::len).collect::<Vec<_>>(), [LINE_BYTES_MAX]);
        let many = taken(&[&b"line\n".repeat(250)]);
        assert_eq!(many.len(), 101);
        assert_eq!(many[100], "(150 more lines, left out)");
    }

    #[test]
    fn a_new_period_may_say_as_much_again() {
        let (now, mut all) = (Instant::now(), Vec::new());
        let mut lines = Lines::new(now);
        let mut log = |line| all.push(line);
        lines.take(now, &b"line\n".repeat(102), &mut log);
        lines.take(now + PERIOD, b"line\n", &mut log);
        assert_eq!(all.len(), 102);
        assert_eq!(all[100..], ["(2 more lines, left out)", "line"]);
    }
}
