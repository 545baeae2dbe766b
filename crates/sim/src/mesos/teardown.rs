//! An operator removes the framework.

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::status::TaskState;
use etcd_mesos_executor::supervisor;

use super::master::KnownTask;
use crate::world::World;

/// How long an executor may take to end (`--executor_shutdown_grace_period`).
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

impl World {
    /// Closes the subscription without a word, forgets the tasks without an update, and tells each
    /// agent to end the framework's executors (`Master::removeFramework`,
    /// `Slave::shutdownFramework`; tried: teardown).
    pub(crate) fn remove_framework(&mut self) {
        let Some((_, process, framework)) = self.master.stream.take() else { return };
        self.disconnected(process, "the master closed the stream");
        self.master.offers.clear();
        self.master.tasks.retain(|_, known| known.framework != framework);
        for key in self.executors.keys().copied().collect::<Vec<_>>() {
            if self.reaches(key.0) {
                self.tell_executor(key, 5, supervisor::Event::Shutdown { grace: SHUTDOWN_GRACE });
            }
        }
        for key in self.plain.keys().copied().collect::<Vec<_>>() {
            if self.reaches(key.0) {
                self.plain.remove(&key);
            }
        }
        self.master.unreachable_tasks.retain(|_, (_, id)| *id != framework);
        self.master.removed.insert(framework);
    }

    /// A task of a framework of our name that this world did not start.
    pub(crate) fn add_stranger(&mut self, framework: FrameworkId, agent: usize, task: String) {
        let known = KnownTask { agent, framework, state: TaskState::Running, uuid: None };
        self.master.tasks.insert(task, known);
    }
}
