//! What the checks are made of: operations that have to succeed, and records.

use std::sync::Arc;

use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};

use super::PersistPlace;
use crate::conformance::guard::words;
use crate::conformance::{Met, Unmet};

pub(super) type Store = Arc<dyn StateStore>;

/// A record, different for each number.
pub(super) fn record(number: u64) -> Vec<u8> {
    format!("{{\n  \"epoch\": {number}\n}}").into_bytes()
}

/// A record of that many bytes.
pub(super) fn sized(number: u64, bytes: usize) -> Vec<u8> {
    let frame = format!("{{\"epoch\":{number},\"x\":\"\"}}").len();
    format!("{{\"epoch\":{number},\"x\":\"{}\"}}", "x".repeat(bytes - frame)).into_bytes()
}

fn failed(what: &str, error: &StoreError) -> Unmet {
    Unmet::Failed(format!("{what} failed: {}", words(error)))
}

pub(super) async fn opened(place: &dyn PersistPlace) -> Met<Store> {
    place.open().await.map_err(|e| failed("to open it", &e))
}

pub(super) async fn loaded(store: &Store) -> Met<Option<Stored>> {
    store.load().await.map_err(|e| failed("load", &e))
}

/// What is stored, where something has to be.
pub(super) async fn found(store: &Store) -> Met<Stored> {
    let lost = || Unmet::Failed("load yields nothing where a record is".to_owned());
    loaded(store).await?.ok_or_else(lost)
}

pub(super) async fn saved(store: &Store, bytes: &[u8], expected: Version) -> Met<Version> {
    let what = format!("save at version {}", expected.0);
    store.save(bytes, expected).await.map_err(|e| failed(&what, &e))
}

pub(super) async fn removed(store: &Store, expected: Version) -> Met {
    let what = format!("remove at version {}", expected.0);
    store.remove(expected).await.map_err(|e| failed(&what, &e))
}

/// A store with a record in it, and the version of that.
pub(super) async fn begun(place: &dyn PersistPlace) -> Met<(Store, Version)> {
    let store = opened(place).await?;
    let version = saved(&store, &record(1), Version(0)).await?;
    Ok((store, version))
}

/// Saves until it succeeds, as a scheduler does that hears of a conflict with itself.
pub(super) async fn settled(store: &Store, bytes: &[u8]) -> Met<Stored> {
    const TRIES: usize = 4;
    for _ in 0..TRIES {
        let version = loaded(store).await?.map_or(Version(0), |stored| stored.version);
        match store.save(bytes, version).await {
            Ok(version) => return Ok(Stored { bytes: bytes.to_vec(), version }),
            // What was dropped before may be written only now.
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(failed("a later save", &error)),
        }
    }
    Err(Unmet::Failed(format!("{TRIES} saves, each at the version just loaded, were conflicts")))
}

/// A stored record in words, cut short.
pub(super) fn shown(stored: &Stored) -> String {
    const SHOWN_MAX: usize = 80;
    let bytes = &stored.bytes[..stored.bytes.len().min(SHOWN_MAX)];
    format!("version {}: \"{}\"", stored.version.0, bytes.escape_ascii())
}

/// An outcome in words.
pub(super) fn told<T: std::fmt::Debug>(outcome: &Result<T, StoreError>) -> String {
    match outcome {
        Ok(value) => format!("succeeds with {value:?}"),
        Err(error) => format!("fails: {}", words(error)),
    }
}
