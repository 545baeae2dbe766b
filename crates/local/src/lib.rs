//! A Mesos master and agents inside this process, for `--master=local`.
//!
//! They listen on HTTP on loopback addresses of their own and speak the v1 scheduler and executor
//! API in the same bytes as genuine Mesos 1.11.0, so that neither a scheduler nor an executor can
//! tell. Agents fetch what a launch names, and run executors as processes in sandboxes of their own.
//! What is decided is `etcd-mesos-model`'s; here are the effects: sockets, files, processes, the
//! clock. `tests/exchanges` holds both against genuine Mesos, field by field.
//!
//! It is for a first look and for tests. What is absent: everything that the model lacks, and JSON,
//! TLS, authentication, containers, limits on what a task uses, recovery after the end of this
//! process. Whoever asks for one of those is refused with words; nothing is half done. All that it
//! runs ends with this process, however that ends.

mod child;
mod containers;
mod deeds;
mod environment;
mod executor_api;
mod fetch;
mod freight;
mod hear;
mod operator;
mod refusal;
mod request;
mod say;
mod scheduler_api;
mod server;
mod settings;
mod stream;
mod world;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::task::JoinHandle;

use server::Who;
use world::Shared;

pub use settings::{AGENTS_MAX, Network, Settings};

/// How often a directory is emptied in which something new appears.
const REMOVALS_MAX: usize = 20;

/// Why a local Mesos could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The work directory.
    #[error("cannot make the work directory {path}; name another with local.work_dir")]
    WorkDir {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// An address.
    #[error(
        "cannot listen on {address}; name another network with local.network, for example 127.90.1"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A running local Mesos. Dropping it kills all that it runs, and removes its work directory if that
/// was not there before.
#[derive(Debug)]
pub struct Local {
    shared: Shared,
    clock: JoinHandle<()>,
    master: SocketAddr,
    work_dir: PathBuf,
    is_dir_ours: bool,
}

impl Local {
    /// Starts a master and agents; both listen when this is over.
    ///
    /// It must be called on a runtime whose tasks run on the thread that lives as long as the process:
    /// the kernel ends what a thread forked when that thread ends.
    ///
    /// # Errors
    /// The work directory or an address cannot be had.
    pub fn start(mut settings: Settings) -> Result<Local, StartError> {
        let path = &settings.work_dir;
        let is_dir_ours = !path.exists();
        // Executors run elsewhere, and links lead there from elsewhere.
        let work_dir = std::fs::create_dir_all(path)
            .and_then(|()| path.canonicalize())
            .map_err(|source| StartError::WorkDir { path: path.clone(), source })?;
        settings.work_dir.clone_from(&work_dir);
        let master = settings.network.master();
        let agents = settings.agents;
        let shared = Shared::new(settings);
        let local = Local {
            clock: tokio::spawn(shared.clone().keep_time()),
            shared,
            master,
            work_dir,
            is_dir_ours,
        };
        local.shared.listen(Who::Master)?;
        for agent in 0..agents {
            local.shared.listen(Who::Agent(agent))?;
        }
        Ok(local)
    }

    /// Where the master listens.
    pub fn master(&self) -> SocketAddr {
        self.master
    }

    /// Kills an agent's daemon; what it runs goes on.
    pub fn kill_agent(&self, agent: usize) {
        self.shared.kill_agent(agent);
    }

    /// Kills an agent's host, with all that it runs.
    pub fn lose_agent(&self, agent: usize) {
        self.shared.lose_agent(agent);
    }

    /// Starts an agent again.
    ///
    /// # Errors
    /// Its address cannot be had.
    pub fn start_agent(&self, agent: usize) -> Result<(), StartError> {
        self.shared.start_agent(agent)
    }

    /// Lets another master lead, which knows the agents and no task.
    pub fn fail_over(&self) {
        self.shared.fail_over();
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.clock.abort();
        self.shared.close();
        if self.is_dir_ours
            && let Err(error) = remove(&self.work_dir)
        {
            let path = self.work_dir.display();
            tracing::warn!(%error, "the work directory {path} of the local Mesos stays");
        }
    }
}

/// An etcd whose executor was killed may write for a moment more, into a directory that is being emptied.
fn remove(directory: &Path) -> io::Result<()> {
    let mut outcome = std::fs::remove_dir_all(directory);
    for _ in 1..REMOVALS_MAX {
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            other => return other,
        }
        outcome = std::fs::remove_dir_all(directory);
    }
    outcome
}
