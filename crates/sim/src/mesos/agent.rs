//! An agent: its daemon, and what reaches it.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId};
use etcd_mesos_core::status::TaskState;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_executor::supervisor;

use super::call::Work;
use super::containers::Fetching;
use super::updates::KeptUpdate;
use crate::world::{Coming, World};

#[derive(Debug)]
pub(crate) enum ToAgent {
    Run { framework: FrameworkId, task: String, executor: String, work: Work },
    Kill { task: String, grace: Duration },
    Acknowledge { task: String, uuid: Vec<u8> },
    Message { executor: String, bytes: Vec<u8> },
}

/// What an agent knows of a task.
#[derive(Clone, Debug)]
pub(super) struct AgentTask {
    pub(super) framework: FrameworkId,
    pub(super) state: TaskState,
    /// The state in the last update that it forwarded (`Slave::forward`).
    pub(super) forwarded: Option<TaskState>,
}

/// An agent: a daemon, its host, and what it keeps on disk.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) number: usize,
    pub(crate) is_down: bool,
    /// Since when the master does not reach it.
    pub(crate) cut_since: Option<Timestamp>,
    /// Since when its daemon is down.
    pub(crate) down_since: Option<Timestamp>,
    pub(super) fetching: BTreeMap<String, Fetching>,
    /// The tasks that it was given, until their ends are acknowledged.
    pub(super) tasks: BTreeMap<String, AgentTask>,
    pub(super) updates: BTreeMap<String, VecDeque<KeptUpdate>>,
}

impl Agent {
    pub(crate) fn new(number: usize) -> Agent {
        Agent {
            number,
            is_down: false,
            cut_since: None,
            down_since: None,
            fetching: BTreeMap::new(),
            tasks: BTreeMap::new(),
            updates: BTreeMap::new(),
        }
    }

    /// Whether a task of it has not ended.
    pub(super) fn lives(&self, task: &str) -> bool {
        self.tasks.get(task).is_some_and(|task| !task.state.is_terminal())
    }

    /// The tasks of a framework with updates that are not acknowledged.
    pub(super) fn waiting_for(&self, framework: &FrameworkId) -> Vec<String> {
        let is_its = |queue: &VecDeque<KeptUpdate>| {
            queue.front().is_some_and(|update| update.framework == *framework)
        };
        let waiting = self.updates.iter().filter(|(_, queue)| is_its(queue));
        waiting.map(|(task, _)| task.clone()).collect()
    }

    pub(crate) fn ip(&self) -> IpAddr {
        IpAddr::from([127, 0, 1, self.number as u8 + 1])
    }

    pub(crate) fn id(&self) -> AgentId {
        AgentId(format!("a{}", self.number + 1))
    }
}

impl World {
    pub(super) fn reaches(&self, agent: usize) -> bool {
        let there = &self.agents[agent];
        !self.master.is_down
            && !there.is_down
            && there.cut_since.is_none()
            && !self.cut.contains(&agent)
    }

    pub(super) fn agent_number(&self, id: &AgentId) -> Option<usize> {
        self.agents.iter().position(|agent| agent.id() == *id)
    }

    pub(super) fn send_agent(&mut self, agent: usize, what: ToAgent) {
        let at = self.now + Duration::from_millis(2);
        self.coming.put(at, Coming::Agent { agent, what: Box::new(what) });
    }

    pub(crate) fn agent_hears(&mut self, agent: usize, what: ToAgent) {
        // What a connection that breaks has not delivered is lost.
        if !self.reaches(agent) {
            return;
        }
        match what {
            ToAgent::Run { framework, task, executor, work } => {
                self.run_task(agent, framework, task, executor, work);
            }
            ToAgent::Kill { task, grace } => self.kill_task(agent, &task, grace),
            ToAgent::Acknowledge { task, uuid } => self.acknowledged(agent, &task, &uuid),
            ToAgent::Message { executor, bytes } => {
                if self.plain.iter().any(|(key, p)| key.0 == agent && p.id == executor) {
                    return self.say_to_scheduler(agent, &bytes);
                }
                let found =
                    self.executors.iter().find(|(key, e)| key.0 == agent && e.id == executor);
                if let Some(key) = found.map(|(key, _)| *key) {
                    self.tell_executor(key, 5, supervisor::Event::Message(bytes));
                }
            }
        }
    }
}
