//! The processes of this machine, read from `/proc`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{HarnessError, wait};

/// A process as it was when it was looked at. Zombies, which have no working directory, are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The program and its arguments.
    pub cmdline: Vec<String>,
    /// Its working directory; that of an executor is its sandbox.
    pub cwd: PathBuf,
}

/// The processes that `wanted` accepts, given the command line and the working directory.
pub fn find_processes(wanted: impl Fn(&[String], &Path) -> bool) -> Vec<Process> {
    all_pids()
        .into_iter()
        .filter_map(look_at)
        .filter(|process| wanted(&process.cmdline, &process.cwd))
        .collect()
}

/// The processes that work in `dir` or below it.
pub fn find_inside(dir: &Path) -> Vec<Process> {
    find_processes(|_, cwd| cwd.starts_with(dir))
}

/// The processes inside `dir` whose program has this file name, for example `etcd`.
pub fn find_program_inside(program: &str, dir: &Path) -> Vec<Process> {
    find_processes(|cmdline, cwd| {
        let name = cmdline.first().and_then(|path| Path::new(path).file_name());
        cwd.starts_with(dir) && name.is_some_and(|name| name == program)
    })
}

/// The children of a process, those that have ended and are not yet reaped included.
pub fn children_of(pid: u32) -> Vec<u32> {
    all_pids().into_iter().filter(|&child| parent_of(child) == Some(pid)).collect()
}

/// Whether a process is there and has not ended.
pub fn is_alive(pid: u32) -> bool {
    stat_fields(pid).is_some_and(|(state, _)| !matches!(state.as_str(), "Z" | "X"))
}

/// Whether every thread of a process stands still, which is so a moment after its SIGSTOP.
pub fn is_stopped(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().all(|thread| {
        // A thread that has ended in between stands still too.
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        parse_stat(&stat).is_none_or(|(state, _)| state == "T")
    })
}

/// The memory that a process holds resident, in KiB; `None` when it has ended.
pub fn rss_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Sends a signal to a process, which need not be a child; one that is gone already is no error.
pub fn send_signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).expect("Linux's process ids fit");
    // The only other error, no permission, shows in whatever the test waits for next.
    let _ = kill(Pid::from_raw(pid), signal);
}

/// Kills all that works inside `dir`, again and again until nothing is left to fork anew.
pub fn kill_inside(dir: &Path) -> Result<(), HarnessError> {
    let what = format!("the last process inside {} to end", dir.display());
    wait::wait_for(&what, Duration::from_secs(10), || {
        let left = find_inside(dir);
        for process in &left {
            send_signal(process.pid, Signal::SIGKILL);
        }
        left.is_empty().then_some(())
    })
}

fn all_pids() -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("Linux has /proc");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn look_at(pid: u32) -> Option<Process> {
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let cmdline = text.trim_end_matches('\0').split('\0').map(str::to_owned).collect();
    Some(Process { pid, cmdline, cwd })
}

fn parent_of(pid: u32) -> Option<u32> {
    stat_fields(pid).map(|(_, parent)| parent)
}

/// State and parent.
fn stat_fields(pid: u32) -> Option<(String, u32)> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name before state and parent may hold blanks and parentheses, so the last one counts.
fn parse_stat(stat: &str) -> Option<(String, u32)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_has_memory_and_a_parent() {
        let pid = std::process::id();
        assert!(is_alive(pid));
        assert!(rss_kib(pid).unwrap() > 100);
        let parent = std::os::unix::process::parent_id();
        assert!(children_of(parent).contains(&pid));
        let cwd = std::env::current_dir().unwrap();
        assert!(find_inside(&cwd).iter().any(|process| process.pid == pid));
    }
}
