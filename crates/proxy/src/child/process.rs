//! One child process: started, read, signalled, waited for.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::output;

/// How long the rest of the output is waited for after the process is gone.
const DRAIN_WAIT: Duration = Duration::from_millis(200);
/// How much of its last line is repeated where its end is told of, in characters.
const LAST_CHARS_MAX: usize = 200;

/// A child that could not be started.
#[derive(Debug, thiserror::Error)]
#[error("no process can be started")]
pub struct SpawnError(#[source] io::Error);

/// A child that runs, and that dies with this process whatever happens to it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pid: u32,
    readers: Vec<JoinHandle<()>>,
    last: Arc<Mutex<String>>,
}

impl Process {
    /// Starts what [`launch::command`](super::launch) made; `label` stands before each line of its output
    /// in our log. It must be called on the main thread.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(of: std::process::Command, label: &str) -> Result<Process, SpawnError> {
        let mut child = command(of).spawn().map_err(SpawnError)?;
        let last = Arc::new(Mutex::new(String::new()));
        let mut readers = Vec::new();
        if let Some(out) = child.stdout.take() {
            readers.push(tokio::spawn(output::read(out, logger(label, &last))));
        }
        if let Some(error) = child.stderr.take() {
            readers.push(tokio::spawn(output::read(error, logger(label, &last))));
        }
        // A child that was not waited for has an ID.
        let pid = child.id().unwrap_or_default();
        Ok(Process { child, pid, readers, last })
    }

    /// Its process ID.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until it is gone, and says how it ended. Safe to cancel.
    pub async fn wait(&mut self) -> String {
        let status = self.child.wait().await;
        for reader in &mut self.readers {
            let _ = tokio::time::timeout(DRAIN_WAIT, reader).await;
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        words(status.ok(), &last)
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        self.signal(|pid| kill(pid, Signal::SIGTERM));
    }

    /// Ends it at once, with whatever it started: its process group has its own number.
    pub fn kill(&self) {
        self.signal(|pid| killpg(pid, Signal::SIGKILL));
    }

    fn signal(&self, send: impl FnOnce(Pid) -> nix::Result<()>) {
        // A child that was waited for has no ID any more; its number may be another's.
        let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) else { return };
        if let Err(error) = send(Pid::from_raw(id)) {
            tracing::warn!(%error, pid = id, "the child cannot be signalled");
        }
    }
}

/// What holds for every child: an environment of its own, a process group of its own (so that a ^C does not
/// reach it past this program), and nothing to read.
fn command(of: std::process::Command) -> Command {
    let mut command = Command::from(of);
    command
        .env_clear()
        .envs(etcd_mesos_etcd::environment::for_etcd(std::env::vars_os()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

fn logger(label: &str, last: &Arc<Mutex<String>>) -> impl FnMut(String) + use<> {
    let (label, last) = (label.to_owned(), Arc::clone(last));
    move |line| {
        tracing::info!("{label}: {line}");
        *last.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }
}

fn words(status: Option<ExitStatus>, last: &str) -> String {
    let status = status.map_or_else(|| "it cannot be waited for".to_owned(), |s| s.to_string());
    match last.chars().take(LAST_CHARS_MAX).collect::<String>() {
        last if last.is_empty() => status,
        last => format!("{status}; its last words: {last}"),
    }
}

/// Runs the program to its end, and returns what it printed.
///
/// # Errors
/// When it cannot be started, or does not end in time.
pub(super) async fn ask(program: &Path, argument: &str, limit: Duration) -> io::Result<String> {
    let mut plain = std::process::Command::new(program);
    plain.arg(argument);
    let output = tokio::time::timeout(limit, command(plain).output());
    let output = output.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    // What fails to run says so on the other stream.
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Ok(String::from_utf8_lossy(&said).into_owned())
}
