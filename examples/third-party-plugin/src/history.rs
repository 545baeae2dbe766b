//! A store that keeps every version of the record as a file of its own, for ACME's auditors.
//!
//! Version 42 is the file `00000000000000000042.json`. A save writes beside it and then links it to its
//! name, which the file system does only if the name is free: that is the compare-and-set, on a
//! shared directory too. A removal is a version as well, an empty file, so that no number comes twice.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use etcd_mesos_core::plugin::{Context, PersistPlugin, Plugin};
use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}

impl HistoryStore {
    /// Opens the store; makes the directory if there is none.
    ///
    /// # Errors
    /// `Unavailable` when the directory cannot be made.
    pub fn open(directory: PathBuf) -> Result<HistoryStore, StoreError> {
        let store = HistoryStore { directory };
        fs::create_dir_all(&store.directory).map_err(|error| store.failed("open", error))?;
        Ok(store)
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
        if bytes.is_empty() {
            return Ok((newest, None));
        }
        if !bytes.starts_with(b"{") || !bytes.ends_with(b"}") {
            let place = self.file(newest).display().to_string();
            return Err(StoreError::Corrupt { place, found: "it is no JSON object".to_owned() });
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
        let (newest, record) = self.newest()?;
        let found = if record.is_some() { newest } else { 0 };
        if found != expected.0 {
            return Err(self.conflict(found, expected));
        }
        match self.write(newest + 1, bytes) {
            Ok(()) => Ok(Version(newest + 1)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(self.conflict(newest + 1, expected))
            }
            Err(error) => Err(self.failed(operation, error)),
        }
    }

    fn conflict(&self, found: u64, expected: Version) -> StoreError {
        let found = format!("version {found} where {} was expected", expected.0);
        StoreError::Conflict { place: self.place(), found }
    }

    fn write(&self, version: u64, bytes: &[u8]) -> io::Result<()> {
        let beside = self.directory.join(format!("{version:020}.{}.new", std::process::id()));
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        let linked = fs::hard_link(&beside, self.file(version));
        fs::remove_file(&beside)?;
        linked?;
        File::open(&self.directory)?.sync_all()
    }
}

fn version_of(name: &str) -> Option<u64> {
    name.strip_suffix(".json").filter(|digits| digits.len() == 20)?.parse().ok()
}

#[async_trait]
impl StateStore for HistoryStore {
    fn place(&self) -> String {
        Path::new(&self.directory).display().to_string()
    }

    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        let (version, record) = self.newest()?;
        Ok(record.map(|bytes| Stored { bytes, version: Version(version) }))
    }

    async fn save(&self, bytes: &[u8], expected: Version) -> Result<Version, StoreError> {
        self.add("save", expected, bytes)
    }

    async fn remove(&self, expected: Version) -> Result<(), StoreError> {
        self.add("remove", expected, b"").map(drop)
    }
}
