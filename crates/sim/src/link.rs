//! The link of an executor to its agent: subscribed for as long as there is one, and again whenever
//! there is (`crates/executor/src/link.rs` and `ledger.rs`, which this does as they do).

use etcd_mesos_core::id::ClientTaskId;
use etcd_mesos_core::status::TaskState;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{Binary, BinaryRole, ExecutorData, WIRE_VERSION};
use etcd_mesos_executor::link::shutdown_grace;
use etcd_mesos_executor::supervisor;
use etcd_mesos_model::{Container, ExecutorEvent};

use crate::freight::{self, Sim, Work};
use crate::world::{Coming, World};

type Said = etcd_mesos_model::Said<Sim>;

/// A link, and what its agent has not acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Link {
    is_up: bool,
    /// How many streams there were: what was said over a former one does not come any more.
    streams: u64,
    /// When the last word on its way arrives: all but MESSAGEs keep their order.
    words_until: Timestamp,
    tasks: Vec<String>,
    updates: Vec<Said>,
}

impl Link {
    fn acknowledged(&mut self, task: &str, uuid: &[u8]) -> usize {
        self.tasks.retain(|known| known != task);
        self.updates.retain(|update| update.uuid != uuid);
        self.updates.len()
    }
}

/// The pause between two attempts to subscribe.
const RETRY_PAUSE_MS: u64 = 200;

impl World {
    /// An executor runs, and subscribes.
    pub(crate) fn link(&mut self, container: Container) {
        self.links.insert(container, Link::default());
        self.subscribe_executor(container);
    }

    /// An executor subscribes, and hands in what its agent has not taken. It goes on trying while
    /// the daemon is down; one that the agent does not want is about to be destroyed.
    pub(crate) fn subscribe_executor(&mut self, container: Container) {
        let Some(link) = self.links.get_mut(&container).filter(|link| !link.is_up) else { return };
        link.streams += 1;
        let (tasks, updates) = (link.tasks.clone(), link.updates.clone());
        let taken =
            self.tell_mesos(|mesos, now| mesos.executor_subscribes(now, container, &tasks)).is_ok();
        if let Some(link) = self.links.get_mut(&container) {
            link.is_up = taken;
            if taken && link.streams > 1 {
                self.faults.note("executor subscribed again");
            }
        }
        for update in updates {
            self.hand_in(container, update);
        }
    }

    /// The daemon of an agent is gone: whoever has a link to it notices soon.
    pub(crate) fn break_links(&mut self, agent: usize) {
        let its = self.links.keys().filter(|container| container.agent == agent).copied();
        for container in its.collect::<Vec<_>>() {
            self.unlink(container);
        }
    }

    /// The daemon is there again, for those who try every moment.
    pub(crate) fn mend_links(&mut self, agent: usize) {
        let its = self.links.keys().filter(|container| container.agent == agent).copied();
        for container in its.collect::<Vec<_>>() {
            let at = self.soon(RETRY_PAUSE_MS);
            self.coming.put(at, Coming::Subscribe { container });
        }
    }

    fn unlink(&mut self, container: Container) {
        let Some(link) = self.links.get_mut(&container) else { return };
        if std::mem::replace(&mut link.is_up, false) {
            self.tell_executor(container, 5, supervisor::Event::AgentAway);
        }
    }

    /// An executor says a state of its task. What does not arrive goes with the next subscription.
    pub(crate) fn say_state(
        &mut self,
        container: Container,
        task: String,
        state: TaskState,
        message: String,
    ) {
        self.next_uuid += 1;
        let uuid = (u128::from(self.next_uuid) | 1 << 127).to_be_bytes().to_vec();
        let said = Said { task, state, message, uuid, said: () };
        if let Some(link) = self.links.get_mut(&container) {
            link.updates.push(said.clone());
            self.hand_in(container, said);
        }
    }

    fn hand_in(&mut self, container: Container, said: Said) {
        if !self.links.get(&container).is_some_and(|link| link.is_up) {
            return;
        }
        let taken = self.tell_mesos(|mesos, now| mesos.executor_updates(now, container, said));
        if taken.is_err() {
            self.unlink(container);
        }
    }

