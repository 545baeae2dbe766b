//! What an onlooker sees: agents, containers, tasks.

use etcd_mesos_core::id::{AgentId, FrameworkId};
use etcd_mesos_core::status::TaskState;

use crate::Mesos;
use crate::vocabulary::{AgentSettings, Connection, Container, Freight};

/// An agent.
#[derive(Clone, Debug)]
pub struct AgentView {
    /// Its ID.
    pub id: AgentId,
    /// Whether its daemon is down.
    pub is_down: bool,
    /// Whether the master counts on it.
    pub is_registered: bool,
}

/// A container.
#[derive(Clone, Debug)]
pub struct ContainerView {
    /// Its name.
    pub container: Container,
    /// Its framework.
    pub framework: FrameworkId,
    /// Its executor.
    pub executor: String,
    /// Whether its executor has subscribed, ever.
    pub has_subscribed: bool,
}

/// A task, as the master knows it.
#[derive(Clone, Debug)]
pub struct TaskView {
    /// Its ID.
    pub task: String,
    /// Its framework.
    pub framework: FrameworkId,
    /// Its executor, where that is known.
    pub executor: Option<String>,
    /// Its agent, counted from 0.
    pub agent: usize,
    /// Its state.
    pub state: TaskState,
}

impl<F: Freight> Mesos<F> {
    /// An agent's ID, and how it is.
    pub fn agent(&self, agent: usize) -> AgentView {
        AgentView {
            id: self.agent_id(agent),
            is_down: self.agents[agent].is_down,
            is_registered: self.master.registered.contains(&agent),
        }
    }

    /// An agent as it describes itself.
    pub fn settings_of(&self, agent: usize) -> &AgentSettings {
        &self.settings.agents[agent]
    }

    /// How many agents there are.
    pub fn agent_count(&self) -> usize {
        self.agents.len()
    }

    /// An agent by its ID, counted from 0.
    pub fn find_agent(&self, id: &AgentId) -> Option<usize> {
        self.agent_number(id)
    }

    /// The container of a framework's executor on an agent.
    pub fn find_container(
        &self,
        agent: usize,
        framework: &FrameworkId,
        executor: &str,
    ) -> Option<Container> {
        let number = self.agents.get(agent)?.container_of(framework, executor)?;
        Some(Container { agent, number })
    }

    /// All containers.
    pub fn containers(&self) -> Vec<ContainerView> {
        let all = self.agents.iter().enumerate();
        all.flat_map(|(agent, there)| {
            there.containers.iter().map(move |(number, running)| ContainerView {
                container: Container { agent, number: *number },
                framework: running.framework.clone(),
                executor: running.executor.clone(),
                has_subscribed: running.has_subscribed,
            })
        })
        .collect()
    }

    /// All tasks that the master knows.
    pub fn tasks(&self) -> Vec<TaskView> {
        let view =
            |((framework, task), known): (&crate::TaskKey, &crate::master::KnownTask)| TaskView {
                task: task.clone(),
                framework: framework.clone(),
                executor: known.executor.clone(),
                agent: known.agent,
                state: known.state,
            };
        self.master.tasks.iter().map(view).collect()
    }
}

/// Who subscribed.
impl<F: Freight> Mesos<F> {
    /// The framework whose subscription a connection is.
    pub fn framework_on(&self, connection: Connection) -> Option<&FrameworkId> {
        self.master.framework_of(connection)
    }

    /// The connection of a framework, if it has one now.
    pub fn connection_of(&self, framework: &FrameworkId) -> Option<Connection> {
        self.master.frameworks.get(framework)?.connection
    }

    /// Whether a framework was removed.
    pub fn is_removed(&self, framework: &FrameworkId) -> bool {
        self.master.removed.contains(framework)
    }
}
