//! What every I/O plugin gets around it, written once: a deadline for each call, patience for calls
//! that only read, a trace, and counts.
//!
//! A save is never repeated here: whether one that failed was written is not known, and the core
//! decides what follows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Members};
use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::store::{StateStore, StoreError, Stored, Version};
use serde::Serialize;
use tokio::time::Instant;

/// How long calls may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One call. Plugins have deadlines of their own, which are shorter and say more.
    pub call: Duration,
    /// All tries of a call that only reads; the last one may end later.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { call: Duration::from_secs(15), patience: Duration::from_secs(30) }
    }
}

/// What became of the calls of one kind since the process started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// How many succeeded.
    pub succeeded: u64,
    /// How many failed.
    pub failed: u64,
    /// How long the longest took, in milliseconds.
    pub longest_ms: u64,
    /// Why the last one failed, if any did.
    pub last_failure: Option<String>,
}

/// The calls of one plugin, by kind.
pub type Counts = BTreeMap<&'static str, Calls>;

/// An error of an I/O plugin.
pub trait Failure: std::error::Error {
    /// A call took too long.
    fn late(operation: &'static str, place: String, after: Duration) -> Self;

    /// Whether it may pass by itself.
    fn may_pass(&self) -> bool;
}

/// A call that took too long.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} s", .0.as_secs_f32())]
struct Late(Duration);

impl Failure for StoreError {
    fn late(operation: &'static str, place: String, after: Duration) -> Self {
        StoreError::Unavailable { operation, place, source: Box::new(Late(after)) }
    }

    fn may_pass(&self) -> bool {
        matches!(self, StoreError::Unavailable { .. })
    }
}

impl Failure for DiscoveryError {
    fn late(_: &'static str, place: String, after: Duration) -> Self {
        DiscoveryError::Unavailable { place, source: Box::new(Late(after)) }
    }

    fn may_pass(&self) -> bool {
        matches!(self, DiscoveryError::Unavailable { .. })
    }
}

/// A plugin behind its guard.
pub struct Guarded<P: ?Sized> {
    inner: Arc<P>,
    limits: Limits,
    counts: Mutex<Counts>,
}

impl<P: ?Sized> Guarded<P> {
    /// Puts a guard around a plugin.
    pub fn new(inner: Arc<P>, limits: Limits) -> Guarded<P> {
        Guarded { inner, limits, counts: Mutex::default() }
    }

    /// What became of the calls so far.
    pub fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn once<T, E: Failure>(
        &self,
        operation: &'static str,
        place: impl Fn() -> String,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let (began, limit) = (Instant::now(), self.limits.call);
        let outcome = tokio::time::timeout(limit, call).await;
        let outcome = outcome.unwrap_or_else(|_| Err(E::late(operation, place(), limit)));
        let took = began.elapsed();
        self.count(operation, took, outcome.as_ref().err().map(|error| chain(error)));
        tracing::debug!(operation, place = place(), ?took, ok = outcome.is_ok(), "a plugin's call");
        outcome
    }

    async fn patiently<T, E: Failure, F: Future<Output = Result<T, E>>>(
        &self,
        operation: &'static str,
        place: impl Fn() -> String,
        mut call: impl FnMut() -> F,
    ) -> Result<T, E> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(5))
            .without_max_times();
        let gives_up_at = Instant::now() + self.limits.patience;
        let try_again = || self.once(operation, &place, call());
        try_again
            .retry(pauses)
            .when(|error: &E| error.may_pass() && Instant::now() < gives_up_at)
            .notify(|error, pause| {
                tracing::warn!(again_in = ?pause, "{}", chain(error));
            })
            .await
    }

    fn count(&self, operation: &'static str, took: Duration, failure: Option<String>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = counts.entry(operation).or_default();
        calls.longest_ms = calls.longest_ms.max(took.as_millis() as u64);
        match failure {
            None => calls.succeeded += 1,
            Some(why) => {
                calls.failed += 1;
                calls.last_failure = Some(why);
            }
        }
    }
}

#[async_trait]
impl StateStore for Guarded<dyn StateStore> {
    fn place(&self) -> String {
        self.inner.place()
    }

    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        self.patiently("load", || self.place(), || self.inner.load()).await
    }

    async fn save(&self, bytes: &[u8], expected: Version) -> Result<Version, StoreError> {
        self.once("save", || self.place(), self.inner.save(bytes, expected)).await
    }

    async fn remove(&self, expected: Version) -> Result<(), StoreError> {
        self.once("remove", || self.place(), self.inner.remove(expected)).await
    }

    async fn known_framework_id(&self) -> Result<Option<FrameworkId>, StoreError> {
        let ask = || self.inner.known_framework_id();
        self.patiently("read the framework ID of", || self.place(), ask).await
    }
}

#[async_trait]
impl Discovery for Guarded<dyn Discovery> {
    fn place(&self) -> String {
        self.inner.place()
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        self.once("ask", || self.place(), self.inner.members()).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Answers nothing to the first calls, or never.
    #[derive(Default)]
    struct Slow {
        fails: AtomicU32,
        is_mute: bool,
    }

    #[async_trait]
    impl StateStore for Slow {
        fn place(&self) -> String {
            "the slow one".to_owned()
        }

        async fn load(&self) -> Result<Option<Stored>, StoreError> {
            if self.is_mute {
                std::future::pending::<()>().await;
            }
            let left =
                self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            match left {
                Ok(_) => Err(StoreError::late("load", self.place(), Duration::ZERO)),
                Err(_) => Ok(None),
            }
        }

        async fn save(&self, _: &[u8], _: Version) -> Result<Version, StoreError> {
            self.fails.fetch_add(1, Ordering::SeqCst);
            std::future::pending().await
        }

        async fn remove(&self, _: Version) -> Result<(), StoreError> {
            Err(StoreError::Conflict { place: self.place(), found: "another".to_owned() })
        }
    }

    fn guarded(slow: Slow) -> Guarded<dyn StateStore> {
        let limits = Limits { call: Duration::from_secs(15), patience: Duration::from_secs(30) };
        Guarded::new(Arc::new(slow), limits)
    }

    #[tokio::test(start_paused = true)]
    async fn what_only_reads_is_asked_again_for_a_while() {
        let store = guarded(Slow { fails: AtomicU32::new(3), ..Slow::default() });
        assert_eq!(store.load().await.unwrap(), None);
        let counts = store.counts();
        assert_eq!((counts["load"].failed, counts["load"].succeeded), (3, 1));
        let last = counts["load"].last_failure.clone().unwrap();
        assert!(last.contains("the slow one") && last.contains("no answer"), "{last}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_plugin_that_never_answers_is_late() {
        let store = guarded(Slow { is_mute: true, ..Slow::default() });
        let began = Instant::now();
        assert!(store.load().await.unwrap_err().to_string().contains("the slow one"));
        // The last try may begin just before patience ends.
        assert!(began.elapsed() <= Duration::from_secs(45), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_save_is_sent_once_and_a_conflict_is_not_late() {
        let slow = Arc::new(Slow::default());
        let store = Guarded::<dyn StateStore>::new(slow.clone(), Limits::default());
        assert!(store.save(b"{}", Version(0)).await.unwrap_err().may_pass());
        assert_eq!(slow.fails.load(Ordering::SeqCst), 1, "once");
        assert!(matches!(store.remove(Version(1)).await, Err(StoreError::Conflict { .. })));
    }
}
