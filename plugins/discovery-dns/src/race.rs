//! Several servers: the preferred one has a short start, and the first that knows members is believed.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::sleep;

/// How long a server is waited for before the next one is asked too. mesos-dns in the same network
/// answers within a millisecond or two; a server that is dead costs this, and no timeout.
const START: Duration = Duration::from_millis(100);

/// Lets each query of a server begin in turn, without waiting for the end of the one before. Dropping
/// it ends all.
///
/// # Errors
/// What came of each, if it is success of none.
pub(crate) async fn first<F, T, E>(queries: Vec<F>) -> Result<T, Vec<E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut waiting = queries.into_iter();
    let mut asked = FuturesUnordered::new();
    let mut failures = Vec::new();
    asked.extend(waiting.next());
    loop {
        tokio::select! {
            biased;
            answer = asked.next() => match answer {
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(failure)) => failures.push(failure),
                None if waiting.len() == 0 => return Err(failures),
                None => (),
            },
            () = sleep(START), if waiting.len() > 0 => (),
        }
        asked.extend(waiting.next());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::Instant;

    async fn ask(servers: &[&'static str]) -> Result<&'static str, Vec<&'static str>> {
        first(servers.iter().copied().map(answers).collect()).await
    }

    async fn answers(server: &'static str) -> Result<&'static str, &'static str> {
        match server {
            "good" => Ok("good"),
            "slow" => {
                sleep(Duration::from_secs(1)).await;
                Ok("slow")
            }
            "silent" => pending().await,
            bad => Err(bad),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_preferred_server_is_believed_and_the_next_one_beside_a_dead_one() {
        for (servers, answer) in [
            (vec!["good", "slow"], Ok("good")),
            (vec!["silent", "good"], Ok("good")),
            (vec!["silent", "silent", "bad", "good"], Ok("good")),
            (vec!["slow", "bad"], Ok("slow")),
            (vec!["bad", "worse"], Err(vec!["bad", "worse"])),
            (vec![], Err(vec![])),
        ] {
            assert_eq!(ask(&servers).await, answer, "{servers:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_costs_a_start_and_a_failing_one_nothing() {
        let begun = Instant::now();
        ask(&["bad", "worse", "good"]).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::ZERO);
        // The second is asked too, and answers at once.
        ask(&["silent", "good"]).await.unwrap();
        assert!(begun.elapsed() >= START && begun.elapsed() < START * 2, "{:?}", begun.elapsed());
    }
}
