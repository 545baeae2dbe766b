//! Starts children that die with this process, however it ends.
//!
//! Linux sends a child its parent-death signal when the *thread* that forked it ends, and a test runs in a thread
//! of its own. So one thread that never ends does all the forking.
#![allow(unsafe_code)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid, setsid};

type Order = (Command, Sender<io::Result<Child>>);

static FORKER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
    let (orders, incoming) = channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in incoming {
            // Whoever ordered it may be gone; the child is then reaped at the end of this process.
            let _ = answer.send(command.spawn());
        }
    });
    Mutex::new(orders)
});

/// Starts `command` in a session of its own; it is killed when this process ends.
pub(crate) fn spawn(mut command: Command) -> io::Result<Child> {
    let parent = getpid();
    // SAFETY: between fork and exec the closure makes three system calls that are safe in a signal handler
    // (setsid, prctl, getppid) and touches no memory but its own copy of `parent`.
    unsafe { command.pre_exec(move || leave_and_follow(parent)) };
    let (answer, child) = channel();
    FORKER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, answer))
        .map_err(io::Error::other)?;
    child.recv().map_err(io::Error::other)?
}

fn leave_and_follow(parent: Pid) -> io::Result<()> {
    setsid()?;
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // The parent may have died before the signal was asked for.
    if getppid() == parent { Ok(()) } else { Err(io::ErrorKind::NotConnected.into()) }
}
