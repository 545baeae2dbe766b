//! The connections that are open, as far as somebody else than they themselves must know them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::drain::{Beat, Pulse};
use super::relay::Carried;
use super::table::Key;

/// One open connection.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) member: Key,
    pub(super) carried: Arc<Carried>,
    pub(super) pulse: Pulse,
    pub(super) task: AbortHandle,
}

/// All of them, by a number.
#[derive(Debug, Default)]
pub(super) struct Opens {
    all: BTreeMap<u64, Open>,
    next: u64,
}

impl Opens {
    /// A number for the next one.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn insert(&mut self, number: u64, open: Open) {
        self.all.insert(number, open);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Open> {
        self.all.remove(&number)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Open> {
        self.all.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Open> {
        self.all.values_mut()
    }

    /// Bytes to and from a member by connections that are open.
    pub(super) fn carried(&self, member: Key) -> (u64, u64) {
        self.iter().filter(|open| open.member == member).fold((0, 0), |(to, from), open| {
            let carried = &open.carried;
            (to + carried.to_member.load(Relaxed), from + carried.from_member.load(Relaxed))
        })
    }
}

impl Opens {
    /// When a connection to a member last brought bytes from it, as far as its pulse tells.
    pub(super) fn heard(&self, member: Key) -> Option<Instant> {
        let of_member = self.iter().filter(|open| open.member == member);
        of_member.filter_map(|open| open.pulse.heard()).max()
    }
}

impl Open {
    /// Feels its pulse.
    pub(super) fn feel(&mut self, now: Instant) {
        let carried = &self.carried;
        let beat = Beat {
            to_member: carried.to_member.load(Relaxed),
            from_member: carried.from_member.load(Relaxed),
            is_asking: carried.is_asking.load(Relaxed),
            is_holding: carried.held.load(Relaxed) > 0,
        };
        self.pulse.feel(beat, now);
    }
}
