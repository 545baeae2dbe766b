//! What an operator can say about the gateway, and what holds where nothing is said.

use std::net::SocketAddr;
use std::time::Duration;

/// Settings of a gateway. [`Settings::on`] has the defaults, which are for members in one data centre.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The addresses that clients connect to; port 0 is any free one.
    pub listen: Vec<SocketAddr>,
    /// The pause between two looks at a member while the gateway is in use, 2 s. While no connection is
    /// open it is five times as long; after a miss it is shorter.
    pub look_every: Duration,
    /// How long a member has for the answer to a look, 1 s.
    pub look_max: Duration,
    /// A member that answered nothing for this long, 6 s, and missed three looks, is dead: its open
    /// connections are cut.
    pub dead_after: Duration,
    /// A member that knows no leader for this long, 4 s, while another one does, is drained.
    pub leaderless_after: Duration,
    /// How long a connection to a member may take to be made before the next member is tried, 1 s.
    pub connect_max: Duration,
    /// How long a client waits for a member that serves, 10 s; then its connection is closed.
    pub wait_max: Duration,
    /// How many clients may wait, 1,024; those beyond are closed at once.
    pub waiting_max: usize,
    /// How many clients are served at once; those beyond stay in the backlog of the listening socket
    /// until one has gone. By default half of what the limit on open files leaves.
    pub open_max: usize,
    /// How long an open connection of a member that left may go on, 10 s.
    pub drain_max: Duration,
    /// A connection that is drained is closed sooner, when no byte passed for this long, 1 s.
    pub quiet: Duration,
}

impl Settings {
    /// The defaults, for these addresses.
    pub fn on(listen: Vec<SocketAddr>) -> Settings {
        Settings {
            listen,
            look_every: Duration::from_secs(2),
            look_max: Duration::from_secs(1),
            dead_after: Duration::from_secs(6),
            leaderless_after: Duration::from_secs(4),
            connect_max: Duration::from_secs(1),
            wait_max: Duration::from_secs(10),
            waiting_max: 1024,
            open_max: super::descriptors::clients_max(),
            drain_max: Duration::from_secs(10),
            quiet: Duration::from_secs(1),
        }
    }
}
