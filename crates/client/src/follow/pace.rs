//! When a discovery is asked next: pure, but for the jitter.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use etcd_mesos_core::discovery::Cost;

/// A list that its source vouches for longer is asked for again after this time all the same: members
/// that were added are of use only when somebody knows them.
const ASK_AFTER_MAX: Duration = Duration::from_secs(30);
/// How often a source is asked that says neither how long its answer holds nor when it changes, at least.
const ASK_AFTER: Duration = Duration::from_secs(15);
/// A source that answers, and knows nobody yet, is asked again after this time: the first member is waited for.
/// Whom such a question costs much has a longer pause of its own.
const NOBODY_AFTER: Duration = Duration::from_secs(2);
/// The pauses after failures begin with this, or with the source's own pause.
const FAILED_MIN: Duration = Duration::from_secs(1);
const FAILED_MAX: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Pace {
    pause: Duration,
    pause_failed: Duration,
    failures: ExponentialBackoff,
}

impl Pace {
    pub(super) fn new(cost: &Cost) -> Pace {
        let Cost { pause, pause_failed, .. } = *cost;
        Pace { pause, pause_failed, failures: failures(pause_failed) }
    }

    /// The shortest time from one query's begin to the next one's.
    pub(super) fn soonest(&self) -> Duration {
        self.pause
    }

    /// How long to wait after an answer that holds for that long.
    pub(super) fn answered(&mut self, valid_for: Option<Duration>) -> Duration {
        self.failures = failures(self.pause_failed);
        valid_for.map_or(ASK_AFTER, |time| time.min(ASK_AFTER_MAX)).max(self.pause)
    }

    /// How long to wait after the answer that nobody is there.
    pub(super) fn nobody(&mut self) -> Duration {
        self.failures = failures(self.pause_failed);
        NOBODY_AFTER.max(self.pause)
    }

    /// How long to wait after a failure: longer and longer, and never as long as others.
    pub(super) fn failed(&mut self) -> Duration {
        self.failures.next().unwrap_or(FAILED_MAX)
    }
}

fn failures(pause: Duration) -> ExponentialBackoff {
    let min = pause.max(FAILED_MIN);
    ExponentialBuilder::new()
        .with_min_delay(min)
        .with_max_delay(min.max(FAILED_MAX))
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn of(pause: Duration) -> Pace {
        Pace::new(&Cost::new(pause, "nothing"))
    }

    #[test]
    fn a_source_that_minds_itself_is_asked_sooner_after_a_failure_and_no_sooner_after_an_answer() {
        let cost = Cost::new(SECOND * 15, "much").sooner_after_failures(SECOND);
        let mut pace = Pace::new(&cost);
        assert!(pace.failed() < FAILED_MIN * 2);
        assert_eq!(pace.answered(None), SECOND * 15);
        assert_eq!(pace.nobody(), SECOND * 15);
    }

    #[test]
    fn a_source_is_never_asked_sooner_than_it_may_be() {
        let mut pace = of(SECOND * 40);
        assert_eq!(pace.answered(None), SECOND * 40);
        assert_eq!(pace.answered(Some(Duration::ZERO)), SECOND * 40);
        assert!(pace.failed() >= SECOND * 40);
    }

    #[test]
    fn an_answer_is_asked_for_again_when_it_no_longer_holds_and_at_last_after_half_a_minute() {
        let mut pace = of(SECOND / 10);
        assert_eq!(pace.answered(Some(SECOND * 5)), SECOND * 5);
        assert_eq!(pace.answered(Some(SECOND * 3600)), ASK_AFTER_MAX);
        assert_eq!(pace.answered(Some(Duration::ZERO)), SECOND / 10);
        assert_eq!(pace.answered(None), ASK_AFTER);
    }

    #[test]
    fn failures_wait_longer_and_longer_until_something_is_answered() {
        let mut pace = of(SECOND / 10);
        let waits: Vec<Duration> = (0..8).map(|_| pace.failed()).collect();
        assert!(waits[0] >= FAILED_MIN && waits[0] < FAILED_MIN * 2, "{waits:?}");
        assert!(waits[7] >= FAILED_MAX, "{waits:?}");
        pace.answered(None);
        assert!(pace.failed() < FAILED_MIN * 2);
        assert_eq!((0..9).map(|_| pace.nobody()).max(), Some(NOBODY_AFTER));
        assert_eq!(of(SECOND * 40).nobody(), SECOND * 40);
    }
}
