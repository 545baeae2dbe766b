//! Status updates: kept by the agent, in order, until the scheduler acknowledges each.

use std::time::Duration;

use etcd_mesos_core::id::AgentId;
use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::status::{Reason, Source, TaskState, TaskStatus};
use etcd_mesos_core::time::Timestamp;

use crate::agent::ToAgent;
use crate::master::KnownTask;
use crate::tasks::Word;
use crate::vocabulary::{
    Container, Event, ExecutorEvent, Freight, Note, Output, Refused, Said, Update,
};
use crate::{Alarm, Mesos, TaskKey};

/// An update that an agent keeps.
#[derive(Debug)]
pub(crate) struct KeptUpdate<F: Freight> {
    update: Update<F>,
}

impl<F: Freight> KeptUpdate<F> {
    fn uuid(&self) -> Option<&[u8]> {
        self.update.status.uuid.as_deref()
    }
}

/// How long an agent waits before it sends an update again, at first
/// (`STATUS_UPDATE_RETRY_INTERVAL_MIN` in `src/slave/constants.hpp`).
pub(crate) const UPDATE_RETRY: Duration = Duration::from_secs(10);
/// And at most (`STATUS_UPDATE_RETRY_INTERVAL_MAX`).
const UPDATE_RETRY_MAX: Duration = Duration::from_secs(600);

impl<F: Freight> Mesos<F> {
    /// An executor's own word, which the agent keeps and acknowledges; one that it has had already
    /// is only acknowledged. Of a framework that is over it takes nothing (`Slave::statusUpdate`,
    /// `TaskStatusUpdateManagerProcess::update`).
    ///
    /// # Errors
    /// The agent does not take it.
    pub fn executor_updates(
        &mut self,
        now: Timestamp,
        container: Container,
        said: Said<F>,
    ) -> Result<(), Refused> {
        self.at(now, |mesos| {
            let running = mesos.subscribed_executor(container)?;
            let framework = running.framework.clone();
            if mesos.agents[container.agent].terminating.contains(&framework) {
                return Ok(());
            }
            mesos.take_said(container, (framework, said.task.clone()), said);
            Ok(())
        })
    }

    fn take_said(&mut self, container: Container, task: TaskKey, said: Said<F>) {
        let agent = container.agent;
        if let Some(running) = self.running_mut(container) {
            running.has_spoken = true;
        }
        // Of a task that the agent was not given the update goes on, and is acknowledged to nobody here
        // (tried: requests_of_executors).
        let is_known = self.agents[agent].tasks.contains_key(&task);
        if !self.has_received(agent, &task, &said.uuid) {
            if let Some(known) = self.agents[agent].tasks.get_mut(&task) {
                known.state = said.state;
                known.container = Some(container);
                known.received.insert(said.uuid.clone());
            }
            let word = (said.state, Source::Executor, Reason::None);
            let status = TaskStatus {
                uuid: Some(said.uuid.clone()),
                ..self.status(&task.1, Some(agent), word, &said.message)
            };
            let executor = self.executor_of(agent, &task);
            let container = is_known.then_some(container);
            let update = Update { status, executor, container, said: Some(said.said) };
            self.keep(agent, task.clone(), update);
        }
        if !is_known {
            return;
        }
        let event = ExecutorEvent::Acknowledged { task: task.1, uuid: said.uuid };
        self.out.push(Output::Executor { container, event });
    }

    fn has_received(&self, agent: usize, task: &TaskKey, uuid: &[u8]) -> bool {
        let there = &self.agents[agent];
        there.tasks.get(task).is_some_and(|known| known.received.contains(uuid))
            || there.updates.get(task).is_some_and(|all| all.iter().any(|k| k.uuid() == Some(uuid)))
    }

    fn executor_of(&self, agent: usize, task: &TaskKey) -> Option<String> {
        self.agents[agent].tasks.get(task).map(|known| known.executor.clone())
    }

    /// The agent's own word of a task that it was given.
    pub(crate) fn keep_own(&mut self, agent: usize, task: &TaskKey, word: Word, message: &str) {
        if let Some(known) = self.agents[agent].tasks.get_mut(task) {
            known.state = word.0;
            self.keep_of(agent, task, word, message);
        }
    }

    /// The same of a task that it need not know.
    pub(crate) fn keep_of(&mut self, agent: usize, task: &TaskKey, word: Word, message: &str) {
        let uuid = Some(self.new_uuid());
        let status = TaskStatus { uuid, ..self.status(&task.1, Some(agent), word, message) };
        let executor = self.executor_of(agent, task);
        self.keep(agent, task.clone(), Update { status, executor, container: None, said: None });
    }

