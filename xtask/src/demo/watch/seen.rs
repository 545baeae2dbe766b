//! One member, and what was last seen of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::admin::Member;
use crate::demo::scene::{self, Role, State};
use crate::demo::stage::{Place, Stage, shorten};
use crate::gateway::{self, Proof};
use crate::processes::is_alive;
use crate::sandbox;

const PROVE_EVERY: Duration = Duration::from_millis(200);
/// A proof that is older is none of the present.
const PROOF_AGE_MAX: Duration = Duration::from_millis(1500);
/// A read of a member that comes back must not hold up the look at the others.
const READ_PATIENCE: Duration = Duration::from_millis(100);

/// A member, as it was last seen.
#[derive(Debug)]
pub struct Seen {
    member: Member,
    place: Option<Place>,
    folder: Option<PathBuf>,
    etcd: Etcd,
    proof: Option<(Instant, Proof)>,
    asked: Instant,
}

#[derive(Debug, Clone, Copy)]
enum Etcd {
    /// It has not served yet.
    Awaited,
    Up {
        pid: u32,
    },
    /// Since when no read was served.
    Down {
        since: Instant,
    },
}

impl Seen {
    /// A member that the scheduler has just told of.
    pub fn new(member: &Member) -> Self {
        let asked = Instant::now();
        let (member, etcd) = (member.clone(), Etcd::Awaited);
        Self { member, place: None, folder: None, etcd, proof: None, asked }
    }

    /// The member's name.
    pub fn name(&self) -> &str {
        &self.member.name
    }

    /// The raft term in which it led when it was asked last.
    pub fn leads_in_term(&self) -> Option<u64> {
        self.fresh_proof().filter(|proof| proof.is_leader).map(|proof| proof.raft_term)
    }

    /// Whether it has served at all.
    pub fn has_served(&self) -> bool {
        !matches!(self.etcd, Etcd::Awaited)
    }

    /// Whether it proved just now that it serves.
    pub fn is_serving(&self) -> bool {
        matches!(self.etcd, Etcd::Up { .. }) && self.fresh_proof().is_some()
    }

    /// What the scheduler says otherwise now.
    pub fn compare(&mut self, new: &Member) -> Option<String> {
        let old = std::mem::replace(&mut self.member, new.clone());
        let name = &new.name;
        if old.hostname != new.hostname {
            self.place = None;
            return Some(format!("{name}: now on {}", new.hostname));
        }
        if new.is_ended && !old.is_ended {
            return Some(format!("{name}: its task has ended"));
        }
        let is_awaited = matches!(self.etcd, Etcd::Awaited);
        let starts = new.etcd_pid.filter(|_| is_awaited && old.etcd_pid != new.etcd_pid)?;
        Some(format!("{name}: etcd {starts} is {}", new.etcd_state))
    }

    /// What its processes and its etcd say otherwise now.
    pub fn look(&mut self, stage: &dyn Stage, leader: Option<&str>) -> Vec<String> {
        let executor = self.look_at_executor();
        let etcd = match self.etcd {
            Etcd::Awaited => self.look_for_etcd(stage, None),
            Etcd::Up { pid } if is_alive(pid) => self.prove(),
            Etcd::Up { pid } => Some(self.lose(pid, leader)),
            Etcd::Down { since } => self.look_for_etcd(stage, Some(since)),
        };
        executor.into_iter().chain(etcd).collect()
    }

    /// The same for the screen.
    pub fn member(&self, stage: &dyn Stage, role: Option<Role>) -> scene::Member {
        let agents = stage.agents();
        let agent = agents.iter().find(|agent| agent.ip == self.member.hostname);
        let folder = self.folder.as_ref().map(|folder| folder.display().to_string());
        scene::Member {
            name: self.member.name.clone(),
            role,
            state: self.state(),
            proof: self.proof.map(|(at, proof)| (at.elapsed(), proof)),
            etcd: if let Etcd::Up { pid } = self.etcd { Some(pid) } else { None },
            executor: self.place.as_ref().and_then(|place| place.executor),
            client_url: self.member.client_url.clone(),
            agent: agent.map_or(&self.member.hostname, |agent| &agent.name).clone(),
            folder: folder.unwrap_or_default(),
        }
    }

    fn state(&self) -> State {
        match self.etcd {
            _ if self.member.is_ended => State::Ended,
            Etcd::Awaited if self.member.etcd_state.is_empty() => {
                State::Coming(self.member.task_state.to_lowercase())
            }
            Etcd::Awaited => State::Coming(self.member.etcd_state.clone()),
            Etcd::Up { .. } if self.fresh_proof().is_some() => State::Serving,
            Etcd::Up { .. } => State::Stalled,
            Etcd::Down { since } => State::Down(since.elapsed()),
        }
    }

    fn fresh_proof(&self) -> Option<Proof> {
        self.proof.filter(|(at, _)| at.elapsed() <= PROOF_AGE_MAX).map(|(_, proof)| proof)
    }

    fn prove(&mut self) -> Option<String> {
        if self.asked.elapsed() < PROVE_EVERY {
            return None;
        }
        self.asked = Instant::now();
        let proof = gateway::prove(&self.member.client_url, READ_PATIENCE).ok()?;
        self.proof = Some((Instant::now(), proof));
        None
    }

    fn lose(&mut self, pid: u32, leader: Option<&str>) -> String {
        self.etcd = Etcd::Down { since: Instant::now() };
        self.proof = None;
        let role = if leader == Some(self.name()) { ", the leader," } else { "" };
        format!("{}: etcd {pid}{role} is gone", self.name())
    }

    fn look_at_executor(&mut self) -> Option<String> {
        let executor = self.place.as_ref()?.executor?;
        if is_alive(executor) {
            return None;
        }
        self.place = None;
        Some(format!("{}: executor {executor} is gone", self.name()))
    }

    fn look_for_etcd(&mut self, stage: &dyn Stage, since: Option<Instant>) -> Option<String> {
        if self.member.is_ended {
            return None;
        }
        let pid = self.find_etcd(stage)?;
        let proof = gateway::prove(&self.member.client_url, READ_PATIENCE).ok()?;
        self.proof = Some((Instant::now(), proof));
        self.etcd = Etcd::Up { pid };
        Some(match since {
            Some(since) => {
                format!("{}: etcd {pid} serves again after {}", self.name(), seconds(since))
            }
            None => format!("{}: etcd {pid} serves {}", self.name(), self.member.client_url),
        })
    }

    /// The new etcd is where the old one was, or else, if its executor ended too, in another sandbox.
    fn find_etcd(&mut self, stage: &dyn Stage) -> Option<u32> {
        let sandbox = self.place.as_ref().map(|place| place.sandbox.as_path());
        if let Some(found) = sandbox.and_then(sandbox::etcd_in) {
            return Some(found);
        }
        self.place = stage.place(&self.member).filter(|place| place.executor.is_some_and(is_alive));
        let sandbox = &self.place.as_ref()?.sandbox;
        self.folder = shorten(stage.dir(), &self.member.name, sandbox).ok();
        sandbox::etcd_in(sandbox)
    }
}

fn seconds(since: Instant) -> String {
    format!("{:.2} s", since.elapsed().as_secs_f64())
}
