//! Genuine Mesos with our scheduler on it, started and stopped by handle.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::process::Proc;
use nix::sys::signal::Signal;

use crate::admin::{Admin, Member};
use crate::failure::{Failure, Outcome};
use crate::flags::{self, AGENTS};
use crate::programs::Programs;

/// Linux gives ports from here on to whoever asks for any.
const EPHEMERAL_FIRST: u16 = 32768;
const EVIDENCE_LINES_MAX: usize = 15;

/// A Mesos cluster, and one scheduler of ours at a time. Dropping it leaves no process and no file.
#[derive(Debug)]
pub struct Deployment {
    /// Ends before Mesos does: fields are dropped in this order.
    scheduler: Option<Proc>,
    /// The master and the agents.
    pub mesos: Cluster,
    name: String,
    programs: Programs,
    ip: String,
    admin_port: u16,
    artifact_port: u16,
}

impl Deployment {
    /// Starts Mesos. The scheduler, whose framework has this name, is started by [`Self::start_scheduler`].
    pub fn prepare(programs: &Programs, name: &str) -> Outcome<Self> {
        let mesos = Cluster::builder().agents(AGENTS).start()?;
        let programs = programs.copy_into(mesos.dir())?;
        let ip = mesos.scheduler_ip(1);
        let admin_port = free_port(&ip, 23400)?;
        let artifact_port = free_port(&ip, 12300)?;
        let name = name.to_owned();
        Ok(Self { scheduler: None, mesos, name, programs, ip, admin_port, artifact_port })
    }

    /// Starts the scheduler, for the first time or again, with the state that the last one left.
    pub fn start_scheduler(&mut self) -> Outcome<Instant> {
        let mut command = Command::new(&self.programs.scheduler);
        command.args(self.flags()).current_dir(self.mesos.dir());
        let begun = Instant::now();
        self.scheduler = Some(Proc::start(command, self.mesos.dir().join("scheduler.log"))?);
        Ok(begun)
    }

    fn flags(&self) -> Vec<String> {
        let state_file = self.mesos.dir().join("scheduler.state");
        let mut flags = flags::common(&self.name, &self.programs, &state_file);
        flags.extend([
            format!("--master={}", self.mesos.master_addr()),
            format!("--address={}", self.ip),
            format!("--admin-port={}", self.admin_port),
            format!("--artifact-port={}", self.artifact_port),
        ]);
        flags
    }

    /// The running scheduler, or the one that ended last.
    pub fn scheduler(&self) -> Outcome<&Proc> {
        self.scheduler.as_ref().ok_or_else(|| Failure::new("no scheduler was started"))
    }

    /// How the scheduler ended, if it has.
    pub fn scheduler_status(&self) -> Option<ExitStatus> {
        self.scheduler.as_ref()?.exit_status()
    }

    /// Asks the scheduler to end (SIGTERM).
    pub fn terminate_scheduler(&self) -> Outcome<()> {
        self.scheduler()?.signal(Signal::SIGTERM);
        Ok(())
    }

    /// The scheduler's admin server.
    pub fn admin(&self) -> Admin {
        Admin::new(format!("{}:{}", self.ip, self.admin_port))
    }

    /// The number of the agent that a member runs on.
    pub fn agent_of(&self, member: &Member) -> Outcome<usize> {
        (1..=AGENTS)
            .find(|&n| self.mesos.agent_ip(n) == member.hostname)
            .ok_or_else(|| Failure::new(format!("{} is no agent of ours", member.hostname)))
    }

    /// The sandbox of a member's newest executor.
    pub fn sandbox_of(&self, member: &Member) -> Outcome<PathBuf> {
        let missing = || Failure::new(format!("{} has no sandbox", member.name));
        self.mesos.sandbox(self.agent_of(member)?, &member.name)?.ok_or_else(missing)
    }

    /// One of the master's counters of a framework, `master/frameworks/NAME/ID/…`.
    pub fn framework_metric(&self, framework_id: &str, name: &str) -> Outcome<u64> {
        let metrics = self.mesos.metrics()?;
        let key = format!("master/frameworks/{}/{framework_id}/{name}", self.name);
        let missing = || Failure::new(format!("the master has no metric {key}"));
        metrics[&key].as_f64().map(|count| count as u64).ok_or_else(missing)
    }

    /// `etcdctl`, as it has to be called here.
    pub fn etcdctl(&self) -> &Path {
        &self.programs.etcdctl
    }

    /// What explains a failure: the scheduler's own report, and the ends of its log and the executors'.
    pub fn evidence(&self) -> String {
        let report = self.admin().report_text().unwrap_or_else(|why| format!("none: {why}\n"));
        let log = self.scheduler.as_ref().map_or_else(String::new, Proc::log_tail);
        let mut text = format!(
            "--- the scheduler's report\n{report}\n--- the end of the scheduler's log\n{log}"
        );
        for n in 1..=AGENTS {
            for sandbox in self.mesos.sandboxes(n).unwrap_or_default() {
                let stderr = sandbox.join("stderr");
                text += &format!("\n--- the end of {}\n{}", stderr.display(), end_of(&stderr));
            }
        }
        text
    }
}

fn end_of(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(EVIDENCE_LINES_MAX)..].join("\n")
}

/// The first free port from the usual one on, so that it is the usual one wherever that is possible.
fn free_port(ip: &str, usual: u16) -> Outcome<u16> {
    (usual..EPHEMERAL_FIRST)
        .find(|&port| TcpListener::bind((ip, port)).is_ok())
        .ok_or_else(|| Failure::new(format!("no port of {ip} from {usual} on is free")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let first = free_port("127.0.0.1", 23400).unwrap();
        let _taken = TcpListener::bind(("127.0.0.1", first)).unwrap();
        assert!(free_port("127.0.0.1", first).unwrap() > first);
    }
}
