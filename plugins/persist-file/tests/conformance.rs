//! The store holds to the contract of `StateStore`.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use etcd_mesos_core::store::{StateStore, StoreError};
use etcd_mesos_persist_file::FileStore;
use etcd_mesos_testkit::conformance::Cannot;
use etcd_mesos_testkit::conformance::persist::{
    Damage, Outage, PersistFixture, PersistPlace, suite,
};
use tempfile::TempDir;

struct Directories;

struct Directory(TempDir);

#[async_trait]
impl PersistFixture for Directories {
    async fn fresh(&self) -> Box<dyn PersistPlace> {
        Box::new(Directory(tempfile::tempdir().unwrap()))
    }
}

impl Directory {
    fn lies_in(&self) -> PathBuf {
        self.0.path().join("state")
    }

    fn moved_to(&self) -> PathBuf {
        self.0.path().join("away")
    }

    fn file(&self) -> PathBuf {
        self.lies_in().join("etcd.state")
    }

    /// Where a save writes before it renames.
    fn beside(&self) -> PathBuf {
        self.lies_in().join("etcd.state.new")
    }
}

#[async_trait]
impl PersistPlace for Directory {
    async fn open(&self) -> Result<Arc<dyn StateStore>, StoreError> {
        Ok(Arc::new(FileStore::open(self.file())?))
    }

    async fn damage(&self, how: Damage) -> Result<(), Cannot> {
        let whole = fs::read(self.file()).unwrap();
        let bytes = match how {
            Damage::Foreign => b"root:x:0:0:root:/root:/bin/bash\n".to_vec(),
            Damage::Torn => whole[..whole.len() / 2].to_vec(),
            Damage::Emptied => Vec::new(),
        };
        fs::write(self.file(), bytes).unwrap();
        Ok(())
    }

    // Permissions would not stop root, as who tests often run.
    async fn strike(&self, outage: Outage) -> Result<(), Cannot> {
        match outage {
            Outage::Away => {
                fs::rename(self.lies_in(), self.moved_to()).unwrap();
                fs::write(self.lies_in(), "a file where the directory was").unwrap();
            }
            Outage::Full => symlink("/dev/full", self.beside()).unwrap(),
        }
        Ok(())
    }

    async fn mend(&self) {
        if self.moved_to().exists() {
            fs::remove_file(self.lies_in()).unwrap();
            fs::rename(self.moved_to(), self.lies_in()).unwrap();
        } else {
            fs::remove_file(self.beside()).unwrap();
        }
    }
}

// On several threads, so that writers race in earnest.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_conforms() {
    let verdicts = suite(&Directories).await;
    verdicts.assert();
    assert!(verdicts.not_applicable().is_empty(), "{verdicts}");
}
