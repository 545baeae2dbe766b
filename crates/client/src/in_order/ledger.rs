//! Who is asked, and whose word holds: pure.

use std::time::Duration;

use etcd_mesos_core::discovery::Members;
use tokio::time::Instant;

use super::PATIENCE;
use super::failure::Failure;

/// What a discovery said.
pub(super) type Outcome = Result<Members, Failure>;

/// What is remembered of all.
#[derive(Debug)]
pub(super) struct Ledger {
    pages: Vec<Page>,
    in_use: Option<usize>,
}

/// What is remembered of one.
#[derive(Debug)]
struct Page {
    pause: Duration,
    /// When the last query that ended began, and what came of it.
    last: Option<(Instant, Outcome)>,
    /// Since when all queries have failed.
    failing_since: Option<Instant>,
}

impl Ledger {
    pub(super) fn new(pauses: impl Iterator<Item = Duration>) -> Ledger {
        let page = |pause| Page { pause, last: None, failing_since: None };
        Ledger { pages: pauses.map(page).collect(), in_use: None }
    }

    /// The one that answered last.
    pub(super) fn in_use(&self) -> Option<usize> {
        self.in_use
    }

    /// What it said, while it may not be asked again.
    pub(super) fn remembered(&self, at: usize, now: Instant) -> Option<Outcome> {
        let Page { pause, last, .. } = &self.pages[at];
        let (began, outcome) = last.as_ref()?;
        let rest = pause.checked_sub(now.duration_since(*began)).filter(|rest| !rest.is_zero())?;
        Some(outcome.clone().map(|mut members| {
            // To ask sooner than that would bring the same.
            members.valid_for = members.valid_for.map(|time| time.max(rest));
            members
        }))
    }

    /// Notes what came of a query; who was in use before.
    pub(super) fn note(
        &mut self,
        at: usize,
        began: Instant,
        now: Instant,
        outcome: Outcome,
    ) -> Option<usize> {
        let before = self.in_use;
        let page = &mut self.pages[at];
        match outcome {
            Ok(_) => {
                page.failing_since = None;
                self.in_use = Some(at);
            }
            Err(_) => {
                page.failing_since.get_or_insert(now);
            }
        }
        page.last = Some((began, outcome));
        before
    }

    /// Whether the next one is asked too, after this one failed.
    pub(super) fn may_go_on(&self, at: usize, now: Instant) -> bool {
        let has_patience = |since: Instant| now.duration_since(since) < PATIENCE;
        self.in_use != Some(at) || !self.pages[at].failing_since.is_some_and(has_patience)
    }
}
