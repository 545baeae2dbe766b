//! A real etcd cluster on a loopback address of its own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, MemberAddOptions};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_etcd::probe::Probe;
use etcd_mesos_testkit::etcd;
use etcd_mesos_testkit::process::Proc;
use tempfile::TempDir;

use crate::until;

const PATIENCE: Duration = Duration::from_secs(20);

/// A cluster of etcd.
pub struct Cluster {
    pub members: Vec<Member>,
    home: TempDir,
    ip: String,
    token: &'static str,
    /// The number of the next member; ports and names are never used twice.
    next: u16,
}

/// A member, which may be killed.
pub struct Member {
    pub name: String,
    pub client_url: String,
    peer_url: String,
    pub process: Option<Proc>,
}

/// A loopback address that no other test has.
pub fn loopback() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    let (pid, nth) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    format!("127.{}.{}.{}", 201 + nth % 50, (pid >> 8) & 0xff, pid & 0xff)
}

impl Cluster {
    /// Starts so many members, and waits until all of them know a leader.
    pub async fn start(size: u16, token: &'static str) -> Cluster {
        let home = tempfile::tempdir().unwrap();
        let mut cluster = Cluster { members: Vec::new(), home, ip: loopback(), token, next: 0 };
        for _ in 0..size {
            let member = cluster.another();
            cluster.members.push(member);
        }
        for index in 0..cluster.members.len() {
            cluster.run(index, "new");
        }
        for member in &cluster.members {
            member.until_it_serves().await;
        }
        cluster
    }

    fn another(&mut self) -> Member {
        let (name, ip) = (format!("m{}", self.next), &self.ip);
        let url = |port: u16| format!("http://{ip}:{port}");
        let (client_url, peer_url) = (url(21_000 + self.next), url(22_000 + self.next));
        self.next += 1;
        Member { name, client_url, peer_url, process: None }
    }

    fn run(&mut self, index: usize, state: &str) {
        let peers: Vec<String> =
            self.members.iter().map(|m| format!("{}={}", m.name, m.peer_url)).collect();
        let member = &self.members[index];
        let mut command = Command::new(etcd::find().unwrap().etcd);
        command
            .args(["--name", &member.name, "--log-level=error", "--logger=zap"])
            .args(["--heartbeat-interval=50", "--election-timeout=500"])
            .args(["--initial-cluster-token", self.token, "--initial-cluster-state", state])
            .args(["--initial-cluster", &peers.join(",")])
            .args(["--listen-client-urls", &member.client_url])
            .args(["--advertise-client-urls", &member.client_url])
            .args(["--listen-peer-urls", &member.peer_url])
            .args(["--initial-advertise-peer-urls", &member.peer_url])
            .arg("--data-dir")
            .arg(self.path(&member.name));
        let log = self.path(&format!("{}.log", member.name));
        self.members[index].process = Some(Proc::start(command, log).unwrap());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn urls(&self) -> Vec<String> {
        self.members.iter().map(|member| member.client_url.clone()).collect()
    }

    pub fn process(&self, index: usize) -> &Proc {
        self.members[index].process.as_ref().unwrap()
    }

    /// Kills a member as by `kill -9` and starts it again on its data.
    pub async fn kill_and_start(&mut self, index: usize) {
        self.process(index).kill();
        self.run(index, "existing");
        self.members[index].until_it_serves().await;
    }

    /// Ends the only member, and starts a cluster of another token and without data at its URLs.
    pub async fn succeed_by_a_stranger(&mut self) {
        self.process(0).kill();
        std::fs::remove_dir_all(self.path(&self.members[0].name)).unwrap();
        self.token = "stranger";
        self.run(0, "new");
        self.members[0].until_it_serves().await;
    }

    /// Removes a member, adds another one with new URLs and an empty directory in its place, and says
    /// after each step which client URLs `member list` has.
    pub async fn replace(&mut self, index: usize, mut say: impl FnMut(&[String])) {
        let another = (index + 1) % self.members.len();
        let old = self.members[index].look().await.unwrap().member_id;
        let mut client = self.members[another].client().await;
        until("the removal", PATIENCE, || {
            let mut client = client.cluster_client();
            async move { client.member_remove(old.0).await.ok() }
        })
        .await;
        say(&listed(&mut client).await);
        let gone = self.members.remove(index);
        let new = self.another();
        let peer_url = new.peer_url.clone();
        until("the addition", PATIENCE, || {
            let mut client = client.cluster_client();
            let urls = [peer_url.clone()];
            async move { client.member_add(urls, None::<MemberAddOptions>).await.ok() }
        })
        .await;
        self.members.insert(index, new);
        self.run(index, "existing");
        self.members[index].until_it_serves().await;
        say(&listed(&mut client).await);
        drop(gone);
    }

    /// The member that leads, and those that do not.
    pub async fn leader_last(&self) -> Vec<String> {
        let mut names = Vec::new();
        for member in &self.members {
            let leads = member.look().await.is_some_and(|seen| seen.is_leader());
            names.push((leads, member.name.clone()));
        }
        names.sort();
        names.into_iter().map(|(_, name)| name).collect()
    }

    pub fn index(&self, name: &str) -> usize {
        self.members.iter().position(|member| member.name == name).unwrap()
    }
}

impl Member {
    pub async fn look(&self) -> Option<Observation> {
        Probe::new(&self.client_url).glance(Duration::from_secs(1)).await.ok()
    }

    async fn until_it_serves(&self) {
        until(&format!("{} to serve", self.name), PATIENCE, || async {
            let seen = Probe::new(&self.client_url).look(Duration::from_secs(1)).await.ok()?;
            seen.is_serving().then_some(())
        })
        .await;
    }

    pub async fn client(&self) -> Client {
        let options = ConnectOptions::new().with_timeout(Duration::from_secs(3));
        Client::connect([&self.client_url], Some(options)).await.unwrap()
    }
}

/// The client URLs of the members that were started, as `member list` has them.
async fn listed(client: &mut Client) -> Vec<String> {
    let list = client.member_list().await.unwrap();
    list.members().iter().flat_map(|member| member.client_urls().to_vec()).collect()
}
