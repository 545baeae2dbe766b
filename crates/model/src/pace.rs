//! How long things take that have no duration of their own.

use std::time::Duration;

/// How long the steps of Mesos take, within their bounds.
#[derive(Clone, Debug)]
pub enum Pace {
    /// No time at all.
    Instant,
    /// What chance says.
    Chance(fastrand::Rng),
}

impl Pace {
    /// A time below so many milliseconds.
    pub(crate) fn within(&mut self, bound_ms: u64) -> Duration {
        match self {
            Pace::Instant => Duration::ZERO,
            Pace::Chance(rng) => Duration::from_millis(1 + rng.u64(0..bound_ms.max(1))),
        }
    }

    /// How long a word between master and agent takes: words keep their order.
    pub(crate) fn hop(&self) -> Duration {
        match self {
            Pace::Instant => Duration::ZERO,
            Pace::Chance(_) => Duration::from_millis(2),
        }
    }
}
