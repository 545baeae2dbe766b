//! The driver around the core: performs its actions, serves its reports.
//!
//! [`run`] is the scheduler process between its settings and its end: it opens what must be open
//! (files to serve, sockets, the store), then lets the core decide and performs what it says.
//! Nothing is decided here.

pub mod admin;
pub mod artifacts;
mod driver;
pub mod etcd_binary;
mod from_mesos;
mod link;
mod probes;
pub mod settings;
mod to_mesos;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use artifacts::{ArtifactError, Artifacts};
use driver::{Driver, Surroundings};
use etcd_binary::EtcdBinaryError;
use etcd_mesos_core::record::{Record, RecordError};
use etcd_mesos_core::scheduler::Scheduler;
use etcd_mesos_core::store::{StateStore, StoreError, Version};
use mesos_v1::Masters;
use mesos_v1::scheduler::SchedulerConfig;
use settings::Settings;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;

pub use driver::Ended;

/// Why a scheduler could not start. Nothing was changed, and Mesos was not asked for anything.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file that agents must fetch cannot be served.
    #[error("cannot serve the binaries to the agents")]
    Artifacts(#[from] ArtifactError),
    /// The etcd binary is none.
    #[error("cannot give the agents that etcd")]
    Etcd(#[from] EtcdBinaryError),
    /// A port is taken, or an address is not this machine's.
    #[error("cannot listen on {address}, which {flag} names")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag.
        flag: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The record cannot be loaded.
    #[error("cannot load the record")]
    Load(#[from] StoreError),
    /// The record cannot be used.
    #[error("the record in {place} cannot be used")]
    Record {
        /// Where it is.
        place: String,
        /// Why not.
        source: RecordError,
    },
}

/// A scheduler whose files and sockets are open, and whose record is loaded.
pub struct Ready {
    driver: Driver,
    /// Where the admin server listens.
    pub admin: SocketAddr,
}

/// Opens what a scheduler needs, and starts its servers.
///
/// # Errors
/// Whatever is missing, before Mesos hears of us.
pub async fn start(settings: Settings, store: Arc<dyn StateStore>) -> Result<Ready, StartError> {
    let artifacts = Artifacts::open(&settings.binaries)?;
    let etcd = etcd_binary::version_of(&settings.binaries.etcd).await?;
    let admin = listen(settings.admin, "--admin-port").await?;
    let files = listen(settings.artifacts, "--artifact-port").await?;
    let (record, version) = load(&*store, &settings).await?;
    let advertise = match settings.advertise {
        Some(address) => address,
        None => address_towards(&settings.masters).await,
    };
    let scheduler = Scheduler::new(settings.core, record, version);
    let (shown, newest) = watch::channel(driver::snapshot(&scheduler));
    let (admin_at, files_at) = (address_of(&admin), address_of(&files));
    tracing::info!(admin = %admin_at, artifacts = %files_at, %advertise, store = store.place(), %etcd, "listening");
    tokio::spawn(serve(admin, admin::router(newest)));
    tokio::spawn(serve(files, artifacts.router()));
    let around = Surroundings {
        framework: settings.framework,
        store,
        artifacts,
        advertise,
        admin_port: admin_at.port(),
        artifacts_port: files_at.port(),
    };
    let mut mesos = SchedulerConfig::new(settings.masters);
    mesos.credentials = settings.credentials;
    Ok(Ready { driver: Driver::new(scheduler, around, mesos, shown), admin: admin_at })
}

impl Ready {
    /// Runs until the scheduler decides to end. Dropping the future leaves the cluster running.
    pub async fn run(self) -> Ended {
        self.driver.run().await
    }
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen { address, flag, source })
}

/// A bound listener always has an address.
fn address_of(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
}

async fn serve(listener: TcpListener, router: axum::Router) {
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "a server ended");
    }
}

async fn load(
    store: &dyn StateStore,
    settings: &Settings,
) -> Result<(Option<Record>, Version), StartError> {
    let Some(stored) = store.load().await? else { return Ok((None, Version(0))) };
    let record = Record::parse(&stored.bytes, &settings.core.cluster)
        .map_err(|source| StartError::Record { place: store.place(), source })?;
    Ok((Some(record), stored.version))
}

/// The address from which this machine reaches the masters, so that agents reach it there too.
///
/// Connecting a datagram socket sends nothing; it asks the kernel for the route alone.
async fn address_towards(masters: &Masters) -> IpAddr {
    let loopback = IpAddr::from([127, 0, 0, 1]);
    let Masters::Listed(endpoints) = masters else { return loopback };
    for endpoint in endpoints {
        if let Ok(address) = route(endpoint.host(), endpoint.port()).await {
            return address;
        }
    }
    tracing::warn!("no master's address can be resolved; agents are told to fetch from {loopback}");
    loopback
}

async fn route(host: &str, port: u16) -> io::Result<IpAddr> {
    let mut last = io::Error::other("no address");
    for address in tokio::net::lookup_host((host, port)).await? {
        let any: IpAddr = if address.is_ipv4() { [0; 4].into() } else { [0u16; 8].into() };
        let socket = UdpSocket::bind((any, 0)).await?;
        match socket.connect(address).await {
            Ok(()) => return socket.local_addr().map(|local| local.ip()),
            Err(error) => last = error,
        }
    }
    Err(last)
}
