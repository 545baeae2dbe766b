//! Who a framework's scheduler is: the newest subscription, and no other.

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::time::Timestamp;

use crate::updates::UPDATE_RETRY;
use crate::vocabulary::{Connection, Event, Freight, NotSubscribed, Note, Output, Subscribe};
use crate::{Alarm, Mesos};

impl<F: Freight> Mesos<F> {
    /// SUBSCRIBE: the newest one of a framework counts. The former one's stream ends with an
    /// ERROR, and the framework's offers are gone without a word (`Master::failoverFramework`;
    /// tried: failed_over). A framework that was torn down is refused (`Master::_subscribe`;
    /// tried: teardown).
    ///
    /// # Errors
    /// No master is there.
    pub fn subscribe(
        &mut self,
        now: Timestamp,
        connection: Connection,
        subscribe: Subscribe,
    ) -> Result<(), NotSubscribed> {
        self.at(now, |mesos| match mesos.master.is_down {
            true => Err(NotSubscribed),
            false => {
                mesos.subscribed(connection, subscribe);
                Ok(())
            }
        })
    }

    fn subscribed(&mut self, connection: Connection, subscribe: Subscribe) {
        let Subscribe { framework_id, role, suppressed, failover_timeout } = subscribe;
        let id = framework_id.unwrap_or_else(|| self.new_framework_id());
        if self.master.removed.contains(&id) {
            return self.end_stream(connection, "Framework has been removed");
        }
        let framework = self.master.frameworks.entry(id.clone()).or_default();
        let old = framework.connection.replace(connection).filter(|old| *old != connection);
        framework.role = role;
        framework.is_suppressed = suppressed;
        framework.failover_timeout = failover_timeout;
        framework.filters.clear();
        if let Some(old) = old {
            self.end_stream(old, "Framework failed over");
        }
        self.forget_offers(&id);
        self.out.push(Output::Note(Note::Subscribed { connection, framework: id.clone() }));
        self.say(&id, Event::Subscribed { framework_id: id.clone() });
        self.resume_updates(&id);
        self.offer_soon();
    }

    /// An ERROR, and behind it the end of the stream (tried: failed_over, teardown).
    fn end_stream(&mut self, connection: Connection, message: &str) {
        let event = Event::Error(message.to_owned());
        self.out.push(Output::Scheduler { connection, event });
        self.out.push(Output::Closed { connection });
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

    /// A scheduler's connection is gone; what runs for it waits for its failover timeout
    /// (`Master::exited`, `Master::_exited`).
    pub fn hang_up(&mut self, now: Timestamp, connection: Connection) {
        self.at(now, |mesos| {
            if let Some(framework) = mesos.master.framework_of(connection).cloned() {
                mesos.disconnect(&framework);
            }
        });
    }

    fn disconnect(&mut self, id: &FrameworkId) {
        let now = self.now;
        let Some(framework) = self.master.frameworks.get_mut(id) else { return };
        framework.connection = None;
        framework.disconnected_since = now;
        let pause = framework.failover_timeout;
        self.forget_offers(id);
        self.offer_soon();
        self.after(pause, Alarm::Forget { framework: id.clone(), since: now });
    }

    /// Its failover timeout is over (`Master::frameworkFailoverTimeout`).
    pub(crate) fn forget_framework(&mut self, id: &FrameworkId, since: Timestamp) {
        let is_gone = self
            .master
            .frameworks
            .get(id)
            .is_some_and(|f| f.connection.is_none() && f.disconnected_since == since);
        if is_gone && !self.master.is_down {
            self.remove_framework(id);
        }
    }
}
