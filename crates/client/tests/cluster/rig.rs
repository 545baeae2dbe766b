//! Members of etcd, started, killed and replaced by handle.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, Error};
use etcd_mesos_testkit::etcd;
use etcd_mesos_testkit::process::Proc;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Longer than anything takes that goes well.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A place for clusters, with a network of its own.
pub struct Rig {
    home: TempDir,
    network: u8,
}

/// A member, which ends with its handle.
pub struct Member {
    pub name: String,
    pub url: String,
    pub peer_url: String,
    command: Vec<String>,
    home: std::path::PathBuf,
    process: Option<Proc>,
}

impl Rig {
    /// Each test has a number of its own.
    pub fn new(network: u8) -> Rig {
        Rig { home: tempfile::tempdir().unwrap(), network }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A member that is not started yet, at an address of this number.
    pub fn member(&self, cluster: &str, host: u8) -> Member {
        let (ip, name) = (format!("127.202.{}.{host}", self.network), format!("{cluster}-{host}"));
        let (url, peer_url) = (format!("http://{ip}:23790"), format!("http://{ip}:23800"));
        let home = self.home.path().join(&name);
        std::fs::create_dir_all(&home).unwrap();
        let data = home.join("data").display().to_string();
        let command = [
            ("name", name.as_str()),
            ("data-dir", &data),
            ("initial-cluster-token", cluster),
            ("listen-peer-urls", &peer_url),
            ("initial-advertise-peer-urls", &peer_url),
            ("heartbeat-interval", "50"),
            ("election-timeout", "500"),
        ];
        let command = command.map(|(flag, value)| format!("--{flag}={value}")).to_vec();
        Member { name, url, peer_url, command, home, process: None }
    }

    /// A cluster of members at these addresses, which serves.
    pub async fn cluster(&self, name: &str, hosts: &[u8]) -> Vec<Member> {
        let mut members: Vec<Member> = hosts.iter().map(|host| self.member(name, *host)).collect();
        let initial = initial_cluster(&members.iter().map(Member::named).collect::<Vec<_>>());
        members.iter_mut().for_each(|member| member.start(&initial, "new"));
        for member in &members {
            member.serves().await;
        }
        members
    }
}

/// `--initial-cluster`.
pub fn initial_cluster(members: &[(String, String)]) -> String {
    members.iter().map(|(name, url)| format!("{name}={url}")).collect::<Vec<_>>().join(",")
}

pub fn urls(members: &[Member]) -> Vec<String> {
    members.iter().map(|member| member.url.clone()).collect()
}

impl Member {
    pub fn named(&self) -> (String, String) {
        (self.name.clone(), self.peer_url.clone())
    }

    /// Adds flags.
    pub fn with(mut self, flags: &[String]) -> Member {
        self.command.extend(flags.iter().cloned());
        self
    }

    pub fn start(&mut self, initial_cluster: &str, state: &str) {
        self.command.push(format!("--initial-cluster={initial_cluster}"));
        self.command.push(format!("--initial-cluster-state={state}"));
        self.run();
    }

    /// Starts it, or starts it again, with the flags that it has.
    pub fn run(&mut self) {
        let mut command = Command::new(etcd::find().unwrap().etcd);
        command.args(&self.command).env_clear();
        command.arg(format!("--listen-client-urls={}", self.url));
        command.arg(format!("--advertise-client-urls={}", self.url));
        self.process = Some(Proc::start(command, self.home.join("log")).unwrap());
    }

    pub fn process(&self) -> &Proc {
        self.process.as_ref().expect("it was started")
    }

    pub fn kill(&mut self) {
        self.process().kill();
    }

    /// Waits until it has a leader and is no learner.
    pub async fn serves(&self) {
        wait(&format!("{} serves", self.name), async || {
            let status = self.client().await.status().await;
            status.is_ok_and(|status| status.leader() != 0 && !status.is_learner())
        })
        .await;
    }

    /// A client of this member alone.
    pub async fn client(&self) -> Client {
        let second = Duration::from_secs(1);
        let options = ConnectOptions::new().with_timeout(5 * second).with_connect_timeout(second);
        Client::connect([&self.url], Some(options)).await.unwrap()
    }

    pub async fn id(&self) -> u64 {
        self.client().await.status().await.unwrap().header().unwrap().member_id()
    }
}

/// Waits until that holds.
pub async fn wait(what: &str, holds: impl AsyncFn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < until, "waited in vain until {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Does what etcd refuses for some seconds after each change of its members.
pub async fn insist<T>(what: &str, does: impl AsyncFn() -> Result<T, Error>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        match does().await {
            Ok(done) => return done,
            Err(error) => assert!(Instant::now() < until, "{what}: {error}"),
        }
        sleep(Duration::from_millis(100)).await;
    }
}
