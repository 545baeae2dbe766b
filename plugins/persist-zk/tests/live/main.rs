//! The store on a genuine ZooKeeper 3.8, and everything that may happen between the two.
#![allow(clippy::unwrap_used)]

mod access;
mod conformance;
mod contract;
mod framework_id;
mod lost_answers;
mod outages;
mod rivals;
mod wire;

use std::time::Duration;

use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};
use etcd_mesos_persist_zk::{ZkStore, ZkStoreConfig};
use etcd_mesos_testkit::zookeeper::Server;
use etcd_mesos_zk::{Node, ZkConfig, ZkError, ZkSession};

/// Nothing waits that long when all is well.
const SOON: Duration = Duration::from_secs(20);
const STATE: &str = "/prod_state";
const FRAMEWORK_ID: &str = "/prod_framework_id";

/// A store with the default times; `place` is `[user:password@]host:port[,…][/path]`.
fn store(place: &str) -> ZkStore {
    store_within(place, Duration::from_secs(5))
}

fn store_within(place: &str, operation_timeout: Duration) -> ZkStore {
    let url = format!("zk://{place}").parse().unwrap();
    let config = ZkStoreConfig::new(url, "prod".parse().unwrap());
    ZkStore::new(ZkStoreConfig { operation_timeout, ..config })
}

/// A person with zkCli.
async fn by_hand(place: &str) -> ZkSession {
    ZkSession::open(&ZkConfig::new(format!("zk://{place}").parse().unwrap())).await.unwrap()
}

/// What the znode holds, if there is one.
async fn found(session: &ZkSession, path: &str) -> Option<Vec<u8>> {
    match session.get(path).await {
        Ok(Node { data, .. }) => Some(data),
        Err(ZkError::NoNode { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Deletes the record with its children, as `deleteall` does.
async fn delete_by_hand(session: &ZkSession) {
    for child in session.children(STATE).await.unwrap() {
        session.delete(&format!("{STATE}/{child}"), None).await.unwrap();
    }
    session.delete(STATE, None).await.unwrap();
}

/// What another scheduler on the same ZooKeeper would load.
async fn loaded(server: &Server, path: &str) -> Option<Stored> {
    store(&server.place(path)).load().await.unwrap()
}

fn record(epoch: u64) -> Vec<u8> {
    format!("{{\n  \"v\": 1,\n  \"epoch\": {epoch},\n  \"framework_id\": null\n}}").into_bytes()
}

fn record_of(framework_id: &str, epoch: u64) -> Vec<u8> {
    format!("{{\"v\":1,\"epoch\":{epoch},\"framework_id\":\"{framework_id}\"}}").into_bytes()
}

/// An error with all its causes.
fn words(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    assert!(matches!(outcome, Err(StoreError::Conflict { .. })), "{outcome:?}");
}

/// The words of an `Unavailable`.
#[track_caller]
fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    match outcome {
        Err(error @ StoreError::Unavailable { .. }) => words(&error),
        other => panic!("{other:?}"),
    }
}

/// Saves, and expects that to work.
async fn saved(store: &ZkStore, bytes: &[u8], expected: Version) -> Version {
    store.save(bytes, expected).await.unwrap()
}
