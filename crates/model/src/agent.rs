//! An agent: its daemon, what it keeps on disk, and what reaches it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId};
use etcd_mesos_core::status::TaskState;
use etcd_mesos_core::time::Timestamp;

use crate::containers::Running;
use crate::resources::Holding;
use crate::updates::KeptUpdate;
use crate::vocabulary::{Container, Freight, TaskLaunch};
use crate::{Alarm, Mesos, TaskKey};

/// What the master says to an agent.
#[derive(Debug)]
pub(crate) enum ToAgent<F: Freight> {
    Run {
        framework: FrameworkId,
        launch: TaskLaunch<F>,
    },
    Kill {
        task: TaskKey,
        grace: Option<Duration>,
    },
    Acknowledge {
        task: TaskKey,
        uuid: Vec<u8>,
    },
    Message {
        framework: FrameworkId,
        executor: String,
        bytes: Vec<u8>,
    },
    Shutdown {
        framework: FrameworkId,
        executor: String,
    },
    ShutdownFramework {
        framework: FrameworkId,
    },
    /// It has registered again; the master knows of these tasks of it, and it did not name them.
    Reconcile {
        tasks: Vec<TaskKey>,
    },
}

/// What an agent knows of a task.
#[derive(Clone, Debug)]
pub(crate) struct AgentTask {
    pub(crate) executor: String,
    pub(crate) needs: Holding,
    pub(crate) state: TaskState,
    /// The state in the last update that it forwarded (`Slave::forward`).
    pub(crate) forwarded: Option<TaskState>,
    /// Where it runs, once its executor has said something of it.
    pub(crate) container: Option<Container>,
    /// The updates that its executor has handed in (`TaskStatusUpdateStream::received`).
    pub(crate) received: BTreeSet<Vec<u8>>,
}

/// An agent: a daemon, its host, and what it keeps on disk.
#[derive(Debug)]
pub(crate) struct Agent<F: Freight> {
    pub(crate) is_down: bool,
    /// Whether its daemon runs again and still waits for its executors.
    pub(crate) is_recovering: bool,
    /// Whether it has registered with this master and its connection has not broken since, as far
    /// as the master knows.
    pub(crate) is_connected: bool,
    /// Whether it is to register before long.
    pub(crate) is_registering: bool,
    /// Since when its host reaches nobody, and nobody reaches it.
    pub(crate) cut_since: Option<Timestamp>,
    /// Since when its daemon is down.
    pub(crate) down_since: Option<Timestamp>,
    /// Since when its daemon runs.
    pub(crate) up_since: Timestamp,
    pub(crate) containers: BTreeMap<u64, Running<F>>,
    /// The tasks that it was given, until their ends are acknowledged.
    pub(crate) tasks: BTreeMap<TaskKey, AgentTask>,
    pub(crate) updates: BTreeMap<TaskKey, VecDeque<KeptUpdate<F>>>,
    /// Frameworks that were removed and whose executors are ending (`Framework::TERMINATING`).
    pub(crate) terminating: BTreeSet<FrameworkId>,
}

impl<F: Freight> Default for Agent<F> {
    fn default() -> Agent<F> {
        Agent {
            is_down: false,
            is_recovering: false,
            is_connected: false,
            is_registering: false,
            cut_since: None,
            down_since: None,
            up_since: Timestamp::default(),
            containers: BTreeMap::new(),
            tasks: BTreeMap::new(),
            updates: BTreeMap::new(),
            terminating: BTreeSet::new(),
        }
    }
}

impl<F: Freight> Agent<F> {
    /// Whether a task of it has not ended.
    pub(crate) fn lives(&self, task: &TaskKey) -> bool {
        self.tasks.get(task).is_some_and(|task| !task.state.is_terminal())
    }

    /// Whether it knows of a task at all.
    pub(crate) fn knows(&self, task: &TaskKey) -> bool {
        self.tasks.contains_key(task) || self.updates.contains_key(task)
    }

    /// The tasks of a framework with updates that are not acknowledged.
    pub(crate) fn waiting_for(&self, framework: &FrameworkId) -> Vec<TaskKey> {
        self.updates.keys().filter(|(of, _)| of == framework).cloned().collect()
    }

    /// Whether it would answer a ping.
    pub(crate) fn answers(&self) -> bool {
        !self.is_down && self.cut_since.is_none()
    }

    /// Whether anything of a framework is left on it.
    pub(crate) fn has(&self, framework: &FrameworkId) -> bool {
        self.containers.values().any(|c| c.framework == *framework)
            || self.tasks.keys().any(|(of, _)| of == framework)
    }

    /// The container of an executor, which may be ending.
    pub(crate) fn container_of(&self, framework: &FrameworkId, executor: &str) -> Option<u64> {
        let is_it = |c: &Running<F>| c.framework == *framework && c.executor == executor;
        self.containers.iter().find(|(_, c)| is_it(c)).map(|(number, _)| *number)
    }
}

impl<F: Freight> Mesos<F> {
    /// Whether master and agent can speak with each other.
    pub(crate) fn reaches(&self, agent: usize) -> bool {
        let there = &self.agents[agent];
        !self.master.is_down && there.answers() && !there.is_recovering
    }

    /// Whether they do, since the agent registered.
    pub(crate) fn speaks(&self, agent: usize) -> bool {
        self.reaches(agent) && self.is_connected(agent)
    }

    /// Whether the master has a connection with the agent, for all that it knows. It drops what it
    /// would send over one that is broken (`Slave::connected` in `src/master/master.hpp`).
    pub(crate) fn is_connected(&self, agent: usize) -> bool {
        self.agents[agent].is_connected && self.master.registered.contains(&agent)
    }

    pub(crate) fn connected_agent(&self, id: &AgentId) -> Option<usize> {
        self.agent_number(id).filter(|agent| self.is_connected(*agent))
    }

    pub(crate) fn send_agent(&mut self, agent: usize, what: ToAgent<F>) {
        self.after(self.pace.hop(), Alarm::Agent { agent, what });
    }

    /// What a connection that breaks has not delivered is lost.
    pub(crate) fn agent_hears(&mut self, agent: usize, what: ToAgent<F>) {
        if !self.speaks(agent) {
            return;
        }
        match what {
            ToAgent::Run { framework, launch } => self.run_task(agent, framework, launch),
            ToAgent::Kill { task, grace } => self.kill_task(agent, &task, grace),
            ToAgent::Acknowledge { task, uuid } => self.acknowledged(agent, &task, &uuid),
            ToAgent::Message { framework, executor, bytes } => {
                self.tell_executor(agent, &framework, &executor, bytes);
            }
            ToAgent::Shutdown { framework, executor } => {
                if let Some(number) = self.agents[agent].container_of(&framework, &executor) {
                    self.shut_down(Container { agent, number });
                }
            }
            ToAgent::ShutdownFramework { framework } => {
                self.shut_down_framework(agent, framework);
            }
            ToAgent::Reconcile { tasks } => self.drop_unknown(agent, tasks),
        }
    }
}
