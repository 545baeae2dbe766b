//! ACME's plugins hold to their contracts.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use acme_etcd_scheduler::{HistoryStore, SmallDatabase};
use async_trait::async_trait;
use etcd_mesos_core::store::{StateStore, StoreError};
use etcd_mesos_testkit::conformance::persist::{Damage, Outage, PersistFixture, PersistPlace};
use etcd_mesos_testkit::conformance::{Cannot, health, persist};
use tempfile::TempDir;

#[test]
fn the_health_policy_conforms() {
    health::suite(&SmallDatabase { limit_bytes: 1024 * 1024 }).assert();
}

// On several threads, so that writers race in earnest.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_conforms() {
    let verdicts = persist::suite(&Directories).await;
    verdicts.assert();
    assert!(verdicts.not_applicable().is_empty(), "{verdicts}");
}

/// Makes places for records.
struct Directories;

#[async_trait]
impl PersistFixture for Directories {
    async fn fresh(&self) -> Box<dyn PersistPlace> {
        Box::new(Place { dir: tempfile::tempdir().unwrap() })
    }
}

/// A directory, and what can befall it.
struct Place {
    dir: TempDir,
}

impl Place {
    fn history(&self) -> PathBuf {
        self.dir.path().join("history")
    }

    fn away(&self) -> PathBuf {
        self.dir.path().join("away")
    }

    /// Puts a file where a directory was. Permissions would not stop root, as who tests often run.
    fn take_away(&self, directory: PathBuf) {
        fs::rename(&directory, self.away()).unwrap();
        fs::write(directory, "a file where the directory was").unwrap();
    }

    fn newest(&self) -> PathBuf {
        let files = fs::read_dir(self.history()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|e| e == "json")).max().unwrap()
    }

    /// Where saves write before the version gets its name.
    fn unnamed(&self) -> PathBuf {
        self.history().join("new")
    }
}

#[async_trait]
impl PersistPlace for Place {
    async fn open(&self) -> Result<Arc<dyn StateStore>, StoreError> {
        Ok(Arc::new(HistoryStore::open(self.history())?))
    }

    async fn damage(&self, how: Damage) -> Result<(), Cannot> {
        let whole = fs::read(self.newest()).unwrap();
        let bytes = match how {
            Damage::Foreign => b"root:x:0:0:root:/root:/bin/bash\n",
            Damage::Torn => &whole[..whole.len() / 2],
            Damage::Emptied => &[],
        };
        fs::write(self.newest(), bytes).unwrap();
        Ok(())
    }

    async fn strike(&self, outage: Outage) -> Result<(), Cannot> {
        match outage {
            Outage::Away => self.take_away(self.history()),
            Outage::Full => self.take_away(self.unnamed()),
        }
        Ok(())
    }

    async fn mend(&self) {
        let place = if self.history().is_file() { self.history() } else { self.unnamed() };
        fs::remove_file(&place).unwrap();
        fs::rename(self.away(), place).unwrap();
    }
}
