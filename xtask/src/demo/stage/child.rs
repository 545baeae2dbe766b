//! A program that dies with this one, however this one ends.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, getppid, setsid};

use crate::failure::Outcome;

/// A scheduler that ends by itself removes what it made; etcd takes a second of that.
const FAREWELL: Duration = Duration::from_secs(10);
const TAIL_LINES_MAX: usize = 20;

/// A running program, with its output in a file. Dropping it asks it to end, and waits for that.
#[derive(Debug)]
pub struct Child {
    child: std::process::Child,
    log: PathBuf,
}

impl Child {
    /// Starts it in a session of its own: Ctrl-C is for us alone.
    ///
    /// It must be called by the thread that lives as long as this process: Linux sends the signal when the
    /// thread ends that forked.
    pub fn start(mut command: Command, log: PathBuf) -> Outcome<Self> {
        let out = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let parent = getpid();
        // SAFETY: between fork and exec the closure makes three system calls that are safe in a signal handler,
        // and touches no memory but its own copy of `parent`.
        unsafe { command.pre_exec(move || leave_and_follow(parent)) };
        Ok(Self { child: command.spawn()?, log })
    }

    /// Its process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The last lines of its output.
    pub fn log_tail(&self) -> String {
        tail(&self.log)
    }

    fn ask_to_end(&mut self) {
        // Not reaped, so that nobody else has its ID.
        if self.status().is_none()
            && let Ok(pid) = i32::try_from(self.pid())
        {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let until = Instant::now() + FAREWELL;
        while self.status().is_none() && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.ask_to_end();
        // Both fail only where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last lines of a file; nothing of one that cannot be read.
pub fn tail(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES_MAX)..].join("\n")
}

fn leave_and_follow(parent: Pid) -> io::Result<()> {
    setsid()?;
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // The parent may have died before the signal was asked for.
    if getppid() == parent { Ok(()) } else { Err(io::ErrorKind::NotConnected.into()) }
}
