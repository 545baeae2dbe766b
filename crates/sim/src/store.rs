//! The store: one record with compare-and-set, as `StateStore`'s contract has it.

use etcd_mesos_core::scheduler::SaveFailure;
use etcd_mesos_core::store::Version;

/// How the store answers a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Well,
    /// Not at all: nothing is written.
    Away,
    /// It writes, and says that it did not ("may or may not have been written").
    Forgetful,
}

/// One record.
#[derive(Debug)]
pub struct Store {
    record: Option<Vec<u8>>,
    version: Version,
    /// How it answers at present.
    pub mood: Mood,
    /// A copy that somebody made, to put back later.
    copy: Option<(Option<Vec<u8>>, Version)>,
}

impl Default for Store {
    fn default() -> Store {
        Store { record: None, version: Version(0), mood: Mood::Well, copy: None }
    }
}

impl Store {
    /// What a load finds.
    pub fn load(&self) -> Option<(&[u8], Version)> {
        self.record.as_deref().map(|record| (record, self.version))
    }

    /// Somebody deletes the file.
    pub fn delete(&mut self) {
        self.record = None;
        self.version = Version(0);
    }

    /// Somebody makes a copy of the file.
    pub fn remember(&mut self) {
        self.copy = Some((self.record.clone(), self.version));
    }

    /// Somebody puts the copy back.
    pub fn roll_back(&mut self) {
        if let Some((record, version)) = self.copy.clone() {
            (self.record, self.version) = (record, version);
        }
    }

    /// Writes if the version is the expected one.
    ///
    /// # Errors
    /// As the contract says, and as the mood is.
    pub fn save(&mut self, bytes: Vec<u8>, expected: Version) -> Result<Version, SaveFailure> {
        if self.mood == Mood::Away {
            return Err(SaveFailure::Unavailable("the store is away".to_owned()));
        }
        if expected != self.version {
            let found = format!("version {} where {} was expected", self.version.0, expected.0);
            return Err(SaveFailure::Conflict(found));
        }
        self.version = Version(self.version.0 + 1);
        self.record = Some(bytes);
        match self.mood {
            Mood::Well => Ok(self.version),
            Mood::Forgetful | Mood::Away => {
                Err(SaveFailure::Unavailable("the answer was lost".to_owned()))
            }
        }
    }
}
