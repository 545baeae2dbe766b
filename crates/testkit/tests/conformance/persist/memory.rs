//! A correct store in memory, and the place where its record is.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};
use etcd_mesos_testkit::conformance::persist::{Damage, Outage};
use tokio::task::yield_now;

/// What is at the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    Record(Stored),
    Damaged(Damage),
}

/// The place, which outlives its stores.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) state: State,
    /// The last version that was given out.
    pub(super) last: u64,
    pub(super) outage: Option<Outage>,
}

impl Disk {
    pub(super) fn version(&self) -> Version {
        match &self.state {
            State::Record(stored) => stored.version,
            State::Absent | State::Damaged(_) => Version(0),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Version {
        self.last += 1;
        let version = Version(self.last);
        self.state = State::Record(Stored { bytes: bytes.to_vec(), version });
        version
    }
}

#[derive(Clone, Debug)]
pub(super) struct Memory(pub(super) Arc<Mutex<Disk>>);

pub(super) const PLACE: &str = "memory of this test";

impl Memory {
    pub(super) fn new() -> Memory {
        Memory(Arc::new(Mutex::new(Disk { state: State::Absent, last: 0, outage: None })))
    }

    pub(super) fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    /// Whether it can be used now, for this version.
    pub(super) fn expect(disk: &Disk, expected: Version) -> Result<(), StoreError> {
        Memory::reach(disk, "save")?;
        if let State::Damaged(how) = &disk.state {
            return Err(StoreError::Corrupt { place: PLACE.into(), found: format!("{how:?}") });
        }
        if disk.version() != expected {
            let found = format!("version {}", disk.version().0);
            return Err(StoreError::Conflict { place: PLACE.into(), found });
        }
        Ok(())
    }

    fn reach(disk: &Disk, operation: &'static str) -> Result<(), StoreError> {
        match disk.outage {
            Some(Outage::Away) => Err(unavailable(operation, "it is away")),
            Some(Outage::Full) | None => Ok(()),
        }
    }
}

pub(super) fn unavailable(operation: &'static str, why: &str) -> StoreError {
    StoreError::Unavailable { operation, place: PLACE.into(), source: why.into() }
}

#[async_trait]
impl StateStore for Memory {
    fn place(&self) -> String {
        PLACE.to_owned()
    }

    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        yield_now().await;
        let disk = self.disk();
        Memory::reach(&disk, "load")?;
        match &disk.state {
            State::Absent => Ok(None),
            State::Record(stored) => Ok(Some(stored.clone())),
            State::Damaged(how) => {
                Err(StoreError::Corrupt { place: PLACE.into(), found: format!("{how:?}") })
            }
        }
    }

    // It waits before and after it has written, so that it can be dropped at either point.
    async fn save(&self, bytes: &[u8], expected: Version) -> Result<Version, StoreError> {
        yield_now().await;
        let version = {
            let mut disk = self.disk();
            Memory::expect(&disk, expected)?;
            if disk.outage == Some(Outage::Full) {
                return Err(unavailable("save", "it is full"));
            }
            disk.write(bytes)
        };
        yield_now().await;
        Ok(version)
    }

    async fn remove(&self, expected: Version) -> Result<(), StoreError> {
        let mut disk = self.disk();
        Memory::expect(&disk, expected)?;
        disk.state = State::Absent;
        Ok(())
    }
}
