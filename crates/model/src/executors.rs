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
    /// was acknowledged. A task that it was sent and does not name was lost on its way
    /// (`Slave::subscribe`).
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
            let queued = std::mem::take(&mut running.queued);
            let (framework, executor) = (running.framework.clone(), running.executor.clone());
            let event = ExecutorEvent::Subscribed;
            mesos.out.push(Output::Executor { container, event });
            let is_queued = |task: &str| queued.iter().any(|(queued, _)| queued == task);
            let its = mesos.agents[container.agent].tasks.iter();
            let lost: Vec<TaskKey> = its
                .filter(|((of, _), known)| *of == framework && known.executor == executor)
                .filter(|((_, task), _)| !unacknowledged.contains(task) && !is_queued(task))
                .map(|(key, _)| key.clone())
                .filter(|key| mesos.is_staging(container.agent, key))
                .collect();
            for task in lost {
                let word = (TaskState::Dropped, Source::Agent, AGENT_RESTARTED);
                let message = "Task launched during agent restart";
                mesos.keep_own(container.agent, &task, word, message);
            }
            for (task, freight) in queued {
                let event = ExecutorEvent::Launch { task, freight };
                mesos.out.push(Output::Executor { container, event });
            }
            Ok(())
        })
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
