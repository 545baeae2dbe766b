//! The framework ID beside the record, for a predecessor that takes over again.
//!
//! The record comes first and decides. What happens here can fail without failing a save.

use etcd_mesos_zk::{Lifetime, ZkError};
use tokio::time::{Instant, timeout_at};

use crate::desk::{Desk, Written};

/// What is known of the framework ID's znode.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    /// The framework ID that it holds.
    holds: Option<String>,
    /// The framework ID that it may hold, and that no record names any longer.
    forgotten: Option<String>,
}

impl Desk {
    /// Makes the znode say what the record says, as far as that is not certain. What fails is logged, and done
    /// with the next save.
    pub(crate) async fn mirror(&mut self, written: &Written, deadline: Instant) {
        let id = written.framework_id.clone();
        if id.is_none() && written.framework_id_before.is_some() {
            self.mirrored.forgotten = written.framework_id_before.clone();
        }
        let why = match timeout_at(deadline, self.bring_up_to_date(id)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                self.link.note(&error);
                error.to_string()
            }
            Err(_) => self.link.late().to_string(),
        };
        tracing::warn!(
            place = self.places.framework_id_url,
            why,
            "the record is stored, but its framework ID not beside it; the next save tries again"
        );
    }

    async fn bring_up_to_date(&mut self, id: Option<String>) -> Result<(), ZkError> {
        match id {
            Some(id) if self.mirrored.holds.as_ref() == Some(&id) => {}
            Some(id) => {
                self.put(&id).await?;
                self.mirrored = Mirror { holds: Some(id), forgotten: None };
            }
            None => {
                let Some(id) = self.mirrored.forgotten.clone() else { return Ok(()) };
                self.erase(&id).await?;
                self.mirrored = Mirror::default();
            }
        }
        Ok(())
    }

    async fn put(&mut self, id: &str) -> Result<(), ZkError> {
        let (path, place) = (&self.places.framework_id, &self.places.framework_id_url);
        let session = self.link.session("write the framework ID").await?;
        match session.get(path).await {
            Ok(node) if node.data == id.as_bytes() => return Ok(()),
            Ok(node) => {
                let was = String::from_utf8_lossy(&node.data);
                tracing::info!(place, %was, id, "another framework ID was beside the record");
                session.set(path, id.as_bytes(), Some(node.version)).await?;
            }
            Err(ZkError::NoNode { .. }) => {
                session.create(path, id.as_bytes(), Lifetime::Persistent).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn erase(&mut self, id: &str) -> Result<(), ZkError> {
        let path = &self.places.framework_id;
        let session = self.link.session("delete the framework ID").await?;
        match session.get(path).await {
            Ok(node) if node.data == id.as_bytes() => {
                session.delete(path, Some(node.version)).await
            }
            // Somebody else's.
            Ok(_) | Err(ZkError::NoNode { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
