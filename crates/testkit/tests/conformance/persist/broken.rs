//! Stores that are each broken in one way.

use std::sync::Mutex;

use async_trait::async_trait;
use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};
use etcd_mesos_testkit::conformance::persist::{Damage, Outage};
use tokio::task::yield_now;

use super::memory::{Memory, State, unavailable};

/// Larger than any record of everyday.
const ROOM: usize = 60 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    /// It does not say where the record is.
    NamesNoPlace,
    /// White space around a record is lost.
    TrimsRecords,
    /// Where nothing was ever saved, an empty record is made up.
    InventsARecord,
    /// There is no room for a large record.
    HasNoRoom,
    /// A large record is cut off, and nobody hears of it.
    CutsLongRecords,
    /// A record is created over another one.
    CreatesOverARecord,
    /// A version that is yet to come will do.
    TakesVersionsAhead,
    /// It says that there is a conflict, and writes all the same.
    WritesOnConflict,
    /// It removes whatever is there.
    RemovesAtAnyVersion,
    /// What was removed is still known.
    RemembersTheRemoved,
    /// After a remove the versions begin anew.
    CountsAnew,
    /// The record is gone with the process that wrote it.
    IsEphemeral,
    /// Between looking and writing somebody else can write.
    LooksThenWrites,
    /// A record is written in two pieces.
    WritesInPieces,
    /// A foreign file is taken for none.
    TakesForeignForAbsent,
    /// Half a record is taken for a whole one.
    TakesTornForWhole,
    /// An empty file is taken for none.
    TakesEmptiedForAbsent,
    /// A save puts a record over the damage.
    WritesOverDamage,
    /// The damage is removed.
    RemovesDamage,
    /// Where nothing can be read there seems to be nothing.
    TakesAwayForAbsent,
    /// On a full disk it says that it has saved.
    HidesAFullDisk,
    /// A save that fails leaves nothing.
    LosesWhenItFails,
    /// A conflict does not say where.
    HidesThePlaceOfConflicts,
    /// Another place is blamed.
    BlamesAnotherPlace,
}

pub(super) struct Broken {
    pub(super) inner: Memory,
    pub(super) bug: Bug,
    pub(super) removed: Mutex<Option<Stored>>,
}

impl Drop for Broken {
    fn drop(&mut self) {
        if self.bug == Bug::IsEphemeral {
            self.inner.disk().state = State::Absent;
        }
    }
}

impl Broken {
    fn rename(&self, error: StoreError) -> StoreError {
        match (self.bug, error) {
            (Bug::HidesThePlaceOfConflicts, StoreError::Conflict { found, .. }) => {
                StoreError::Conflict { place: String::new(), found }
            }
            (Bug::BlamesAnotherPlace, StoreError::Unavailable { operation, source, .. }) => {
                StoreError::Unavailable { operation, place: "somewhere".into(), source }
            }
            (_, error) => error,
        }
    }

    /// What a bug makes of a load without asking the store.
    fn misread(&self) -> Option<Option<Stored>> {
        let disk = self.inner.disk();
        match (self.bug, &disk.state) {
            (Bug::InventsARecord, State::Absent) if disk.last == 0 => {
                Some(Some(Stored { bytes: b"{}".to_vec(), version: Version(0) }))
            }
            (Bug::RemembersTheRemoved, State::Absent) => Some(self.removed.lock().unwrap().clone()),
            (Bug::TakesForeignForAbsent, State::Damaged(Damage::Foreign))
            | (Bug::TakesEmptiedForAbsent, State::Damaged(Damage::Emptied)) => Some(None),
            (Bug::TakesTornForWhole, State::Damaged(Damage::Torn)) => {
                Some(Some(Stored { bytes: b"{ \"epo".to_vec(), version: Version(disk.last) }))
            }
            (Bug::TakesAwayForAbsent, _) if disk.outage == Some(Outage::Away) => Some(None),
            _ => None,
        }
    }

