//! MESSAGEs between scheduler and executor: best effort both ways.

use etcd_mesos_core::id::AgentId;
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::wire::FromExecutor;

use super::agent::ToAgent;
use crate::world::{Coming, World};

/// How late a MESSAGE may come: others overtake it.
const LATE_MS_MAX: u64 = 20_000;

impl World {
    /// A MESSAGE of a scheduler goes to an executor, which may not be there: best effort
    /// (`Master::message`, `Slave::schedulerMessage`; tried: messages).
    pub(super) fn say_to_executor(&mut self, executor: String, agent_id: &AgentId, bytes: Vec<u8>) {
        let Some(agent) = self.agent_number(agent_id) else { return };
        for within_ms in self.copies(2) {
            let (executor, bytes) = (executor.clone(), bytes.clone());
            let what = Box::new(ToAgent::Message { executor, bytes });
            let at = self.soon(within_ms);
            self.coming.put(at, Coming::Agent { agent, what });
        }
    }

    /// A MESSAGE of an executor goes to the scheduler that is subscribed: best effort
    /// (`Slave::executorMessage`, `Master::executorMessage`).
    pub(crate) fn say_to_scheduler(&mut self, agent: usize, bytes: &[u8]) {
        if !self.reaches(agent) {
            return;
        }
        let Some((_, process, _)) = self.master.stream.clone() else { return };
        let agent_id = self.agents[agent].id();
        for within_ms in self.copies(5) {
            let body = FromExecutor::from_bytes(bytes).map_err(|error| error.to_string());
            let event = Event::Message { agent_id: agent_id.clone(), body };
            self.later(process, within_ms, event);
        }
    }

    /// How often a MESSAGE arrives, and within how many milliseconds each time: once and soon,
    /// unless chance loses it, doubles it, or lets others overtake it.
    fn copies(&mut self, soon_ms: u64) -> Vec<u64> {
        if self.unlucky(self.faults.message_loss_per_mille) {
            self.faults.note("message lost");
            return Vec::new();
        }
        let is_double = self.unlucky(self.faults.message_double_per_mille);
        if is_double {
            self.faults.note("message doubled");
        }
        let within = |world: &mut World| {
            if !world.unlucky(100) {
                return soon_ms;
            }
            world.faults.note("message late");
            LATE_MS_MAX
        };
        (0..=usize::from(is_double)).map(|_| within(self)).collect()
    }
}
