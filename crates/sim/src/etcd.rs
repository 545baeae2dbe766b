//! etcd: processes on hosts, their disks, and whether a quorum of them serves.
//!
//! What is modelled, each tried on etcd 3.4.23:
//! - the cluster ID is a hash of the token and the initial cluster (`server/etcdserver/api/membership`,
//!   `NewClusterFromURLsMap`), so that another token is another cluster;
//! - `--initial-cluster-state=new` writes a WAL on a directory without one, and is ignored on one
//!   that has it; without either etcd does not start;
//! - a linearizable read succeeds only with a majority of the members connected, after an election
//!   of about a second; a member without quorum answers Status, with no leader;
//! - two processes cannot listen on one address: the second ends with "address already in use".

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use etcd_mesos_core::id::{ClusterId, MemberId, MemberName};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::time::Timestamp;

/// A data directory: lost only with its host's disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Whether the directory is there.
    pub exists: bool,
    /// The identity in the WAL, once there is one.
    pub wal: Option<Identity>,
}

/// Who a member is, for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The member.
    pub member: MemberId,
}

/// A running etcd.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its process ID, unique in the world.
    pub pid: u32,
    /// Its name.
    pub name: MemberName,
    /// Its host.
    pub host: usize,
    /// Its client port on that host.
    pub client_port: u16,
    /// Who it is.
    pub identity: Identity,
    /// How many members its cluster has.
    pub size: usize,
    /// When it was started.
    pub since: Timestamp,
}

/// An election, and a member's way to its first answer.
const ELECTION: Duration = Duration::from_millis(1300);
/// A follower that joins a cluster with a leader.
const CATCH_UP: Duration = Duration::from_millis(120);

/// All etcds of the world.
#[derive(Debug, Default)]
pub struct Etcds {
    /// What runs, by process ID.
    pub running: BTreeMap<u32, Process>,
    /// Every WAL that was ever begun, with how often.
    pub begun: BTreeMap<Identity, u32>,
    /// Every cluster that ever answered a linearizable read.
    pub served: BTreeSet<ClusterId>,
    /// When each cluster's leader was elected, while it has a quorum.
    leaders: BTreeMap<ClusterId, (u32, Timestamp)>,
    next_pid: u32,
}

/// A start as its command line says it.
#[derive(Clone, Debug)]
pub struct Start {
    /// The member.
    pub name: MemberName,
    /// The cluster that the flags describe.
    pub described: Identity,
    /// How many members that cluster has.
    pub size: usize,
    /// Its client port.
    pub client_port: u16,
    /// Whether `--initial-cluster-state=new` is given.
    pub is_new: bool,
}

/// How a start ends at once, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another process listens there.
    PortTaken,
    /// No WAL, and not told to begin one.
    NoWal,
}

impl Etcds {
    /// Starts an etcd on a host's disk.
    ///
    /// # Errors
    /// When it would end at once.
    pub fn start(
        &mut self,
        now: Timestamp,
        host: usize,
        disk: &mut Disk,
        start: Start,
    ) -> Result<u32, Refused> {
        let listens = |p: &Process| p.host == host && p.client_port == start.client_port;
        if self.running.values().any(listens) {
            return Err(Refused::PortTaken);
        }
        if disk.wal.is_none() {
            if !start.is_new {
                return Err(Refused::NoWal);
            }
            *self.begun.entry(start.described.clone()).or_default() += 1;
            disk.exists = true;
            disk.wal = Some(start.described.clone());
        }
        let identity = disk.wal.clone().unwrap_or(start.described);
        self.next_pid += 1;
        let pid = self.next_pid;
        let (name, client_port, size) = (start.name, start.client_port, start.size);
        let process = Process { pid, name, host, client_port, identity, size, since: now };
        self.running.insert(pid, process);
        Ok(pid)
    }

    /// Takes note of who is connected with whom; called whenever something changed.
    pub fn settle(&mut self, now: Timestamp, cut: &BTreeSet<usize>) {
        let clusters: BTreeSet<ClusterId> =
            self.running.values().map(|p| p.identity.cluster).collect();
        for cluster in clusters {
            let members = self.connected(cluster, cut);
            let leader = self.leaders.get(&cluster).filter(|(pid, _)| members.contains(pid));
            let size = members.first().map_or(usize::MAX, |pid| self.running[pid].size);
            if members.len() < size / 2 + 1 {
                self.leaders.remove(&cluster);
            } else if leader.is_none() {
                self.leaders.insert(cluster, (members[0], now + ELECTION));
            }
        }
        let running: BTreeSet<ClusterId> =
            self.running.values().map(|p| p.identity.cluster).collect();
        self.leaders.retain(|cluster, _| running.contains(cluster));
    }

    /// The process that leads, if one does.
    pub fn leader_pid(&self) -> Option<u32> {
        self.leaders.values().next().map(|(pid, _)| *pid)
    }

    /// The processes of a cluster whose hosts are not cut off.
    fn connected(&self, cluster: ClusterId, cut: &BTreeSet<usize>) -> Vec<u32> {
        let ours = self.running.values().filter(|p| p.identity.cluster == cluster);
        ours.filter(|p| !cut.contains(&p.host)).map(|p| p.pid).collect()
    }

    /// What a look at a process sees.
    pub fn look(&mut self, now: Timestamp, pid: u32, cut: &BTreeSet<usize>) -> Option<Observation> {
        let process = self.running.get(&pid)?;
        let cluster = process.identity.cluster;
        let reached = !cut.contains(&process.host);
        let leader = self.leaders.get(&cluster).filter(|(_, at)| reached && now >= *at);
        let leader = leader.and_then(|(pid, _)| self.running.get(pid)).map(|p| p.identity.member);
        let serves = leader.is_some() && now.since(process.since) >= CATCH_UP;
        let seen = Observation {
            member_id: process.identity.member,
            cluster_id: cluster,
            leader,
            raft_term: 2,
            raft_index: 9,
            raft_applied_index: 9,
            db_size_bytes: 20_480,
            is_learner: false,
            version: "3.4.23".to_owned(),
            complaints: Vec::new(),
            linearizable_revision: serves.then_some(1),
        };
        if serves {
            self.served.insert(cluster);
        }
        Some(seen)
    }
}
