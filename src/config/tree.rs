//! The settings of the programs, as people write them; the plugins' own are apart.
//!
//! The doc comments are what `--help`, `config example` and `docs/configuration.md` say of a key.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use etcd_mesos_core::setting::{Secret, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::MasterAddress;
use super::listen::{ListenUrls, StatusPlace};
use super::local::LoopbackNetwork;

/// Every section that is not a plugin's.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tree {
    /// What Mesos is told of us.
    pub framework: FrameworkSection,
    /// The Mesos masters.
    pub mesos: MesosSection,
    /// The Mesos inside this program, where `mesos.master` is `local`.
    pub local: LocalSection,
    /// The etcd cluster.
    pub cluster: ClusterSection,
    /// What each member of it gets.
    pub member: MemberSection,
    /// The admin server: report, members, health.
    pub http: HttpSection,
    /// The server from which agents fetch the programs.
    pub artifacts: ArtifactsSection,
    /// What follows on a lost quorum.
    pub reseed: ReseedSection,
    /// What is written down.
    pub log: LogSection,
    /// The proxy's own.
    pub proxy: ProxySection,
}

/// What Mesos is told of us.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FrameworkSection {
    /// The framework's and the cluster's name: a-z, 0-9 and -
    pub name: String,
    /// The Mesos role whose resources are used
    pub role: String,
    /// The user that members run as on the agents; by default the one that runs this program
    pub user: Option<String>,
    /// The principal to authenticate as
    pub principal: Option<String>,
    /// The principal's secret; better in a file
    pub secret: Option<Secret>,
    /// The file that holds the principal's secret; a line end after it does not count
    pub secret_file: Option<PathBuf>,
    /// How long Mesos lets the members live without a scheduler
    pub failover_timeout: Span,
    /// Take a failover timeout below a day: a scheduler away for longer loses the whole cluster
    pub allow_short_failover_timeout: bool,
    /// The web page that Mesos links to; `$NAME` and `${NAME}` stand for environment variables. By
    /// default the admin server
    pub weburi: Option<String>,
    /// The framework ID that Mesos has removed: where it is the stored one, subscribe under a new
    /// one; what is known of the cluster is kept
    pub replaces: Option<String>,
}

impl Default for FrameworkSection {
    fn default() -> Self {
        FrameworkSection {
            name: "etcd".to_owned(),
            role: "*".to_owned(),
            user: None,
            principal: None,
            secret: None,
            secret_file: None,
            failover_timeout: Span::seconds(604_800),
            allow_short_failover_timeout: false,
            weburi: None,
            replaces: None,
        }
    }
}

/// The Mesos masters.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MesosSection {
    /// The Mesos masters: host:port, or several with commas between them, with https:// before the
    /// first one where they speak TLS, or where they are elected:
    /// zk://[user:password@]h1:p1,h2:p2/path; or `local`, a Mesos with three agents inside this
    /// program, for a first look (`local:5` has five): all that it runs ends with it
    pub master: MasterAddress,
    /// The file that holds `user:password` for the ZooKeeper of `master`; a line end after it does
    /// not count
    pub zookeeper_auth_file: Option<PathBuf>,
    /// Speak TLS with masters that are found by zk://; named masters are written
    /// https://h1:p1,h2:p2
    pub tls: bool,
    /// The certificate authorities, in PEM, that the masters' certificates must come from; TLS
    /// needs it
    pub ca_file: Option<PathBuf>,
    /// Our certificate, in PEM, for masters that demand one
    pub cert_file: Option<PathBuf>,
    /// The key of our certificate, in PEM, not encrypted
    pub key_file: Option<PathBuf>,
    /// For how long an offer that does not serve is declined while members are wanted
    pub offer_refuse: Span,
}

impl Default for MesosSection {
    fn default() -> Self {
        MesosSection {
            master: MasterAddress::default(),
            zookeeper_auth_file: None,
            tls: false,
            ca_file: None,
            cert_file: None,
            key_file: None,
            offer_refuse: Span::seconds(2),
        }
    }
}

/// The Mesos inside this program, where `mesos.master` is `local`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LocalSection {
    /// The share of the loopback network on which it listens, `127.A.B`: the master on port 5050 of
    /// its address 1, agents from address 11 on. By default one that the process ID yields
    pub network: Option<LoopbackNetwork>,
    /// The directory of the members' sandboxes; removed at the end unless it was there before. By
    /// default one below the temporary directory
    pub work_dir: Option<PathBuf>,
}

/// The etcd cluster.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterSection {
    /// How many members the cluster has: 1, 3, 5, 7 or 9
    pub size: usize,
}

impl Default for ClusterSection {
    fn default() -> Self {
        ClusterSection { size: 5 }
    }
}

