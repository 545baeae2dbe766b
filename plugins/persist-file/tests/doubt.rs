//! A save that was written although it failed: the store knows its own, and nobody else's.
//!
//! This file has one test, because the limit on open files is the process's.

#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::Path;

use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};
use etcd_mesos_persist_file::{FileStore, render};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Writes while the process can open one more file only: the record is written and renamed, and then
/// the directory cannot be opened to sync it.
async fn without_sync<T: std::fmt::Debug>(
    write: impl Future<Output = Result<T, StoreError>>,
) -> StoreError {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    // A new file has the lowest number that is free.
    let lowest = File::open("/dev/null").unwrap().as_raw_fd();
    setrlimit(Resource::RLIMIT_NOFILE, u64::try_from(lowest).unwrap() + 1, hard).unwrap();
    let outcome = write.await;
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    outcome.unwrap_err()
}

/// The version of the failed save, which is there nevertheless.
async fn lost(store: &FileStore, record: &[u8], expected: Version) -> Version {
    let error = without_sync(store.save(record, expected)).await;
    assert!(matches!(error, StoreError::Unavailable { operation: "save", .. }), "{error:?}");
    let Stored { bytes, version } = store.load().await.unwrap().unwrap();
    assert_eq!(bytes, record, "it was written");
    assert!(version > expected);
    version
}

fn put_by_hand(path: &Path, record: &[u8], version: Version) {
    fs::write(path, render(record, version)).unwrap();
}

#[tokio::test]
async fn after_a_save_whose_result_was_lost_the_next_one_goes_on_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("etcd.state");
    let store = FileStore::open(&path).unwrap();
    let first = store.save(b"{\"n\":1}", Version(0)).await.unwrap();

    let second = lost(&store, b"{\"n\":2}", first).await;
    let third = lost(&store, b"{\"n\":3}", first).await;
    assert!(third > second, "no version comes twice");
    let fourth = store.save(b"{\"n\":4}", first).await.unwrap();
    assert!(fourth > third);
    let stale = store.save(b"{\"n\":5}", first).await;
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");

    let fifth = lost(&store, b"{\"n\":5}", fourth).await;
    put_by_hand(&path, b"{\"n\":99}", fifth);
    let foreign = store.save(b"{\"n\":6}", fourth).await;
    assert!(matches!(foreign, Err(StoreError::Conflict { .. })), "{foreign:?}");
    assert_eq!(store.load().await.unwrap().unwrap().bytes, b"{\"n\":99}", "not overwritten");
    let sixth = store.save(b"{\"n\":6}", fifth).await.unwrap();

    let error = without_sync(store.remove(sixth)).await;
    assert!(matches!(error, StoreError::Unavailable { operation: "remove", .. }), "{error:?}");
    assert_eq!(store.load().await.unwrap(), None, "it was removed");
    store.remove(sixth).await.unwrap();
    let anew = store.save(b"{\"n\":7}", Version(0)).await.unwrap();
    assert!(anew > sixth);
}
