//! Which cluster it is: to take a member of the wrong one is to speak with another cluster. Pure.
//!
//! The cluster ID is pinned when a majority of the found members names it, or when every found member
//! was looked at and all that tell name the same. Members that name another one get no connection.
//!
//! The pin follows only when the whole discovery does: when every found member names one other cluster,
//! and no member of the pinned one has given a sign of life for as long as makes a member dead. So it
//! does after a reseed that made a new cluster. A discovery that errs for a while, or in part, moves
//! nothing.

use std::collections::BTreeMap;

use etcd_mesos_core::id::ClusterId;
use tokio::time::{Duration, Instant};

/// What a member says of the cluster that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opinion {
    /// It has not been looked at.
    Unknown,
    /// It was looked at, and named no cluster: it does not answer, or does not tell.
    Silent,
    /// This one.
    Is(ClusterId),
}

/// What became of the pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The first cluster was pinned.
    Pinned(ClusterId),
    /// The discovery went over to another cluster.
    Followed { from: ClusterId, to: ClusterId },
    /// Members name several clusters, and none has a majority.
    Disputed,
}

/// The pin.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pinned: Option<ClusterId>,
    /// When a member of the pinned cluster last gave a sign of life.
    alive: Option<Instant>,
    is_disputed: bool,
}

impl Identity {
    /// The cluster whose members get connections.
    pub(super) fn cluster(&self) -> Option<ClusterId> {
        self.pinned
    }

    /// A member of this cluster gave a sign of life.
    pub(super) fn note(&mut self, cluster: ClusterId, now: Instant) {
        if self.pinned == Some(cluster) {
            self.alive = Some(now);
        }
    }

    /// Judges what the found members say.
    pub(super) fn judge(
        &mut self,
        found: &[Opinion],
        silence: Duration,
        now: Instant,
    ) -> Option<Turn> {
        let turn = match self.pinned {
            None => self.first(found),
            Some(pinned) => self.next(pinned, found, silence, now),
        };
        match turn {
            Some(Turn::Pinned(to) | Turn::Followed { to, .. }) => {
                (self.pinned, self.alive) = (Some(to), Some(now));
            }
            Some(Turn::Disputed) | None => {}
        }
        turn
    }

    fn first(&mut self, found: &[Opinion]) -> Option<Turn> {
        let votes = votes(found);
        if let Some((id, _)) = votes.iter().find(|(_, count)| **count * 2 > found.len()) {
            return Some(Turn::Pinned(*id));
        }
        if found.contains(&Opinion::Unknown) {
            return None;
        }
        let was_disputed = std::mem::replace(&mut self.is_disputed, votes.len() > 1);
        match votes.first_key_value() {
            Some((id, _)) if votes.len() == 1 => Some(Turn::Pinned(*id)),
            Some(_) if !was_disputed => Some(Turn::Disputed),
            Some(_) | None => None,
        }
    }

    fn next(
        &self,
        pinned: ClusterId,
        found: &[Opinion],
        silence: Duration,
        now: Instant,
    ) -> Option<Turn> {
        let &Opinion::Is(to) = found.first()? else { return None };
        let is_unanimous = found.iter().all(|opinion| *opinion == Opinion::Is(to));
        let is_silent = self.alive.is_none_or(|at| now >= at + silence);
        (to != pinned && is_unanimous && is_silent).then_some(Turn::Followed { from: pinned, to })
    }
}

fn votes(found: &[Opinion]) -> BTreeMap<ClusterId, usize> {
    let mut votes = BTreeMap::new();
    for opinion in found {
        if let Opinion::Is(id) = opinion {
            *votes.entry(*id).or_default() += 1;
        }
    }
    votes
}

#[cfg(test)]
mod tests;
