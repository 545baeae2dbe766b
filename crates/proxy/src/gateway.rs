//! The gateway: a TCP listener that passes bytes to the members of an etcd cluster.
//!
//! - Bytes pass as they are, so that TLS and every protocol of etcd go from end to end.
//! - A new connection goes to the member that stands best ([`Standing`]), among those to the lowest
//!   priority, among those to the one with the fewest open connections by weight. A member that does not
//!   take the connection is passed over before the client hears of it.
//! - While no member takes it, the connection is held, for a time and for so many at once. While the
//!   gateway runs, nobody is refused at the door.
//! - A member that leaves the discovery's answer, or is cut off from the leader while others are not, gets
//!   no connection any more, and its open ones are closed when they are quiet, at the latest after a while.
//! - A member that is dead has its connections cut: a hanging connection is worse than a broken one.
//! - Members of another cluster get none. Which cluster it is, and when that may change, is in
//!   `gateway/identity.rs`.
//!
//! Nothing here looks into the bytes, so what is under way in them is a guess from their pauses, and
//! connections that are open stay where they are when a better member appears.

mod accept;
mod balance;
mod connect;
mod descriptors;
mod drain;
mod health;
mod identity;
mod look;
mod open;
mod place;
mod relay;
mod serve;
mod settings;
mod shared;
mod table;
mod view;
mod watchman;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use etcd_mesos_client::Following;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use shared::{Shared, State};

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
    shared: Arc<Shared>,
    doors: JoinSet<()>,
    watch: JoinSet<()>,
}

/// Binds all addresses, then serves in tasks of the runtime.
///
/// # Errors
/// When one of the addresses cannot be listened on; then none is.
pub async fn start(settings: Settings, following: Arc<Following>) -> Result<Gateway, ListenError> {
    let bound = settings.listen.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
    let places = Arc::new(Semaphore::new(settings.open_max.clamp(1, Semaphore::MAX_PERMITS)));
    let addresses = bound.iter().map(|(address, _)| *address).collect();
    let shared = Arc::new(Shared::new(settings, addresses, following));
    let mut watch = JoinSet::new();
    watch.spawn(watchman::follow(Arc::clone(&shared)));
    watch.spawn(watchman::watch(Arc::clone(&shared)));
    let mut doors = JoinSet::new();
    for (_, listener) in bound {
        doors.spawn(accept::accept(Arc::clone(&shared), listener, Arc::clone(&places)));
    }
    Ok(Gateway { shared, doors, watch })
}

fn bind(address: &SocketAddr) -> Result<(SocketAddr, TcpListener), ListenError> {
    accept::listen(*address)
        .and_then(|listener| Ok((listener.local_addr()?, listener)))
        .map_err(|source| ListenError { address: *address, source })
}

impl Gateway {
    /// Where it listens, in the order of the settings.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.shared.doors.clone()
    }

    /// What it does now.
    pub fn view(&self) -> View {
        view::view(&self.shared, self.addresses())
    }

    /// Ends it: no client is accepted any more, open connections are closed when they are quiet, and
    /// all at the end of `grace`.
    pub async fn stop(mut self, grace: Duration) {
        self.doors.shutdown().await;
        let until = Instant::now() + grace;
        self.shared.state().table.stop(until);
        let mut changes = self.shared.changes();
        while Instant::now() < until && self.is_in_use() {
            let _ = timeout_at(until, changes.changed()).await;
        }
    }

    fn is_in_use(&self) -> bool {
        self.shared.state().opens.len() > 0 || self.shared.counts.waiting.load(Relaxed) > 0
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.doors.abort_all();
        self.watch.abort_all();
        let mut state = self.shared.state();
        let State { opens, is_over, .. } = &mut *state;
        *is_over = true;
        opens.iter().for_each(|open| open.task.abort());
        drop(state);
        self.shared.wake();
    }
}
