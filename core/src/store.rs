//! The trait of persist plugins: one small record, kept with compare-and-set.

use async_trait::async_trait;

use crate::id::FrameworkId;
use serde::{Deserialize, Serialize};

/// The version of a stored record; 0 is the version of a record that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

/// A record as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes: JSON, below [`RECORD_BYTES_MAX`].
    pub bytes: Vec<u8>,
    /// Its version, which the next save must name.
    pub version: Version,
}

/// The largest record that a store must take, in bytes.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// How a store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote since: the caller is deposed, and must do nothing more.
    #[error("{place} was changed by somebody else: {found}")]
    Conflict {
        /// The file or znode.
        place: String,
        /// What was found there.
        found: String,
    },
    /// The store cannot be used at present; the caller may try again.
    #[error("cannot {operation} {place}")]
    Unavailable {
        /// What was tried: load, save, lock, remove.
        operation: &'static str,
        /// The file or znode.
        place: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is there is no record of ours; trying again cannot help, and nothing was changed.
    #[error("{place} is damaged, or no state of this program: {found}")]
    Corrupt {
        /// The file or znode.
        place: String,
        /// What was found there.
        found: String,
    },
}

/// Keeps one record.
///
/// The contract, which the conformance suite checks line by line:
/// - `load` yields what the last successful `save` wrote, whole, or nothing if there was none;
/// - `save` succeeds only if the stored version is the expected one, else `Conflict`, and then
///   nothing was written;
/// - after `save` returned, the record survives the death of the process and of the machine;
/// - a save that failed as `Unavailable` may or may not have been written: the next `load` tells;
/// - after that, a save of the same store with the same expected version goes on from what the failed
///   one may have written, and does not call it a conflict. A store knows its own write by more than
///   its bytes, since two schedulers may write the same ones;
/// - no version comes twice, not even when the record was removed and saved anew;
/// - something damaged or foreign is `Corrupt`, never an absent record.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Where the record is, for people.
    fn place(&self) -> String;

    /// Reads the record; nothing if there never was one.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt`.
    async fn load(&self) -> Result<Option<Stored>, StoreError>;

    /// Writes the record if the stored version is `expected`; returns the new version.
    ///
    /// # Errors
    /// `Conflict`, `Unavailable` or `Corrupt`.
    async fn save(&self, bytes: &[u8], expected: Version) -> Result<Version, StoreError>;

    /// Removes the record if the stored version is `expected`.
    ///
    /// # Errors
    /// `Conflict`, `Unavailable` or `Corrupt`.
    async fn remove(&self, expected: Version) -> Result<(), StoreError>;

    /// The framework ID that is known here beside the record: what the predecessor stored. It is
    /// asked for where there is no record.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt`.
    async fn known_framework_id(&self) -> Result<Option<FrameworkId>, StoreError> {
        Ok(None)
    }
}
