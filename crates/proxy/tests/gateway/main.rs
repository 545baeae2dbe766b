//! The gateway before real etcd clusters, and before clients and members that behave badly.

#![allow(clippy::unwrap_used)]

mod cluster;
mod fake;
mod hostile;
mod kinds;
mod listed;
mod load;
mod passing;
mod under_load;

use std::future::Future;
use std::time::{Duration, Instant};

/// Waits until `probe` has an answer.
async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    deadline: Duration,
    mut probe: impl FnMut() -> F,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(began.elapsed() < deadline, "waited {deadline:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
