//! One etcd process: started, read, signalled, waited for.

mod output;
mod parent_death;
mod ring;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use etcd_mesos_etcd::exit::{Exit, Status};
use etcd_mesos_etcd::version::{EtcdVersion, VersionError};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

pub use output::Output;

use crate::supervisor::EtcdSignal;

/// How long the rest of the output is waited for after the process is gone. It is in the pipe
/// already; only a stranger who inherited the pipe could keep it open longer.
const DRAIN_WAIT: Duration = Duration::from_millis(100);
/// How long `etcd --version` may take; the first run of a binary has to be read from disk.
const VERSION_WAIT: Duration = Duration::from_secs(20);

/// A process that could not be started, or not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The system did not start it.
    #[error("{} cannot be executed; is it a program for this machine, and fetched as executable?", .file.display())]
    Spawn {
        /// The program.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its output could not be connected.
    #[error("no pipe can be made for the output of {}", .file.display())]
    Pipe {
        /// The program.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no Linux program at all: a script, a text, an archive.
    #[error("{} is no Linux program (no ELF file); check what the scheduler serves as etcd", .file.display())]
    NotElf {
        /// The file.
        file: PathBuf,
    },
    /// It did not say its version in time.
    #[error("{} did not say its version within {} s", .file.display(), VERSION_WAIT.as_secs())]
    VersionLate {
        /// The program.
        file: PathBuf,
    },
    /// It is not an etcd that can be run.
    #[error("{} is not an etcd that can be run", .file.display())]
    Version {
        /// The program.
        file: PathBuf,
        /// Why not.
        source: VersionError,
    },
}

/// An etcd that runs, and that dies with this process whatever happens to it.
#[derive(Debug)]
pub struct EtcdProcess {
    child: Child,
    pid: u32,
    output: Arc<Mutex<Output>>,
    reader: tokio::task::JoinHandle<()>,
}

impl EtcdProcess {
    /// Starts `file` with these arguments and the sandbox as its working directory.
    ///
    /// It must be called on the main thread: the kernel sends the parent-death signal when the
    /// *thread* that forked ends (`prctl(2)`), and only the main thread lives as long as the program.
    ///
    /// # Errors
    /// When the pipe cannot be made or the program cannot be executed.
    pub fn start(file: &Path, arguments: &[String], sandbox: &Path) -> Result<Self, ProcessError> {
        let pipe = |source| ProcessError::Pipe { file: file.to_owned(), source };
        let (receiver, out, err) = output::pipe().map_err(pipe)?;
        let mut command = command(file, sandbox);
        command.args(arguments).stdout(out).stderr(err);
        let spawned = command.spawn();
        // The command holds the writing ends; the output ends only when all of them are closed.
        drop(command);
        let child =
            spawned.map_err(|source| ProcessError::Spawn { file: file.to_owned(), source })?;
        let output = Arc::new(Mutex::new(Output::in_sandbox(sandbox)));
        let reader = tokio::spawn(output::read(receiver, Arc::clone(&output)));
        // A child that was not waited for has an ID.
        let pid = child.id().unwrap_or_default();
        Ok(EtcdProcess { child, pid, output, reader })
    }

    /// Its process ID.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until it is gone, and says how it ended and what it printed last. Safe to cancel.
    pub async fn wait(&mut self) -> (Exit, Vec<String>) {
        let status = self.child.wait().await;
        let _ = tokio::time::timeout(DRAIN_WAIT, &mut self.reader).await;
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        (output.conclude(status.map_or(Status::Code(-1), read_status)), output.tail())
    }

    /// Sends a signal. A process that is gone already needs none.
    pub fn signal(&self, signal: EtcdSignal) {
        // A child that was waited for has no ID any more; its number may be another's.
        let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) else { return };
        let pid = Pid::from_raw(id);
        let sent = match signal {
            EtcdSignal::Terminate => kill(pid, Signal::SIGTERM),
            // Its process group has its own number: see `command`.
            EtcdSignal::Kill => killpg(pid, Signal::SIGKILL),
        };
        if let Err(error) = sent {
            tracing::warn!(%error, pid = id, "etcd cannot be signalled");
        }
    }
}

/// Asks a program for its version.
///
/// # Errors
/// When it cannot be executed, takes too long, or is not an etcd that can be run.
pub async fn ask_version(file: &Path, sandbox: &Path) -> Result<EtcdVersion, ProcessError> {
    check_elf(file)?;
    let mut command = command(file, sandbox);
    command.arg("--version").stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = tokio::time::timeout(VERSION_WAIT, command.output())
        .await
        .map_err(|_| ProcessError::VersionLate { file: file.to_owned() })?
        .map_err(|source| ProcessError::Spawn { file: file.to_owned(), source })?;
    // What fails to run says so on the other stream.
    let said = if said.stdout.is_empty() { said.stderr } else { said.stdout };
    EtcdVersion::parse(&String::from_utf8_lossy(&said))
        .map_err(|source| ProcessError::Version { file: file.to_owned(), source })
}

/// The C library hands what the kernel does not take for a program to a shell, which would then
/// run a text file line by line; and a script between us and etcd would take the signals.
fn check_elf(file: &Path) -> Result<(), ProcessError> {
    let mut magic = [0; 4];
    File::open(file)
        .and_then(|mut file| file.read_exact(&mut magic))
        .ok()
        .filter(|()| magic == *b"\x7fELF")
        .ok_or_else(|| ProcessError::NotElf { file: file.to_owned() })
}

/// What holds for every program that is started here: an environment of its own, a process group
/// of its own (so that a ^C or a group signal meant for the executor does not reach it past the
/// executor), and death with its parent.
fn command(file: &Path, sandbox: &Path) -> Command {
    let mut command = Command::new(file);
    command
        .current_dir(sandbox)
        .env_clear()
        .envs(etcd_mesos_etcd::environment::for_etcd(std::env::vars_os()))
        .stdin(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    parent_death::dies_with_parent(&mut command);
    command
}

fn read_status(status: ExitStatus) -> Status {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Code(code),
        (None, Some(signal)) => Status::Signal(signal),
        (None, None) => Status::Code(-1),
    }
}
