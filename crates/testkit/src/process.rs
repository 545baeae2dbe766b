//! A program of ours, run for a test with its output in a file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::error::Doing;
use crate::{HarnessError, processes, spawn, wait};

const TAIL_LINES_MAX: usize = 40;
const TAIL_LINE_CHARS_MAX: usize = 400;

/// A running program. Dropping it kills it.
///
/// It is killed too when the test process ends in any way. What it started itself is not; a scheduler starts
/// nothing, and what an executor starts works inside the cluster's directory, where the cluster finds it.
#[derive(Debug)]
pub struct Proc {
    name: String,
    log: PathBuf,
    pid: u32,
    child: Mutex<Child>,
}

impl Proc {
    /// Starts `command` with standard output and standard error appended to `log` and nothing to read.
    pub fn start(mut command: Command, log: impl Into<PathBuf>) -> Result<Self, HarnessError> {
        let log = log.into();
        let name = Path::new(command.get_program())
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let (out, err) =
            open_log(&log).doing(|| format!("write the log {} of {name}", log.display()))?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let program = command.get_program().to_owned();
        let child = spawn::spawn(command).doing(|| format!("start {}", program.display()))?;
        Ok(Self { name, log, pid: child.id(), child: Mutex::new(child) })
    }

    /// The name of its program's file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id. Nobody else can get it as long as this handle exists and has not seen it end.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The file with its output.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// All its output so far.
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The last 40 lines of its output, none longer than 400 characters.
    pub fn log_tail(&self) -> String {
        tail(&self.log(), |_| true)
    }

    /// The memory it holds resident, in KiB; `None` once it has ended.
    pub fn rss_kib(&self) -> Option<u64> {
        processes::rss_kib(self.pid)
    }

    /// Sends it a signal; nothing happens when it has ended.
    pub fn signal(&self, signal: Signal) {
        // A child that has not been reaped keeps its process id, so the signal cannot reach a stranger.
        if self.exit_status().is_none() {
            processes::send_signal(self.pid, signal);
        }
    }

    /// Kills it at once, stopped or not, and waits until it has ended.
    pub fn kill(&self) -> ExitStatus {
        let mut child = self.child();
        // Both fail only for a child that has been reaped by somebody else, and nobody else does that.
        let _ = child.kill();
        child.wait().expect("the child is ours to reap")
    }

    /// Its exit status if it has ended.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.child().try_wait().expect("the child is ours to reap")
    }

    /// Waits for it to end by itself.
    pub fn wait_exit(&self, deadline: Duration) -> Result<ExitStatus, HarnessError> {
        let what = format!("{} to end", self.name);
        wait::wait_or(&what, deadline, || self.exit_status(), || self.evidence())
    }

    /// Waits for `probe` to answer as long as the program runs.
    pub fn wait_for<T>(
        &self,
        what: &str,
        deadline: Duration,
        mut probe: impl FnMut() -> Option<T>,
    ) -> Result<T, HarnessError> {
        let answer = || match probe() {
            Some(answer) => Some(Ok(answer)),
            None => self.exit_status().map(Err),
        };
        wait::wait_or(what, deadline, answer, || self.evidence())?
            .map_err(|status| self.ended(status))
    }

    /// Waits until its output holds `text`.
    pub fn wait_log(&self, text: &str, deadline: Duration) -> Result<(), HarnessError> {
        let what = format!("{} to write '{text}'", self.name);
        self.wait_for(&what, deadline, || self.log().contains(text).then_some(()))
    }

    /// How an error message shows the end of its output.
    pub(crate) fn evidence(&self) -> String {
        // Mesos logs two lines for each question of ours, and they would fill the tail.
        let tail = tail(&self.log(), |line| !line.contains("] HTTP GET for "));
        format!("\n--- the end of {}\n{tail}", self.log.display())
    }

    pub(crate) fn ended(&self, status: ExitStatus) -> HarnessError {
        HarnessError::Ended { program: self.name.clone(), status, evidence: self.evidence() }
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        self.kill();
    }
}

fn open_log(path: &Path) -> io::Result<(File, File)> {
    let log = File::options().create(true).append(true).open(path)?;
    Ok((log.try_clone()?, log))
}

/// The last lines of those that are wanted, each cut to a readable length.
fn tail(log: &str, is_wanted: impl Fn(&str) -> bool) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| is_wanted(line)).collect();
    let first = lines.len().saturating_sub(TAIL_LINES_MAX);
    lines[first..]
        .iter()
        .flat_map(|line| line.chars().take(TAIL_LINE_CHARS_MAX).chain(['\n']))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_the_last_lines_that_are_wanted() {
        let log: String = (1..=50).map(|n| format!("line {n}\n")).collect();
        assert!(tail(&log, |_| true).starts_with("line 11\n"));
        assert_eq!(tail(&log, |line| line.ends_with("50")), "line 50\n");
        assert_eq!(tail(&"x".repeat(500), |_| true).len(), TAIL_LINE_CHARS_MAX + 1);
    }

    #[test]
    fn a_program_is_awaited_killed_and_its_output_kept() {
        let dir = tempfile::tempdir().unwrap();
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            Proc::start(command, dir.path().join("log")).unwrap()
        };
        let soon = Duration::from_secs(30);
        assert_eq!(
            shell("echo out; echo err >&2; exit 3").wait_exit(soon).unwrap().code(),
            Some(3)
        );

        let sleeper = shell("echo ready; exec sleep 1000");
        sleeper.wait_log("ready", soon).unwrap();
        assert_eq!(sleeper.log(), "out\nerr\nready\n");
        assert!(sleeper.rss_kib().unwrap() > 0);
        let pid = sleeper.pid();
        drop(sleeper);
        assert!(!processes::is_alive(pid));

        let error = shell("echo why it failed; exit 1").wait_log("never", soon).unwrap_err();
        assert!(error.to_string().contains("exit status: 1"));
        assert!(error.to_string().contains("why it failed"));
    }
}
