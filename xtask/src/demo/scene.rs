//! What there is to see: facts, gathered elsewhere and drawn elsewhere.

use std::collections::VecDeque;
use std::time::Duration;

use crate::demo::deed::Deed;
use crate::gateway::Proof;

/// Everything that the screen shows.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// The framework's name, which is the cluster's.
    pub framework: String,
    /// How long it has been.
    pub elapsed: Duration,
    /// What kind of Mesos this is.
    pub mesos: &'static str,
    /// Where one looks at Mesos.
    pub master_url: String,
    /// The scheduler's process.
    pub scheduler_pid: u32,
    /// The scheduler's report.
    pub report_url: String,
    /// `healthy`, `degraded`, `unhealthy`, `unknown`; empty while the scheduler does not answer.
    pub verdict: String,
    /// The verdict's grounds.
    pub because: String,
    /// What the scheduler waits for, and what somebody must do.
    pub concerns: Vec<String>,
    /// The members.
    pub members: Vec<Member>,
    /// The agents.
    pub agents: Vec<Agent>,
    /// `etcdctl`, as the reader has to call it.
    pub etcdctl: String,
    /// What the reader can do to all this.
    pub deeds: Vec<Deed>,
    /// What happened, the newest last.
    pub events: VecDeque<Event>,
}

/// A member of the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it does in the cluster, while that is known.
    pub role: Option<Role>,
    /// What becomes of it.
    pub state: State,
    /// What it proved last, and how long ago.
    pub proof: Option<(Duration, Proof)>,
    /// Its process.
    pub etcd: Option<u32>,
    /// The process that looks after it.
    pub executor: Option<u32>,
    /// Its URL for clients.
    pub client_url: String,
    /// Its agent's name.
    pub agent: String,
    /// Its sandbox.
    pub folder: String,
}

/// What a member does in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It leads.
    Leader,
    /// It follows.
    Follower,
}

/// What becomes of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not there yet; how far it is, in Mesos's or its executor's words.
    Coming(String),
    /// It proved it, just now.
    Serving,
    /// Its process is there, and serves no linearizable read.
    Stalled,
    /// Its process is gone, for so long.
    Down(Duration),
    /// Its task has ended.
    Ended,
}

/// An agent of Mesos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its short name.
    pub name: String,
    /// Its address.
    pub ip: String,
    /// `up`, or what else it is.
    pub state: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Duration,
    /// What.
    pub text: String,
}

impl Member {
    /// Whether it proved that it serves, just now.
    pub fn is_serving(&self) -> bool {
        self.state == State::Serving
    }
}

impl Scene {
    /// The members that serve, the leader first.
    pub fn serving(&self) -> Vec<&Member> {
        let mut serving: Vec<&Member> = self.members.iter().filter(|m| m.is_serving()).collect();
        serving.sort_by_key(|member| member.role != Some(Role::Leader));
        serving
    }
}
