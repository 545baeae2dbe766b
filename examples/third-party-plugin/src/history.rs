//! A store that keeps every version of the record as a file of its own, for ACME's auditors.
//!
//! Version 42 is the file `00000000000000000042.json`. A save writes below `new/` and then moves it to
//! its name, which the file system does only if the name is free: that is the compare-and-set, on a
//! shared directory too. A removal is a version as well, so that no number comes twice.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use etcd_mesos_core::plugin::{Context, PersistPlugin, Plugin};
use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

/// What the file of a removal holds.
const REMOVED: &[u8] = b"removed\n";

/// The plugin `history`.
pub struct HistoryPlugin;

/// The section `[persist.history]`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistorySection {
    /// The directory that keeps the versions
    pub directory: PathBuf,
}

impl Plugin for HistoryPlugin {
    const NAME: &'static str = "history";
    const ABOUT: &'static str = "every version of the record, as a file of its own";
    type Section = HistorySection;
}

impl PersistPlugin for HistoryPlugin {
    fn open(section: HistorySection, context: &Context) -> Result<Arc<dyn StateStore>, StoreError> {
        let directory = section.directory.join(context.cluster.as_str());
        Ok(Arc::new(HistoryStore::open(directory)?))
    }
}

/// A record, and all that it ever was.
#[derive(Debug)]
pub struct HistoryStore {
    directory: PathBuf,
    /// Of a write that failed when its version had its name already: what was expected, and the version.
    own: Mutex<Option<(Version, u64)>>,
}

impl HistoryStore {
    /// Opens the store; makes the directory if there is none.
    ///
    /// # Errors
    /// `Unavailable` when the directory cannot be made.
    pub fn open(directory: PathBuf) -> Result<HistoryStore, StoreError> {
        let store = HistoryStore { directory, own: Mutex::default() };
        fs::create_dir_all(store.unnamed()).map_err(|error| store.failed("open", error))?;
        Ok(store)
    }

    /// Where versions are that have no name yet.
    fn unnamed(&self) -> PathBuf {
        self.directory.join("new")
    }

    fn file(&self, version: u64) -> PathBuf {
        self.directory.join(format!("{version:020}.json"))
    }

    fn failed(&self, operation: &'static str, source: io::Error) -> StoreError {
        StoreError::Unavailable { operation, place: self.place(), source: Box::new(source) }
    }

    /// The highest version, and whether there is a record: 0 and none at the very beginning.
    fn newest(&self) -> Result<(u64, Option<Vec<u8>>), StoreError> {
        let failed = |error| self.failed("load", error);
        let mut newest = 0;
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if let Some(version) = version_of(&name.to_string_lossy()) {
                newest = newest.max(version);
            }
        }
        if newest == 0 {
            return Ok((0, None));
        }
        let bytes = fs::read(self.file(newest)).map_err(failed)?;
        if bytes == REMOVED {
            return Ok((newest, None));
        }
        // Half of an object is no object: what was cut short is found too.
        if let Err(error) = serde_json::from_slice::<Map<String, Value>>(&bytes) {
            let place = self.file(newest).display().to_string();
            return Err(StoreError::Corrupt { place, found: format!("no JSON object: {error}") });
        }
        Ok((newest, Some(bytes)))
    }

    /// Adds a version behind the expected one; what is expected as absent may be removed.
    fn add(
        &self,
        operation: &'static str,
        expected: Version,
        bytes: &[u8],
    ) -> Result<Version, StoreError> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let (newest, record) = self.newest()?;
        let found = if record.is_some() { newest } else { 0 };
        if found != expected.0 && *own != Some((expected, newest)) {
            return Err(self.conflict(found, expected));
        }
        let version = newest + 1;
        self.write(version, bytes).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => self.conflict(version, expected),
            _ => self.failed(operation, error),
        })?;
        *own = Some((expected, version));
        let synced = File::open(&self.directory).and_then(|directory| directory.sync_all());
        synced.map_err(|error| self.failed(operation, error))?;
        *own = None;
        Ok(Version(version))
    }

    fn conflict(&self, found: u64, expected: Version) -> StoreError {
        let found = format!("version {found} where {} was expected", expected.0);
        StoreError::Conflict { place: self.place(), found }
    }

    fn write(&self, version: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(self.unnamed())?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(self.file(version))?;
        Ok(())
    }
}

fn version_of(name: &str) -> Option<u64> {
    name.strip_suffix(".json").filter(|digits| digits.len() == 20)?.parse().ok()
}

#[async_trait]
impl StateStore for HistoryStore {
    fn place(&self) -> String {
        self.directory.display().to_string()
    }

    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        let (version, record) = self.newest()?;
        Ok(record.map(|bytes| Stored { bytes, version: Version(version) }))
    }

    async fn save(&self, bytes: &[u8], expected: Version) -> Result<Version, StoreError> {
        self.add("save", expected, bytes)
    }

    async fn remove(&self, expected: Version) -> Result<(), StoreError> {
        self.add("remove", expected, REMOVED).map(drop)
    }
}
