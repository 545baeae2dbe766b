//! How a child is bound to this program: by this program itself, between fork and exec.
//!
//! The parent-death signal is an attribute of the process that asks for it, and it stays across `exec`. So
//! this program starts itself, and that process asks for the signal, and becomes etcd. Nothing of it is
//! `unsafe`, as a closure between fork and exec would be, and a shell or another tool is not needed.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{getpid, getppid};

/// The first argument by which this program is told to become another one.
const BECOME: &str = "--become";
/// This program, also where its file has been replaced or removed meanwhile.
const SELF: &str = "/proc/self/exe";
/// As a shell says it of a program that cannot be executed.
const CANNOT_EXECUTE: u8 = 126;

/// The command that runs `program` and dies with this process, also where this is killed.
///
/// It must be spawned on the main thread: the kernel sends the signal when the *thread* that forked ends
/// (`prctl(2)`), and only the main thread lives as long as the program.
pub(super) fn command(program: &Path, arguments: &[String]) -> Command {
    let mut command = Command::new(SELF);
    command.arg(BECOME).arg(getpid().to_string()).arg(program).args(arguments);
    command
}

/// Becomes another program, where the arguments say so; a program calls it before it does anything else.
/// It returns only where the arguments say nothing of the kind, or the program cannot be executed.
pub fn become_child(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter().skip(1);
    if arguments.next()?.as_os_str() != OsStr::new(BECOME) {
        return None;
    }
    let parent = arguments.next()?;
    let program = arguments.next()?;
    let why = become_program(&parent, &program, arguments);
    eprintln!("cannot execute {}: {why}", program.display());
    Some(ExitCode::from(CANNOT_EXECUTE))
}

/// Says why it could not.
fn become_program(
    parent: &OsStr,
    program: &OsStr,
    arguments: impl Iterator<Item = OsString>,
) -> std::io::Error {
    if let Err(error) = set_pdeathsig(Signal::SIGKILL) {
        return error.into();
    }
    // Had the parent died before the line above, the signal would never come.
    if parent.to_str() != Some(getppid().to_string().as_str()) {
        return std::io::Error::other("whoever started this is gone");
    }
    Command::new(program).args(arguments).exec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_arguments_are_another_s() {
        for arguments in [&["program"][..], &["program", "--mode=gateway"], &["program", "config"]]
        {
            assert_eq!(become_child(arguments.iter().map(OsString::from)), None);
        }
    }

    #[test]
    fn nobody_becomes_the_child_of_somebody_else() {
        let arguments = ["program", BECOME, "1", "/bin/true"].map(OsString::from);
        let code = become_child(arguments).expect("an exit code");
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(CANNOT_EXECUTE)));
    }
}
