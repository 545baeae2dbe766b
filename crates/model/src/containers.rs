//! Containers: from the launch of a task to their end.

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::status::{Reason, Source, TaskState};
use etcd_mesos_core::time::Timestamp;

use crate::agent::{Agent, AgentTask};
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
    freight: F::Task,
    /// Whether its executor has a stream now, and whether it ever had one.
    pub(crate) is_subscribed: bool,
    pub(crate) has_subscribed: bool,
    /// It was asked to end, or is being ended by force.
    pub(crate) is_ending: bool,
    /// Tasks that its executor was not told of.
    pub(crate) queued: Vec<(String, F::Task)>,
}

/// How long an executor has to subscribe (`EXECUTOR_REGISTRATION_TIMEOUT`).
const REGISTRATION_MAX: Duration = Duration::from_secs(60);

impl<F: Freight> Agent<F> {
    /// Whether a launch describes its executor as the one that runs was described.
    pub(crate) fn fits_executor(&self, framework: &FrameworkId, launch: &TaskLaunch<F>) -> bool {
        let number = self.container_of(framework, &launch.executor);
        let running = number.and_then(|number| self.containers.get(&number));
        running.is_none_or(|running| F::is_same_executor(&running.freight, &launch.freight))
    }
}

impl<F: Freight> Mesos<F> {
    /// A task comes to its agent: to the executor that runs, or to a new one (`Slave::runTask`,
    /// `Slave::_run`, `Slave::launchExecutor`).
    pub(crate) fn run_task(&mut self, agent: usize, framework: FrameworkId, launch: TaskLaunch<F>) {
        let key = (framework.clone(), launch.task.clone());
        let task = AgentTask {
            executor: launch.executor.clone(),
            needs: launch.needs.clone(),
            state: TaskState::Staging,
            forwarded: None,
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
        let TaskLaunch { task, executor, executor_needs, shutdown_grace, freight, .. } = launch;
        let running = Running {
            framework: framework.clone(),
            executor: executor.clone(),
            needs: executor_needs.clone(),
            shutdown_grace,
            freight: freight.clone(),
            is_subscribed: false,
            has_subscribed: false,
            is_ending: false,
            queued: vec![(task, freight.clone())],
        };
        self.agents[agent].containers.insert(container.number, running);
        let key = (agent, framework.clone(), executor.clone());
        self.master.executors.insert(key, executor_needs);
        self.out.push(Output::Start { container, framework, executor, freight });
        self.after(REGISTRATION_MAX, Alarm::Subscribed { container });
    }

    /// The executor has not subscribed in time; fetching counts
    /// (`Slave::registerExecutorTimeout`).
    pub(crate) fn give_up_container(&mut self, container: Container) {
        let Some(running) = self.running(container).filter(|c| !c.has_subscribed) else { return };
        let queued = self.take_queued(running.framework.clone(), container);
        for task in queued {
            let word = (TaskState::Failed, Source::Agent, Reason::ExecutorRegistrationTimeout);
            let message = "Executor did not register within 1mins";
            self.keep_own(container.agent, &task, word, message);
        }
        self.destroy(container);
    }

    /// What a container needs could not be fetched, or its executor could not be started
    /// (`Slave::executorLaunched`, `Slave::executorTerminated`; tried: fetch_failed).
    pub fn launch_failed(&mut self, now: Timestamp, container: Container, why: &str) {
        self.at(now, |mesos| {
            let Some(running) = mesos.running(container) else { return };
            let queued = mesos.take_queued(running.framework.clone(), container);
            for task in queued {
                let word = (TaskState::Failed, Source::Agent, Reason::ContainerLaunchFailed);
                mesos.keep_own(container.agent, &task, word, why);
            }
            mesos.ended(container, None);
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
        let Running { framework, executor, .. } = running;
        if self.is_registered(agent) {
            self.master.executors.remove(&(agent, framework.clone(), executor.clone()));
            self.offer_soon();
        }
        if self.agents[agent].terminating.contains(&framework) {
            return self.forget_terminated(agent, &framework);
        }
        self.say_executor_ended(agent, &framework, &executor, status);
        let its = self.agents[agent].tasks.iter();
        let its = its.filter(|((of, _), t)| *of == framework && t.executor == executor);
        let live: Vec<TaskKey> =
            its.filter(|(_, t)| !t.state.is_terminal()).map(|(key, _)| key.clone()).collect();
        for task in live {
            let word = (TaskState::Failed, Source::Agent, Reason::ExecutorTerminated);
            self.keep_own(agent, &task, word, "Executor terminated");
        }
    }

    /// FAILURE of an executor: said once, if everybody is there (`Master::exitedExecutor`).
    fn say_executor_ended(
        &mut self,
        agent: usize,
        framework: &FrameworkId,
        executor: &str,
        status: Option<i32>,
    ) {
        if self.is_registered(agent) {
            let (agent_id, executor) = (self.agent_id(agent), Some(executor.to_owned()));
            self.say(framework, Event::Failure { agent_id, executor, status });
        }
    }

    /// KILL comes to the agent. A task that its executor was not told of is killed without it
    /// (`Slave::killTask`).
    pub(crate) fn kill_task(&mut self, agent: usize, key: &TaskKey, grace: Option<Duration>) {
        let (framework, task) = key;
        let of_task = |c: &Running<F>| {
            c.framework == *framework && c.queued.iter().any(|(queued, _)| queued == task)
        };
        let found = self.agents[agent].containers.iter_mut().find(|(_, c)| of_task(c));
        if let Some((number, running)) = found {
            let container = Container { agent, number: *number };
            running.queued.retain(|(queued, _)| queued != task);
            let is_idle = running.queued.is_empty() && !running.has_subscribed;
            let word = (TaskState::Killed, Source::Agent, Reason::KilledDuringLaunch);
            self.keep_own(agent, key, word, "Killed before delivery to the executor");
            if is_idle {
                self.destroy(container);
            }
            return;
        }
        let Some(executor) = self.agents[agent].tasks.get(key).map(|t| t.executor.clone()) else {
            return;
        };
        let Some(number) = self.agents[agent].container_of(framework, &executor) else { return };
        if self.agents[agent].containers.get(&number).is_some_and(|c| c.is_subscribed) {
            let event = ExecutorEvent::Kill { task: task.clone(), grace };
            self.out.push(Output::Executor { container: Container { agent, number }, event });
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

    /// Its grace is over (`Slave::shutdownExecutorTimeout`).
    pub(crate) fn destroy_at_last(&mut self, container: Container) {
        if self.running(container).is_some() {
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

    fn take_queued(&mut self, framework: FrameworkId, container: Container) -> Vec<TaskKey> {
        let queued =
            self.running_mut(container).map(|c| std::mem::take(&mut c.queued)).unwrap_or_default();
        queued.into_iter().map(|(task, _)| (framework.clone(), task)).collect()
    }
}
