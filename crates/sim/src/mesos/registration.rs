//! Agents that register, register again, or do not answer for too long.

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::status::{Reason, Source, TaskState};
use etcd_mesos_core::time::Timestamp;

use super::agent::{AgentTask, ToAgent};
use super::master::KnownTask;
use super::updates::UPDATE_RETRY;
use crate::world::{Coming, World};

/// How long a master waits for an agent that does not answer: 5 pings of 15 s.
pub(crate) const AGENT_PATIENCE: Duration = Duration::from_secs(75);

/// How long it waits after a failover for the agents of its registry (`--agent_reregister_timeout`).
pub(super) const REREGISTER_MAX: Duration = Duration::from_secs(600);
/// A kill that is sent again carries no grace of its own; this is the executor's.
const KILL_GRACE: Duration = Duration::from_secs(5);
/// `REASON_AGENT_REMOVED`, which changes nothing for the core.
const AGENT_REMOVED: Reason = Reason::Other(11);
/// `REASON_AGENT_REREGISTERED`.
const AGENT_REREGISTERED: Reason = Reason::Other(32);

impl World {
    /// An agent registers, for the first time or again, and says its oldest updates once more, and
    /// then again (`Slave::reregistered`; `Master::___reregisterSlave`, `Slave::updateFramework`;
    /// tried: executor_killed_beside_a_dead_agent).
    pub(crate) fn register(&mut self, agent: usize) {
        if !self.reaches(agent) {
            if !self.agents[agent].is_down {
                let at = self.soon(2_000);
                self.coming.put(at, Coming::Register { agent });
            }
            return;
        }
        if self.master.registered.insert(agent) {
            self.admit(agent);
        } else {
            self.drop_unknown(agent);
            self.kill_again(agent);
        }
        self.offer_soon();
        // Once because it is registered, and once because it is told of the frameworks.
        let waiting: Vec<String> = self.agents[agent].updates.keys().cloned().collect();
        for task in waiting.iter().chain(&waiting) {
            self.send_oldest(agent, task, UPDATE_RETRY);
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
        for (task, AgentTask { framework, state, forwarded }) in self.agents[agent].tasks.clone() {
            if self.master.removed.contains(&framework) {
                continue;
            }
            if !was_awaited {
                let what = (state, Source::Master, AGENT_REREGISTERED);
                let status = self.status(&task, Some(agent), what);
                self.say(Event::Update(status));
            }
            let state = forwarded.unwrap_or(state);
            let known = KnownTask { agent, framework, state, uuid: None };
            self.master.tasks.insert(task, known);
        }
    }

    /// Launches that were lost on their way to an agent, which says so when it registers again
    /// (`Master::reconcileKnownSlave`, `Slave::reregistered`).
    fn drop_unknown(&mut self, agent: usize) {
        let there = &self.agents[agent];
        let known = self.master.tasks.iter().filter(|(_, known)| known.agent == agent);
        let lost: Vec<(String, FrameworkId)> = known
            .filter(|(task, _)| {
                !there.tasks.contains_key(*task) && !there.updates.contains_key(*task)
            })
            .map(|(task, known)| (task.clone(), known.framework.clone()))
            .collect();
        for (task, framework) in lost {
            let dropped = (TaskState::Dropped, Source::Agent, Reason::Reconciliation);
            self.keep_for(framework, agent, &task, dropped);
        }
    }

    /// Kills that an agent may not have heard (`Master::reconcileKnownSlave`; tried:
    /// agent_restarted).
    fn kill_again(&mut self, agent: usize) {
        let mut killed = self.master.killed.get(&agent).cloned().unwrap_or_default();
        killed.retain(|task| self.agents[agent].lives(task));
        for task in killed {
            self.send_agent(agent, ToAgent::Kill { task, grace: KILL_GRACE });
        }
    }

    /// The master waits for an agent that it does not reach (`SlaveObserver`).
    pub(crate) fn lose_later(&mut self, agent: usize) {
        let cut_since = self.now;
        self.coming.put(self.now + self.patience, Coming::Lose { agent, cut_since });
    }

    /// It has waited long enough: the agent's tasks are unreachable, and forgotten
    /// (`Master::__removeSlave`; tried: agent_lost).
    pub(crate) fn lose(&mut self, agent: usize, cut_since: Timestamp) {
        let there = &self.agents[agent];
        let is_later = |since: Option<Timestamp>| since.is_some_and(|since| since > cut_since);
        let is_back =
            self.reaches(agent) || is_later(there.cut_since) || is_later(there.down_since);
        if is_back || self.master.is_down || !self.master.registered.remove(&agent) {
            return;
        }
        self.master.unreachable.insert(agent);
        self.master.killed.remove(&agent);
        let known = self.master.tasks.iter().filter(|(_, known)| known.agent == agent);
        let tasks: Vec<String> = known.map(|(task, _)| task.clone()).collect();
        for task in tasks {
            let Some(known) = self.master.tasks.remove(&task) else { continue };
            self.master.unreachable_tasks.insert(task.clone(), (agent, known.framework));
            let lost = (TaskState::Unreachable, Source::Master, AGENT_REMOVED);
            let status = self.status(&task, Some(agent), lost);
            self.say(Event::Update(status));
        }
        self.rescind(agent);
        self.say_agent_lost(agent);
    }

    /// An agent has not registered with a new master for too long
    /// (`Master::recoveredSlavesTimeout`).
    pub(crate) fn give_up(&mut self, agent: usize) {
        if !self.master.is_down && self.master.awaited.remove(&agent) {
            self.master.unreachable.insert(agent);
            self.say_agent_lost(agent);
        }
    }

    /// FAILURE of an agent (`Master::sendSlaveLost`; tried: agent_lost).
    fn say_agent_lost(&mut self, agent: usize) {
        let agent_id = Some(self.agents[agent].id());
        self.say(Event::Failure { agent_id, executor_id: None });
    }
}
