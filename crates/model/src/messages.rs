//! MESSAGEs between scheduler and executor: best effort both ways.

use etcd_mesos_core::id::{AgentId, FrameworkId};
use etcd_mesos_core::time::Timestamp;

use crate::Mesos;
use crate::agent::ToAgent;
use crate::vocabulary::{Container, Event, ExecutorEvent, Freight, Output, Refused};

impl<F: Freight> Mesos<F> {
    /// A MESSAGE of a scheduler goes to an executor, which may not be there (`Master::message`;
    /// tried: messages).
    pub(crate) fn message_executor(
        &mut self,
        framework: &FrameworkId,
        executor: String,
        agent_id: &AgentId,
        bytes: Vec<u8>,
    ) {
        if let Some(agent) = self.connected_agent(agent_id) {
            let framework = framework.clone();
            self.send_agent(agent, ToAgent::Message { framework, executor, bytes });
        }
    }

    /// It comes to the agent (`Slave::schedulerMessage`).
    pub(crate) fn tell_executor(
        &mut self,
        agent: usize,
        framework: &FrameworkId,
        executor: &str,
        bytes: Vec<u8>,
    ) {
        let Some(number) = self.agents[agent].container_of(framework, executor) else { return };
        if self.agents[agent].containers.get(&number).is_some_and(|c| c.is_subscribed) {
            let container = Container { agent, number };
            self.out.push(Output::Executor { container, event: ExecutorEvent::Message(bytes) });
        }
    }

    /// A MESSAGE of an executor goes to the scheduler that is subscribed; an agent that has not
    /// registered drops it (`Slave::executorMessage`, `Master::executorMessage`).
    ///
    /// # Errors
    /// The agent does not take it.
    pub fn executor_messages(
        &mut self,
        now: Timestamp,
        container: Container,
        bytes: Vec<u8>,
    ) -> Result<(), Refused> {
        self.at(now, |mesos| {
            let running = mesos.subscribed_executor(container)?;
            let (framework, executor) = (running.framework.clone(), running.executor.clone());
            if mesos.speaks(container.agent) {
                let agent_id = mesos.agent_id(container.agent);
                mesos.say(&framework, Event::Message { agent_id, executor, bytes });
            }
            Ok(())
        })
    }
}
