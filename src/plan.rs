//! From a configuration to what the runtime is given: files with secrets and certificates are read
//! here, and nothing is opened.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;

use etcd_mesos_core::config::{Config, Timing};
use etcd_mesos_core::id::{ClusterName, FrameworkId};
use etcd_mesos_core::offer::{Milli, Need};
use etcd_mesos_runtime::settings::{Binaries, Framework, MasterSource, Settings};
use mesos_v1::{Authorities, ClientCertificate, Credentials, Endpoint, Masters, Scheme, Tls};

use crate::config::address::MasterPlace;
use crate::config::layers::Layers;
use crate::config::local::LoopbackNetwork;
use crate::config::problem::{Problem, Problems, in_one_line};
use crate::config::tree::{FrameworkSection, LocalSection, MesosSection, Tree};
use crate::config::{Configuration, etcd_flags};

/// Notes problems, each with its key and where the value came from.
struct Notes<'a> {
    layers: &'a Layers,
    problems: Vec<Problem>,
}

impl Notes<'_> {
    fn add(&mut self, key: &str, text: impl Into<String>) {
        let (key, origin) = (Some(key.to_owned()), self.layers.origin_of(key));
        self.problems.push(Problem { key, origin, text: text.into() });
    }

    fn note<T, E: std::error::Error>(&mut self, key: &str, outcome: Result<T, E>) -> Option<T> {
        outcome.map_err(|error| self.add(key, in_one_line(&error))).ok()
    }
}

/// The settings of a scheduler process.
///
/// # Errors
/// Every file that cannot be used, and all that TLS misses, at once.
pub(crate) fn settings(configuration: &Configuration) -> Result<Settings, Problems> {
    let tree = &configuration.tree;
    let mut notes = Notes { layers: &configuration.layers, problems: Vec::new() };
    let cluster = notes.note("framework.name", tree.framework.name.parse::<ClusterName>());
    let credentials = credentials(&tree.framework, &mut notes);
    let masters = match tree.mesos.master.place.clone() {
        MasterPlace::Mesos(source) => masters(source, &tree.mesos, &mut notes),
        MasterPlace::Local { .. } => local_master(&tree.local),
    };
    let tls = tls(&tree.mesos, &masters, &mut notes);
    let advertise = advertise(tree, &mut notes);
    let (Some(cluster), true) = (cluster, notes.problems.is_empty()) else {
        return Err(Problems(notes.problems));
    };
    Ok(Settings {
        core: core(tree, cluster),
        framework: framework(&tree.framework),
        masters,
        credentials,
        tls,
        admin: SocketAddr::new(tree.http.bind, tree.http.port),
        artifacts: SocketAddr::new(tree.artifacts.bind, tree.artifacts.port),
        advertise,
        binaries: Binaries {
            executor: tree.artifacts.executor.clone(),
            etcd: tree.artifacts.etcd.clone(),
            etcdctl: tree.artifacts.etcdctl.clone(),
        },
        transcript: tree.log.transcript.clone(),
    })
}

fn core(tree: &Tree, cluster: ClusterName) -> Config {
    let member = &tree.member;
    Config {
        cluster,
        role: tree.framework.role.clone(),
        size: tree.cluster.size,
        need: Need {
            cpus: Milli::from_f64(member.cpus),
            mem: Milli::from_f64(member.mem),
            disk: Milli::from_f64(member.disk),
            executor_cpus: Milli(100),
            executor_mem: Milli::whole(32),
        },
        etcd_flags: etcd_flags(member.disk, &member.etcd_flags),
        nonce: uuid::Uuid::new_v4().simple().to_string()[..12].to_owned(),
        removed_framework: tree.framework.replaces.clone().map(FrameworkId),
        timing: Timing { refuse_wanted: tree.mesos.offer_refuse.0, ..Timing::default() },
    }
}

fn framework(section: &FrameworkSection) -> Framework {
    Framework {
        name: section.name.clone(),
        user: section.user.clone().unwrap_or_else(current_user),
        role: section.role.clone(),
        principal: section.principal.clone(),
        failover_timeout: section.failover_timeout.0,
        webui_url: section.weburi.clone(),
    }
}

fn current_user() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    user.map_or_else(|| "root".to_owned(), |user| user.name)
}

