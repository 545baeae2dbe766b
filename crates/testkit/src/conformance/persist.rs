//! The contract of `StateStore`.
//!
//! The suite needs a Tokio runtime; in one of several threads two writers race in earnest, and in
//! one of a single thread they race where the store waits. All records are JSON objects.

use std::sync::Arc;

use async_trait::async_trait;
use etcd_mesos_core::store::{StateStore, StoreError};

use super::{Cannot, Met, Outcome, Verdict, Verdicts, guard};

mod races;
mod steps;
mod trouble;
mod writing;

/// Makes places for records: directories, servers, tables.
#[async_trait]
pub trait PersistFixture: Send + Sync {
    /// A place where nothing was ever stored.
    async fn fresh(&self) -> Box<dyn PersistPlace>;
}

/// A place for one record, and what can befall it.
#[async_trait]
pub trait PersistPlace: Send + Sync {
    /// Opens a store on this place, as another process would.
    ///
    /// # Errors
    /// As the plugin's own. `Unavailable`, while another one is open, says that the plugin lets in
    /// one process only.
    async fn open(&self) -> Result<Arc<dyn StateStore>, StoreError>;

    /// Damages the record that is there, behind the back of the store. There always is one.
    ///
    /// # Errors
    /// [`Cannot`], where this damage cannot come about.
    async fn damage(&self, how: Damage) -> Result<(), Cannot>;

    /// Lets an outage begin, which stores that are open meet too.
    ///
    /// # Errors
    /// [`Cannot`], where the fixture has no way to bring it about.
    async fn strike(&self, outage: Outage) -> Result<(), Cannot>;

    /// Ends the outage.
    async fn mend(&self);

    /// Why a version may come back after the record was removed, if it may.
    fn repeats_versions(&self) -> Option<&'static str> {
        None
    }
}

/// What stands where the record was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Something of another program.
    Foreign,
    /// The first half of the record.
    Torn,
    /// Nothing, but the file or znode is there.
    Emptied,
}

/// How a place cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// It can neither be read nor written.
    Away,
    /// It can be read; a write fails underway, on a full disk for example.
    Full,
}

lines! {
    /// The lines of the contract of `StateStore`.
    PlaceIsNamed: "`place` says where the record is, always the same",
    LoadsWhatWasSaved: "`load` yields what the last successful `save` wrote, whole, at the version that it returned",
    NothingIsAbsent: "`load` yields nothing where nothing was ever saved",
    TakesTheLargest: "a record of `RECORD_BYTES_MAX` bytes is taken, and loaded whole",
    SavesAtTheVersion: "`save` at another version than the stored one is a `Conflict`",
    ConflictWritesNothing: "a `save` that was a `Conflict` has written nothing",
    RemovesAtTheVersion: "`remove` at another version than the stored one is a `Conflict`, and the record stays",
    RemovedIsGone: "a removed record is gone, and one can be created again",
    NoVersionTwice: "no version comes back, after a `remove` neither: who knew the old record meets a `Conflict`",
    OutlivesTheProcess: "after `save` returned, the record outlives the process",
    OneWriterWins: "of writers that save at the same version at once exactly one succeeds, and what it wrote is stored",
    DroppedSaveIsWhole: "a `save` that was dropped underway leaves the old record or the new one, and a store that works",
    ForeignIsCorrupt: "something foreign is `Corrupt`, never an absent record",
    TornIsCorrupt: "a record that was cut short is `Corrupt`, never an absent record",
    EmptiedIsCorrupt: "a record that was emptied is `Corrupt`, never an absent record",
    DamageStays: "what is damaged is neither overwritten by `save` nor removed by `remove`: both are `Corrupt`",
    AwayIsUnavailable: "a place that is away makes `load`, `save` and `remove` `Unavailable`, never an absent record",
    FullIsUnavailable: "a `save` that cannot be written is `Unavailable`, and the record can still be loaded",
    FailedSaveIsWhole: "after a `save` that was `Unavailable`, `load` yields the old record or the new one, and a store that works",
    ErrorsNameThePlace: "every error names the place",
}

/// Checks every line.
pub async fn suite(fixture: &dyn PersistFixture) -> Verdicts {
    let mut verdicts = Vec::new();
    for line in Line::ALL {
        verdicts.push(Verdict { line: line.words(), outcome: check(fixture, *line).await });
    }
    Verdicts { contract: "StateStore", verdicts }
}

/// Checks one line, in a fresh place.
pub async fn check(fixture: &dyn PersistFixture, line: Line) -> Outcome {
    guard::run(async {
        let place = fixture.fresh().await;
        meets(&*place, line).await
    })
    .await
}

async fn meets(place: &dyn PersistPlace, line: Line) -> Met {
    match line {
        Line::PlaceIsNamed => writing::place_is_named(place).await,
        Line::LoadsWhatWasSaved => writing::loads_what_was_saved(place).await,
        Line::NothingIsAbsent => writing::nothing_is_absent(place).await,
        Line::TakesTheLargest => writing::takes_the_largest(place).await,
        Line::SavesAtTheVersion => writing::saves_at_the_version(place).await,
        Line::ConflictWritesNothing => writing::conflict_writes_nothing(place).await,
        Line::RemovesAtTheVersion => writing::removes_at_the_version(place).await,
        Line::RemovedIsGone => writing::removed_is_gone(place).await,
        Line::NoVersionTwice => writing::no_version_twice(place).await,
        Line::OutlivesTheProcess => writing::outlives_the_process(place).await,
        Line::OneWriterWins => races::one_writer_wins(place).await,
        Line::DroppedSaveIsWhole => races::dropped_save_is_whole(place).await,
        Line::ForeignIsCorrupt => trouble::is_corrupt(place, Damage::Foreign).await,
        Line::TornIsCorrupt => trouble::is_corrupt(place, Damage::Torn).await,
        Line::EmptiedIsCorrupt => trouble::is_corrupt(place, Damage::Emptied).await,
        Line::DamageStays => trouble::damage_stays(place).await,
        Line::AwayIsUnavailable => trouble::away_is_unavailable(place).await,
        Line::FullIsUnavailable => trouble::full_is_unavailable(place).await,
        Line::FailedSaveIsWhole => trouble::failed_save_is_whole(place).await,
        Line::ErrorsNameThePlace => trouble::errors_name_the_place(place).await,
    }
}
