//! How calls and watches fail.

use std::time::Duration;

use super::meaning::Meaning;

/// How a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No member that serves was there in time.
    #[error("no member serves: {members}")]
    NobodyServes {
        /// What is known of each, in words.
        members: String,
        /// What the last one said that was called.
        source: Option<etcd_client::Error>,
        /// Whether a request may have been carried out.
        maybe_applied: bool,
    },
    /// A member answered that it cannot be done, or may not be repeated.
    #[error("the call failed at {member}, after {attempts} attempts in all")]
    Failed {
        /// The client URL of the last one that was called.
        member: String,
        /// How often it was tried.
        attempts: u32,
        /// What etcd or the network said.
        source: etcd_client::Error,
        /// Whether a request may have been carried out.
        maybe_applied: bool,
    },
    /// The time was over during an attempt.
    #[error(
        "the call was not answered by {member} within {deadline:?}, after {attempts} attempts in all"
    )]
    Late {
        /// The client URL of the last one that was called.
        member: String,
        /// How often it was tried.
        attempts: u32,
        /// The time that there was.
        deadline: Duration,
    },
}

impl CallError {
    pub(super) fn failed(
        member: String,
        attempts: u32,
        source: etcd_client::Error,
        meaning: Meaning,
        was_unknown: bool,
    ) -> CallError {
        let maybe_applied = was_unknown || meaning == Meaning::Unknown;
        CallError::Failed { member, attempts, source, maybe_applied }
    }

    /// Whether etcd may have carried it out all the same. Where not, it certainly did not; what etcd itself
    /// answers counts as not carried out.
    pub fn is_maybe_applied(&self) -> bool {
        match self {
            CallError::NobodyServes { maybe_applied, .. } => *maybe_applied,
            CallError::Failed { maybe_applied, .. } => *maybe_applied,
            CallError::Late { .. } => true,
        }
    }
}

/// How a watch failed. It can go on after [`WatchError::NobodyServes`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// Revisions that were not seen yet have been compacted away: read the keys, and watch from the revision of
    /// that answer on.
    #[error("cannot watch from revision {asked}: the oldest that is kept is {oldest}")]
    Compacted {
        /// The next revision that was to be seen.
        asked: i64,
        /// The compact revision.
        oldest: i64,
    },
    /// etcd ended it.
    #[error("etcd at {member} ended the watch: {reason}")]
    Cancelled {
        /// Its client URL.
        member: String,
        /// Its words.
        reason: String,
    },
    /// etcd refused it.
    #[error("etcd at {member} refused the watch")]
    Refused {
        /// Its client URL.
        member: String,
        /// Its words.
        source: etcd_client::Error,
    },
    /// No member that serves was there in time. The next call tries again, from the same revision.
    #[error("no member serves a watch: {members}")]
    NobodyServes {
        /// What is known of each, in words.
        members: String,
    },
}
