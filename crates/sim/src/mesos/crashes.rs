//! Hosts, daemons and masters that end, and start again.

use etcd_mesos_core::status::{Reason, Source, TaskState};

use super::master::Master;
use super::registration::REREGISTER_MAX;
use crate::world::{Coming, World};

impl World {
    /// An agent's daemon dies: its connection breaks, and its offers are rescinded at once. Its
    /// executors live on (`Master::exited`, `Master::deactivate`; tried: offer_rescinded).
    pub(crate) fn crash_daemon(&mut self, agent: usize) {
        self.agents[agent].is_down = true;
        self.agents[agent].down_since = Some(self.now);
        self.lose_later(agent);
        self.rescind(agent);
    }

    /// The host of an agent dies: its executors end with it, and its connections stay open until
    /// somebody notices. Its disk keeps what the agent kept.
    pub(crate) fn crash_host(&mut self, agent: usize) {
        self.agents[agent].is_down = true;
        self.agents[agent].down_since = Some(self.now);
        let keys: Vec<_> = self.executors.keys().filter(|key| key.0 == agent).copied().collect();
        keys.into_iter().for_each(|key| self.end_executor(key));
        let queued = std::mem::take(&mut self.agents[agent].fetching);
        for (_, fetching) in queued {
            let failed = (TaskState::Failed, Source::Agent, Reason::ExecutorTerminated);
            self.keep(agent, &fetching.task, failed);
        }
        self.lose_later(agent);
    }

    /// The daemon is started again, takes what its executors have to say, and registers
    /// (`Slave::recover`).
    pub(crate) fn start_agent(&mut self, agent: usize) {
        self.agents[agent].is_down = false;
        self.agents[agent].down_since = None;
        let at = self.soon(1_000);
        self.coming.put(at, Coming::Register { agent });
        let keys: Vec<_> = self.executors.keys().filter(|key| key.0 == agent).copied().collect();
        keys.into_iter().for_each(|key| self.take_updates(key));
        let keys: Vec<_> = self.plain.keys().filter(|key| key.0 == agent).copied().collect();
        keys.into_iter().for_each(|key| self.take_plain(key));
    }

    /// The leading master dies. The next one knows the registry, and no task
    /// (`Master::recover`; tried: master_failed_over).
    pub(crate) fn crash_master(&mut self) {
        self.master.is_down = true;
        if let Some((_, process, _)) = self.master.stream.take() {
            self.disconnected(process, "the master is gone");
        }
        let former = std::mem::take(&mut self.master);
        self.master = Master {
            is_down: true,
            awaited: former.registered.union(&former.awaited).copied().collect(),
            unreachable: former.unreachable,
            frameworks: former.frameworks,
            connections: former.connections,
            uuids: former.uuids,
            next_offer: former.next_offer,
            ..Master::default()
        };
    }

    pub(crate) fn start_master(&mut self) {
        self.master.is_down = false;
        for agent in 0..self.agents.len() {
            let at = self.soon(2_000);
            self.coming.put(at, Coming::Register { agent });
            self.coming.put(self.now + REREGISTER_MAX, Coming::GiveUp { agent });
        }
    }
}