/// The address of the name that agents are told, an IPv4 address if it has one; or else the only one
/// on which the artifact server listens.
fn advertise(tree: &Tree, notes: &mut Notes<'_>) -> Option<IpAddr> {
    let key = "artifacts.advertise";
    let Some(name) = tree.artifacts.advertise.as_deref() else {
        return Some(tree.artifacts.bind).filter(|bind| !bind.is_unspecified());
    };
    let found: Vec<IpAddr> = match (name, 0).to_socket_addrs() {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(error) => {
            notes.add(key, format!("{name} has no address: {error}"));
            return None;
        }
    };
    let address = found.iter().find(|address| address.is_ipv4()).or(found.first()).copied();
    if address.is_none_or(|address| address.is_unspecified()) {
        notes.add(key, format!("{name} is no address that agents can reach; name this host's"));
    }
    address
}

fn credentials(section: &FrameworkSection, notes: &mut Notes<'_>) -> Option<Credentials> {
    let principal = section.principal.as_deref()?;
    match (&section.secret, &section.secret_file) {
        (Some(secret), _) => {
            notes.note("framework.secret", Credentials::new(principal, secret.reveal()))
        }
        (None, Some(path)) => {
            notes.note("framework.secret_file", Credentials::from_secret_file(principal, path))
        }
        (None, None) => None,
    }
}

/// Where a local Mesos listens, whose network a layer has always given.
fn local_master(section: &LocalSection) -> MasterSource {
    let LoopbackNetwork(a, b) = section.network.unwrap_or(LoopbackNetwork(0, 0));
    let master = Endpoint::new(format!("127.{a}.{b}.1"), 5050);
    MasterSource::Listed(Masters::from(master))
}

fn masters(source: MasterSource, section: &MesosSection, notes: &mut Notes<'_>) -> MasterSource {
    let Some(path) = &section.zookeeper_auth_file else { return source };
    let key = "mesos.zookeeper_auth_file";
    let MasterSource::ZooKeeper(url) = &source else {
        notes.add(key, "mesos.master names no ZooKeeper");
        return source;
    };
    match std::fs::read_to_string(path) {
        Ok(login) => match url.clone().with_login(login.trim_end_matches(['\n', '\r'])) {
            Ok(url) => return MasterSource::ZooKeeper(url),
            Err(error) => notes.add(key, format!("{}: {error}", path.display())),
        },
        Err(error) => notes.add(key, format!("{} cannot be read: {error}", path.display())),
    }
    source
}

/// What TLS needs, where it is asked for; every file that is named is looked at in any case.
fn tls(section: &MesosSection, masters: &MasterSource, notes: &mut Notes<'_>) -> Option<Tls> {
    let read = |path: &std::path::PathBuf| Authorities::from_file(path);
    let authorities = section.ca_file.as_ref().map(read);
    let authorities = authorities.and_then(|outcome| notes.note("mesos.ca_file", outcome));
    let certificate = certificate(section, notes);
    check_tls(section, masters, notes);
    Some(Tls::new(authorities?, certificate))
}

fn certificate(section: &MesosSection, notes: &mut Notes<'_>) -> Option<ClientCertificate> {
    let read = |certificate: &Path, key: &Path| ClientCertificate::from_files(certificate, key);
    match (&section.cert_file, &section.key_file) {
        (Some(certificate), Some(key)) => notes.note("mesos.cert_file", read(certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            notes.add("mesos.cert_file", "it needs mesos.key_file");
            None
        }
        (None, Some(_)) => {
            notes.add("mesos.key_file", "it needs mesos.cert_file");
            None
        }
    }
}

/// Who names an authority believes to be on TLS, so that there is none is not passed over.
fn check_tls(section: &MesosSection, masters: &MasterSource, notes: &mut Notes<'_>) {
    let is_https = is_https(masters);
    let is_tls = section.tls || is_https;
    if section.tls && !is_https && matches!(masters, MasterSource::Listed(_)) {
        notes.add("mesos.tls", "write mesos.master as https://…, for all masters of the list");
    }
    if is_tls && section.ca_file.is_none() {
        notes.add(
            "mesos.ca_file",
            "TLS needs it, to know whose certificates to trust; the system's authorities are a \
             file too, /etc/ssl/certs/ca-certificates.crt for example",
        );
    }
    let files = [
        ("mesos.ca_file", &section.ca_file),
        ("mesos.cert_file", &section.cert_file),
        ("mesos.key_file", &section.key_file),
    ];
    let named = files.into_iter().find(|(_, file)| file.is_some());
    if let Some((key, _)) = named.filter(|_| !is_tls) {
        notes.add(
            key,
            "the masters are not spoken with over TLS: write mesos.master as https://… or, with \
             zk://, mesos.tls=true",
        );
    }
}

fn is_https(masters: &MasterSource) -> bool {
    match masters {
        MasterSource::Listed(listed) => {
            listed.known().iter().any(|master| master.scheme() == Scheme::Https)
        }
        MasterSource::ZooKeeper(_) => false,
    }
}
