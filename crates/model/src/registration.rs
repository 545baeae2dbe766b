//! Agents that register, register again, or do not answer for too long.

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::status::{Reason, Source, TaskState};
use etcd_mesos_core::time::Timestamp;

use crate::agent::{AgentTask, ToAgent};
use crate::master::{KnownExecutor, KnownTask};
use crate::updates::UPDATE_RETRY;
use crate::vocabulary::{Event, Freight, Note, Output, Update};
use crate::{Alarm, Mesos, TaskKey};

/// How long a master waits for an agent that does not answer: 5 pings of 15 s.
pub const AGENT_PATIENCE: Duration = Duration::from_secs(75);

/// How long it waits after a failover for the agents of its registry (`--agent_reregister_timeout`).
pub(crate) const REREGISTER_MAX: Duration = Duration::from_secs(600);
/// The pause before an agent that nobody answered tries again.
const RETRY: Duration = Duration::from_secs(2);
/// `REASON_AGENT_REMOVED`, which changes nothing for the core.
const AGENT_REMOVED: Reason = Reason::Other(11);
/// `REASON_AGENT_REREGISTERED`.
const AGENT_REREGISTERED: Reason = Reason::Other(32);

impl<F: Freight> Mesos<F> {
    pub(crate) fn register_within(&mut self, agent: usize, bound_ms: u64) {
        let pause = self.pace.within(bound_ms);
        self.register_after(agent, pause);
    }

    fn register_after(&mut self, agent: usize, pause: Duration) {
        if !std::mem::replace(&mut self.agents[agent].is_registering, true) {
            self.after(pause, Alarm::Register { agent });
        }
    }

    /// An agent registers, for the first time or again, and says its oldest updates once more, and
    /// then again (`Slave::reregistered`; `Master::___reregisterSlave`, `Slave::updateFramework`;
    /// tried: executor_killed_beside_a_dead_agent).
    pub(crate) fn register(&mut self, agent: usize) {
        self.agents[agent].is_registering = false;
        if !self.reaches(agent) {
            return self.try_again(agent);
        }
        self.agents[agent].is_connected = true;
        if self.master.registered.insert(agent) {
            self.admit(agent);
        } else {
            self.reconcile_tasks(agent);
            self.kill_again(agent);
        }
        self.shut_down_removed(agent);
        self.count_executors(agent);
        self.out.push(Output::Note(Note::Registered { agent }));
        self.offer_soon();
        // Once because it is registered, and once because it is told of the frameworks.
        let waiting: Vec<TaskKey> = self.agents[agent].updates.keys().cloned().collect();
        for task in waiting.iter().chain(&waiting) {
            self.send_oldest(agent, task, UPDATE_RETRY);
        }
    }

    /// On a cut it goes on trying. A daemon that starts, and a master that begins to lead, see to
    /// it by themselves.
    fn try_again(&mut self, agent: usize) {
        let there = &self.agents[agent];
        if !there.is_down && !there.is_recovering && !self.master.is_down {
            self.register_after(agent, RETRY);
        }
    }

    /// An agent that the master has not counted on. It takes the agent's word for its tasks, and
    /// says how they are, unless it has only just begun to lead and waited for this agent
    /// (`Master::__reregisterSlave`; tried: agent_lost, master_failed_over).
    fn admit(&mut self, agent: usize) {
        let was_awaited = self.master.awaited.remove(&agent);
        self.master.unreachable.remove(&agent);
        // Mesos goes on listing, as unreachable, a task that its agent does not bring back: a launch that was
        // lost, for one (`Master::__reregisterSlave` takes out what is reported).
        let brought = &self.agents[agent].tasks;
        self.master.unreachable_tasks.retain(|task, _| !brought.contains_key(task));
        for (task, brought) in self.agents[agent].tasks.clone() {
            if self.master.removed.contains(&task.0) {
                continue;
            }
            if !was_awaited {
                self.say_back(agent, &task, &brought);
            }
            let AgentTask { executor, needs, state, forwarded, container, .. } = brought;
            let known = KnownTask {
                agent,
                executor: Some(executor),
                needs,
                state: forwarded.unwrap_or(state),
                uuid: None,
                container,
            };
            self.master.tasks.insert(task, known);
        }
    }

    fn say_back(&mut self, agent: usize, task: &TaskKey, brought: &AgentTask) {
        let word = (brought.state, Source::Master, AGENT_REREGISTERED);
        let status = self.status(&task.1, Some(agent), word, "Unreachable agent re-reregistered");
        let executor = Some(brought.executor.clone());
        let update = Update { status, executor, container: brought.container, said: None };
        self.say(&task.0, Event::Update(Box::new(update)));
    }

