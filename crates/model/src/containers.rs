//! Containers: from the launch of a task to their end.

use std::collections::BTreeSet;
use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::status::{Reason, Source, TaskState};
use etcd_mesos_core::time::Timestamp;

use crate::agent::AgentTask;
use crate::resources::Holding;
use crate::vocabulary::{Container, Event, ExecutorEvent, Freight, Output, TaskLaunch};
use crate::{Alarm, Mesos, TaskKey};

/// A container, from its start to the end of its processes.
#[derive(Debug)]
pub(crate) struct Running<F: Freight> {
    pub(crate) framework: FrameworkId,
    pub(crate) executor: String,
    pub(crate) needs: Holding,
    shutdown_grace: Duration,
    /// The first task's, which describes the executor.
    pub(crate) freight: F::Task,
    /// Whether its executor has a stream now, and whether it ever had one.
    pub(crate) is_subscribed: bool,
    pub(crate) has_subscribed: bool,
    /// Whether it has ever said anything of a task.
    pub(crate) has_spoken: bool,
    /// It was asked to end, or is being ended by force (`Executor::TERMINATING`).
    pub(crate) is_ending: bool,
    /// What its end will mean for its tasks, where that is known before
    /// (`Executor::pendingTermination`).
    pub(crate) verdict: Option<Verdict>,
    /// Tasks that its executor was not told of.
    pub(crate) queued: Vec<(String, F::Task)>,
}

/// A state, why, and in words.
pub(crate) type Verdict = (TaskState, Reason, String);

/// How long an executor has to subscribe (`EXECUTOR_REGISTRATION_TIMEOUT`).
const REGISTRATION_MAX: Duration = Duration::from_secs(60);

/// How the fetcher's process ended, as `waitpid` says it: with exit code 1 (tried: fetch_failed).
const FETCHER_FAILED: i32 = 1 << 8;

impl<F: Freight> Mesos<F> {
    /// A task comes to its agent: to the executor that runs, or to a new one. Of a framework that
    /// is over it is ignored (`Slave::runTask`, `Slave::_run`, `Slave::launchExecutor`).
    pub(crate) fn run_task(&mut self, agent: usize, framework: FrameworkId, launch: TaskLaunch<F>) {
        if self.agents[agent].terminating.contains(&framework) {
            return;
        }
        let key = (framework.clone(), launch.task.clone());
        let task = AgentTask {
            executor: launch.executor.clone(),
            needs: launch.needs.clone(),
            state: TaskState::Staging,
            forwarded: None,
            container: None,
            received: BTreeSet::new(),
        };
        self.agents[agent].tasks.insert(key.clone(), task);
        let Some(number) = self.agents[agent].container_of(&framework, &launch.executor) else {
            return self.start_container(agent, framework, launch);
        };
        let Some(running) = self.agents[agent].containers.get_mut(&number) else { return };
        if running.is_ending {
            let word = (TaskState::Dropped, Source::Agent, Reason::ExecutorTerminated);
            return self.keep_own(agent, &key, word, "Executor terminating");
        }
        let TaskLaunch { task, freight, .. } = launch;
        if !running.is_subscribed {
            return running.queued.push((task, freight));
        }
        let container = Container { agent, number };
        let event = ExecutorEvent::Launch { task, freight };
        self.out.push(Output::Executor { container, event });
    }

    fn start_container(&mut self, agent: usize, framework: FrameworkId, launch: TaskLaunch<F>) {
        self.next_container += 1;
        let container = Container { agent, number: self.next_container };
        self.know_executor((agent, framework.clone(), launch.executor.clone()), &launch);
        let TaskLaunch { task, executor, executor_needs, shutdown_grace, freight, .. } = launch;
        let running = Running {
            framework: framework.clone(),
            executor: executor.clone(),
            needs: executor_needs,
            shutdown_grace,
            freight: freight.clone(),
            is_subscribed: false,
            has_subscribed: false,
            has_spoken: false,
            is_ending: false,
            verdict: None,
            queued: vec![(task, freight.clone())],
        };
        self.agents[agent].containers.insert(container.number, running);
        self.out.push(Output::Start { container, framework, executor, freight });
        self.after(REGISTRATION_MAX, Alarm::Subscribed { container });
    }

    /// The executor has not subscribed in time; fetching counts
    /// (`Slave::registerExecutorTimeout`).
    pub(crate) fn give_up_container(&mut self, container: Container) {
        let is_down = self.agents[container.agent].is_down;
        let running = self.running_mut(container).filter(|c| !c.has_subscribed && !c.is_ending);
        let Some(running) = running.filter(|_| !is_down) else { return };
        let message = "Executor did not register within 1mins".to_owned();
        running.verdict = Some((TaskState::Failed, Reason::ExecutorRegistrationTimeout, message));
        self.destroy(container);
    }

    /// What a container needs could not be fetched, or its executor could not be started
    /// (`Slave::executorLaunched`, `Slave::executorTerminated`; tried: fetch_failed).
    pub fn launch_failed(&mut self, now: Timestamp, container: Container, why: &str) {
        self.at(now, |mesos| {
            let Some(running) = mesos.running_mut(container) else { return };
            let message = format!("Failed to launch container: {why}");
            running.verdict = Some((TaskState::Failed, Reason::ContainerLaunchFailed, message));
            mesos.ended(container, Some(FETCHER_FAILED));
        });
    }

