//! What the scheduler orders by MESSAGE, and whether it still may.

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::id::ClusterId;
use etcd_mesos_core::wire::{Order, ToExecutor};

use super::Supervisor;

impl Supervisor {
    pub(super) fn message(&mut self, data: &[u8]) {
        let message = match ToExecutor::from_bytes(data) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(error = chain(&error), "a message cannot be read");
                return;
            }
        };
        let refused = self.obey(&message).err();
        if let Some(why) = &refused {
            tracing::warn!(why, "order refused");
        }
        self.answer(message.seq, refused);
    }

    fn obey(&mut self, message: &ToExecutor) -> Result<(), String> {
        let (epoch, highest) = (message.epoch, self.facts.epoch);
        if epoch < highest {
            return Err(format!(
                "epoch {epoch} is below {highest}, the highest that was heard: a newer scheduler leads"
            ));
        }
        self.facts.epoch = epoch;
        match message.order {
            Order::Formed { cluster_id } => self.formed(cluster_id),
            Order::Beat => Ok(()),
        }
    }

    /// A cluster is formed once; a second, different word on it is somebody's error.
    fn formed(&mut self, cluster_id: ClusterId) -> Result<(), String> {
        let Some(member) = &mut self.facts.member else {
            return Err("this executor has no task".to_owned());
        };
        match member.formed {
            Some(known) if known != cluster_id => Err(format!(
                "the cluster was said to be formed as {known}, and now as {cluster_id}; a cluster's \
                 ID does not change within a generation"
            )),
            Some(_) => Ok(()),
            None => {
                tracing::info!(%cluster_id, "the cluster is stored as formed");
                member.formed = Some(cluster_id);
                Ok(())
            }
        }
    }
}
