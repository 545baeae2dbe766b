//! Which calls of schedulers the master takes, and for whom.

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::time::Timestamp;

use crate::Mesos;
use crate::agent::ToAgent;
use crate::vocabulary::{Call, Connection, Freight, NotSubscribed};

impl<F: Freight> Mesos<F> {
    /// A call comes on a connection.
    ///
    /// # Errors
    /// The connection has no subscription (any more), and nothing was done (tried: failed_over).
    pub fn call(
        &mut self,
        now: Timestamp,
        connection: Connection,
        call: Call<F>,
    ) -> Result<(), NotSubscribed> {
        self.at(now, |mesos| {
            let framework = mesos.master.framework_of(connection).cloned();
            let framework = framework.filter(|_| !mesos.master.is_down).ok_or(NotSubscribed)?;
            mesos.carry_out(&framework, call);
            Ok(())
        })
    }

    fn carry_out(&mut self, framework: &FrameworkId, call: Call<F>) {
        match call {
            Call::Accept(launch) => self.accept(framework, launch),
            Call::Decline { offers, refuse_for } => self.decline(framework, &offers, refuse_for),
            Call::Suppress => self.suppress(framework),
            Call::Revive => self.revive(framework),
            Call::Reconcile(tasks) => self.reconcile(framework, tasks),
            Call::Acknowledge { agent_id, task, uuid } => {
                self.acknowledge(framework, &agent_id, task, uuid);
            }
            Call::Kill { task, agent_id, grace } => self.kill(framework, task, agent_id, grace),
            Call::Shutdown { executor, agent_id } => {
                if let Some(agent) = self.connected_agent(&agent_id) {
                    let framework = framework.clone();
                    self.send_agent(agent, ToAgent::Shutdown { framework, executor });
                }
            }
            Call::Message { executor, agent_id, bytes } => {
                self.message_executor(framework, executor, &agent_id, bytes);
            }
            Call::Teardown => self.remove_framework(framework),
        }
    }
}
