//! Lines for the person who watches, each with the seconds since the beginning.

use std::io::Write;
use std::time::{Duration, Instant};

/// Tells what happens.
#[derive(Debug)]
pub struct Teller {
    begun: Instant,
}

impl Teller {
    /// The clock starts now.
    pub fn new() -> Self {
        Self { begun: Instant::now() }
    }

    /// How long it has been.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Something that happened just now.
    pub fn tell(&self, text: &str) {
        print(&format!("{:7.1} s  {text}\n", self.begun.elapsed().as_secs_f64()));
    }
}

/// Text as it is. A reader who has gone away is no reason to leave a cluster behind, so an error is ignored.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
