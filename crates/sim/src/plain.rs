//! The executor of the exchanges: it says RUNNING, answers each MESSAGE with one, and ends when its
//! task is killed. It has no etcd; `tests/genuine/executor.rs` is the same for genuine Mesos.

use std::collections::VecDeque;

use etcd_mesos_core::status::TaskState;

use crate::executors::ExecutorKey;
use crate::world::World;

/// A plain executor.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) id: String,
    pub(crate) task: String,
    /// What its agent has not taken yet.
    pub(crate) said: VecDeque<TaskState>,
}

impl World {
    pub(crate) fn start_plain(&mut self, agent: usize, id: String, task: String) {
        self.next_executor += 1;
        let key = (agent, self.next_executor);
        self.plain.insert(key, Plain { id, task, said: VecDeque::from([TaskState::Running]) });
        self.take_plain(key);
    }

    /// The key of the plain executor of a task.
    pub(crate) fn plain_of(&self, task: &str) -> Option<ExecutorKey> {
        self.plain.iter().find(|(_, plain)| plain.task == task).map(|(key, _)| *key)
    }

    pub(crate) fn kill_plain(&mut self, key: ExecutorKey) {
        if let Some(plain) = self.plain.get_mut(&key) {
            plain.said.push_back(TaskState::Killed);
            self.take_plain(key);
        }
    }

    /// It ends, by whatever cause.
    pub(crate) fn end_plain(&mut self, key: ExecutorKey) {
        let Some(plain) = self.plain.remove(&key) else { return };
        self.container_ended(key.0, &plain.id, &plain.task);
    }

    /// Its agent takes what it has to say; after KILLED there is nothing left to do.
    pub(crate) fn take_plain(&mut self, key: ExecutorKey) {
        if self.agents[key.0].is_down {
            return;
        }
        let Some(plain) = self.plain.get_mut(&key) else { return };
        let (task, said) = (plain.task.clone(), std::mem::take(&mut plain.said));
        let is_over = said.contains(&TaskState::Killed);
        said.into_iter().for_each(|state| self.keep_said(key.0, &task, state));
        if is_over {
            self.end_plain(key);
        }
    }
}