    /// An agent keeps an update on its disk, and sends it when it is the oldest
    /// (`TaskStatusUpdateManager::update`; tried: ends_in_order).
    fn keep(&mut self, agent: usize, task: TaskKey, update: Update<F>) {
        let queue = self.agents[agent].updates.entry(task.clone()).or_default();
        queue.push_back(KeptUpdate { update });
        if queue.len() == 1 {
            self.send_oldest(agent, &task, UPDATE_RETRY);
        }
    }

    /// Sends a task's oldest update, and says when it will be sent again.
    pub(crate) fn send_oldest(&mut self, agent: usize, task: &TaskKey, pause: Duration) {
        let kept = self.agents[agent].updates.get(task).and_then(|queue| queue.front());
        let Some(update) = kept.map(|kept| kept.update.clone()) else { return };
        let uuid = update.status.uuid.clone().unwrap_or_default();
        self.after(pause, Alarm::Retry { agent, task: task.clone(), uuid, pause });
        if let Some(known) = self.agents[agent].tasks.get_mut(task) {
            known.forwarded = Some(update.status.state);
        }
        if self.speaks(agent) {
            self.forward(&task.0, update);
        }
    }

    /// An update was not acknowledged in time: it is sent again, after twice the pause
    /// (`TaskStatusUpdateManagerProcess::timeout`; tried: update_said_again).
    pub(crate) fn retry(&mut self, agent: usize, task: &TaskKey, uuid: &[u8], pause: Duration) {
        let head = self.agents[agent].updates.get(task).and_then(|queue| queue.front());
        if head.is_some_and(|kept| kept.uuid() == Some(uuid)) {
            self.send_oldest(agent, task, (pause * 2).min(UPDATE_RETRY_MAX));
        }
    }

    /// An update reaches the master, which remembers its state and tells the framework
    /// (`Master::statusUpdate`). A task that ended is remembered until that is acknowledged.
    fn forward(&mut self, framework: &FrameworkId, update: Update<F>) {
        let status = &update.status;
        let key = (framework.clone(), status.task_id.clone());
        if let Some(known) = self.master.tasks.get_mut(&key) {
            known.state = status.state;
            known.uuid.clone_from(&status.uuid);
            known.container = update.container.or(known.container);
        }
        let is_end = status.state.is_terminal();
        self.say(framework, Event::Update(Box::new(update)));
        if is_end {
            self.offer_soon();
        }
    }

    /// An acknowledgement comes to the master. It forgets a task whose end is acknowledged, and
    /// passes it on to an agent that is connected (`Master::acknowledge`; tried: launch_and_kill).
    pub(crate) fn acknowledge(
        &mut self,
        framework: &FrameworkId,
        agent_id: &AgentId,
        task: String,
        uuid: Vec<u8>,
    ) {
        let Some(agent) = self.connected_agent(agent_id) else { return };
        let task = (framework.clone(), task);
        let is_over =
            |known: &KnownTask| known.state.is_terminal() && known.uuid.as_ref() == Some(&uuid);
        if self.master.tasks.get(&task).is_some_and(is_over) {
            self.master.tasks.remove(&task);
        }
        self.send_agent(agent, ToAgent::Acknowledge { task, uuid });
    }

    /// It comes to the agent, which sends the next update
    /// (`TaskStatusUpdateManager::acknowledgement`).
    pub(crate) fn acknowledged(&mut self, agent: usize, task: &TaskKey, uuid: &[u8]) {
        let Some(queue) = self.agents[agent].updates.get_mut(task) else { return };
        if queue.front().is_none_or(|kept| kept.uuid() != Some(uuid)) {
            return;
        }
        let (taken, is_empty) = (queue.pop_front(), queue.is_empty());
        if let Some(kept) = taken {
            self.out.push(Output::Note(Note::Acknowledged { status: kept.update.status }));
        }
        if !is_empty {
            return self.send_oldest(agent, task, UPDATE_RETRY);
        }
        let there = &mut self.agents[agent];
        there.updates.remove(task);
        if there.tasks.get(task).is_some_and(|task| task.state.is_terminal()) {
            there.tasks.remove(task);
        }
    }

    /// Whether a task's last update was a word of this state.
    pub(crate) fn is_staging(&self, agent: usize, task: &TaskKey) -> bool {
        self.agents[agent].tasks.get(task).is_some_and(|t| t.state == TaskState::Staging)
    }
}
