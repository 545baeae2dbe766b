//! What is measured: a proxy of its own for each figure, in front of one etcd.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::member::{Etcd, reads};
use super::state::{FRAMEWORK, MEMBERS};
use crate::failure::{Failure, Outcome, ensure};
use crate::programs::Programs;

/// A state of 790 MB comes in a few seconds; longer is too long.
const PATIENCE: Duration = Duration::from_secs(60);
const CLIENT_PORT: u16 = 2379;

/// The etcd, and where everything is.
pub(super) struct Scene {
    proxy: PathBuf,
    network: String,
    _etcd: Etcd,
    // Behind what works in it.
    dir: TempDir,
}

impl Scene {
    pub(super) fn open(programs: &Programs) -> Outcome<Scene> {
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let network = format!("127.{}.{low}", 112 + high % 128);
        // Not below /tmp, which may be memory: the states are large.
        let dir = tempfile::tempdir_in(crate::programs::target_dir()?)?;
        let ips: Vec<String> = (1..=MEMBERS).map(|n| format!("{network}.{n}")).collect();
        let etcd = Etcd::start(&programs.etcd, dir.path(), &ips)?;
        Ok(Scene { proxy: programs.proxy.clone(), network, _etcd: etcd, dir })
    }

    pub(super) fn ip(&self, number: u8) -> String {
        format!("{}.{number}", self.network)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts a proxy that asks that master.
    pub(super) fn proxy(&self, master: &str) -> Outcome<Proxy> {
        let address = format!("{}:{CLIENT_PORT}", self.ip(11));
        let log = self.path("proxy.log");
        let mut command = Command::new(&self.proxy);
        command
            .arg(format!("--master={master}"))
            .arg(format!("--framework-name={FRAMEWORK}"))
            .arg(format!("--listen-client-urls=http://{address}"))
            .arg("--status-address=")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        let began = Instant::now();
        Ok(Proxy { began, child: command.spawn()?, address, log })
    }
}

/// A proxy that runs until it is dropped.
pub(super) struct Proxy {
    began: Instant,
    child: Child,
    address: String,
    log: PathBuf,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    /// Waits for a read through it, and says how long after the start that was.
    pub(super) fn wait_read(&self) -> Outcome<Duration> {
        while !reads(&self.address, PATIENCE) {
            ensure(self.began.elapsed() < PATIENCE, || {
                format!("nothing was read through the proxy:\n{}", self.log().unwrap_or_default())
            })?;
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(self.began.elapsed())
    }

    /// The most memory that it ever held resident.
    pub(super) fn peak_megabytes(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        let kib = kib.ok_or_else(|| Failure::new("/proc has no VmHWM of the proxy"))?;
        Ok(kib * 1024.0 / 1e6)
    }

    pub(super) fn log(&self) -> Outcome<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }
}
