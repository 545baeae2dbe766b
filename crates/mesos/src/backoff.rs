//! Delays between attempts: they double, and each is drawn from all that lies below ("full jitter"),
//! so that many clients which lost the same master don't return at the same moment.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// An endless iterator of delays between a least and a greatest one.
#[derive(Debug)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    ceilings: ExponentialBackoff,
    jittered: ExponentialBackoff,
}

impl Backoff {
    /// Delays of at least `min` and at most `max`; a `max` below `min` counts as `min`.
    pub fn new(min: Duration, max: Duration) -> Self {
        let max = max.max(min);
        let [ceilings, jittered] = iterators(min, max);
        Self { min, max, ceilings, jittered }
    }

    /// Begins again with the shortest delays, after something went well.
    pub fn reset(&mut self) {
        [self.ceilings, self.jittered] = iterators(self.min, self.max);
    }

    /// The next delay.
    pub fn next_delay(&mut self) -> Duration {
        let (Some(ceiling), Some(jittered)) = (self.ceilings.next(), self.jittered.next()) else {
            return self.max;
        };
        // The second iterator is the first plus a random share of it: the difference is that share.
        jittered.saturating_sub(ceiling).clamp(self.min, self.max)
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.next_delay())
    }
}

/// The first ceiling is twice the least delay, so that already the first delay varies.
fn iterators(min: Duration, max: Duration) -> [ExponentialBackoff; 2] {
    let ceilings = ExponentialBuilder::new()
        .with_min_delay(min.saturating_mul(2).min(max))
        .with_max_delay(max)
        .without_max_times();
    [ceilings.build(), ceilings.with_jitter().build()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_secs(15);

    #[test]
    fn delays_stay_within_their_bounds_and_vary() {
        let delays: Vec<_> = Backoff::new(MIN, MAX).take(200).collect();
        assert!(delays.iter().all(|delay| (MIN..=MAX).contains(delay)));
        assert!(delays.iter().any(|delay| *delay > MAX / 2), "the ceiling was reached: {delays:?}");
        assert!(delays[100..].iter().any(|delay| *delay < MAX / 2), "full jitter: {delays:?}");
    }

    #[test]
    fn a_reset_begins_with_short_delays() {
        let mut backoff = Backoff::new(MIN, MAX);
        backoff.by_ref().take(50).for_each(drop);
        backoff.reset();
        assert!(backoff.next_delay() <= MIN * 2);
    }

    #[test]
    fn a_greatest_delay_below_the_least_is_no_trap() {
        assert_eq!(Backoff::new(MAX, MIN).next_delay(), MAX);
    }
}
