//! The leading master: what it remembers, and which calls it takes.

use std::collections::{BTreeMap, BTreeSet};

use etcd_mesos_core::id::{Epoch, FrameworkId, OfferId};
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::status::TaskState;
use etcd_mesos_core::time::Timestamp;

use super::call::{Call, ToMaster};
use crate::world::World;

/// A master's memory of one task.
#[derive(Clone, Debug)]
pub(super) struct KnownTask {
    pub(super) agent: usize,
    pub(super) framework: FrameworkId,
    /// As the last update said that came (`status_update_state`).
    pub(super) state: TaskState,
    /// That update's UUID.
    pub(super) uuid: Option<Vec<u8>>,
}

/// The leading master; another one after each failover.
#[derive(Debug, Default)]
pub(crate) struct Master {
    pub(crate) is_down: bool,
    /// The stream that counts: connection, scheduler process, framework.
    pub(super) stream: Option<(u64, u64, FrameworkId)>,
    pub(super) suppressed: bool,
    pub(super) connections: u64,
    pub(super) frameworks: u32,
    /// Those that an operator tore down; the memory of it ends with this master.
    pub(super) removed: BTreeSet<FrameworkId>,
    pub(super) offers: BTreeMap<OfferId, usize>,
    pub(super) next_offer: u64,
    pub(super) filters: BTreeMap<usize, Timestamp>,
    pub(super) registered: BTreeSet<usize>,
    pub(super) unreachable: BTreeSet<usize>,
    /// Agents of the registry that have not registered since the failover.
    pub(super) awaited: BTreeSet<usize>,
    pub(super) tasks: BTreeMap<String, KnownTask>,
    /// Tasks of agents that do not answer (`Framework::unreachableTasks`).
    pub(super) unreachable_tasks: BTreeMap<String, (usize, FrameworkId)>,
    /// Tasks that were to be killed, by their agent, in case it registers again (`killedTasks`).
    pub(super) killed: BTreeMap<usize, BTreeSet<String>>,
    pub(super) uuids: u64,
    pub(super) is_offer_due: bool,
}

impl Master {
    pub(crate) fn new_connection(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }
}

impl World {
    pub(crate) fn master_hears(&mut self, connection: u64, call: ToMaster) {
        match call {
            ToMaster::Subscribe { process, framework_id, suppressed } => {
                self.subscribed(connection, process, framework_id, suppressed);
            }
            ToMaster::Call { epoch, call } => {
                let current = self.master.stream.as_ref().filter(|(c, _, _)| *c == connection);
                let (false, Some((_, process, framework))) =
                    (self.master.is_down, current.cloned())
                else {
                    return self.refuse(connection);
                };
                self.carry_out(process, &framework, epoch, call);
            }
        }
    }

    pub(super) fn carry_out(
        &mut self,
        process: u64,
        framework: &FrameworkId,
        epoch: Epoch,
        call: Call,
    ) {
        match call {
            Call::AskFrameworks => {
                let living = self.living();
                self.later(process, 5, Event::Asked(Ok(living)));
            }
            Call::Reconcile(tasks) => self.reconcile(framework, tasks),
            Call::Acknowledge { agent_id, task, uuid } => {
                self.acknowledge(&agent_id, task, uuid);
            }
            Call::Launch(launch) => self.accept(framework, epoch, launch),
            Call::Decline { offers, refuse_for } => self.decline(&offers, refuse_for),
            Call::Suppress => self.master.suppressed = true,
            Call::Revive => {
                self.master.suppressed = false;
                self.master.filters.clear();
                self.offer_soon();
            }
            Call::Kill { task, agent_id, grace } => {
                self.ledger.kill(&task);
                self.kill(&task, agent_id, grace);
            }
            Call::Teardown => self.remove_framework(),
            Call::Message { executor, agent_id, bytes } => {
                self.say_to_executor(executor, &agent_id, bytes);
            }
        }
    }
}
