//! The lines on writers at once, and on saves that were dropped.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use etcd_mesos_core::store::{StoreError, Stored, Version};
use tokio::task::JoinSet;

use super::PersistPlace;
use super::steps::{Store, begun, found, record, settled, shown, told};
use crate::conformance::{Met, Unmet};

const ROUNDS: u64 = 50;
const WRITERS: u64 = 4;
/// How often a save is dropped, if it never ends before it is.
const DROPS_MAX: usize = 256;

/// The writers: two processes, or one where the plugin lets in no second one.
async fn writers(place: &dyn PersistPlace, first: &Store) -> Met<Vec<Store>> {
    match place.open().await {
        Ok(second) => Ok(vec![first.clone(), second]),
        Err(StoreError::Unavailable { .. }) => Ok(vec![first.clone()]),
        Err(error) => Err(Unmet::Failed(format!("a second process cannot open it: {error}"))),
    }
}

pub(super) async fn one_writer_wins(place: &dyn PersistPlace) -> Met {
    let (store, mut version) = begun(place).await?;
    let stores = writers(place, &store).await?;
    for round in 1..=ROUNDS {
        let mut racing = JoinSet::new();
        for (writer, store) in (0..WRITERS).zip(stores.iter().cycle()) {
            let (store, bytes) = (store.clone(), record(1000 * round + writer));
            racing.spawn(async move { (store.save(&bytes, version).await, bytes) });
        }
        version = winner(racing.join_all().await, &stores, round).await?;
    }
    Ok(())
}

async fn winner(
    ended: Vec<(Result<Version, StoreError>, Vec<u8>)>,
    stores: &[Store],
    round: u64,
) -> Met<Version> {
    let mut won = Vec::new();
    for (outcome, bytes) in ended {
        match outcome {
            Ok(version) => won.push(Stored { bytes, version }),
            Err(StoreError::Conflict { .. }) => {}
            Err(_) => {
                return Err(Unmet::Failed(format!("round {round}: a save {}", told(&outcome))));
            }
        }
    }
    ensure!(won.len() == 1, "round {round}: {} of {WRITERS} writers succeeded", won.len());
    for store in stores {
        let now = found(store).await?;
        let (now, saved) = (shown(&now), shown(&won[0]));
        ensure!(now == saved, "round {round}: {now} is stored where {saved} was saved");
    }
    Ok(won[0].version)
}

/// Polls a save so often, then drops it; its outcome, if it ended before.
async fn drop_after<T>(polls: usize, save: impl Future<Output = T>) -> Option<T> {
    let (mut save, mut left) = (pin!(save), polls);
    poll_fn(|context| match save.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

pub(super) async fn dropped_save_is_whole(place: &dyn PersistPlace) -> Met {
    let (store, _) = begun(place).await?;
    let stores = writers(place, &store).await?;
    let mut before = found(&store).await?;
    for polls in 1..=DROPS_MAX {
        let new = record(1000 + polls as u64);
        let ended = drop_after(polls, store.save(&new, before.version)).await;
        for store in &stores {
            let now = found(store).await?.bytes;
            let is_whole = now == before.bytes || now == new;
            ensure!(is_whole, "dropped after {polls} polls, it leaves {}", now.escape_ascii());
        }
        if let Some(outcome) = ended {
            ensure!(outcome.is_ok(), "a save after dropped ones {}", told(&outcome));
            return Ok(());
        }
        before = settled(&store, &record(polls as u64)).await?;
    }
    Ok(())
}