    /// Frameworks that were removed while the agent was away (`Master::__reregisterSlave`,
    /// `Master::reconcileKnownSlave`).
    fn shut_down_removed(&mut self, agent: usize) {
        let there = &self.agents[agent];
        let removed = self.master.removed.iter().filter(|framework| there.has(framework));
        for framework in removed.cloned().collect::<Vec<_>>() {
            self.send_agent(agent, ToAgent::ShutdownFramework { framework });
        }
    }

    /// What its executors hold is the agent's word.
    fn count_executors(&mut self, agent: usize) {
        self.master.executors.retain(|(on, _, _), _| *on != agent);
        for running in self.agents[agent].containers.values() {
            let key = (agent, running.framework.clone(), running.executor.clone());
            let (needs, freight) = (running.needs.clone(), running.freight.clone());
            self.master.executors.insert(key, KnownExecutor { needs, freight });
        }
    }

    /// The master asks for tasks that the agent does not name: their launches may have been lost
    /// (`Master::reconcileKnownSlave`).
    fn reconcile_tasks(&mut self, agent: usize) {
        let there = &self.agents[agent];
        let known = self.master.tasks.iter().filter(|(_, known)| known.agent == agent);
        let unnamed = known.map(|(task, _)| task).filter(|task| !there.knows(task));
        let tasks: Vec<TaskKey> = unnamed.cloned().collect();
        if !tasks.is_empty() {
            self.send_agent(agent, ToAgent::Reconcile { tasks });
        }
    }

    /// The agent says that it has them not. It has got one whose launch was still on its way when
    /// it registered (`Slave::reregistered`).
    pub(crate) fn drop_unknown(&mut self, agent: usize, tasks: Vec<TaskKey>) {
        for task in tasks {
            if !self.agents[agent].knows(&task) {
                let word = (TaskState::Dropped, Source::Agent, Reason::Reconciliation);
                self.keep_of(agent, &task, word, "Reconciliation: task unknown to the agent");
            }
        }
    }

    /// Kills that an agent may not have heard (`Master::reconcileKnownSlave`; tried:
    /// agent_restarted).
    fn kill_again(&mut self, agent: usize) {
        let mut killed = self.master.killed.get(&agent).cloned().unwrap_or_default();
        killed.retain(|task| self.agents[agent].lives(task));
        for task in killed {
            self.send_agent(agent, ToAgent::Kill { task, grace: None });
        }
    }

    /// The master waits for an agent that it does not reach (`SlaveObserver`).
    pub(crate) fn lose_later(&mut self, agent: usize) {
        let cut_since = self.now;
        self.after(self.settings.patience, Alarm::Lose { agent, cut_since });
    }

    /// It has waited long enough: the agent's tasks are unreachable, and forgotten
    /// (`Master::__removeSlave`; tried: agent_lost).
    pub(crate) fn lose(&mut self, agent: usize, cut_since: Timestamp) {
        let there = &self.agents[agent];
        let is_later = |since: Option<Timestamp>| since.is_some_and(|since| since > cut_since);
        let is_back = there.answers() || is_later(there.cut_since) || is_later(there.down_since);
        if is_back || self.master.is_down || !self.master.registered.remove(&agent) {
            return;
        }
        self.agents[agent].is_connected = false;
        self.master.unreachable.insert(agent);
        self.master.killed.remove(&agent);
        self.master.executors.retain(|(on, _, _), _| *on != agent);
        let known = self.master.tasks.iter().filter(|(_, known)| known.agent == agent);
        let tasks: Vec<TaskKey> = known.map(|(task, _)| task.clone()).collect();
        for task in tasks {
            self.lose_task(agent, task);
        }
        self.rescind_all(agent);
        self.say_agent_lost(agent);
        self.out.push(Output::Note(Note::Lost { agent }));
    }

    fn lose_task(&mut self, agent: usize, task: TaskKey) {
        let Some(known) = self.master.tasks.remove(&task) else { return };
        let word = (TaskState::Unreachable, Source::Master, AGENT_REMOVED);
        let status = self.status(&task.1, Some(agent), word, "health check timed out");
        self.say_update(&task.0, status, known.executor);
        self.master.unreachable_tasks.insert(task, agent);
    }

    /// An agent has not registered with a new master for too long
    /// (`Master::recoveredSlavesTimeout`).
    pub(crate) fn give_up(&mut self, agent: usize) {
        if !self.master.is_down && self.master.awaited.remove(&agent) {
            self.master.unreachable.insert(agent);
            self.say_agent_lost(agent);
        }
    }

    /// FAILURE of an agent, to every framework (`Master::sendSlaveLost`; tried: agent_lost).
    fn say_agent_lost(&mut self, agent: usize) {
        let frameworks: Vec<FrameworkId> = self.master.frameworks.keys().cloned().collect();
        for framework in frameworks {
            let agent_id = self.agent_id(agent);
            self.say(&framework, Event::Failure { agent_id, executor: None, status: None });
        }
    }
}
