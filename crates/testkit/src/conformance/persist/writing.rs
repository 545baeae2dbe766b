//! The lines on what is written, and at which version.

use etcd_mesos_core::store::{RECORD_BYTES_MAX, StoreError, Stored, Version};

use super::PersistPlace;
use super::steps::{begun, found, loaded, opened, record, removed, saved, shown, sized, told};
use crate::conformance::{Cannot, Met};

pub(super) async fn place_is_named(place: &dyn PersistPlace) -> Met {
    let store = opened(place).await?;
    let before = store.place();
    ensure!(!before.trim().is_empty(), "place() is {before:?}");
    saved(&store, &record(1), Version(0)).await?;
    let after = store.place();
    ensure!(before == after, "place() was {before:?}, and is {after:?} after a save");
    Ok(())
}

pub(super) async fn loads_what_was_saved(place: &dyn PersistPlace) -> Met {
    let store = opened(place).await?;
    let mut version = Version(0);
    let odd = [b"{}".to_vec(), b" {\"a\":\"\\u0000\xc3\xa9\"}\r\n\n".to_vec(), sized(3, 5000)];
    for bytes in (1..4).map(record).chain(odd).chain([record(9)]) {
        version = saved(&store, &bytes, version).await?;
        ensure!(version != Version(0), "save returns version 0, which is that of no record");
        for _ in 0..2 {
            let (now, saved) = (found(&store).await?, Stored { bytes: bytes.clone(), version });
            let is_same = now == saved;
            ensure!(is_same, "load yields {} where {} was saved", shown(&now), shown(&saved));
        }
    }
    Ok(())
}

pub(super) async fn nothing_is_absent(place: &dyn PersistPlace) -> Met {
    let store = opened(place).await?;
    for _ in 0..2 {
        let now = loaded(&store).await?;
        ensure!(now.is_none(), "load yields {}", now.as_ref().map_or_else(String::new, shown));
    }
    Ok(())
}

pub(super) async fn takes_the_largest(place: &dyn PersistPlace) -> Met {
    let store = opened(place).await?;
    let mut version = Version(0);
    for number in [1, 2] {
        let bytes = sized(number, RECORD_BYTES_MAX);
        version = saved(&store, &bytes, version).await?;
        let now = found(&store).await?.bytes;
        let (have, want) = (now.len(), bytes.len());
        ensure!(now == bytes, "load yields {have} bytes that are not the {want} that were saved");
    }
    Ok(())
}

/// Versions at which nothing is stored now, by the first one that ever was and the present one.
const OTHERS: [fn(Version, Version) -> Version; 4] = [
    |_, _| Version(0),
    |first, _| first,
    |_, stored| Version(stored.0.saturating_add(1)),
    |_, _| Version(u64::MAX),
];

pub(super) async fn saves_at_the_version(place: &dyn PersistPlace) -> Met {
    let store = opened(place).await?;
    let early = store.save(&record(1), Version(1)).await;
    let is_conflict = matches!(early, Err(StoreError::Conflict { .. }));
    ensure!(is_conflict, "without a record, save at version 1 {}", told(&early));
    let first = saved(&store, &record(1), Version(0)).await?;
    saved(&store, &record(2), first).await?;
    for other in OTHERS {
        // Anew each time: a conflict that writes, which is another line's, moves the version on.
        let stored = found(&store).await?.version;
        let other = other(first, stored);
        let outcome = store.save(&record(3), other).await;
        let is_conflict = matches!(outcome, Err(StoreError::Conflict { .. }));
        let (other, stored) = (other.0, stored.0);
        ensure!(is_conflict, "save at version {other} where {stored} is {}", told(&outcome));
    }
    Ok(())
}

pub(super) async fn conflict_writes_nothing(place: &dyn PersistPlace) -> Met {
    let store = opened(place).await?;
    let early = store.save(&record(7), Version(7)).await;
    if !matches!(early, Err(StoreError::Conflict { .. })) {
        // That is the trouble of another line.
        return Ok(());
    }
    let now = store.load().await;
    let is_written = matches!(&now, Ok(Some(stored)) if stored.bytes == record(7));
    ensure!(!is_written, "a conflict without a record has created one");
    let first = saved(&store, &record(1), Version(0)).await?;
    saved(&store, &record(2), first).await?;
    for other in OTHERS {
        let before = found(&store).await?;
        let other = other(first, before.version);
        let outcome = store.save(&record(3), other).await;
        let after = found(&store).await?;
        let is_conflict = matches!(outcome, Err(StoreError::Conflict { .. }));
        let (other, is_kept) = (other.0, !is_conflict || after == before);
        let (before, after) = (shown(&before), shown(&after));
        ensure!(is_kept, "a conflict at version {other} changed {before} to {after}");
    }
    Ok(())
}

pub(super) async fn removes_at_the_version(place: &dyn PersistPlace) -> Met {
    let (store, first) = begun(place).await?;
    let second = saved(&store, &record(2), first).await?;
    let before = found(&store).await?;
    for other in OTHERS {
        let other = other(first, second);
        let outcome = store.remove(other).await;
        let is_conflict = matches!(outcome, Err(StoreError::Conflict { .. }));
        let (other, second) = (other.0, second.0);
        ensure!(is_conflict, "remove at version {other} where {second} is {}", told(&outcome));
        let after = found(&store).await?;
        let is_kept = after == before;
        ensure!(is_kept, "a conflict changed {} to {}", shown(&before), shown(&after));
    }
    Ok(())
}

pub(super) async fn removed_is_gone(place: &dyn PersistPlace) -> Met {
    let (store, first) = begun(place).await?;
    removed(&store, first).await?;
    let now = loaded(&store).await?;
    let is_gone = now.is_none();
    ensure!(is_gone, "load still yields {}", now.as_ref().map_or_else(String::new, shown));
    saved(&store, &record(2), Version(0)).await?;
    let now = found(&store).await?.bytes;
    ensure!(now == record(2), "after a remove and a save load yields another record");
    Ok(())
}

pub(super) async fn no_version_twice(place: &dyn PersistPlace) -> Met {
    if let Some(why) = place.repeats_versions() {
        return Err(Cannot::because(why).into());
    }
    let store = opened(place).await?;
    let mut known = Vec::new();
    for round in 0..3 {
        let mut version = Version(0);
        for save in 0..3 {
            version = saved(&store, &record(3 * round + save), version).await?;
            ensure!(!known.contains(&version), "version {} comes back", version.0);
            known.push(version);
        }
        removed(&store, version).await?;
    }
    Ok(())
}

pub(super) async fn outlives_the_process(place: &dyn PersistPlace) -> Met {
    let (store, first) = begun(place).await?;
    saved(&store, &record(2), first).await?;
    let before = found(&store).await?;
    drop(store);
    let store = opened(place).await?;
    let after = loaded(&store).await?;
    let told = after.as_ref().map_or_else(|| "nothing".to_owned(), shown);
    let is_same = after.as_ref() == Some(&before);
    ensure!(is_same, "the next process finds {told} where {} was", shown(&before));
    saved(&store, &record(3), before.version).await?;
    Ok(())
}