    /// An executor says something to the scheduler, now or never.
    pub(crate) fn say_message(&mut self, container: Container, bytes: Vec<u8>) {
        if self.links.get(&container).is_some_and(|link| link.is_up) {
            // One that does not arrive is lost, and the link stays.
            let _ = self.tell_mesos(|mesos, now| mesos.executor_messages(now, container, bytes));
        }
    }

    /// What an agent says to an executor is on its way; a MESSAGE may not come at all.
    pub(crate) fn carry_to_executor(&mut self, container: Container, event: ExecutorEvent<Sim>) {
        let Some(link) = self.links.get(&container) else { return };
        let stream = link.streams;
        if matches!(event, ExecutorEvent::Message(_)) {
            for within_ms in self.copies(5) {
                let (at, event) = (self.soon(within_ms), Box::new(event.clone()));
                self.coming.put(at, Coming::Agent { container, stream, event });
            }
            return;
        }
        let at = self.soon(5);
        let Some(link) = self.links.get_mut(&container) else { return };
        link.words_until = link.words_until.max(at);
        let at = link.words_until;
        self.coming.put(at, Coming::Agent { container, stream, event: Box::new(event) });
    }

    /// It arrives, if the stream is still there; a late MESSAGE may have been kept anywhere.
    pub(crate) fn agent_says(
        &mut self,
        container: Container,
        stream: u64,
        event: ExecutorEvent<Sim>,
    ) {
        let Some(link) = self.links.get(&container).filter(|link| link.is_up) else { return };
        if link.streams != stream && !matches!(event, ExecutorEvent::Message(_)) {
            return;
        }
        if self.plain.contains_key(&container) {
            return self.plain_hears(container, event);
        }
        if let Some(event) = self.translate(container, event) {
            self.executor_hears(container, event);
        }
    }

    /// What the agent's words mean to the supervisor.
    fn translate(
        &mut self,
        container: Container,
        event: ExecutorEvent<Sim>,
    ) -> Option<supervisor::Event> {
        Some(match event {
            ExecutorEvent::Subscribed => supervisor::Event::Subscribed {
                data: self.executor_data(container)?,
                may_say_killing: true,
            },
            ExecutorEvent::Launch { task, freight: Work::Member(order) } => {
                self.launched(container, &task);
                // Only the member's task has an order (`crates/runtime/src/to_mesos.rs`).
                let data = match task.parse::<ClientTaskId>() {
                    Ok(_) => Vec::new(),
                    Err(_) => {
                        self.executors.get_mut(&container)?.task.clone_from(&task);
                        order.to_bytes()
                    }
                };
                supervisor::Event::Launch { task_id: task, data }
            }
            ExecutorEvent::Launch { freight: Work::Plain { .. }, .. } => return None,
            ExecutorEvent::Kill { task, grace } => supervisor::Event::Kill { task_id: task, grace },
            ExecutorEvent::Acknowledged { task, uuid } => supervisor::Event::Acknowledged {
                left: self.acknowledged(container, &task, &uuid)?,
            },
            ExecutorEvent::Message(bytes) => supervisor::Event::Message(bytes),
            ExecutorEvent::Shutdown => {
                let period = freight::shutdown_grace(&self.executors.get(&container)?.order);
                supervisor::Event::Shutdown { grace: shutdown_grace(period) }
            }
        })
    }

    /// A task was handed over.
    pub(crate) fn launched(&mut self, container: Container, task: &str) {
        if let Some(link) = self.links.get_mut(&container) {
            link.tasks.push(task.to_owned());
        }
    }

    /// An update arrived; returns how many did not.
    pub(crate) fn acknowledged(
        &mut self,
        container: Container,
        task: &str,
        uuid: &[u8],
    ) -> Option<usize> {
        self.links.get_mut(&container).map(|link| link.acknowledged(task, uuid))
    }

    /// `ExecutorInfo.data`.
    fn executor_data(&self, container: Container) -> Option<Vec<u8>> {
        let binary = |file: &str, role| Binary { file: file.into(), sha256: "0".repeat(64), role };
        let data = ExecutorData {
            v: WIRE_VERSION,
            cluster: self.config.cluster.clone(),
            member: self.executors.get(&container)?.order.member.name.clone(),
            binaries: vec![
                binary("etcd-mesos-executor", BinaryRole::Executor),
                binary("etcd", BinaryRole::Etcd),
            ],
        };
        Some(data.to_bytes())
    }
}
