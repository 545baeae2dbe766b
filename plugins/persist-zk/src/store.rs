//! The store: one operation at a time, each within its deadline.

use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::id::{ClusterName, FrameworkId};
use etcd_mesos_core::store::{RECORD_BYTES_MAX, StateStore, StoreError, Stored, Version};
use etcd_mesos_zk::ZkUrl;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

use crate::desk::Desk;
use crate::link::Places;
use crate::seen;
use crate::trouble::Trouble;

const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a record is kept.
#[derive(Clone, Debug)]
pub struct ZkStoreConfig {
    /// The servers, the credentials, and the chroot.
    pub url: ZkUrl,
    /// The name of the cluster, which is also that of its framework.
    pub name: ClusterName,
    /// How long an operation may take as a whole, with everything that it tries again.
    pub operation_timeout: Duration,
}

impl ZkStoreConfig {
    /// With five seconds for an operation.
    pub fn new(url: ZkUrl, name: ClusterName) -> Self {
        Self { url, name, operation_timeout: OPERATION_TIMEOUT }
    }
}

/// A record in ZooKeeper.
#[derive(Debug)]
pub struct ZkStore {
    places: Places,
    operation_timeout: Duration,
    desk: Mutex<Desk>,
}

impl ZkStore {
    /// Nothing is asked yet: the first operation opens the session.
    pub fn new(config: ZkStoreConfig) -> Self {
        let places = Places::new(&config.url, &config.name);
        let operation_timeout = config.operation_timeout;
        let desk = Desk::new(config.url, operation_timeout, places.clone());
        Self { places, operation_timeout, desk: Mutex::new(desk) }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.operation_timeout
    }

    async fn desk(
        &self,
        operation: &'static str,
        place: &str,
        deadline: Instant,
    ) -> Result<MutexGuard<'_, Desk>, StoreError> {
        let waited = timeout_at(deadline, self.desk.lock()).await;
        waited.map_err(|_| Trouble::Busy(self.operation_timeout).unavailable(operation, place))
    }

    /// Nothing is written that could not be loaded.
    fn check(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let refused = |trouble: Trouble| trouble.unavailable("save", &self.places.state_url);
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(refused(Trouble::TooLarge(bytes.len())));
        }
        seen::parse(bytes).map(drop).map_err(|why| refused(Trouble::NoRecord(why)))
    }
}

#[async_trait]
impl StateStore for ZkStore {
    fn place(&self) -> String {
        self.places.state_url.clone()
    }

    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        let deadline = self.deadline();
        let mut desk = self.desk("load", &self.places.state_url, deadline).await?;
        match timeout_at(deadline, desk.load()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(desk.late()),
        }
    }

    async fn save(&self, bytes: &[u8], expected: Version) -> Result<Version, StoreError> {
        self.check(bytes)?;
        let deadline = self.deadline();
        let mut desk = self.desk("save", &self.places.state_url, deadline).await?;
        let written = match timeout_at(deadline, desk.save(bytes, expected)).await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(desk.late()),
        };
        desk.mirror(&written, deadline).await;
        // Not before: whoever drops this future does not know yet that the record was written.
        desk.settle();
        Ok(written.version)
    }

    async fn remove(&self, expected: Version) -> Result<(), StoreError> {
        let deadline = self.deadline();
        let mut desk = self.desk("remove", &self.places.state_url, deadline).await?;
        match timeout_at(deadline, desk.remove(expected)).await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(desk.late()),
        }
        desk.settle();
        Ok(())
    }

    /// The framework ID that is in the znode where the predecessor keeps it, and this store too; nothing if there
    /// is no such znode. One line end behind it, as a person may leave it, is no part of it.
    ///
    /// # Errors
    /// `Unavailable`, or `Corrupt` when what is there can be no framework ID.
    async fn known_framework_id(&self) -> Result<Option<FrameworkId>, StoreError> {
        let deadline = self.deadline();
        let mut desk = self.desk("load", &self.places.framework_id_url, deadline).await?;
        match timeout_at(deadline, desk.framework_id()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(desk.late()),
        }
    }
}
