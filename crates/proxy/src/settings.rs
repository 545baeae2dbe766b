//! What the program is told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::listen::ListenUrl;
use crate::mode::Mode;

/// Settings of the proxy.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What serves the local addresses.
    pub mode: Mode,
    /// The local addresses.
    pub listen: Vec<ListenUrl>,
    /// etcd, for the modes that run it.
    pub etcd: PathBuf,
    /// etcd's data directory, for the modes that run it.
    pub data_dir: PathBuf,
    /// Where the status page is; none for none.
    pub status: Option<StatusAddress>,
    /// How long a client of the gateway waits for a member that serves.
    pub wait: Duration,
    /// How long open connections to a member that left, and at the end, may go on, and how long a child has
    /// to end.
    pub drain: Duration,
    /// What is to be done.
    pub task: Task,
}

/// Where the status page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusAddress {
    /// The address.
    pub address: SocketAddr,
    /// Whether somebody asked for this one: if it is not to be had, that is an error then.
    pub is_given: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Serve until asked to end.
    Serve,
    /// Ask for the members once, serve, and end as soon as that works.
    Try,
    /// Say what would be served.
    Print {
        /// Ask for the members once, and do not wait for them.
        is_once: bool,
    },
}
