//! Status updates: kept by the agent, in order, until the scheduler acknowledges each.

use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId};
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::status::{Reason, Source, TaskState, TaskStatus};
use etcd_mesos_executor::supervisor;

use super::agent::ToAgent;
use super::master::KnownTask;
use crate::world::{Coming, World};

/// An update that an agent keeps.
#[derive(Clone, Debug)]
pub(super) struct KeptUpdate {
    pub(super) status: TaskStatus,
    pub(super) framework: FrameworkId,
}

/// How long an agent waits before it sends an update again, at first
/// (`STATUS_UPDATE_RETRY_INTERVAL_MIN` in `src/slave/constants.hpp`).
pub(super) const UPDATE_RETRY: Duration = Duration::from_secs(10);
/// And at most (`STATUS_UPDATE_RETRY_INTERVAL_MAX`).
const UPDATE_RETRY_MAX: Duration = Duration::from_secs(600);

impl World {
    /// Takes what an executor has to say, if the daemon is there to take it.
    pub(crate) fn take_updates(&mut self, key: (usize, u64)) {
        if self.agents[key.0].is_down {
            return;
        }
        let Some(executor) = self.executors.get_mut(&key) else { return };
        let updates = std::mem::take(&mut executor.unacknowledged);
        if updates.is_empty() {
            return;
        }
        for update in updates {
            let state = match update.state {
                supervisor::TaskState::Starting => TaskState::Starting,
                supervisor::TaskState::Running => TaskState::Running,
                supervisor::TaskState::Killing => TaskState::Killing,
                supervisor::TaskState::Failed => TaskState::Failed,
                supervisor::TaskState::Killed => TaskState::Killed,
            };
            self.keep_said(key.0, &update.task_id, state);
        }
        self.tell_executor(key, 3, supervisor::Event::Acknowledged { left: 0 });
    }

    /// An executor's own word.
    pub(crate) fn keep_said(&mut self, agent: usize, task: &str, state: TaskState) {
        self.keep(agent, task, (state, Source::Executor, Reason::None));
    }

    /// An agent keeps an update on its disk, and sends it when it is the oldest
    /// (`TaskStatusUpdateManager::update`; tried: ends_in_order).
    pub(super) fn keep(&mut self, agent: usize, task: &str, what: (TaskState, Source, Reason)) {
        let Some(known) = self.agents[agent].tasks.get_mut(task) else { return };
        known.state = what.0;
        let framework = known.framework.clone();
        self.keep_for(framework, agent, task, what);
    }

    /// The same for a task that the agent need not know.
    pub(super) fn keep_for(
        &mut self,
        framework: FrameworkId,
        agent: usize,
        task: &str,
        what: (TaskState, Source, Reason),
    ) {
        self.master.uuids += 1;
        let uuid = u128::from(self.master.uuids).to_be_bytes().to_vec();
        let status = TaskStatus { uuid: Some(uuid), ..self.status(task, Some(agent), what) };
        let queue = self.agents[agent].updates.entry(task.to_owned()).or_default();
        queue.push_back(KeptUpdate { status, framework });
        if queue.len() == 1 {
            self.send_oldest(agent, task, UPDATE_RETRY);
        }
    }

    /// Sends a task's oldest update, and says when it will be sent again.
    pub(super) fn send_oldest(&mut self, agent: usize, task: &str, pause: Duration) {
        let head = self.agents[agent].updates.get(task).and_then(|queue| queue.front()).cloned();
        let Some(update) = head else { return };
        let uuid = update.status.uuid.clone().unwrap_or_default();
        let at = self.now + pause;
        self.coming.put(at, Coming::Retry { agent, task: task.to_owned(), uuid, pause });
        if let Some(known) = self.agents[agent].tasks.get_mut(task) {
            known.forwarded = Some(update.status.state);
        }
        if self.reaches(agent) && self.master.registered.contains(&agent) {
            self.forward(agent, update);
        }
    }

    /// An update was not acknowledged in time: it is sent again, after twice the pause
    /// (`TaskStatusUpdateManagerProcess::timeout`; tried: update_said_again).
    pub(crate) fn retry(&mut self, agent: usize, task: &str, uuid: &[u8], pause: Duration) {
        let head = self.agents[agent].updates.get(task).and_then(|queue| queue.front());
        if head.is_some_and(|update| update.status.uuid.as_deref() == Some(uuid)) {
            self.send_oldest(agent, task, (pause * 2).min(UPDATE_RETRY_MAX));
        }
    }

    /// An update reaches the master, which remembers its state and tells the framework
    /// (`Master::statusUpdate`). A task that ended is remembered until that is acknowledged.
    fn forward(&mut self, agent: usize, update: KeptUpdate) {
        let KeptUpdate { status, framework } = update;
        if let Some(known) = self.master.tasks.get_mut(&status.task_id) {
            known.state = status.state;
            known.uuid = status.uuid.clone();
        }
        let is_ours = self.master.stream.as_ref().is_some_and(|(_, _, id)| *id == framework);
        if is_ours {
            self.say(Event::Update(status));
        }
        self.offer_after_end(agent);
    }

    fn offer_after_end(&mut self, agent: usize) {
        if self.agents[agent].tasks.values().all(|task| task.state.is_terminal()) {
            self.offer_soon();
        }
    }

    /// An acknowledgement comes to the master. It forgets a task whose end is acknowledged, and
    /// passes it on to an agent that is connected (`Master::acknowledge`; tried: launch_and_kill).
    pub(super) fn acknowledge(&mut self, agent_id: &AgentId, task: String, uuid: Vec<u8>) {
        let Some(agent) = self.agent_number(agent_id) else { return };
        if !self.master.registered.contains(&agent) || self.agents[agent].is_down {
            return;
        }
        let is_over =
            |known: &KnownTask| known.state.is_terminal() && known.uuid.as_ref() == Some(&uuid);
        if self.master.tasks.get(&task).is_some_and(is_over) {
            self.master.tasks.remove(&task);
        }
        self.send_agent(agent, ToAgent::Acknowledge { task, uuid });
    }

    /// It comes to the agent, which sends the next update
    /// (`TaskStatusUpdateManager::acknowledgement`).
    pub(super) fn acknowledged(&mut self, agent: usize, task: &str, uuid: &[u8]) {
        let there = &mut self.agents[agent];
        let Some(queue) = there.updates.get_mut(task) else { return };
        let is_head = queue.front().is_some_and(|u| u.status.uuid.as_deref() == Some(uuid));
        if !is_head {
            return;
        }
        if let Some(update) = queue.pop_front() {
            self.ledger.acknowledged(&update.status);
        }
        if !queue.is_empty() {
            return self.send_oldest(agent, task, UPDATE_RETRY);
        }
        there.updates.remove(task);
        if there.tasks.get(task).is_some_and(|task| task.state.is_terminal()) {
            there.tasks.remove(task);
        }
    }
}