    /// The processes of a container ended; what its executor had not said of its tasks, the agent
    /// says (`Slave::executorTerminated`; tried: executor_killed).
    pub fn container_ended(&mut self, now: Timestamp, container: Container, status: Option<i32>) {
        self.at(now, |mesos| mesos.ended(container, status));
    }

    pub(crate) fn ended(&mut self, container: Container, status: Option<i32>) {
        let agent = container.agent;
        let Some(running) = self.agents[agent].containers.remove(&container.number) else { return };
        let Running { framework, executor, verdict, .. } = running;
        let verdict = verdict.unwrap_or_else(|| {
            (TaskState::Failed, Reason::ExecutorTerminated, "Executor terminated".to_owned())
        });
        if self.agents[agent].terminating.contains(&framework) {
            self.forget_terminated(agent, &framework);
        } else {
            self.end_tasks(agent, (&framework, &executor), verdict);
        }
        self.say_executor_ended(agent, framework, executor, status);
    }

    /// The agent's word for the tasks of an executor that said nothing of their end
    /// (`Slave::sendExecutorTerminatedStatusUpdate`).
    pub(crate) fn end_tasks(
        &mut self,
        agent: usize,
        (framework, executor): (&FrameworkId, &str),
        (state, reason, message): Verdict,
    ) {
        let its = self.agents[agent].tasks.iter();
        let its = its.filter(|((of, _), t)| of == framework && t.executor == executor);
        let live = its.filter(|(_, t)| !t.state.is_terminal()).map(|(key, _)| key.clone());
        for task in live.collect::<Vec<_>>() {
            self.keep_own(agent, &task, (state, Source::Agent, reason), &message);
        }
    }

    /// The master learns of it, and tells the framework once, if everybody is there
    /// (`Master::exitedExecutor`).
    fn say_executor_ended(
        &mut self,
        agent: usize,
        framework: FrameworkId,
        executor: String,
        status: Option<i32>,
    ) {
        if self.speaks(agent) {
            self.master.executors.remove(&(agent, framework.clone(), executor.clone()));
            self.offer_soon();
            let (agent_id, executor) = (self.agent_id(agent), Some(executor));
            self.say(&framework, Event::Failure { agent_id, executor, status });
        }
    }

    /// KILL comes to the agent. A task that its executor was not told of is killed without it, and
    /// one that never came is answered for; of a framework that is not known nothing is said
    /// (`Slave::killTask`, `Slave::kill`).
    pub(crate) fn kill_task(&mut self, agent: usize, key: &TaskKey, grace: Option<Duration>) {
        let (framework, _) = key;
        let there = &self.agents[agent];
        if there.terminating.contains(framework) || !there.has(framework) {
            return;
        }
        let Some(executor) = there.tasks.get(key).map(|task| task.executor.clone()) else {
            let word = (TaskState::Dropped, Source::Agent, Reason::ExecutorTerminated);
            return self.keep_of(agent, key, word, "Cannot find executor");
        };
        if let Some(number) = there.container_of(framework, &executor) {
            self.kill_in(Container { agent, number }, key, grace);
        }
    }

    fn kill_in(&mut self, container: Container, key: &TaskKey, grace: Option<Duration>) {
        let Some(running) = self.running_mut(container).filter(|c| !c.is_ending) else { return };
        let queued = running.queued.len();
        running.queued.retain(|(task, _)| *task != key.1);
        if running.queued.len() < queued {
            let word = (TaskState::Killed, Source::Agent, Reason::KilledDuringLaunch);
            let message = "Killed before delivery to the executor";
            return self.keep_own(container.agent, key, word, message);
        }
        if running.is_subscribed {
            let event = ExecutorEvent::Kill { task: key.1.clone(), grace };
            self.out.push(Output::Executor { container, event });
        }
    }

    /// Asks an executor to end, and ends it by force if it does not (`Slave::_shutdownExecutor`).
    pub(crate) fn shut_down(&mut self, container: Container) {
        let Some(running) = self.running_mut(container).filter(|c| !c.is_ending) else { return };
        running.is_ending = true;
        let (is_subscribed, grace) = (running.is_subscribed, running.shutdown_grace);
        if is_subscribed {
            let event = ExecutorEvent::Shutdown;
            self.out.push(Output::Executor { container, event });
        }
        self.after(grace, Alarm::Ended { container });
    }

    /// Its grace is over, unless a daemon that has started since knows nothing of that
    /// (`Slave::shutdownExecutorTimeout`).
    pub(crate) fn destroy_at_last(&mut self, container: Container) {
        let is_down = self.agents[container.agent].is_down;
        if self.running(container).is_some_and(|c| c.is_ending && !is_down) {
            self.out.push(Output::Destroy { container });
        }
    }

    pub(crate) fn destroy(&mut self, container: Container) {
        if let Some(running) = self.running_mut(container) {
            running.is_ending = true;
            self.out.push(Output::Destroy { container });
        }
    }

    pub(crate) fn running(&self, container: Container) -> Option<&Running<F>> {
        self.agents.get(container.agent)?.containers.get(&container.number)
    }

    pub(crate) fn running_mut(&mut self, container: Container) -> Option<&mut Running<F>> {
        self.agents.get_mut(container.agent)?.containers.get_mut(&container.number)
    }
}
