//! Why the program ends by itself.

use std::io;
use std::net::SocketAddr;

use crate::child::{PeersError, PlanError};
use crate::gateway::ListenError;
use crate::listen::NoAddress;

/// Why the program ends by itself.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// An address to listen on.
    #[error(transparent)]
    Address(#[from] NoAddress),
    /// An address that cannot be listened on.
    #[error("proxy.listen (--listen-client-urls)")]
    Listen(#[from] ListenError),
    /// The status page's address.
    #[error("cannot listen on {address}, which proxy.status (--status-address) names")]
    Status {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The etcd that was to be run, or its data directory.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The system has no signals for us.
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
    /// The discovery says that nobody is there.
    #[error("{0}")]
    Nobody(String),
    /// The discovery could not be asked.
    #[error("{0}")]
    Unavailable(String),
    /// The members did not say what had to be asked.
    #[error(transparent)]
    Peers(#[from] PeersError),
    /// Nothing served within the time that a trial has.
    #[error("it does not serve: {0}")]
    DoesNotServe(String),
}

/// What kind of end that is, for whoever starts the program again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// What is configured cannot work.
    Configuration,
    /// Something that is needed is not there now.
    Unavailable,
    /// The members are not there yet; later they may be.
    Temporary,
}

impl ProxyError {
    /// What kind of end that is.
    pub fn kind(&self) -> End {
        match self {
            ProxyError::Plan(_) => End::Configuration,
            ProxyError::Nobody(_) => End::Temporary,
            ProxyError::Address(_)
            | ProxyError::Listen(_)
            | ProxyError::Status { .. }
            | ProxyError::Signals(_)
            | ProxyError::Unavailable(_)
            | ProxyError::Peers(_)
            | ProxyError::DoesNotServe(_) => End::Unavailable,
        }
    }
}
