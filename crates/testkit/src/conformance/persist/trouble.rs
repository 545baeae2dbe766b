//! The lines on damage and outages.

use etcd_mesos_core::store::{StoreError, Version};

use super::steps::{Store, begun, found, record, settled, shown, told};
use super::{Damage, Outage, PersistPlace};
use crate::conformance::Met;

pub(super) async fn is_corrupt(place: &dyn PersistPlace, how: Damage) -> Met {
    let (store, _) = begun(place).await?;
    place.damage(how).await?;
    for _ in 0..2 {
        let outcome = store.load().await;
        let is_corrupt = matches!(outcome, Err(StoreError::Corrupt { .. }));
        ensure!(is_corrupt, "load {}", told(&outcome));
    }
    Ok(())
}

pub(super) async fn damage_stays(place: &dyn PersistPlace) -> Met {
    let (store, version) = begun(place).await?;
    place.damage(Damage::Foreign).await?;
    // Twice: what was overwritten at the first time would be no damage at the second.
    for expected in [version, Version(0), version, Version(0)] {
        let at = expected.0;
        let outcome = store.save(&record(2), expected).await;
        let is_corrupt = matches!(outcome, Err(StoreError::Corrupt { .. }));
        ensure!(is_corrupt, "save at version {at} {}", told(&outcome));
        let outcome = store.remove(expected).await;
        let is_corrupt = matches!(outcome, Err(StoreError::Corrupt { .. }));
        ensure!(is_corrupt, "remove at version {at} {}", told(&outcome));
    }
    Ok(())
}

pub(super) async fn away_is_unavailable(place: &dyn PersistPlace) -> Met {
    let (store, version) = begun(place).await?;
    place.strike(Outage::Away).await?;
    let outcomes = [
        ("load", store.load().await.map(|found| format!("{found:?}"))),
        ("save", store.save(&record(2), version).await.map(|v| format!("{v:?}"))),
        ("remove", store.remove(version).await.map(|()| String::new())),
    ];
    place.mend().await;
    for (operation, outcome) in outcomes {
        let is_unavailable = matches!(outcome, Err(StoreError::Unavailable { .. }));
        ensure!(is_unavailable, "{operation} {}", told(&outcome));
    }
    Ok(())
}

pub(super) async fn full_is_unavailable(place: &dyn PersistPlace) -> Met {
    let (store, version) = begun(place).await?;
    place.strike(Outage::Full).await?;
    let outcome = store.save(&record(2), version).await;
    let during = store.load().await;
    place.mend().await;
    let is_unavailable = matches!(outcome, Err(StoreError::Unavailable { .. }));
    ensure!(is_unavailable, "save {}", told(&outcome));
    let is_whole = matches!(&during, Ok(Some(found)) if is_one_of_two(&found.bytes));
    ensure!(is_whole, "load {}", told(&during));
    usable(&store).await
}

pub(super) async fn failed_save_is_whole(place: &dyn PersistPlace) -> Met {
    let (store, version) = begun(place).await?;
    place.strike(Outage::Away).await?;
    let outcome = store.save(&record(2), version).await;
    place.mend().await;
    if matches!(outcome, Err(StoreError::Unavailable { .. })) {
        let now = found(&store).await?.bytes;
        ensure!(is_one_of_two(&now), "load yields {}", now.escape_ascii());
    }
    usable(&store).await
}

fn is_one_of_two(bytes: &[u8]) -> bool {
    bytes == record(1) || bytes == record(2)
}

async fn usable(store: &Store) -> Met {
    let saved = settled(store, &record(3)).await?;
    let now = found(store).await?;
    let is_same = now == saved;
    ensure!(is_same, "then load yields {} where {} was saved", shown(&now), shown(&saved));
    Ok(())
}

pub(super) async fn errors_name_the_place(place: &dyn PersistPlace) -> Met {
    let (store, version) = begun(place).await?;
    let stale = Version(version.0.saturating_add(1));
    let mut errors =
        vec![store.save(&record(2), stale).await.err(), store.remove(stale).await.err()];
    if place.strike(Outage::Away).await.is_ok() {
        errors.push(store.save(&record(2), version).await.err());
        errors.push(store.load().await.err());
        place.mend().await;
    }
    if place.damage(Damage::Foreign).await.is_ok() {
        errors.push(store.load().await.err());
    }
    for error in errors.into_iter().flatten() {
        let named = match &error {
            StoreError::Conflict { place, .. }
            | StoreError::Unavailable { place, .. }
            | StoreError::Corrupt { place, .. } => place,
        };
        let is_named = !named.trim().is_empty() && named.contains(&store.place());
        ensure!(is_named, "{:?} is not named in: {error}", store.place());
    }
    Ok(())
}
