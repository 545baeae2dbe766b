//! A genuine Mesos, and a scheduler that is started again when it ends.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::{NAME, Place, Stage, Victim};
use crate::admin::{Admin, Member, Report};
use crate::demo::deed::{Act, Deed};
use crate::demo::scene::Agent;
use crate::deployment::Deployment;
use crate::failure::{Failure, Outcome};
use crate::flags::{AGENTS, SIZE};
use crate::processes::is_alive;
use crate::programs::Programs;
use crate::sandbox;

/// Whoever kills a scheduler wants to see for a moment that etcd does without.
const SCHEDULER_PAUSE: Duration = Duration::from_secs(1);
const ASK_MASTER_EVERY: Duration = Duration::from_millis(500);

/// A Mesos as it is downloaded from Apache, with one master.
#[derive(Debug)]
pub struct Genuine {
    deployment: Deployment,
    scheduler: Scheduler,
    active: Vec<String>,
    asked: Option<Instant>,
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

impl Genuine {
    /// Starts Mesos, and then the scheduler.
    pub fn start(programs: &Programs) -> Outcome<Self> {
        let mut deployment = Deployment::prepare(programs, NAME)?;
        deployment.start_scheduler()?;
        Ok(Self { deployment, scheduler: Scheduler::Up, active: Vec::new(), asked: None })
    }

    fn tend_scheduler(&mut self, report: Option<&Report>) -> Outcome<Option<String>> {
        match (self.scheduler, self.deployment.scheduler_status()) {
            (Scheduler::Gone { since }, _) if since.elapsed() < SCHEDULER_PAUSE => Ok(None),
            (Scheduler::Gone { .. }, _) => {
                self.scheduler = Scheduler::Back { since: self.deployment.start_scheduler()? };
                let pid = self.scheduler_pid();
                Ok(Some(format!("another scheduler is started on the same record: process {pid}")))
            }
            (_, Some(status)) => {
                self.scheduler = Scheduler::Gone { since: Instant::now() };
                farewell(status).map(Some)
            }
            (Scheduler::Back { since }, None) if report.is_some_and(|r| r.is_complete(SIZE)) => {
                self.scheduler = Scheduler::Up;
                let seconds = since.elapsed().as_secs_f64();
                Ok(Some(format!("the scheduler has taken over after {seconds:.2} s")))
            }
            (_, None) => Ok(None),
        }
    }

    /// A supervisor would start an agent again; here that is the demo's part.
    fn tend_agents(&self) -> Outcome<Vec<String>> {
        let mesos = &self.deployment.mesos;
        let mut lines = Vec::new();
        for n in 1..=AGENTS {
            let pid = mesos.agent_pid(n)?;
            if !is_alive(pid) {
                // Its threads may still be ending; this waits for the last of them.
                mesos.kill_agent(n)?;
                mesos.start_agent(n)?;
                let new = mesos.agent_pid(n)?;
                lines.push(format!("agent a{n}: process {pid} is gone, started again as {new}"));
            }
        }
        Ok(lines)
    }

    fn ask_master(&mut self) {
        if self.asked.is_some_and(|asked| asked.elapsed() < ASK_MASTER_EVERY) {
            return;
        }
        self.asked = Some(Instant::now());
        if let Ok(agents) = self.deployment.mesos.agents() {
            let active = agents.iter().filter(|agent| agent["active"] == true);
            let ip = |agent: &serde_json::Value| Some(agent["hostname"].as_str()?.to_owned());
            self.active = active.filter_map(ip).collect();
        }
    }
}

impl Stage for Genuine {
    fn mesos(&self) -> &'static str {
        "genuine Mesos 1.11.0"
    }

    fn master_url(&self) -> String {
        format!("{}/master/state", self.deployment.mesos.master_url())
    }

    fn scheduler_pid(&self) -> u32 {
        self.deployment.scheduler().map_or(0, |scheduler| scheduler.pid())
    }

    fn admin(&self) -> Admin {
        self.deployment.admin()
    }

    fn dir(&self) -> &Path {
        self.deployment.mesos.dir()
    }

    fn etcdctl(&self) -> &Path {
        self.deployment.etcdctl()
    }

    fn is_over(&mut self) -> Option<String> {
        None
    }

    fn tend(&mut self, report: Option<&Report>) -> Outcome<Vec<String>> {
        let mut lines = self.tend_agents()?;
        lines.extend(self.tend_scheduler(report)?);
        self.ask_master();
        Ok(lines)
    }

    fn agents(&self) -> Vec<Agent> {
        let agent = |n| {
            let ip = self.deployment.mesos.agent_ip(n);
            let state = if self.active.contains(&ip) { "up" } else { "away" };
            Agent { name: format!("a{n}"), ip, state: state.to_owned() }
        };
        (1..=AGENTS).map(agent).collect()
    }

    fn place(&self, member: &Member) -> Option<Place> {
        let sandbox = self.deployment.sandbox_of(member).ok()?;
        Some(Place { executor: sandbox::executor_in(&sandbox), sandbox })
    }

    fn deeds(&self, victim: Option<&Victim>) -> Vec<Deed> {
        let number = victim.and_then(|victim| victim.agent.strip_prefix('a')?.parse().ok());
        let agent = number.and_then(|n| Some((n, self.deployment.mesos.agent_pid(n).ok()?)));
        let kill = |key, whom: String, effect: &str, pid| {
            let effect = effect.to_owned();
            Deed { key, whom, effect, act: Act::Kill(pid) }
        };
        let effect = "executor and etcd run on; the demo starts it again";
        let agent =
            agent.map(|(n, pid): (usize, u32)| kill('a', format!("agent a{n}"), effect, pid));
        let effect = "etcd runs on; the demo starts another, which takes over";
        let scheduler = kill('s', "scheduler".to_owned(), effect, self.scheduler_pid());
        agent.into_iter().chain([scheduler]).collect()
    }

    fn evidence(&self) -> String {
        self.deployment.evidence()
    }
}

fn farewell(status: ExitStatus) -> Outcome<String> {
    if status.signal().is_some() {
        return Ok(format!("the scheduler is gone ({status}); etcd runs on without it"));
    }
    match status.success() {
        true => Ok("the scheduler was asked to end; etcd runs on without it".to_owned()),
        false => Err(Failure::new(format!("the scheduler ended: {status}"))),
    }
}
