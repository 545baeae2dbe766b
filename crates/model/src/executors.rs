//! Executors' subscriptions with their agent.

use etcd_mesos_core::status::{Reason, Source, TaskState};
use etcd_mesos_core::time::Timestamp;

use crate::containers::Running;
use crate::vocabulary::{Container, ExecutorEvent, Freight, Output, Refused};
use crate::{Mesos, TaskKey};

/// `REASON_AGENT_RESTARTED`.
const AGENT_RESTARTED: Reason = Reason::Other(12);

impl<F: Freight> Mesos<F> {
    /// An executor subscribes, for the first time or again, and names the tasks of which no update
    /// was acknowledged. One that has nothing to do is told to end (`Slave::subscribe`).
    ///
    /// # Errors
    /// The agent does not take it.
    pub fn executor_subscribes(
        &mut self,
        now: Timestamp,
        container: Container,
        unacknowledged: &[String],
    ) -> Result<(), Refused> {
        self.at(now, |mesos| {
            if mesos.agents.get(container.agent).is_none_or(|agent| agent.is_down) {
                return Err(Refused::Down);
            }
            let running = mesos.running_mut(container).filter(|running| !running.is_ending);
            let running = running.ok_or(Refused::Unknown)?;
            running.is_subscribed = true;
            running.has_subscribed = true;
            mesos.drop_lost(container, unacknowledged);
            if mesos.was_never_needed(container) {
                mesos.shut_down(container);
            } else {
                mesos.hand_over(container);
            }
            Ok(())
        })
    }

    /// A task that an executor was sent and does not name was lost on its way.
    fn drop_lost(&mut self, container: Container, unacknowledged: &[String]) {
        let lost = self.given(container).into_iter();
        let lost = lost.filter(|(_, task)| !unacknowledged.contains(task));
        for task in lost.filter(|key| self.is_staging(container.agent, key)).collect::<Vec<_>>() {
            let word = (TaskState::Dropped, Source::Agent, AGENT_RESTARTED);
            self.keep_own(container.agent, &task, word, "Task launched during agent restart");
        }
    }

    /// Its tasks that have not ended and were handed over.
    fn given(&self, container: Container) -> Vec<TaskKey> {
        let Some(running) = self.running(container) else { return Vec::new() };
        let is_queued = |task: &str| running.queued.iter().any(|(queued, _)| queued == task);
        let its = self.agents[container.agent].tasks.iter().filter(|((of, task), known)| {
            *of == running.framework && known.executor == running.executor && !is_queued(task)
        });
        its.filter(|(_, known)| !known.state.is_terminal()).map(|(key, _)| key.clone()).collect()
    }

    /// Whether all of its tasks ended before it was told of one (`Executor::everSentTask`).
    fn was_never_needed(&self, container: Container) -> bool {
        let is_idle = |c: &Running<F>| c.queued.is_empty() && !c.has_spoken;
        self.running(container).is_some_and(is_idle) && self.given(container).is_empty()
    }

    fn hand_over(&mut self, container: Container) {
        let event = ExecutorEvent::Subscribed;
        self.out.push(Output::Executor { container, event });
        let queued = self.running_mut(container).map(|c| std::mem::take(&mut c.queued));
        for (task, freight) in queued.unwrap_or_default() {
            let event = ExecutorEvent::Launch { task, freight };
            self.out.push(Output::Executor { container, event });
        }
    }

    /// An executor's stream is gone. It may come back, or its container ends.
    pub fn executor_hangs_up(&mut self, now: Timestamp, container: Container) {
        self.at(now, |mesos| {
            if let Some(running) = mesos.running_mut(container) {
                running.is_subscribed = false;
            }
        });
    }

    /// The executor of a container whose agent takes what it says.
    pub(crate) fn subscribed_executor(&self, container: Container) -> Result<&Running<F>, Refused> {
        if self.agents.get(container.agent).is_none_or(|agent| agent.is_down) {
            return Err(Refused::Down);
        }
        let running = self.running(container).ok_or(Refused::Unknown)?;
        if running.is_subscribed { Ok(running) } else { Err(Refused::NotSubscribed) }
    }
}
