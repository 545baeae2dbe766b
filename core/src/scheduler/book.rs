//! The record as it is stored, as it shall be, and the save that is under way between the two.

use crate::id::Epoch;
use crate::record::Record;
use crate::store::Version;
use crate::time::Timestamp;

use super::event::{SaveFailure, SaveId};

/// A point in the sequence of changes to the record; an update may be acknowledged once the
/// change that it caused is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(u64);

#[derive(Debug)]
struct InFlight {
    id: SaveId,
    record: Record,
    mark: Mark,
}

/// Keeps what is stored apart from what is intended.
#[derive(Debug)]
pub(super) struct Book {
    epoch: Epoch,
    stored: Record,
    stored_mark: Mark,
    version: Version,
    next: Record,
    next_mark: Mark,
    in_flight: Option<InFlight>,
    last_id: SaveId,
    retry_at: Option<Timestamp>,
    trouble: Option<String>,
}

impl Book {
    /// Opens the book over what was loaded; the first intention is a raised epoch.
    pub(super) fn open(loaded: Record, version: Version) -> Book {
        let mut next = loaded.clone();
        next.epoch = Epoch(loaded.epoch.0 + 1);
        Book {
            epoch: next.epoch,
            stored: loaded,
            stored_mark: Mark(0),
            version,
            next,
            next_mark: Mark(1),
            in_flight: None,
            last_id: SaveId(0),
            retry_at: None,
            trouble: None,
        }
    }

    /// Intends an epoch of its own for the next subscription: a scheduler that was paused, and
    /// whose connection ended meanwhile, must not push out the one that took over.
    pub(super) fn raise_epoch(&mut self) {
        let raised = Epoch(self.epoch.0 + 1);
        self.epoch = raised;
        self.change(|record| record.epoch = raised);
    }

    /// This scheduler's epoch.
    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether the store says that this scheduler is the one that acts.
    pub(super) fn holds_epoch(&self) -> bool {
        self.stored.epoch == self.epoch
    }

    /// What the store holds: the only ground for dangerous actions.
    pub(super) fn stored(&self) -> &Record {
        &self.stored
    }

    /// What is intended.
    pub(super) fn next(&self) -> &Record {
        &self.next
    }

    /// Whether all that is intended is stored.
    pub(super) fn is_settled(&self) -> bool {
        self.in_flight.is_none() && self.stored_mark == self.next_mark
    }

    /// Changes the intention; returns the mark that is reached when it is stored.
    pub(super) fn change(&mut self, f: impl FnOnce(&mut Record)) -> Mark {
        let mut changed = self.next.clone();
        f(&mut changed);
        if changed != self.next {
            self.next = changed;
            self.next_mark = Mark(self.next_mark.0 + 1);
        }
        self.next_mark
    }

    /// Whether all changes up to the mark are stored.
    pub(super) fn is_stored(&self, mark: Mark) -> bool {
        self.stored_mark >= mark
    }

    /// Why the last save failed, if it did.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// When a failed save shall be tried again.
    pub(super) fn retry_at(&self) -> Option<Timestamp> {
        self.retry_at
    }

    /// The save that is due, if one is: at most one is under way.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<(SaveId, Record, Version)> {
        let waits = self.retry_at.is_some_and(|at| now < at);
        if waits || self.in_flight.is_some() || self.stored_mark == self.next_mark {
            return None;
        }
        self.last_id = SaveId(self.last_id.0 + 1);
        let (id, record, mark) = (self.last_id, self.next.clone(), self.next_mark);
        self.in_flight = Some(InFlight { id, record: record.clone(), mark });
        self.retry_at = None;
        Some((id, record, self.version))
    }

    /// Takes the answer to a save. A conflict or a corrupt store is for the caller to end on.
    pub(super) fn saved(
        &mut self,
        id: SaveId,
        outcome: Result<Version, SaveFailure>,
        retry_at: Timestamp,
    ) -> Result<(), SaveFailure> {
        let Some(in_flight) = self.in_flight.take_if(|f| f.id == id) else {
            return Ok(());
        };
        match outcome {
            Ok(version) => {
                self.stored = in_flight.record;
                self.stored_mark = in_flight.mark;
                self.version = version;
                (self.retry_at, self.trouble) = (None, None);
                Ok(())
            }
            Err(SaveFailure::Unavailable(why)) => {
                (self.retry_at, self.trouble) = (Some(retry_at), Some(why));
                Ok(())
            }
            Err(fatal @ (SaveFailure::Conflict(_) | SaveFailure::Corrupt(_))) => Err(fatal),
        }
    }
}
