//! What the scheduler shows over HTTP, in the predecessor's shapes where it had one.

use serde::Serialize;

use crate::health::Health;
use crate::id::{AgentId, MemberId, MemberName, TaskId};
use crate::record::{Member, Phase, TaskPhase};
use crate::scheduler::{Report, Scheduler};
use crate::status::TaskState;
use crate::wire::EtcdState;

/// One entry of `/members`; the keys are the predecessor's, `slaveID` included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberEntry {
    /// The member's name.
    pub name: MemberName,
    /// The IP address on which it listens.
    pub host: String,
    /// The port for other members.
    #[serde(rename = "rpcPort")]
    pub rpc_port: u16,
    /// The port for clients.
    #[serde(rename = "clientPort")]
    pub client_port: u16,
    /// The predecessor's reseed listener, which is no more: always 0.
    #[serde(rename = "httpPort")]
    pub http_port: u16,
    /// How it came into the cluster: `new` (with it), `existing` or `learner` (later).
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The agent that it runs on.
    #[serde(rename = "slaveID")]
    pub agent_id: AgentId,
}

/// `/stats`; the keys are the predecessor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Members whose task runs.
    pub running_servers: u32,
    /// Launches since the scheduler started.
    pub launched_servers: u32,
    /// Members' tasks that ended since the scheduler started.
    pub failed_servers: u32,
    /// Times that the cluster lost its quorum.
    pub cluster_livelocks: u32,
    /// Reseeds.
    pub cluster_reseeds: u32,
    /// 1 if a majority proved that it serves, within the last seconds.
    pub healthy: u32,
}

/// One member in `/report`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberReport {
    /// The member's name, which is also its executor ID.
    pub name: MemberName,
    /// Its member ID, once that is known.
    pub member_id: Option<MemberId>,
    /// Its newest task.
    pub task_id: TaskId,
    /// The agent of that task.
    pub agent_id: AgentId,
    /// That agent's host name.
    pub hostname: String,
    /// Its URL for other members.
    pub peer_url: String,
    /// Its URL for clients.
    pub client_url: String,
    /// What is known for certain of the task.
    pub task: TaskPhase,
    /// What Mesos last said of the task.
    pub task_state: Option<TaskState>,
    /// What Mesos last said of the client task beside it.
    pub client_task_state: Option<TaskState>,
    /// What the executor last said of its etcd.
    pub etcd: Option<EtcdState>,
    /// Whether it takes itself for the leader.
    pub is_leader: bool,
}

/// `/report`: what the scheduler does, waits for, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FullReport {
    /// The cluster's name.
    pub cluster: String,
    /// This scheduler's epoch.
    pub epoch: u64,
    /// The framework ID, once Mesos has given one.
    pub framework_id: Option<String>,
    /// Where the cluster's life stands.
    pub phase: Phase,
    /// The cluster's health.
    pub health: Health,
    /// The members.
    pub members: Vec<MemberReport>,
    /// What the scheduler does, waits for, and why.
    #[serde(flatten)]
    pub report: Report,
}

/// The members that clients may be told of, by name: from its first RUNNING until it is removed,
/// however its task fares.
pub fn members(scheduler: &Scheduler) -> Vec<MemberEntry> {
    let record = scheduler.record();
    if !record.is_formed() {
        return Vec::new();
    }
    let mut told: Vec<&Member> = record.members.iter().filter(|m| m.announced).collect();
    told.sort_by(|a, b| a.name().cmp(b.name()));
    told.into_iter().map(entry).collect()
}

fn entry(member: &Member) -> MemberEntry {
    MemberEntry {
        name: member.name().clone(),
        host: member.peer.ip.to_string(),
        rpc_port: member.peer.peer_port,
        client_port: member.peer.client_port,
        http_port: 0,
        kind: "new",
        agent_id: member.agent_id.clone(),
    }
}

/// The counters and gauges.
pub fn stats(scheduler: &Scheduler) -> Stats {
    let record = scheduler.record();
    let is_running =
        |m: &&Member| scheduler.task_state(&m.task_id) == Some(TaskState::Running) && !m.is_ended();
    let counters = scheduler.counters();
    Stats {
        running_servers: record.members.iter().filter(is_running).count() as u32,
        launched_servers: counters.launched,
        failed_servers: counters.failed,
        cluster_livelocks: 0,
        cluster_reseeds: 0,
        healthy: scheduler.health().serves().into(),
    }
}

/// The whole report.
pub fn report(scheduler: &Scheduler) -> FullReport {
    let record = scheduler.record();
    FullReport {
        cluster: record.cluster.to_string(),
        epoch: record.epoch.0,
        framework_id: record.framework_id.as_ref().map(ToString::to_string),
        phase: record.phase.clone(),
        health: scheduler.health(),
        members: record.members.iter().map(|m| member_report(scheduler, m)).collect(),
        report: scheduler.report().clone(),
    }
}

fn member_report(scheduler: &Scheduler, member: &Member) -> MemberReport {
    let name = member.name();
    MemberReport {
        name: name.clone(),
        member_id: member.member_id,
        task_id: member.task_id.clone(),
        agent_id: member.agent_id.clone(),
        hostname: member.hostname.clone(),
        peer_url: member.peer.peer_url(),
        client_url: member.peer.client_url(),
        task: member.task.clone(),
        task_state: scheduler.task_state(&member.task_id),
        client_task_state: scheduler.client_task_state(&member.task_id),
        etcd: scheduler.beat(name).map(|(_, said)| said.etcd.clone()),
        is_leader: scheduler.seen(name).is_some_and(|seen| seen.is_leader()),
    }
}
