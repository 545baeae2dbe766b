//! Which member gets the next connection. Pure, but for the chance that it is given.

use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

use super::Standing;

/// A connection that has ended counts for this long, and up to twice as long.
const WINDOW: Duration = Duration::from_secs(2);
/// As so many open ones.
const ENDED_COUNTS: usize = 2;

/// A member that may be chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<K> {
    pub(super) key: K,
    pub(super) standing: Standing,
    pub(super) priority: u16,
    pub(super) weight: u16,
    /// Its open connections, and those that ended lately.
    pub(super) load: usize,
}

/// Connections of a member that ended lately.
///
/// Who comes back right after an end comes because of it, more often than not; and by its end it has made
/// the member that it leaves the one with the fewest connections. So an end counts for a while, and more
/// than an open connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    began: Instant,
    before: usize,
    now: usize,
}

impl Ended {
    pub(super) fn new(now: Instant) -> Ended {
        Ended { began: now, before: 0, now: 0 }
    }

    /// A connection ended.
    pub(super) fn note(&mut self, now: Instant) {
        *self = self.at(now);
        self.now += 1;
    }

    /// What they count for.
    pub(super) fn load(&self, now: Instant) -> usize {
        let Ended { before, now, .. } = self.at(now);
        (before + now) * ENDED_COUNTS
    }

    fn at(self, now: Instant) -> Ended {
        let age = now.saturating_duration_since(self.began);
        if age < WINDOW {
            self
        } else if age < WINDOW * 2 {
            Ended { began: self.began + WINDOW, before: self.now, now: 0 }
        } else {
            Ended::new(now)
        }
    }
}

impl<K> Candidate<K> {
    /// Load by weight, comparable by multiplication crosswise: more is busier.
    fn is_busier_than(&self, other: &Self) -> Option<bool> {
        let share = |load: usize, weight: u16| load as u128 * u128::from(weight.max(1));
        let (mine, theirs) = (share(self.load, other.weight), share(other.load, self.weight));
        (mine != theirs).then_some(mine > theirs)
    }
}

/// The one that stands best; among those the lowest priority; among those the least load by
/// weight (RFC 2782; weight 0 counts as 1); among those one by chance. None where none may be used.
pub(super) fn choose<K: Copy>(candidates: &[Candidate<K>], chance: &mut Rng) -> Option<K> {
    let usable = || candidates.iter().filter(|member| member.standing <= Standing::Late);
    let rank = |member: &Candidate<K>| (member.standing, member.priority);
    let best = usable().map(rank).min()?;
    let mut chosen: Option<&Candidate<K>> = None;
    let mut ties = 1;
    for member in usable().filter(|member| rank(member) == best) {
        let Some(so_far) = chosen else {
            chosen = Some(member);
            continue;
        };
        match so_far.is_busier_than(member) {
            Some(true) => (chosen, ties) = (Some(member), 1),
            Some(false) => {}
            None => {
                ties += 1;
                if chance.usize(..ties) == 0 {
                    chosen = Some(member);
                }
            }
        }
    }
    chosen.map(|member| member.key)
}

#[cfg(test)]
mod tests;
