//! How often masters are asked: never sooner than a pause after the last query, whoever of this process made it.
//!
//! A [`Gates`] is handed to every discovery of a process; those of the same masters share a gate. Queries pass it
//! one at a time, and each says how it ended, so that failures of one are known to all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mesos_v1::Backoff;
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep_until, timeout};

/// After a query that cost much and brought nothing, the pause is at most so many intervals.
const INTERVALS_MAX: u32 = 8;

/// The pauses between queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// After an answer.
    pub(crate) interval: Duration,
    /// After a refusal, which costs a master next to nothing; it doubles up to `interval` while they go on.
    pub(crate) refused: Duration,
}

impl Pace {
    /// The longest pause that there can be.
    pub(crate) fn longest(&self) -> Duration {
        (self.interval * INTERVALS_MAX).max(self.refused)
    }
}

/// How a query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With an answer.
    Answered,
    /// The master did nothing for it: nobody listened, or it was refused.
    Refused,
    /// The master may have worked for it, and it brought nothing.
    InVain,
}

/// The gates of one process. Clones are the same gates.
#[derive(Clone, Debug, Default)]
pub struct Gates(Arc<Mutex<BTreeMap<String, Arc<Gate>>>>);

impl Gates {
    /// The gate of these masters. The one who made it sets its pace.
    pub(crate) fn gate(&self, masters: &str, pace: Pace) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(masters.to_owned());
        gate.or_insert_with(|| Arc::new(Gate::new(pace))).clone()
    }
}

/// Lets through one query at a time, and none too soon.
#[derive(Debug)]
pub(crate) struct Gate {
    pace: Pace,
    state: tokio::sync::Mutex<State>,
}

#[derive(Debug)]
struct State {
    open_at: Instant,
    refused: Backoff,
    in_vain: Backoff,
}

impl Gate {
    fn new(pace: Pace) -> Gate {
        let Pace { interval, refused } = pace;
        let state = State {
            open_at: Instant::now(),
            refused: Backoff::new(refused, interval),
            in_vain: Backoff::new(interval, interval * INTERVALS_MAX),
        };
        Gate { pace, state: tokio::sync::Mutex::new(state) }
    }

    /// Waits for a turn; nothing, if none comes within that time because others stand before.
    pub(crate) async fn turn(&self, wait_max: Duration) -> Option<Turn<'_>> {
        let wait = async {
            let state = self.state.lock().await;
            sleep_until(state.open_at).await;
            state
        };
        let state = timeout(wait_max, wait).await.ok()?;
        Some(Turn { state, interval: self.pace.interval })
    }
}

/// The right to make one query. Whoever drops it without a word has made one.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    state: MutexGuard<'a, State>,
    interval: Duration,
}

impl Turn<'_> {
    pub(crate) fn end(mut self, end: End) {
        let pause = match end {
            End::Answered => {
                self.state.refused.reset();
                self.state.in_vain.reset();
                self.interval
            }
            End::Refused => self.state.refused.next_delay(),
            End::InVain => self.state.in_vain.next_delay(),
        };
        self.interval = pause;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.state.open_at = Instant::now() + self.interval;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const PACE: Pace =
        Pace { interval: Duration::from_millis(100), refused: Duration::from_millis(10) };
    const LONG: Duration = Duration::from_secs(60);

    fn gate() -> Arc<Gate> {
        Gates::default().gate("m:1", PACE)
    }

    /// How long the gate is shut.
    async fn pause(gate: &Gate) -> Duration {
        gate.state.lock().await.open_at - Instant::now()
    }

    #[tokio::test]
    async fn an_answer_and_a_query_that_was_dropped_shut_it_for_an_interval() {
        let gate = gate();
        let begun = Instant::now();
        gate.turn(LONG).await.unwrap().end(End::Answered);
        drop(gate.turn(LONG).await.unwrap());
        assert!(begun.elapsed() >= PACE.interval);
        gate.turn(LONG).await.unwrap().end(End::Answered);
        assert!(begun.elapsed() >= PACE.interval * 2);
    }

    #[tokio::test]
    async fn pauses_after_failures_grow_within_their_bounds_and_an_answer_ends_that() {
        let gate = gate();
        for (end, least, most) in [
            (End::Refused, PACE.refused, PACE.interval),
            (End::InVain, PACE.interval, PACE.longest()),
        ] {
            let mut longest = Duration::ZERO;
            for _ in 0..40 {
                gate.state.lock().await.open_at = Instant::now();
                gate.turn(LONG).await.unwrap().end(end);
                let pause = pause(&gate).await;
                assert!(pause <= most && pause + Duration::from_millis(5) >= least, "{pause:?}");
                longest = longest.max(pause);
            }
            assert!(longest > most / 2, "{longest:?}");
        }
        gate.state.lock().await.open_at = Instant::now();
        gate.turn(LONG).await.unwrap().end(End::Answered);
        gate.turn(LONG).await.unwrap().end(End::Refused);
        assert!(pause(&gate).await <= PACE.refused * 2);
    }

    #[tokio::test]
    async fn one_query_at_a_time_and_nobody_waits_for_ever() {
        let gate = gate();
        let turn = gate.turn(LONG).await.unwrap();
        assert!(gate.turn(Duration::from_millis(5)).await.is_none());
        turn.end(End::Refused);
        assert!(gate.turn(LONG).await.is_some());
    }

    #[tokio::test]
    async fn the_same_masters_have_the_same_gate() {
        let gates = Gates::default();
        let one = gates.gate("m:1", PACE);
        assert!(Arc::ptr_eq(&one, &gates.clone().gate("m:1", PACE)));
        assert!(!Arc::ptr_eq(&one, &gates.gate("m:2", PACE)));
    }
}
