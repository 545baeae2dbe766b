//! When a child is started, ended and started again. Pure: it has no I/O and reads no clock.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::line::{Kind, Target};

/// How long a set of members must have been the same before a child is restarted for it: members come and
/// go in groups, and each restart breaks every connection.
const SETTLED: Duration = Duration::from_secs(2);
/// The pause after the first exit that nobody asked for; it doubles.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// It grows no further.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// A child that ran for so long was well started: the pauses begin anew.
const STEADY: Duration = Duration::from_secs(30);

/// What is to be done with the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Start it for these.
    Start(Vec<Target>),
    /// Ask it to end.
    Terminate,
    /// End it at once.
    Kill,
}

/// What the keeper knows of one child.
#[derive(Debug)]
pub struct Keeper {
    refreshes: bool,
    grace: Duration,
    wanted: Option<Wanted>,
    state: State,
    failures: u32,
    is_ending: bool,
}

#[derive(Debug)]
struct Wanted {
    targets: Vec<Target>,
    since: Instant,
}

#[derive(Debug)]
enum State {
    /// It does not run, and is not started before then.
    Down { until: Option<Instant> },
    /// It runs, and was told of these.
    Up { since: Instant, told: BTreeSet<String> },
    /// It was asked to end, and is killed then.
    Stopping { until: Instant, is_killed: bool },
}

impl Keeper {
    /// The keeper of a child that has `grace` to end.
    pub fn new(kind: Kind, grace: Duration) -> Keeper {
        let state = State::Down { until: None };
        let refreshes = kind.refreshes();
        Keeper { refreshes, grace, wanted: None, state, failures: 0, is_ending: false }
    }

    /// Takes the newest members.
    pub fn members(&mut self, now: Instant, targets: Vec<Target>) {
        let is_same = self.wanted.as_ref().is_some_and(|w| urls(&w.targets) == urls(&targets));
        let since = self.wanted.as_ref().filter(|_| is_same).map_or(now, |wanted| wanted.since);
        self.wanted = Some(Wanted { targets, since });
    }

    /// Everything ends.
    pub fn end(&mut self) {
        self.is_ending = true;
    }

    /// The process was started.
    pub fn started(&mut self, now: Instant) {
        let told = self.wanted.as_ref().map(|wanted| urls(&wanted.targets)).unwrap_or_default();
        self.state = State::Up { since: now, told };
    }

    /// The process is gone, or could not be started.
    pub fn ended(&mut self, now: Instant) {
        let until = match self.state {
            // It was asked to.
            State::Stopping { .. } => None,
            State::Up { since, .. } if now.saturating_duration_since(since) >= STEADY => {
                self.failures = 0;
                Some(now + self.pause())
            }
            State::Up { .. } | State::Down { .. } => Some(now + self.pause()),
        };
        self.state = State::Down { until };
    }

    fn pause(&mut self) -> Duration {
        let pause = PAUSE_MIN.saturating_mul(2_u32.saturating_pow(self.failures)).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        pause
    }

    /// What is to be done now; nothing mostly.
    pub fn plan(&mut self, now: Instant) -> Option<Deed> {
        match &self.state {
            State::Down { until } => self.plan_start(now, *until),
            State::Up { .. } if self.must_end(now) => Some(self.stop(now)),
            State::Up { .. } => None,
            State::Stopping { until, is_killed } if now >= *until && !is_killed => {
                self.state = State::Stopping { until: *until, is_killed: true };
                Some(Deed::Kill)
            }
            State::Stopping { .. } => None,
        }
    }

    fn plan_start(&self, now: Instant, until: Option<Instant>) -> Option<Deed> {
        let wanted = self.wanted.as_ref().filter(|wanted| !wanted.targets.is_empty())?;
        let may = !self.is_ending && until.is_none_or(|until| now >= until);
        may.then(|| Deed::Start(wanted.targets.clone()))
    }

    fn must_end(&self, now: Instant) -> bool {
        self.is_ending || self.outdated_at().is_some_and(|at| now >= at)
    }

    fn stop(&mut self, now: Instant) -> Deed {
        self.state = State::Stopping { until: now + self.grace, is_killed: false };
        Deed::Terminate
    }

    /// When what the running child was told is to be replaced; none if it is not.
    fn outdated_at(&self) -> Option<Instant> {
        let (State::Up { told, .. }, Some(wanted)) = (&self.state, &self.wanted) else {
            return None;
        };
        let present = urls(&wanted.targets);
        if present.is_empty() || present == *told {
            return None;
        }
        let is_none_left = told.is_disjoint(&present);
        match (is_none_left, self.refreshes) {
            // Whatever it does, it reaches nobody.
            (true, _) => Some(wanted.since),
            (false, true) => None,
            (false, false) => Some(wanted.since + SETTLED),
        }
    }

    /// When there will be something to do, if nothing happens before.
    pub fn next_wake(&self) -> Option<Instant> {
        match &self.state {
            State::Down { until } => until.filter(|_| self.wanted.is_some() && !self.is_ending),
            State::Up { .. } => self.outdated_at(),
            State::Stopping { until, is_killed } => (!is_killed).then_some(*until),
        }
    }

    /// Whether a child runs that was not asked to end.
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// When it is started again, where that is known.
    pub fn next_start(&self) -> Option<Instant> {
        match self.state {
            State::Down { until } => until,
            State::Up { .. } | State::Stopping { .. } => None,
        }
    }

    /// Whether everything is over.
    pub fn is_over(&self) -> bool {
        self.is_ending && matches!(self.state, State::Down { .. })
    }
}

fn urls(targets: &[Target]) -> BTreeSet<String> {
    targets.iter().map(|target| target.url.clone()).collect()
}

#[cfg(test)]
mod tests;
