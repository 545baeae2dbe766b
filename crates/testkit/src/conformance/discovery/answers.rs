//! The lines on answers.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use etcd_mesos_core::discovery::{Discovery, DiscoveryError, Members};
use tokio::time::timeout;

use super::DiscoveryFixture;
use super::url::{authority, wrong};
use crate::conformance::guard::words;
use crate::conformance::{Met, Unmet};

/// What a busy machine makes a query late.
pub(super) const SLACK: Duration = Duration::from_millis(1500);

const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// Asks, and does not wait much beyond the deadline.
pub(super) async fn ask(
    fixture: &dyn DiscoveryFixture,
    plugin: &dyn Discovery,
) -> Met<Result<Members, DiscoveryError>> {
    let (deadline, started) = (fixture.deadline(), Instant::now());
    let late = || Unmet::Failed(format!("a query did not end within its {deadline:?}"));
    let answer = timeout(deadline + SLACK, plugin.members()).await.map_err(|_| late())?;
    // A query that holds the thread is not stopped by any timer.
    if started.elapsed() > deadline + SLACK { Err(late()) } else { Ok(answer) }
}

/// Asks where members are; their client URLs in the order of the answer.
pub(super) async fn urls(
    fixture: &dyn DiscoveryFixture,
    plugin: &dyn Discovery,
) -> Met<Vec<String>> {
    match ask(fixture, plugin).await? {
        Ok(members) => Ok(members.found.into_iter().map(|found| found.client_url).collect()),
        Err(error) => Err(Unmet::Failed(format!("a query failed: {}", words(&error)))),
    }
}

/// The members of an answer, compared by what a wrong form does not change.
fn set(urls: &[String]) -> BTreeSet<&str> {
    urls.iter().map(|url| authority(url)).collect()
}

pub(super) fn same(found: &[String], present: &[String]) -> Met {
    let is_same = set(found) == set(present);
    ensure!(is_same, "the answer is {found:?} where {present:?} are");
    Ok(())
}

pub(super) fn cost_is_said(fixture: &dyn DiscoveryFixture) -> Met {
    let cost = fixture.plugin().cost();
    let is_sane = cost.pause > Duration::ZERO && cost.pause <= PAUSE_MAX;
    ensure!(is_sane, "the pause is {:?}", cost.pause);
    ensure!(!cost.words.trim().is_empty(), "it has no words");
    Ok(())
}

pub(super) async fn names_the_members(fixture: &dyn DiscoveryFixture) -> Met {
    let plugin = fixture.plugin();
    for members in [&[0][..], &[0, 1, 2], &[1, 2, 3, 4, 5], &[2]] {
        let present = fixture.present(members).await?;
        same(&urls(fixture, &*plugin).await?, &present)?;
    }
    Ok(())
}

pub(super) async fn names_each_once(fixture: &dyn DiscoveryFixture) -> Met {
    let plugin = fixture.plugin();
    for members in [&[0, 1, 2][..], &[0, 0], &[2, 0, 1, 2, 0, 2]] {
        fixture.present(members).await?;
        let found = urls(fixture, &*plugin).await?;
        let once: BTreeSet<&String> = found.iter().collect();
        ensure!(once.len() == found.len(), "the answer is {found:?}");
    }
    Ok(())
}

pub(super) async fn order_is_steady(fixture: &dyn DiscoveryFixture) -> Met {
    let plugin = fixture.plugin();
    let mut first: Option<Vec<String>> = None;
    for members in [[0, 1, 2], [0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 2, 0]] {
        fixture.present(&members).await?;
        let found = urls(fixture, &*plugin).await?;
        let before = first.get_or_insert_with(|| found.clone());
        ensure!(*before == found, "the answer is {before:?}, and then {found:?}");
    }
    Ok(())
}

pub(super) async fn urls_are_whole(fixture: &dyn DiscoveryFixture) -> Met {
    let plugin = fixture.plugin();
    for members in [&[0][..], &[1, 2, 3]] {
        fixture.present(members).await?;
        for url in urls(fixture, &*plugin).await? {
            let wrong = wrong(&url);
            ensure!(wrong.is_none(), "{url:?}: {}", wrong.unwrap_or_default());
        }
    }
    Ok(())
}
