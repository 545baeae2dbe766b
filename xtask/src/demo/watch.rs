//! Tells what changes in a cluster that runs: by looking at its processes, and by asking the scheduler.
//!
//! The times are of our own looking: a process that is gone, and a read that the member serves.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use etcd_mesos_testkit::processes::is_alive;

use crate::admin::{Member, Report};
use crate::deployment::{AGENTS, Deployment};
use crate::failure::{Failure, Outcome};
use crate::{gateway, sandbox};

const ASK_SCHEDULER_EVERY: Duration = Duration::from_millis(100);
/// A read of a member that comes back must not hold up the look at the others.
const READ_PATIENCE: Duration = Duration::from_millis(100);
/// Whoever kills a scheduler wants to see for a moment that etcd does without.
const SCHEDULER_PAUSE: Duration = Duration::from_secs(1);

/// What was last seen.
#[derive(Debug)]
pub struct Watch {
    members: BTreeMap<String, Seen>,
    leader: Option<String>,
    verdict: String,
    asked: Instant,
    scheduler: Scheduler,
}

#[derive(Debug)]
struct Seen {
    member: Member,
    sandbox: Option<PathBuf>,
    etcd: Etcd,
}

#[derive(Debug, Clone, Copy)]
enum Etcd {
    Up {
        pid: u32,
    },
    /// Since when no read was served.
    Down {
        since: Instant,
    },
}

#[derive(Debug, Clone, Copy)]
enum Scheduler {
    Up,
    Gone {
        since: Instant,
    },
    /// Started again, and not yet complete.
    Back {
        since: Instant,
    },
}

impl Watch {
    /// A watch over a cluster that is complete.
    pub fn new(deployment: &Deployment, report: &Report) -> Self {
        let seen = |member: &Member| (member.name.clone(), Seen::new(deployment, member));
        Self {
            members: report.members.iter().map(seen).collect(),
            leader: report.leader().map(|member| member.name.clone()),
            verdict: report.verdict.clone(),
            asked: Instant::now(),
            scheduler: Scheduler::Up,
        }
    }

    /// What has changed since the last look, a line for each change.
    pub fn look(&mut self, deployment: &mut Deployment) -> Outcome<Vec<String>> {
        let mut lines = Vec::new();
        for seen in self.members.values_mut() {
            lines.extend(seen.look(deployment, self.leader.as_deref()));
        }
        lines.extend(look_at_agents(deployment)?);
        lines.extend(self.look_at_scheduler(deployment)?);
        if self.asked.elapsed() >= ASK_SCHEDULER_EVERY {
            self.asked = Instant::now();
            // A scheduler that does not answer is either gone, which was told, or not yet back.
            let report = deployment.admin().report();
            lines
                .extend(report.map(|report| self.compare(deployment, &report)).unwrap_or_default());
        }
        Ok(lines)
    }

    fn compare(&mut self, deployment: &Deployment, report: &Report) -> Vec<String> {
        let mut lines = Vec::new();
        if let Scheduler::Back { since } = self.scheduler {
            if !report.is_complete(self.members.len()) {
                return lines;
            }
            self.scheduler = Scheduler::Up;
            lines.push(format!("the scheduler has taken over after {}", seconds(since)));
        }
        for member in &report.members {
            lines.extend(self.compare_member(deployment, member));
        }
        let leader = report.leader().map(|member| member.name.clone());
        if leader.is_some() && leader != self.leader {
            self.leader = leader;
            lines.extend(self.leader.as_ref().map(|name| format!("{name} leads now")));
        }
        if report.verdict != self.verdict {
            self.verdict.clone_from(&report.verdict);
            lines.push(format!("the scheduler says: {}: {}", report.verdict, report.because));
        }
        lines
    }

