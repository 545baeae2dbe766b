//! The lines on failures, and on queries that were dropped.

use std::future::poll_fn;
use std::task::Poll;

use etcd_mesos_core::discovery::{DiscoveryError, Members};

use super::answers::{ask, same, urls};
use super::{DiscoveryFixture, Lie, Stall};
use crate::conformance::guard::words;
use crate::conformance::{Cannot, Met};

/// How often a query is dropped, if it never ends before it is.
const DROPS_MAX: usize = 64;

fn told(answer: &Result<Members, DiscoveryError>) -> String {
    match answer {
        Ok(members) => format!("the answer is {:?}", members.found),
        Err(error) => format!("the error is {error:?}: {}", words(error)),
    }
}

pub(super) async fn nobody_is_nobody_found(fixture: &dyn DiscoveryFixture) -> Met {
    fixture.nobody().await?;
    let answer = ask(fixture, &*fixture.plugin()).await?;
    let is_nobody = matches!(answer, Err(DiscoveryError::NobodyFound { .. }));
    ensure!(is_nobody, "{}", told(&answer));
    Ok(())
}

pub(super) async fn away_is_unavailable(fixture: &dyn DiscoveryFixture) -> Met {
    fixture.away().await?;
    let answer = ask(fixture, &*fixture.plugin()).await?;
    let is_unavailable = matches!(answer, Err(DiscoveryError::Unavailable { .. }));
    ensure!(is_unavailable, "{}", told(&answer));
    Ok(())
}

pub(super) async fn is_unusable(fixture: &dyn DiscoveryFixture, lie: Lie) -> Met {
    fixture.lie(lie).await?;
    let answer = ask(fixture, &*fixture.plugin()).await?;
    let is_unusable = matches!(answer, Err(DiscoveryError::Unusable { .. }));
    ensure!(is_unusable, "{}", told(&answer));
    Ok(())
}

pub(super) async fn ends(fixture: &dyn DiscoveryFixture, stall: Stall) -> Met {
    fixture.stall(stall).await?;
    let plugin = fixture.plugin();
    // A second one, because the first may only have found a connection that was there.
    for _ in 0..2 {
        let answer = ask(fixture, &*plugin).await?;
        ensure!(answer.is_err(), "{}", told(&answer));
    }
    Ok(())
}

/// Polls a query so often, then drops it; whether it ended before.
async fn drop_after<T>(
    polls: usize,
    mut query: std::pin::Pin<Box<impl Future<Output = T>>>,
) -> bool {
    let mut left = polls;
    poll_fn(|context| match query.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if left <= 1 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

pub(super) async fn dropped_leaves_nothing(fixture: &dyn DiscoveryFixture) -> Met {
    let plugin = fixture.plugin();
    for polls in 1..=DROPS_MAX {
        let present = fixture.present(&[0, 1, 2]).await?;
        let has_ended = drop_after(polls, Box::pin(plugin.members())).await;
        same(&urls(fixture, &*plugin).await?, &present)?;
        if has_ended {
            break;
        }
    }
    if fixture.stall(Stall::Silent).await.is_ok() {
        drop_after(1, Box::pin(plugin.members())).await;
        let present = fixture.present(&[3, 4]).await?;
        same(&urls(fixture, &*plugin).await?, &present)?;
    }
    Ok(())
}

/// What makes a query fail, by its number; nothing beyond the last.
async fn fail(fixture: &dyn DiscoveryFixture, number: usize) -> Option<Result<(), Cannot>> {
    Some(match number {
        0 => fixture.away().await,
        1 => fixture.nobody().await,
        2 => fixture.lie(Lie::Foreign).await,
        3 => fixture.lie(Lie::CutShort).await,
        4 => fixture.lie(Lie::PortZero).await,
        5 => fixture.stall(Stall::Silent).await,
        6 => fixture.stall(Stall::Trickling).await,
        _ => return None,
    })
}

pub(super) async fn failure_leaves_nothing(fixture: &dyn DiscoveryFixture) -> Met {
    let plugin = fixture.plugin();
    let (mut number, mut tried) = (0, 0);
    while let Some(failure) = fail(fixture, number).await {
        number += 1;
        if failure.is_err() {
            continue;
        }
        tried += 1;
        // How it fails is another line's, and whether it ends in time.
        drop(ask(fixture, &*plugin).await);
        let present = fixture.present(&[0, 1, 2]).await?;
        same(&urls(fixture, &*plugin).await?, &present)?;
    }
    if tried == 0 { Err(Cannot::because("the fixture knows no failure").into()) } else { Ok(()) }
}

pub(super) async fn place_is_named(fixture: &dyn DiscoveryFixture) -> Met {
    let plugin = fixture.plugin();
    let place = plugin.place();
    ensure!(!place.trim().is_empty(), "place() is {place:?}");
    let mut number = 0;
    while let Some(failure) = fail(fixture, number).await {
        number += 1;
        let Ok(()) = failure else { continue };
        let Ok(Err(error)) = ask(fixture, &*plugin).await else { continue };
        ensure!(error.to_string().contains(&place), "{place:?} is not named in: {error}");
    }
    Ok(())
}
