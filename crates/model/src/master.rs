//! The leading master: what it remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId, OfferId};
use etcd_mesos_core::status::TaskState;
use etcd_mesos_core::time::Timestamp;

use crate::resources::Holding;
use crate::vocabulary::{Connection, Container, Event, Freight, Output};
use crate::{Mesos, TaskKey};

/// A master's memory of one task.
#[derive(Clone, Debug)]
pub(crate) struct KnownTask {
    pub(crate) agent: usize,
    pub(crate) executor: Option<String>,
    pub(crate) needs: Holding,
    /// As the last update said that came (`status_update_state`).
    pub(crate) state: TaskState,
    /// That update's UUID.
    pub(crate) uuid: Option<Vec<u8>>,
    /// Where it runs, once an update came from there.
    pub(crate) container: Option<Container>,
}

/// A framework that subscribed with this master.
#[derive(Debug, Default)]
pub(crate) struct Framework {
    /// The connection that counts, if there is one.
    pub(crate) connection: Option<Connection>,
    pub(crate) role: String,
    pub(crate) is_suppressed: bool,
    /// By agent; those that are over go when another one is added.
    pub(crate) filters: BTreeMap<usize, Vec<Filter>>,
    pub(crate) failover_timeout: Duration,
    /// Since when it has no connection.
    pub(crate) disconnected_since: Timestamp,
}

/// What a framework does not want of an agent for a while.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) until: Timestamp,
    pub(crate) refused: Holding,
}

/// An offer that nobody has answered.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) agent: usize,
    pub(crate) framework: FrameworkId,
    pub(crate) holding: Holding,
}

/// A master's memory of one executor.
#[derive(Debug)]
pub(crate) struct KnownExecutor<F: Freight> {
    /// What it holds.
    pub(crate) needs: Holding,
    /// The task that brought it, which describes it.
    pub(crate) freight: F::Task,
}

/// An executor, by its agent, framework and ID.
pub(crate) type ExecutorKey = (usize, FrameworkId, String);

/// The leading master; another one after each failover.
#[derive(Debug)]
pub(crate) struct Master<F: Freight> {
    pub(crate) is_down: bool,
    pub(crate) frameworks: BTreeMap<FrameworkId, Framework>,
    pub(crate) next_framework: u32,
    /// Those that are over; the memory of it ends with this master.
    pub(crate) removed: BTreeSet<FrameworkId>,
    pub(crate) offers: BTreeMap<OfferId, Offered>,
    pub(crate) next_offer: u64,
    pub(crate) registered: BTreeSet<usize>,
    pub(crate) unreachable: BTreeSet<usize>,
    /// Agents of the registry that have not registered since the failover.
    pub(crate) awaited: BTreeSet<usize>,
    pub(crate) tasks: BTreeMap<TaskKey, KnownTask>,
    pub(crate) executors: BTreeMap<ExecutorKey, KnownExecutor<F>>,
    /// Tasks of agents that do not answer (`Framework::unreachableTasks`).
    pub(crate) unreachable_tasks: BTreeMap<TaskKey, usize>,
    /// Tasks that were to be killed, by their agent, in case it registers again (`killedTasks`).
    pub(crate) killed: BTreeMap<usize, BTreeSet<TaskKey>>,
    pub(crate) uuids: u64,
    pub(crate) is_offer_due: bool,
}

impl<F: Freight> Default for Master<F> {
    fn default() -> Master<F> {
        Master {
            is_down: false,
            frameworks: BTreeMap::new(),
            next_framework: 0,
            removed: BTreeSet::new(),
            offers: BTreeMap::new(),
            next_offer: 0,
            registered: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            awaited: BTreeSet::new(),
            tasks: BTreeMap::new(),
            executors: BTreeMap::new(),
            unreachable_tasks: BTreeMap::new(),
            killed: BTreeMap::new(),
            uuids: 0,
            is_offer_due: false,
        }
    }
}

impl<F: Freight> Master<F> {
    /// The framework whose subscription that connection is.
    pub(crate) fn framework_of(&self, connection: Connection) -> Option<&FrameworkId> {
        let mut all = self.frameworks.iter();
        all.find(|(_, f)| f.connection == Some(connection)).map(|(id, _)| id)
    }
}

impl<F: Freight> Mesos<F> {
    pub(crate) fn agent_id(&self, agent: usize) -> AgentId {
        AgentId(match &self.settings.master_id {
            Some(master) => format!("{master}-S{agent}"),
            None => format!("a{}", agent + 1),
        })
    }

    pub(crate) fn agent_number(&self, id: &AgentId) -> Option<usize> {
        (0..self.agents.len()).find(|agent| self.agent_id(*agent) == *id)
    }

    pub(crate) fn new_framework_id(&mut self) -> FrameworkId {
        let number = self.master.next_framework;
        self.master.next_framework += 1;
        FrameworkId(match &self.settings.master_id {
            Some(master) => format!("{master}-{number:04}"),
            None => format!("f{}", number + 1),
        })
    }

    pub(crate) fn new_offer_id(&mut self) -> OfferId {
        let number = self.master.next_offer;
        self.master.next_offer += 1;
        OfferId(match &self.settings.master_id {
            Some(master) => format!("{master}-O{number}"),
            None => format!("o{}", number + 1),
        })
    }

    /// A UUID that no two updates have, in the form of a random one.
    pub(crate) fn new_uuid(&mut self) -> Vec<u8> {
        self.master.uuids += 1;
        let mut uuid = u128::from(self.master.uuids).to_be_bytes();
        uuid[6] = 0x40;
        uuid[8] |= 0x80;
        uuid.to_vec()
    }

    /// Tells a framework's scheduler, if there is one.
    pub(crate) fn say(&mut self, framework: &FrameworkId, event: Event<F>) {
        let found = self.master.frameworks.get(framework).and_then(|f| f.connection);
        if let Some(connection) = found {
            self.out.push(Output::Scheduler { connection, event });
        }
    }
}
