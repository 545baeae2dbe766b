//! A framework is over: by its own call, an operator's, or its failover timeout.

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::status::TaskState;
use etcd_mesos_core::time::Timestamp;

use crate::Mesos;
use crate::agent::ToAgent;
use crate::master::KnownTask;
use crate::resources::Holding;
use crate::vocabulary::{Container, Freight, Output};

impl<F: Freight> Mesos<F> {
    /// An operator removes a framework.
    pub fn tear_down(&mut self, now: Timestamp, framework: &FrameworkId) {
        self.at(now, |mesos| mesos.remove_framework(framework));
    }

    /// Closes the subscription without a word, forgets the tasks without an update, and tells each
    /// agent to end the framework's executors (`Master::removeFramework`; tried: teardown).
    pub(crate) fn remove_framework(&mut self, framework: &FrameworkId) {
        let Some(removed) = self.master.frameworks.remove(framework) else { return };
        if let Some(connection) = removed.connection {
            self.out.push(Output::Closed { connection });
        }
        self.forget_offers(framework);
        self.master.tasks.retain(|(of, _), _| of != framework);
        self.master.unreachable_tasks.retain(|(of, _), _| of != framework);
        self.master.removed.insert(framework.clone());
        for agent in 0..self.agents.len() {
            let framework = framework.clone();
            self.send_agent(agent, ToAgent::ShutdownFramework { framework });
        }
        self.offer_soon();
    }

    /// An agent ends a framework's executors; nothing is said of their tasks any more
    /// (`Slave::shutdownFramework`).
    pub(crate) fn shut_down_framework(&mut self, agent: usize, framework: FrameworkId) {
        let there = &mut self.agents[agent];
        if there.terminating.contains(&framework) {
            return;
        }
        let of_framework = there.containers.iter().filter(|(_, c)| c.framework == framework);
        let numbers: Vec<u64> = of_framework.map(|(number, _)| *number).collect();
        there.updates.retain(|(of, _), _| *of != framework);
        there.terminating.insert(framework.clone());
        if numbers.is_empty() {
            return self.forget_terminated(agent, &framework);
        }
        for number in numbers {
            self.shut_down(Container { agent, number });
        }
    }

    /// The last executor is gone, and with it the framework.
    pub(crate) fn forget_terminated(&mut self, agent: usize, framework: &FrameworkId) {
        let there = &mut self.agents[agent];
        if there.containers.values().any(|c| c.framework == *framework) {
            return;
        }
        there.tasks.retain(|(of, _), _| of != framework);
        there.updates.retain(|(of, _), _| of != framework);
        there.terminating.remove(framework);
    }

    /// A task of a framework that is not modelled otherwise, as if an agent had brought it.
    pub fn add_stranger(
        &mut self,
        now: Timestamp,
        framework: FrameworkId,
        agent: usize,
        task: String,
    ) {
        self.at(now, |mesos| {
            let known = KnownTask {
                agent,
                executor: None,
                needs: Holding::default(),
                state: TaskState::Running,
                uuid: None,
                container: None,
            };
            mesos.master.tasks.insert((framework, task), known);
        });
    }
}
