//! A Mesos that exchanges are played on: genuine, or the local one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use etcd_mesos_testkit::processes;

pub const AGENTS: usize = 2;
/// What each agent has.
pub const CPUS: u64 = 4;
pub const MEM: u64 = 4096;
pub const DISK: u64 = 8192;
pub const PORTS: (u16, u16) = (31_000, 32_000);
/// How long the master waits for an agent that does not answer: 8 pings of 1 s, where 5 of 15 s are usual.
pub const PINGS: u32 = 8;
pub const PING: Duration = Duration::from_secs(1);
pub const SOON: Duration = Duration::from_secs(30);

type Done = Result<(), String>;

/// A master and [`AGENTS`] agents, which count from 1.
pub trait Place {
    /// `ip:port` of the master.
    fn master(&self) -> String;

    /// `ip:port` of an agent.
    fn agent(&self, n: usize) -> String;

    fn agent_id(&self, n: usize) -> String;

    /// The directory above `slaves/AGENT/frameworks/FRAMEWORK/executors/EXECUTOR/runs/CONTAINER`.
    fn work_dir(&self, n: usize) -> PathBuf;

    fn kill_agent(&mut self, n: usize) -> Done;

    fn start_agent(&mut self, n: usize) -> Done;

    /// Kills the master and starts it again, until those agents are registered that run.
    fn fail_over(&mut self) -> Done;

    /// Starts the agents that do not run, and waits until all are registered.
    fn mend(&mut self) -> Done;
}

/// A run of an executor.
#[derive(Clone, Debug)]
pub struct Run {
    pub agent: usize,
    pub executor: String,
    pub container: String,
    pub sandbox: PathBuf,
}

impl Run {
    /// All that there were, the oldest first.
    pub fn all(place: &dyn Place) -> Vec<Run> {
        let mut all: Vec<Run> =
            (1..=AGENTS).flat_map(|agent| runs(agent, &place.work_dir(agent))).collect();
        all.sort_by_key(|run| run.sandbox.metadata().and_then(|data| data.created()).ok());
        all
    }

    /// Kills it, and whatever it runs.
    pub fn kill(&self) -> Done {
        processes::kill_inside(&self.sandbox).map_err(|error| error.to_string())
    }
}

fn runs(agent: usize, work_dir: &Path) -> Vec<Run> {
    let mut paths = vec![work_dir.to_owned()];
    for level in ["slaves", "", "frameworks", "", "executors", "", "runs", ""] {
        paths = paths.iter().flat_map(|path| below(path, level)).collect();
    }
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let run = |sandbox: PathBuf| Run {
        agent,
        executor: name(sandbox.ancestors().nth(2).unwrap()),
        container: name(&sandbox),
        sandbox,
    };
    paths.into_iter().map(run).collect()
}

/// The directory of that name, or all where it is empty; `latest` is a link.
fn below(path: &Path, name: &str) -> Vec<PathBuf> {
    if !name.is_empty() {
        return vec![path.join(name)];
    }
    let Ok(entries) = path.read_dir() else { return Vec::new() };
    let directories =
        entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    directories.map(|entry| entry.path()).collect()
}
