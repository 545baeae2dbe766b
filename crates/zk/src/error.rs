//! How asking ZooKeeper can fail, told apart.

use std::{error::Error, fmt, time::Duration};

/// What was asked of whom; the object of each [`ZkError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The operation.
    pub operation: &'static str,
    /// The whole path of its node.
    pub path: String,
    /// The servers, as `host:port,host:port`.
    pub servers: String,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZooKeeper {}: {} {}", self.servers, self.operation, self.path)
    }
}

/// How an operation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZkError {
    /// No session could be opened; nothing was asked.
    #[error("{at}: no server opens a session: {servers}")]
    Unreachable {
        /// What was asked of whom.
        at: At,
        /// Each server, and what is the matter with it.
        servers: String,
    },
    /// The node is not there.
    #[error("{at}: there is no such node")]
    NoNode {
        /// What was asked of whom.
        at: At,
    },
    /// The node is there already.
    #[error("{at}: the node is there already")]
    NodeExists {
        /// What was asked of whom.
        at: At,
    },
    /// The node has another version: somebody else wrote it.
    #[error("{at}: somebody else has changed the node")]
    WrongVersion {
        /// What was asked of whom.
        at: At,
    },
    /// The node has children.
    #[error("{at}: the node has children")]
    NotEmpty {
        /// What was asked of whom.
        at: At,
    },
    /// The node's access list does not name us.
    #[error("{at}: not allowed; credentials are given as zk://user:password@host:port/path")]
    NotAllowed {
        /// What was asked of whom.
        at: At,
    },
    /// The session is over, and all that belonged to it. Only a new session can ask again.
    #[error("{at}: the session is over")]
    Expired {
        /// What was asked of whom.
        at: At,
    },
    /// No answer in time. Whether the operation was done is unknown, and it may still be done as long as the
    /// session lives.
    #[error("{at}: no answer within {after:?}")]
    Late {
        /// What was asked of whom.
        at: At,
        /// The deadline.
        after: Duration,
    },
    /// The connection broke. Whether the operation was done is unknown; the session lives on.
    #[error("{at}: the connection broke before the answer was there")]
    Lost {
        /// What was asked of whom.
        at: At,
        /// How.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Anything else that a server or the client says.
    #[error("{at}: refused")]
    Refused {
        /// What was asked of whom.
        at: At,
        /// In the client's words.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl ZkError {
    /// Whether only a new session can ask again.
    pub fn is_end_of_session(&self) -> bool {
        matches!(self, Self::Expired { .. })
    }

    /// Whether it is unknown if the operation was done.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Late { .. } | Self::Lost { .. })
    }
}
