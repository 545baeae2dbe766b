//! Stores.

mod broken;
mod memory;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use etcd_mesos_core::store::{StateStore, StoreError};
use etcd_mesos_testkit::conformance::persist::{
    Damage, Line, Outage, PersistFixture, PersistPlace, check, suite,
};
use etcd_mesos_testkit::conformance::{Cannot, Outcome};

use super::{assert_all_broken, assert_breaks};
use broken::{Broken, Bug};
use memory::{Memory, State};

/// Makes places whose stores are broken, or correct ones.
#[derive(Clone, Copy, Default)]
struct Memories {
    bug: Option<Bug>,
    /// It can bring about neither damage nor outages, and lets one process in.
    is_helpless: bool,
}

struct Place {
    memory: Memory,
    kind: Memories,
    /// The one store of a place that lets no second one in.
    only: Mutex<std::sync::Weak<dyn StateStore>>,
}

#[async_trait]
impl PersistFixture for Memories {
    async fn fresh(&self) -> Box<dyn PersistPlace> {
        let nobody: std::sync::Weak<Memory> = std::sync::Weak::new();
        Box::new(Place { memory: Memory::new(), kind: *self, only: Mutex::new(nobody) })
    }
}

impl Place {
    fn able(&self) -> Result<(), Cannot> {
        if self.kind.is_helpless { Err(Cannot::because("nobody can")) } else { Ok(()) }
    }
}

#[async_trait]
impl PersistPlace for Place {
    async fn open(&self) -> Result<Arc<dyn StateStore>, StoreError> {
        let mut only = self.only.lock().unwrap();
        if self.kind.is_helpless && only.upgrade().is_some() {
            return Err(memory::unavailable("lock", "another process holds it"));
        }
        let inner = self.memory.clone();
        let store: Arc<dyn StateStore> = match self.kind.bug {
            Some(bug) => Arc::new(Broken { inner, bug, removed: Mutex::default() }),
            None => Arc::new(inner),
        };
        *only = Arc::downgrade(&store);
        Ok(store)
    }

    async fn damage(&self, how: Damage) -> Result<(), Cannot> {
        self.able()?;
        self.memory.disk().state = State::Damaged(how);
        Ok(())
    }

    async fn strike(&self, outage: Outage) -> Result<(), Cannot> {
        self.able()?;
        self.memory.disk().outage = Some(outage);
        Ok(())
    }

    async fn mend(&self) {
        self.memory.disk().outage = None;
    }

    fn repeats_versions(&self) -> Option<&'static str> {
        self.kind.is_helpless.then_some("one process at a time")
    }
}

/// What is broken, and the line that it breaks.
const TABLE: [(Bug, Line); 24] = [
    (Bug::NamesNoPlace, Line::PlaceIsNamed),
    (Bug::TrimsRecords, Line::LoadsWhatWasSaved),
    (Bug::InventsARecord, Line::NothingIsAbsent),
    (Bug::HasNoRoom, Line::TakesTheLargest),
    (Bug::CutsLongRecords, Line::TakesTheLargest),
    (Bug::CreatesOverARecord, Line::SavesAtTheVersion),
    (Bug::TakesVersionsAhead, Line::SavesAtTheVersion),
    (Bug::WritesOnConflict, Line::ConflictWritesNothing),
    (Bug::RemovesAtAnyVersion, Line::RemovesAtTheVersion),
    (Bug::RemembersTheRemoved, Line::RemovedIsGone),
    (Bug::CountsAnew, Line::NoVersionTwice),
    (Bug::IsEphemeral, Line::OutlivesTheProcess),
    (Bug::LooksThenWrites, Line::OneWriterWins),
    (Bug::WritesInPieces, Line::DroppedSaveIsWhole),
    (Bug::TakesForeignForAbsent, Line::ForeignIsCorrupt),
    (Bug::TakesTornForWhole, Line::TornIsCorrupt),
    (Bug::TakesEmptiedForAbsent, Line::EmptiedIsCorrupt),
    (Bug::WritesOverDamage, Line::DamageStays),
    (Bug::RemovesDamage, Line::DamageStays),
    (Bug::TakesAwayForAbsent, Line::AwayIsUnavailable),
    (Bug::HidesAFullDisk, Line::FullIsUnavailable),
    (Bug::LosesWhenItFails, Line::FailedSaveIsWhole),
    (Bug::HidesThePlaceOfConflicts, Line::ErrorsNameThePlace),
    (Bug::BlamesAnotherPlace, Line::ErrorsNameThePlace),
];

#[tokio::test]
async fn a_correct_store_passes() {
    let verdicts = suite(&Memories::default()).await;
    verdicts.assert();
    assert_breaks("correct", &verdicts, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correct_store_passes_with_several_threads_too() {
    suite(&Memories::default()).await.assert();
}

#[tokio::test]
async fn a_broken_store_fails_in_the_line_that_it_breaks() {
    for (bug, line) in TABLE {
        let verdicts = suite(&Memories { bug: Some(bug), is_helpless: false }).await;
        assert_breaks(&format!("{bug:?}"), &verdicts, &[line.words()]);
    }
}

#[test]
fn every_line_is_broken_by_somebody() {
    let table: Vec<&str> = TABLE.iter().map(|(_, line)| line.words()).collect();
    assert_all_broken(Line::ALL.iter().map(|line| line.words()), &table);
}

#[tokio::test]
async fn what_a_fixture_cannot_do_is_said_and_the_rest_is_checked() {
    let helpless = Memories { bug: None, is_helpless: true };
    let left_out = [
        Line::NoVersionTwice,
        Line::ForeignIsCorrupt,
        Line::TornIsCorrupt,
        Line::EmptiedIsCorrupt,
        Line::DamageStays,
        Line::AwayIsUnavailable,
        Line::FullIsUnavailable,
        Line::FailedSaveIsWhole,
    ];
    let verdicts = suite(&helpless).await;
    verdicts.assert();
    assert_eq!(verdicts.not_applicable(), left_out.map(Line::words));
    let one = check(&helpless, Line::TornIsCorrupt).await;
    assert_eq!(one, Outcome::NotApplicable("nobody can".into()));
}
