//! The permits of what can cost data: here, and only here, etcd may be told `new`.
//!
//! `--initial-cluster-state=new` on a directory whose WAL is gone makes a second, empty cluster,
//! or a member that has forgotten its votes; etcd 3.4 does it without a word. So the state `new`
//! is passed only by who holds a [`StartPermit`] of forming, and one is made only for a task that
//! was launched to form, on a directory that this very task created and in which nobody ever saw
//! a WAL. Nothing in this crate deletes or renames a data directory.

use std::path::Path;

use etcd_mesos_core::wire::{LaunchOrder, Start};
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::flags::{InitialState, command_line};

/// What a look at the data directory found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataDirectory {
    /// It is not there.
    Missing,
    /// It is there, and has no WAL file.
    NoWal,
    /// It has a WAL file.
    Wal,
    /// It could not be looked at, and why.
    Unreadable(String),
}

/// What the task knows of its data directory's past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    is_created: bool,
    has_had_wal: bool,
}

impl History {
    /// The task created the directory: it was not there before.
    pub fn created(&mut self) {
        self.is_created = true;
    }

    /// A look found the directory so.
    pub fn looked(&mut self, found: &DataDirectory) {
        self.has_had_wal |= *found == DataDirectory::Wal;
    }

    /// An etcd of this task answered, and none answers without a WAL.
    pub fn answered(&mut self) {
        self.has_had_wal = true;
    }

    /// Whether a WAL was ever seen.
    pub fn has_had_wal(&self) -> bool {
        self.has_had_wal
    }
}

/// The right to start etcd once. Only [`assess_start`] makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct StartPermit {
    initial: InitialState,
}

/// What may be done next with a data directory.
#[derive(Debug, PartialEq, Eq)]
pub enum Assessment {
    /// It has to be created first: it must not be there, and never was.
    Create,
    /// etcd may be started.
    Start(StartPermit),
}

/// Why etcd may not be started on a data directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartRefusal {
    /// There is a directory that this task did not create.
    #[error(
        "data directory {0} was there before the task began, and a member that forms a cluster \
         needs one that never had a WAL; launch it as another member, or look at what is there"
    )]
    Foreign(String),
    /// The directory, or the WAL in it, was there and is not any more.
    #[error(
        "data directory {0} vanished: it was there and now it, or its WAL, is not; the member must \
         be removed from the cluster and replaced, because started again it would have forgotten its votes"
    )]
    Vanished(String),
    /// The directory cannot be read; it may be, later.
    #[error("data directory {directory} cannot be read: {why}")]
    Unreadable {
        /// Its path.
        directory: String,
        /// What the system said.
        why: String,
    },
}

/// Whether, and how, etcd may be started on what was found.
///
/// # Errors
/// With the reason, when it may not.
pub fn assess_start(
    start: Start,
    history: History,
    directory: &Path,
    found: &DataDirectory,
) -> Result<Assessment, StartRefusal> {
    let Start::Form = start;
    let name = || directory.display().to_string();
    let permit = |initial| Ok(Assessment::Start(StartPermit { initial }));
    match (found, history.is_created, history.has_had_wal) {
        (DataDirectory::Unreadable(why), _, _) => {
            Err(StartRefusal::Unreadable { directory: name(), why: why.clone() })
        }
        (DataDirectory::Missing, false, false) => Ok(Assessment::Create),
        (DataDirectory::Missing | DataDirectory::NoWal, _, true)
        | (DataDirectory::Missing, true, _) => Err(StartRefusal::Vanished(name())),
        // Its etcd died before it wrote a WAL: it has voted for nothing and acknowledged nothing.
        (DataDirectory::NoWal, true, false) => permit(InitialState::New),
        (DataDirectory::Wal, true, _) => permit(InitialState::Existing),
        (DataDirectory::NoWal | DataDirectory::Wal, false, _) => Err(StartRefusal::Foreign(name())),
    }
}

impl StartPermit {
    /// etcd's arguments for the start that is permitted; the permit is used up.
    pub fn arguments(
        self,
        version: EtcdVersion,
        order: &LaunchOrder,
        directory: &Path,
    ) -> Vec<String> {
        command_line(version, order, directory, self.initial)
    }

    /// Whether it lets etcd begin a cluster.
    pub fn is_new(&self) -> bool {
        self.initial == InitialState::New
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use DataDirectory::{Missing, NoWal, Wal};

    fn assess(
        is_created: bool,
        has_had_wal: bool,
        found: &DataDirectory,
    ) -> Result<Assessment, StartRefusal> {
        assess_start(
            Start::Form,
            History { is_created, has_had_wal },
            Path::new("etcd_data"),
            found,
        )
    }

    #[test]
    fn new_is_permitted_only_on_a_directory_of_our_own_that_never_had_a_wal() {
        for found in [Missing, NoWal, Wal, DataDirectory::Unreadable("x".into())] {
            for (created, wal) in [(false, false), (false, true), (true, false), (true, true)] {
                let is_new =
                    matches!(assess(created, wal, &found), Ok(Assessment::Start(p)) if p.is_new());
                assert_eq!(is_new, found == NoWal && created && !wal, "{found:?} {created} {wal}");
            }
        }
    }

    #[test]
    fn a_wal_of_our_own_is_started_on_as_existing() {
        let Assessment::Start(permit) = assess(true, true, &Wal).unwrap() else {
            panic!("no start")
        };
        assert!(!permit.is_new());
    }

    #[test]
    fn what_was_there_and_is_gone_is_never_started_on() {
        for found in [Missing, NoWal] {
            assert!(matches!(assess(true, true, &found), Err(StartRefusal::Vanished(_))));
        }
        assert!(matches!(assess(true, false, &Missing), Err(StartRefusal::Vanished(_))));
    }

    #[test]
    fn what_another_made_is_never_started_on() {
        for found in [NoWal, Wal] {
            assert!(matches!(assess(false, false, &found), Err(StartRefusal::Foreign(_))));
        }
        assert_eq!(assess(false, false, &Missing), Ok(Assessment::Create));
    }
}
