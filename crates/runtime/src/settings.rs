//! What one scheduler process is given, already checked by the facade.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use etcd_mesos_core::config::Config;
use etcd_mesos_zk::ZkUrl;
use mesos_v1::{Credentials, Masters, Tls};

/// The settings of one scheduler process.
#[derive(Debug)]
pub struct Settings {
    /// What the core decides by.
    pub core: Config,
    /// What Mesos is told of us.
    pub framework: Framework,
    /// How the leading master is found.
    pub masters: MasterSource,
    /// What we show to them.
    pub credentials: Option<Credentials>,
    /// What TLS towards them needs. With it masters that are elected are spoken with over TLS; those that
    /// are named say so themselves.
    pub tls: Option<Tls>,
    /// Where the admin server listens.
    pub admin: SocketAddr,
    /// Where the artifact server listens.
    pub artifacts: SocketAddr,
    /// The address under which agents and people reach this process; by default the one from
    /// which it reaches the masters.
    pub advertise: Option<IpAddr>,
    /// The files that agents fetch.
    pub binaries: Binaries,
    /// The file of the transcript, if one is wanted.
    pub transcript: Option<PathBuf>,
}

/// How the leading master is found.
#[derive(Clone, Debug)]
pub enum MasterSource {
    /// The masters are named.
    Listed(Masters),
    /// The masters are elected in this ZooKeeper, at this path.
    ZooKeeper(ZkUrl),
}

/// What Mesos is told of us (`FrameworkInfo`).
#[derive(Clone, Debug)]
pub struct Framework {
    /// Its name.
    pub name: String,
    /// The user that executors run as on the agents.
    pub user: String,
    /// Its role.
    pub role: String,
    /// Its principal, which must be the one that is authenticated.
    pub principal: Option<String>,
    /// How long the tasks live without a scheduler.
    pub failover_timeout: Duration,
    /// The web page that Mesos links to; by default the admin server.
    pub webui_url: Option<String>,
}

/// The files that agents fetch.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The executor.
    pub executor: PathBuf,
    /// etcd.
    pub etcd: PathBuf,
    /// etcdctl.
    pub etcdctl: PathBuf,
}
