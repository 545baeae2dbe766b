//! Containers: from the launch to the executor that registers, and their end.

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::status::{Reason, Source, TaskState};
use etcd_mesos_executor::supervisor;

use super::agent::AgentTask;
use super::call::Work;
use crate::world::{Coming, World};

/// A container between its launch and its executor.
#[derive(Debug)]
pub(super) struct Fetching {
    pub(super) task: String,
    pub(super) work: Work,
}

/// How long an executor has to register (`EXECUTOR_REGISTRATION_TIMEOUT`).
const REGISTRATION_MAX: Duration = Duration::from_secs(60);

impl World {
    /// A task comes to its agent, and its executor is fetched (`Slave::runTask`,
    /// `Slave::launchExecutor`).
    pub(super) fn run_task(
        &mut self,
        agent: usize,
        framework: FrameworkId,
        task: String,
        executor: String,
        work: Work,
    ) {
        let there = &mut self.agents[agent];
        let state = TaskState::Staging;
        there.tasks.insert(task.clone(), AgentTask { framework, state, forwarded: None });
        let is_fetchable = !matches!(work, Work::Plain { is_fetchable: false });
        there.fetching.insert(executor.clone(), Fetching { task, work });
        let is_good = !self.unlucky(self.faults.fetch_failure_per_mille) && is_fetchable;
        let is_slow = self.unlucky(20);
        let at = if is_slow { self.now + REGISTRATION_MAX } else { self.soon(500) };
        let is_good = is_good && !is_slow;
        if !is_good {
            self.faults.note("fetch failed");
        }
        self.coming.put(at, Coming::Fetched { agent, executor, is_good });
    }

    /// The fetch is over. If it failed the agent says FAILED (`Slave::executorLaunched`,
    /// `Slave::executorTerminated`; tried: fetch_failed).
    pub(crate) fn fetched(&mut self, agent: usize, executor: &str, is_good: bool) {
        let there = &mut self.agents[agent];
        let Some(fetching) = there.fetching.remove(executor) else { return };
        if !is_good || there.is_down {
            let failed = (TaskState::Failed, Source::Agent, Reason::ContainerLaunchFailed);
            self.keep(agent, &fetching.task, failed);
            return self.say_executor_ended(agent, executor);
        }
        match fetching.work {
            Work::Member(order) => self.start_executor(agent, &fetching.task, *order),
            Work::Plain { .. } => self.start_plain(agent, executor.to_owned(), fetching.task),
        }
    }

    pub(super) fn kill_task(&mut self, agent: usize, task: &str, grace: Duration) {
        let queued = self.agents[agent].fetching.iter().find(|(_, f)| f.task == task);
        if let Some(executor) = queued.map(|(executor, _)| executor.clone()) {
            self.agents[agent].fetching.remove(&executor);
            let killed = (TaskState::Killed, Source::Agent, Reason::KilledDuringLaunch);
            return self.keep(agent, task, killed);
        }
        if let Some(key) = self.plain_of(task).filter(|key| key.0 == agent) {
            return self.kill_plain(key);
        }
        let found = self.executors.iter().find(|(key, e)| key.0 == agent && e.task == task);
        if let Some(key) = found.map(|(key, _)| *key) {
            let event = supervisor::Event::Kill { task_id: task.to_owned(), grace: Some(grace) };
            self.tell_executor(key, 5, event);
        }
    }

    /// FAILURE of an executor: said once, if everybody is there (`Master::exitedExecutor`).
    fn say_executor_ended(&mut self, agent: usize, executor: &str) {
        if self.reaches(agent) && self.master.registered.contains(&agent) {
            let agent_id = Some(self.agents[agent].id());
            self.say(Event::Failure { agent_id, executor_id: Some(executor.to_owned()) });
        }
    }

    /// A container ended; what its executor had not said of its task, the agent says
    /// (`Slave::executorTerminated`; tried: executor_killed).
    pub(crate) fn container_ended(&mut self, agent: usize, executor: &str, task: &str) {
        self.say_executor_ended(agent, executor);
        if self.agents[agent].lives(task) {
            let failed = (TaskState::Failed, Source::Agent, Reason::ExecutorTerminated);
            self.keep(agent, task, failed);
        }
    }
}
