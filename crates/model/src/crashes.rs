//! Hosts, daemons and masters that end, and start again; hosts that are cut off.

use std::time::Duration;

use etcd_mesos_core::status::{Reason, TaskState};
use etcd_mesos_core::time::Timestamp;

use crate::master::Master;
use crate::registration::REREGISTER_MAX;
use crate::vocabulary::{Container, Freight, Output};
use crate::{Alarm, Mesos};

/// How long executors have to come back after a restart of their agent's daemon, and how long that
/// waits before it registers (`EXECUTOR_REREGISTRATION_TIMEOUT`; `Slave::recover`,
/// `Slave::reregisterExecutorTimeout`).
const BACK_MAX: Duration = Duration::from_secs(2);
/// `REASON_EXECUTOR_REREGISTRATION_TIMEOUT`.
const REREGISTRATION_TIMEOUT: Reason = Reason::Other(24);

impl<F: Freight> Mesos<F> {
    /// An agent's daemon dies: its connection breaks, and its offers are rescinded at once. Its
    /// executors live on (`Master::exited`, `Master::deactivate`; tried: offer_rescinded).
    pub fn crash_daemon(&mut self, now: Timestamp, agent: usize) {
        self.at(now, |mesos| {
            mesos.take_down(agent);
            mesos.disconnect_agent(agent);
        });
    }

    /// The host of an agent dies, with its containers: its connections stay open until somebody
    /// notices. Its disk keeps what the agent kept.
    pub fn crash_host(&mut self, now: Timestamp, agent: usize) {
        self.at(now, |mesos| {
            mesos.take_down(agent);
            for (number, running) in std::mem::take(&mut mesos.agents[agent].containers) {
                let message = "Abnormal executor termination: unknown container".to_owned();
                let verdict = (TaskState::Failed, Reason::ExecutorTerminated, message);
                mesos.end_tasks(agent, (&running.framework, &running.executor), verdict);
                mesos.out.push(Output::Destroy { container: Container { agent, number } });
            }
        });
    }

    /// What a daemon keeps on its disk outlives it: its containers, what it sent them, and updates.
    /// Tasks that wait for their executor are not there, nor what was to end (`Slave::recover`,
    /// `Executor::checkpointTask`).
    fn take_down(&mut self, agent: usize) {
        let there = &mut self.agents[agent];
        if std::mem::replace(&mut there.is_down, true) {
            return;
        }
        there.is_recovering = false;
        there.down_since = Some(self.now);
        there.terminating.clear();
        for running in there.containers.values_mut() {
            running.is_subscribed = false;
            running.is_ending = false;
            running.verdict = None;
            for (task, _) in std::mem::take(&mut running.queued) {
                there.tasks.remove(&(running.framework.clone(), task));
            }
        }
        self.lose_later(agent);
    }

    fn disconnect_agent(&mut self, agent: usize) {
        self.agents[agent].is_connected = false;
        self.rescind_all(agent);
    }

    /// The daemon is started again, waits for its executors, and registers (`Slave::recover`). The
    /// master sees at the latest now that the former one's connection is broken.
    pub fn start_agent(&mut self, now: Timestamp, agent: usize) {
        self.at(now, |mesos| {
            let up_since = mesos.now;
            let there = &mut mesos.agents[agent];
            if !std::mem::replace(&mut there.is_down, false) {
                return;
            }
            there.is_recovering = true;
            there.down_since = None;
            there.up_since = up_since;
            mesos.disconnect_agent(agent);
            mesos.after(BACK_MAX, Alarm::Back { agent, up_since });
        });
    }

    /// Executors that are not back are ended, and the agent registers
    /// (`Slave::reregisterExecutorTimeout`).
    pub(crate) fn end_those_not_back(&mut self, agent: usize, up_since: Timestamp) {
        let there = &mut self.agents[agent];
        if there.is_down || there.up_since != up_since {
            return;
        }
        there.is_recovering = false;
        let silent = there.containers.iter().filter(|(_, c)| !c.is_subscribed && !c.is_ending);
        let silent: Vec<u64> = silent.map(|(number, _)| *number).collect();
        for number in silent {
            self.end_silent(Container { agent, number });
        }
        self.register_within(agent, 1_000);
    }

    fn end_silent(&mut self, container: Container) {
        let Some(running) = self.running_mut(container) else { return };
        let message = "Executor did not reregister within 2secs".to_owned();
        running.verdict = Some((TaskState::Gone, REREGISTRATION_TIMEOUT, message));
        self.destroy(container);
    }

    /// A host reaches nobody, and nobody reaches it.
    pub fn cut(&mut self, now: Timestamp, agent: usize) {
        self.at(now, |mesos| {
            if mesos.agents[agent].cut_since.is_none() {
                mesos.agents[agent].cut_since = Some(mesos.now);
                mesos.lose_later(agent);
            }
        });
    }

    /// The host is connected again.
    pub fn join(&mut self, now: Timestamp, agent: usize) {
        self.at(now, |mesos| {
            if mesos.agents[agent].cut_since.take().is_some() {
                mesos.register_within(agent, 1_000);
            }
        });
    }

    /// The leading master dies. The next one knows the registry, and no task
    /// (`Master::recover`; tried: master_failed_over).
    pub fn crash_master(&mut self, now: Timestamp) {
        self.at(now, |mesos| {
            let former = std::mem::take(&mut mesos.master);
            mesos.agents.iter_mut().for_each(|agent| agent.is_connected = false);
            for connection in former.frameworks.values().filter_map(|f| f.connection) {
                mesos.out.push(Output::Closed { connection });
            }
            mesos.master = Master {
                is_down: true,
                awaited: former.registered.union(&former.awaited).copied().collect(),
                unreachable: former.unreachable,
                next_framework: former.next_framework,
                uuids: former.uuids,
                next_offer: former.next_offer,
                ..Master::default()
            };
        });
    }

    /// Another master leads, and agents find it.
    pub fn start_master(&mut self, now: Timestamp) {
        self.at(now, |mesos| {
            mesos.master.is_down = false;
            for agent in 0..mesos.agents.len() {
                mesos.register_within(agent, 2_000);
                mesos.after(REREGISTER_MAX, Alarm::GiveUp { agent });
            }
        });
    }

    /// Whether a master is there.
    pub fn is_master_down(&self) -> bool {
        self.master.is_down
    }

    /// Whether an agent's daemon is down.
    pub fn is_down(&self, agent: usize) -> bool {
        self.agents[agent].is_down
    }
}
