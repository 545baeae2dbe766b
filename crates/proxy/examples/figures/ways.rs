//! The ways to the leader of one cluster: direct, by our gateway, by `etcd gateway`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use etcd_mesos_etcd::probe::Probe;
use etcd_mesos_testkit::etcd;
use etcd_mesos_testkit::process::Proc;
use tokio::time::{Instant, sleep};

use crate::http2::{Call, Connection};
use crate::machine;

const IP: &str = "127.200.77.1";
const PATIENCE: Duration = Duration::from_secs(20);

/// A cluster of three.
pub struct Cluster {
    members: Vec<Proc>,
    urls: Vec<String>,
}

impl Cluster {
    pub async fn start(home: &Path) -> Cluster {
        let url = |base: u16, nth: u16| format!("http://{IP}:{}", base + nth);
        let peers: Vec<String> = (0..3).map(|nth| format!("m{nth}={}", url(22_000, nth))).collect();
        let start = |nth: u16| {
            let mut command = Command::new(etcd::find().unwrap().etcd);
            command
                .args(["--name", &format!("m{nth}"), "--log-level=error", "--logger=zap"])
                .args(["--quota-backend-bytes=8000000000", "--snapshot-count=100000"])
                .args(["--initial-cluster", &peers.join(",")])
                .args(["--listen-client-urls", &url(21_000, nth)])
                .args(["--advertise-client-urls", &url(21_000, nth)])
                .args(["--listen-peer-urls", &url(22_000, nth)])
                .args(["--initial-advertise-peer-urls", &url(22_000, nth)])
                .arg("--data-dir")
                .arg(home.join(format!("m{nth}")));
            Proc::start(command, home.join(format!("m{nth}.log"))).unwrap()
        };
        let members = (0..3).map(start).collect();
        Cluster { members, urls: (0..3).map(|nth| url(21_000, nth)).collect() }
    }

    pub fn pids(&self) -> impl Iterator<Item = u32> {
        self.members.iter().map(Proc::pid)
    }

    /// `host:port` of the leader, once there is one that serves.
    pub async fn leader(&self) -> String {
        let began = Instant::now();
        loop {
            for url in &self.urls {
                let seen = Probe::new(url).look(Duration::from_secs(1)).await;
                if seen.is_ok_and(|seen| seen.is_leader() && seen.is_serving()) {
                    return url.trim_start_matches("http://").to_owned();
                }
            }
            assert!(began.elapsed() < PATIENCE, "no leader");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A way to the leader.
pub struct Way {
    pub name: &'static str,
    pub address: String,
    /// The program on the way.
    pub program: Option<Proc>,
    /// From its start until it served, in milliseconds.
    pub start_ms: f64,
}

impl Way {
    pub fn direct(leader: &str) -> Way {
        Way { name: "direct", address: leader.to_owned(), program: None, start_ms: 0.0 }
    }

    /// This program, as nothing but a gateway.
    pub async fn ours(leader: &str, home: &Path) -> Way {
        let address = format!("{IP}:23790");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["gateway", &address, &format!("http://{leader}")]);
        Way::start("ours", address, command, home).await
    }

    pub async fn of_etcd(leader: &str, home: &Path) -> Way {
        let address = format!("{IP}:23791");
        let mut command = Command::new(etcd::find().unwrap().etcd);
        command.args(["gateway", "start", "--endpoints", leader, "--listen-addr", &address]);
        Way::start("etcd gateway", address, command, home).await
    }

    /// A relay that does nothing else.
    pub async fn bare(leader: &str, home: &Path) -> Way {
        let address = format!("{IP}:23792");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["relay", &address, leader]);
        Way::start("bare relay", address, command, home).await
    }

    async fn start(name: &'static str, address: String, command: Command, home: &Path) -> Way {
        let began = Instant::now();
        let program = Proc::start(command, home.join(format!("{name}.log"))).unwrap();
        // An empty key is refused, and a refusal is an answer of etcd.
        let read = Call::new("/etcdserverpb.KV/Range", &[0x0a, 1, b'x']);
        loop {
            if let Ok(mut connection) = Connection::open(&address).await
                && connection.call(&read).await.is_ok()
            {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{}", program.log_tail());
            sleep(Duration::from_millis(1)).await;
        }
        let start_ms = began.elapsed().as_secs_f64() * 1e3;
        Way { name, address, program: Some(program), start_ms }
    }

    /// Seconds of a processor that its program has used.
    pub fn cpu_seconds(&self) -> f64 {
        let Some(program) = &self.program else { return 0.0 };
        machine::used(program.pid())
    }

    /// A line of its `/proc/PID/status`, in MiB.
    pub fn memory_mib(&self, what: &str) -> f64 {
        let Some(program) = &self.program else { return 0.0 };
        let status = std::fs::read_to_string(format!("/proc/{}/status", program.pid()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap_or_default();
        let kib = line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok());
        kib.unwrap_or(f64::NAN) / 1024.0
    }
}