    /// What a bug makes of a save without asking the store.
    fn miswrite(&self, bytes: &[u8], expected: Version) -> Option<Result<Version, StoreError>> {
        let mut disk = self.inner.disk();
        let is_away = disk.outage == Some(Outage::Away);
        match (self.bug, &disk.state) {
            (Bug::HasNoRoom, _) if bytes.len() > ROOM => Some(Err(unavailable("save", "no room"))),
            (Bug::CutsLongRecords, _) if bytes.len() > ROOM => Some(Ok(disk.write(&bytes[..ROOM]))),
            (Bug::CreatesOverARecord, State::Record(_)) if expected == Version(0) => {
                Some(Ok(disk.write(bytes)))
            }
            (Bug::TakesVersionsAhead, State::Record(stored)) if expected > stored.version => {
                Some(Ok(disk.write(bytes)))
            }
            (Bug::WritesOnConflict, State::Record(_)) if expected == Version(0) => {
                let conflict = Memory::expect(&disk, expected).map(|()| Version(0));
                disk.write(bytes);
                Some(conflict)
            }
            (Bug::WritesOverDamage, State::Damaged(_)) => Some(Ok(disk.write(bytes))),
            (Bug::HidesAFullDisk, _) if disk.outage == Some(Outage::Full) => {
                Some(Ok(Version(disk.last + 1)))
            }
            (Bug::LosesWhenItFails, _) if is_away => {
                disk.state = State::Absent;
                Some(Err(unavailable("save", "it is away")))
            }
            _ => None,
        }
    }

    async fn look_then_write(
        &self,
        bytes: &[u8],
        expected: Version,
    ) -> Result<Version, StoreError> {
        Memory::expect(&self.inner.disk(), expected)?;
        yield_now().await;
        Ok(self.inner.disk().write(bytes))
    }

    async fn write_in_pieces(
        &self,
        bytes: &[u8],
        expected: Version,
    ) -> Result<Version, StoreError> {
        let version = {
            let mut disk = self.inner.disk();
            Memory::expect(&disk, expected)?;
            disk.write(&bytes[..bytes.len() / 2])
        };
        yield_now().await;
        self.inner.disk().state = State::Record(Stored { bytes: bytes.to_vec(), version });
        Ok(version)
    }
}

#[async_trait]
impl StateStore for Broken {
    fn place(&self) -> String {
        if self.bug == Bug::NamesNoPlace { String::new() } else { self.inner.place() }
    }

    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        if let Some(misread) = self.misread() {
            return Ok(misread);
        }
        let mut loaded = self.inner.load().await.map_err(|e| self.rename(e))?;
        if let (Bug::TrimsRecords, Some(stored)) = (self.bug, &mut loaded) {
            stored.bytes = stored.bytes.trim_ascii().to_vec();
        }
        Ok(loaded)
    }

    async fn save(&self, bytes: &[u8], expected: Version) -> Result<Version, StoreError> {
        // Sound in everything else: a full disk and an outage are the inner one's to tell.
        let is_well = self.inner.disk().outage.is_none();
        match self.bug {
            Bug::LooksThenWrites if is_well => return self.look_then_write(bytes, expected).await,
            Bug::WritesInPieces if is_well => return self.write_in_pieces(bytes, expected).await,
            _ => {}
        }
        if let Some(outcome) = self.miswrite(bytes, expected) {
            return outcome;
        }
        self.inner.save(bytes, expected).await.map_err(|e| self.rename(e))
    }

    async fn remove(&self, expected: Version) -> Result<(), StoreError> {
        let (before, is_well) = {
            let disk = self.inner.disk();
            (disk.state.clone(), disk.outage.is_none())
        };
        match (self.bug, &before) {
            (Bug::RemovesAtAnyVersion, State::Record(_)) if is_well => {
                self.inner.disk().state = State::Absent;
                return Ok(());
            }
            (Bug::RemovesDamage, State::Damaged(_)) => {
                self.inner.disk().state = State::Absent;
                return Ok(());
            }
            _ => {}
        }
        self.inner.remove(expected).await.map_err(|e| self.rename(e))?;
        if let State::Record(stored) = before {
            *self.removed.lock().unwrap() = Some(stored);
        }
        if self.bug == Bug::CountsAnew {
            self.inner.disk().last = 0;
        }
        Ok(())
    }
}
