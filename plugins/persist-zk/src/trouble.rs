//! What goes wrong, in words for operators.

use std::time::Duration;

use etcd_mesos_core::store::{RECORD_BYTES_MAX, StoreError};
use etcd_mesos_zk::ZkError;

/// Why the store cannot be used at present.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Zk(ZkError),
    #[error(
        "the access list (ACL) does not let {who} in, and this does not heal by itself: give the \
         credentials that it names, as zk://user:password@host:port/path, or change it with setAcl of zkCli"
    )]
    NotAllowed { who: String, source: ZkError },
    #[error("ZooKeeper {servers}: not done within {after:?}; it was about to {doing}{before}")]
    Late { servers: String, after: Duration, doing: &'static str, before: String },
    #[error("nothing was asked for {0:?}, because another operation of this store took that long")]
    Busy(Duration),
    #[error("the record has {0} bytes, and may have {RECORD_BYTES_MAX}; nothing was sent")]
    TooLarge(usize),
    #[error("it was written, but the server did not say by which transaction")]
    Unnumbered,
    #[error("this is no record: {0}; nothing was sent")]
    NoRecord(String),
}

impl Trouble {
    pub(crate) fn unavailable(self, operation: &'static str, place: &str) -> StoreError {
        StoreError::Unavailable { operation, place: place.to_owned(), source: Box::new(self) }
    }
}

/// Why one try did not get to its end.
#[derive(Debug)]
pub(crate) enum Setback {
    /// Another look, over a new session where this one is over, will tell.
    Again(ZkError),
    /// Asking again would give the same answer.
    Refused(ZkError),
    /// The answer is there.
    Over(StoreError),
}

impl From<ZkError> for Setback {
    fn from(error: ZkError) -> Self {
        if error.is_unknown() || error.is_end_of_session() {
            Setback::Again(error)
        } else {
            Setback::Refused(error)
        }
    }
}

impl From<StoreError> for Setback {
    fn from(error: StoreError) -> Self {
        Setback::Over(error)
    }
}

/// What a transaction says that was overtaken between the look and the write.
pub(crate) fn overtaken(error: ZkError) -> Setback {
    match error {
        ZkError::NoNode { .. }
        | ZkError::NodeExists { .. }
        | ZkError::WrongVersion { .. }
        | ZkError::NotEmpty { .. } => Setback::Again(error),
        error => error.into(),
    }
}