/// What each member gets.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemberSection {
    /// CPUs of a member; its executor takes 0.1 beside
    pub cpus: f64,
    /// Megabytes of memory of a member; its executor takes 32 beside
    pub mem: f64,
    /// Megabytes of disk of a member; etcd's quota is at most 40 % of it
    pub disk: f64,
    /// Further flags of etcd, of those that can do no harm: `docs/configuration.md` lists them
    pub etcd_flags: Vec<String>,
}

impl Default for MemberSection {
    fn default() -> Self {
        MemberSection { cpus: 1.0, mem: 2048.0, disk: 4096.0, etcd_flags: Vec::new() }
    }
}

/// The admin server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSection {
    /// The IP address on which the admin server listens
    pub bind: IpAddr,
    /// The port of the admin server; 0 takes a free one
    pub port: u16,
}

impl Default for HttpSection {
    fn default() -> Self {
        HttpSection { bind: EVERY_ADDRESS, port: 23400 }
    }
}

const EVERY_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The server from which agents fetch the programs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ArtifactsSection {
    /// The IP address on which the artifact server listens
    pub bind: IpAddr,
    /// The port from which agents fetch the programs; 0 takes a free one
    pub port: u16,
    /// The IP address or name of this host that agents are told; `$NAME` and `${NAME}` stand for
    /// environment variables. By default `bind`, or where that is every address the one from which the
    /// master is reached
    pub advertise: Option<String>,
    /// The executor, for the agents
    pub executor: PathBuf,
    /// etcd, for the agents: version 3.4 or a later 3.x
    pub etcd: PathBuf,
    /// etcdctl, for the agents
    pub etcdctl: PathBuf,
}

impl Default for ArtifactsSection {
    fn default() -> Self {
        ArtifactsSection {
            bind: EVERY_ADDRESS,
            port: 12300,
            advertise: None,
            executor: PathBuf::from("./bin/etcd-mesos-executor"),
            etcd: PathBuf::from("./bin/etcd"),
            etcdctl: PathBuf::from("./bin/etcdctl"),
        }
    }
}

/// Who decides on a reseed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReseedMode {
    /// A person.
    Manual,
    /// The scheduler, after the timeout.
    #[default]
    Timeout,
}

/// What follows on a lost quorum.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReseedSection {
    /// Whether the scheduler reseeds by itself after the timeout, or a person decides (reseeding
    /// is not in this version yet: changes nothing)
    pub mode: ReseedMode,
    /// How long a quorum must be lost before a reseed (reseeding is not in this version yet:
    /// changes nothing)
    pub timeout: Span,
}

impl Default for ReseedSection {
    fn default() -> Self {
        ReseedSection { mode: ReseedMode::default(), timeout: Span::seconds(240) }
    }
}

/// What is written down.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// Write the log into this directory too
    pub dir: Option<PathBuf>,
    /// How much is logged: 0 and 1 what changes, 2 and 3 more
    pub verbosity: i32,
    /// Write all that the scheduler is told and does into this file, for a replay; no secret is in
    /// it. The former one is kept as FILE.1; it ends at 64 MiB, and a restart begins another
    pub transcript: Option<PathBuf>,
}

/// What serves the proxy's local addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyMode {
    /// The TCP gateway of the program itself.
    #[default]
    Gateway,
    /// `etcd gateway`.
    EtcdGateway,
    /// `etcd grpc-proxy`.
    GrpcProxy,
    /// `etcd --proxy=on`.
    V2Proxy,
}

/// The proxy's own settings.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProxySection {
    /// What serves clients: `gateway`, the TCP gateway of the proxy itself; or an etcd, as
    /// `etcd-gateway`, `grpc-proxy` or, up to etcd 3.5, `v2-proxy`
    pub mode: ProxyMode,
    /// The URLs that clients connect to, http://host:port, in a list or with commas between them
    pub listen: ListenUrls,
    /// etcd, for the modes that run one: version 3.4 or a later 3.x
    pub etcd: PathBuf,
    /// The data directory of that etcd
    pub data_dir: PathBuf,
    /// The IP address and port of the status page; empty for none. Where the default is taken by
    /// another program, there is none either
    pub status: StatusPlace,
    /// How long a client of the gateway waits for a member that serves
    pub wait: Span,
    /// How long open connections to a member that left may go on, and all of them when the proxy
    /// ends; and how long an etcd that it runs has to end
    pub drain: Span,
}

impl Default for ProxySection {
    fn default() -> Self {
        ProxySection {
            mode: ProxyMode::default(),
            listen: ListenUrls::default(),
            etcd: PathBuf::from("./bin/etcd"),
            data_dir: PathBuf::from("default.etcd"),
            status: StatusPlace::default(),
            wait: Span::seconds(10),
            drain: Span::seconds(10),
        }
    }
}
