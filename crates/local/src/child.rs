//! The one place with `unsafe`: what runs in a child between fork and exec.

use std::io;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{getpid, getppid, setsid};
use tokio::process::Command;

/// Gives the child a session of its own, and lets the kernel kill it when this process ends, also by
/// SIGKILL: nothing of a local Mesos outlives it.
#[expect(unsafe_code, reason = "pre_exec has no safe form; see the SAFETY comment")]
pub(crate) fn dies_with_parent(command: &mut Command) {
    let parent = getpid();
    let in_child = move || {
        setsid()?;
        set_pdeathsig(Signal::SIGKILL)?;
        // Had the parent died before the line above, the signal would never come.
        if getppid() != parent {
            return Err(io::Error::from_raw_os_error(nix::errno::Errno::ESRCH as i32));
        }
        Ok(())
    };
    // SAFETY: the closure runs after fork, where only async-signal-safe calls are allowed. It makes
    // three system calls, setsid(2), prctl(2) and getppid(2), and neither allocates, locks, nor touches
    // memory that another thread may have left in an inconsistent state; its errors are plain numbers.
    unsafe {
        command.pre_exec(in_child);
    }
}
