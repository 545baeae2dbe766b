//! The driver around the core: performs its actions, serves its reports.
//!
//! [`run`] is the scheduler process between its settings and its end: it opens what must be open
//! (files to serve, sockets, the store), then lets the core decide and performs what it says.
//! Nothing is decided here.

mod address;
pub mod admin;
pub mod artifacts;
mod driver;
mod election;
pub mod etcd_binary;
mod failure;
#[doc(hidden)]
pub mod from_mesos;
pub mod guard;
mod link;
mod probes;
pub mod settings;
mod to_mesos;
mod transcript;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use address::OwnAddress;
use artifacts::{ArtifactError, Artifacts};
use driver::{Driver, Surroundings};
use etcd_binary::EtcdBinaryError;
use etcd_mesos_core::config::Config;
use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::record::{Record, RecordError};
use etcd_mesos_core::scheduler::{Policies, Scheduler};
use etcd_mesos_core::store::{StateStore, StoreError, Version};
use etcd_mesos_core::transcript::Header;
use guard::Guarded;
use mesos_v1::Scheme;
use mesos_v1::scheduler::SchedulerConfig;
use settings::Settings;
use tokio::net::TcpListener;
use tokio::sync::watch;

use transcript::Transcript;

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
pub async fn start(
    settings: Settings,
    store: Arc<Guarded<dyn StateStore>>,
    policies: Policies,
) -> Result<Ready, StartError> {
    let artifacts = Artifacts::open(&settings.binaries)?;
    let etcd = etcd_binary::version_of(&settings.binaries.etcd).await?;
    let admin = listen(settings.admin, "--admin-port").await?;
    let files = listen(settings.artifacts, "--artifact-port").await?;
    let (record, version) = load(&*store, &settings).await?;
    let scheme = if settings.tls.is_some() { Scheme::Https } else { Scheme::Http };
    let masters = election::masters(settings.masters, scheme);
    let address = OwnAddress::new(settings.advertise, masters.clone());
    let advertise = address.find().await;
    let header = header(&settings.core, record.as_ref(), version);
    let transcript = Transcript::begin(settings.transcript.as_deref(), &header);
    let scheduler = Scheduler::new(settings.core, record, version).with_policies(policies);
    let (shown, newest) = watch::channel(driver::snapshot(&scheduler, &store));
    let (admin_at, files_at) = (address_of(&admin), address_of(&files));
    tracing::info!(admin = %admin_at, artifacts = %files_at, %advertise, store = store.place(), %etcd, "listening");
    tokio::spawn(serve(admin, admin::router(newest)));
    tokio::spawn(serve(files, artifacts.router()));
    let around = Surroundings {
        framework: settings.framework,
        store,
        artifacts,
        address,
        admin_port: admin_at.port(),
        artifacts_port: files_at.port(),
        transcript,
    };
    let mut mesos = SchedulerConfig::new(masters);
    mesos.credentials = settings.credentials;
    mesos.tls = settings.tls;
    Ok(Ready { driver: Driver::new(scheduler, around, mesos, shown), admin: admin_at })
}

impl Ready {
    /// Runs until the scheduler decides to end. Dropping the future leaves the cluster running.
    pub async fn run(self) -> Ended {
        self.driver.run().await
    }
}

/// What a replay begins with.
fn header(config: &Config, record: Option<&Record>, version: Version) -> Header {
    let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let began_unix_ms = u64::try_from(began.as_millis()).unwrap_or(u64::MAX);
    let program = concat!("etcd-mesos ", env!("CARGO_PKG_VERSION"));
    Header::new(program, began_unix_ms, config, (record, version))
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
    let Some(stored) = store.load().await? else {
        let known = store.known_framework_id().await?;
        return Ok((known.map(|id| inherited(id, store, settings)), Version(0)));
    };
    let record = Record::parse(&stored.bytes, &settings.core.cluster)
        .map_err(|source| StartError::Record { place: store.place(), source })?;
    Ok((Some(record), stored.version))
}

/// The record of a cluster of which no more is known than its framework: the predecessor's, whose
/// living tasks are then found under our own ID.
fn inherited(id: FrameworkId, store: &dyn StateStore, settings: &Settings) -> Record {
    tracing::info!(%id, store = store.place(), "no record is there, but the predecessor's framework ID");
    let mut record = Record::new(settings.core.cluster.clone());
    record.framework_id = Some(id);
    record
}
