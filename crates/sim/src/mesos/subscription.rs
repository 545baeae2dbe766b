//! Who the framework's scheduler is: the newest subscription, and no other.

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::scheduler::{Event, LinkFailure};

use super::updates::UPDATE_RETRY;
use crate::world::{Coming, World};

impl World {
    /// SUBSCRIBE: the newest one of a framework counts. The former one's stream ends with an
    /// ERROR, and the framework's offers are gone without a word (`Master::failoverFramework`;
    /// tried: failed_over). A framework that was torn down is refused (`Master::_subscribe`;
    /// tried: teardown).
    pub(super) fn subscribed(
        &mut self,
        connection: u64,
        process: u64,
        framework_id: Option<FrameworkId>,
        suppressed: bool,
    ) {
        let caller = self.caller(process).filter(|(used, _)| *used == Some(connection));
        let Some((_, epoch)) = caller else { return };
        if self.master.is_down || self.unlucky(50) {
            return self.disconnected(process, "no master answers");
        }
        let id = framework_id.unwrap_or_else(|| {
            self.master.frameworks += 1;
            FrameworkId(format!("f{}", self.master.frameworks))
        });
        if self.master.removed.contains(&id) {
            let message = "Framework has been removed".to_owned();
            return self.end_stream(process, message);
        }
        if let Some((_, old, framework)) = self.master.stream.take()
            && framework == id
            && old != process
        {
            let message = "Framework failed over".to_owned();
            self.end_stream(old, message);
        }
        self.master.offers.clear();
        self.master.filters.clear();
        self.ledger.subscribed(epoch);
        self.master.stream = Some((connection, process, id.clone()));
        self.master.suppressed = suppressed;
        self.say(Event::Subscribed { framework_id: id.clone() });
        self.resume_updates(&id);
        self.offer_soon();
    }

    /// An ERROR, and behind it the end of the stream (tried: failed_over, teardown).
    fn end_stream(&mut self, process: u64, message: String) {
        let at = self.soon(5);
        let error = Box::new(Event::MesosError { message });
        self.coming.put(at, Coming::Scheduler { process, event: error });
        let why = LinkFailure::Temporary("the master closed the stream".to_owned());
        let closed = Box::new(Event::Disconnected(why));
        self.coming.put(at, Coming::Scheduler { process, event: closed });
    }

    /// Each agent is told of the subscription, and sends what is not acknowledged once more
    /// (`Slave::updateFramework`; tried: stream_closed).
    fn resume_updates(&mut self, framework: &FrameworkId) {
        for agent in self.master.registered.clone() {
            for task in self.agents[agent].waiting_for(framework) {
                self.send_oldest(agent, &task, UPDATE_RETRY);
            }
        }
    }

    /// A process's connection is gone.
    pub(crate) fn hang_up(&mut self, connection: Option<u64>) {
        if self.master.stream.as_ref().is_some_and(|(c, _, _)| Some(*c) == connection) {
            self.master.stream = None;
            self.master.offers.clear();
        }
    }

    /// Events keep their order on a stream: all of them take one millisecond.
    pub(super) fn say(&mut self, event: Event) {
        let Some((_, process, _)) = &self.master.stream else { return };
        let at = self.now + Duration::from_millis(1);
        let event = Box::new(event);
        self.coming.put(at, Coming::Scheduler { process: *process, event });
    }
}