    fn compare_member(&mut self, deployment: &Deployment, member: &Member) -> Option<String> {
        if let Some(seen) = self.members.get_mut(&member.name) {
            let has_moved = seen.member.hostname != member.hostname;
            seen.member = member.clone();
            return has_moved.then(|| format!("{}: now on agent {}", member.name, member.hostname));
        }
        self.members.insert(member.name.clone(), Seen::new(deployment, member));
        Some(format!("{}: a new member, on agent {}", member.name, member.hostname))
    }

    fn look_at_scheduler(&mut self, deployment: &mut Deployment) -> Outcome<Option<String>> {
        match (self.scheduler, deployment.scheduler_status()) {
            (Scheduler::Gone { since }, _) if since.elapsed() < SCHEDULER_PAUSE => Ok(None),
            (Scheduler::Gone { .. }, _) => {
                self.scheduler = Scheduler::Back { since: deployment.start_scheduler()? };
                let pid = deployment.scheduler()?.pid();
                Ok(Some(format!(
                    "another scheduler is started on the same state file: process {pid}"
                )))
            }
            (_, None) => Ok(None),
            (_, Some(status)) if status.signal().is_some() => {
                self.scheduler = Scheduler::Gone { since: Instant::now() };
                Ok(Some(format!("the scheduler is gone ({status}); etcd runs on without it")))
            }
            (_, Some(status)) if status.success() => {
                self.scheduler = Scheduler::Gone { since: Instant::now() };
                Ok(Some("the scheduler was asked to end; etcd runs on without it".to_owned()))
            }
            (_, Some(status)) => Err(Failure::new(format!("the scheduler ended: {status}"))),
        }
    }
}

impl Seen {
    fn new(deployment: &Deployment, member: &Member) -> Self {
        let sandbox = deployment.sandbox_of(member).ok();
        let etcd = match sandbox.as_deref().and_then(sandbox::etcd_in) {
            Some(pid) => Etcd::Up { pid },
            None => Etcd::Down { since: Instant::now() },
        };
        Self { member: member.clone(), sandbox, etcd }
    }

    fn look(&mut self, deployment: &Deployment, leader: Option<&str>) -> Option<String> {
        let name = &self.member.name;
        match self.etcd {
            Etcd::Up { pid } if is_alive(pid) => None,
            Etcd::Up { pid } => {
                self.etcd = Etcd::Down { since: Instant::now() };
                let role = if leader == Some(name) { ", the leader," } else { "" };
                Some(format!("{name}: etcd {pid}{role} is gone"))
            }
            Etcd::Down { since } => {
                let pid = self.find_etcd(deployment)?;
                gateway::read_within(&self.member.client_url, "hello", READ_PATIENCE).ok()?;
                self.etcd = Etcd::Up { pid };
                Some(format!(
                    "{}: etcd {pid} serves again after {}",
                    self.member.name,
                    seconds(since)
                ))
            }
        }
    }

    /// The new etcd is where the old one was, or else, if its executor ended too, in another sandbox.
    fn find_etcd(&mut self, deployment: &Deployment) -> Option<u32> {
        let found = self.sandbox.as_deref().and_then(sandbox::etcd_in);
        if found.is_none() {
            self.sandbox = deployment.sandbox_of(&self.member).ok();
        }
        found
    }
}

/// A supervisor would start an agent again; here that is the demo's part.
fn look_at_agents(deployment: &Deployment) -> Outcome<Vec<String>> {
    let mut lines = Vec::new();
    for n in 1..=AGENTS {
        let (pid, ip) = (deployment.mesos.agent_pid(n)?, deployment.mesos.agent_ip(n));
        if !is_alive(pid) {
            // Its threads may still be ending; this waits for the last of them.
            deployment.mesos.kill_agent(n)?;
            deployment.mesos.start_agent(n)?;
            let new = deployment.mesos.agent_pid(n)?;
            lines.push(format!("agent {ip}: process {pid} is gone, started again as {new}"));
        }
    }
    Ok(lines)
}

fn seconds(since: Instant) -> String {
    format!("{:.2} s", since.elapsed().as_secs_f64())
}
