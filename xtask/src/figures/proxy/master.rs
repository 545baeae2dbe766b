//! A master that has a state and no more, or refuses.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::state::State;
use crate::failure::Outcome;

/// What it says.
pub(super) enum Says {
    /// Its state, so many bytes a second; as fast as it can, where that is 0.
    State(State, u64),
    /// This status, to everything.
    Refuses(&'static str),
}

/// The master. Its thread lives as long as the program; its address is taken until then.
pub(super) struct Master {
    pub(super) address: String,
    asked: Arc<AtomicUsize>,
    // The file is there for as long as it may be read.
    _state: Option<State>,
}

enum Answer {
    File(PathBuf, u64),
    Status(&'static str),
}

impl Master {
    pub(super) fn start(ip: &str, says: Says) -> Outcome<Master> {
        let listener = TcpListener::bind((ip, 0))?;
        let address = listener.local_addr()?.to_string();
        let asked: Arc<AtomicUsize> = Arc::default();
        let (answer, state) = match says {
            Says::State(state, speed) => (Answer::File(state.path(), speed), Some(state)),
            Says::Refuses(status) => (Answer::Status(status), None),
        };
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                // Whoever asked may be gone.
                let _ = converse(stream, &answer);
            }
        });
        Ok(Master { address, asked, _state: state })
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn converse(mut stream: TcpStream, answer: &Answer) -> io::Result<()> {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request)?;
    match answer {
        Answer::File(path, speed) => send(stream, path, *speed),
        Answer::Status(status) => {
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
    }
}

fn send(mut stream: TcpStream, path: &PathBuf, speed: u64) -> io::Result<()> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    if speed == 0 {
        return io::copy(&mut file, &mut stream).map(drop);
    }
    let (begun, mut sent, mut buffer) = (Instant::now(), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..read])?;
        sent += read as u64;
        let due = Duration::from_secs_f64(sent as f64 / speed as f64);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
}
