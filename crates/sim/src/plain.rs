//! The executor of the exchanges: it says RUNNING, answers each MESSAGE with one, and ends when its
//! task is killed. It has no etcd; `crates/local/tests/exchanges/executor.rs` is the same for genuine Mesos.

use etcd_mesos_core::status::TaskState;
use etcd_mesos_model::{Container, ExecutorEvent};

use crate::freight::Sim;
use crate::world::World;

/// A plain executor.
#[derive(Debug)]
pub(crate) struct Plain {
    /// It ends when nothing that it said is left to be acknowledged.
    is_over: bool,
}

impl World {
    pub(crate) fn start_plain(&mut self, container: Container) {
        self.plain.insert(container, Plain { is_over: false });
        self.link(container);
    }

    /// The plain executor of a task.
    pub(crate) fn plain_of(&self, task: &str) -> Option<Container> {
        let all = self.mesos.containers();
        let its = all.into_iter().find(|c| c.executor == format!("e-{task}"));
        its.map(|c| c.container).filter(|container| self.plain.contains_key(container))
    }

    /// It ends, by whatever cause.
    pub(crate) fn end_plain(&mut self, container: Container) {
        if self.plain.remove(&container).is_some() {
            self.container_ended(container);
        }
    }

    pub(crate) fn plain_hears(&mut self, container: Container, event: ExecutorEvent<Sim>) {
        match event {
            ExecutorEvent::Subscribed => {}
            ExecutorEvent::Launch { task, .. } => {
                self.launched(container, &task);
                self.say_state(container, task, TaskState::Running, String::new());
            }
            ExecutorEvent::Kill { task, .. } => {
                if let Some(plain) = self.plain.get_mut(&container) {
                    plain.is_over = true;
                }
                self.say_state(container, task, TaskState::Killed, String::new());
            }
            ExecutorEvent::Acknowledged { task, uuid } => {
                let left = self.acknowledged(container, &task, &uuid);
                if left == Some(0) && self.plain.get(&container).is_some_and(|p| p.is_over) {
                    self.end_plain(container);
                }
            }
            ExecutorEvent::Message(bytes) => self.say_message(container, bytes),
            ExecutorEvent::Shutdown => self.end_plain(container),
        }
    }
}
