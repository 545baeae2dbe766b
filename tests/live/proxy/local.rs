//! A proxy of a test, in a directory of its own, and how clients use it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::{etcd, http, processes, wait};
use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::rig::SOON;

/// A proxy that runs.
pub struct Local {
    pub process: Proc,
    dir: TempDir,
    /// Where clients connect to.
    pub address: String,
    status: String,
}

impl Local {
    /// Starts one on that IP address, in a mode, with further arguments.
    pub fn start(ip: &str, mode: &str, more: &[&str]) -> Local {
        let dir = tempfile::tempdir().unwrap();
        let (address, status) = (format!("{ip}:2379"), format!("{ip}:23401"));
        let mut command = command(dir.path());
        command
            .arg(format!("-mode={mode}"))
            .arg(format!("-listen-client-urls=http://{address}"))
            .arg(format!("-status-address={status}"))
            .arg(format!("-etcd-bin={}", etcd::find().unwrap().etcd.display()))
            .args(more);
        let process = Proc::start(command, dir.path().join("proxy.log")).unwrap();
        Local { process, dir, address, status }
    }

    /// Waits for something to become so, and shows the log if it does not.
    pub fn wait<T>(&self, what: &str, probe: impl FnMut() -> Option<T>) -> T {
        self.process.wait_for(what, SOON, probe).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The status, once it answers.
    pub fn status(&self) -> Option<Value> {
        let (code, text) = http::get(&self.status, "/status").ok()?;
        (code == 200).then(|| serde_json::from_str(&text).ok()).flatten()
    }

    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        http::get(&self.status, path).ok()
    }

    /// Waits until its own opinion is that it serves.
    pub fn wait_serves(&self) {
        self.wait("the proxy to serve", || self.get("/healthz").filter(|(code, _)| *code == 200));
    }

    /// The process of its etcd, once it runs.
    pub fn child(&self) -> Option<u32> {
        let pid = self.status()?["children"][0]["pid"].as_u64()?;
        u32::try_from(pid).ok()
    }

    /// Sends SIGTERM, and checks that it ends well and leaves nothing but its log and `kept`.
    pub fn end(&self, kept: &[&str]) {
        let children = processes::children_of(self.process.pid());
        self.process.signal(Signal::SIGTERM);
        let status = self.process.wait_exit(SOON).unwrap();
        assert_eq!(status.code(), Some(0), "{}", self.process.log_tail());
        assert!(children.iter().all(|pid| !processes::is_alive(*pid)), "{children:?}");
        self.assert_left(kept);
    }

    /// Kills it, and waits until no child is left.
    pub fn kill(&self) {
        let children = processes::children_of(self.process.pid());
        assert!(!children.is_empty(), "{}", self.process.log_tail());
        self.process.kill();
        let gone = || children.iter().all(|pid| !processes::is_alive(*pid)).then_some(());
        wait::wait_for("the children to end with the proxy", SOON, gone).unwrap();
    }

    fn assert_left(&self, kept: &[&str]) {
        let mut expected = vec!["proxy.log".to_owned(), "tmp".to_owned()];
        expected.extend(kept.iter().map(|name| (*name).to_owned()));
        expected.sort();
        assert_eq!(entries(self.dir.path()), expected);
        assert_eq!(entries(&self.dir.path().join("tmp")), [""; 0]);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// The program in a directory, where temporary files too would be seen; and with a variable that its etcd would
/// obey.
pub fn command(dir: &Path) -> Command {
    let tmp = dir.join("tmp");
    std::fs::create_dir_all(&tmp).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcd-mesos-proxy"));
    command.current_dir(dir).env("TMPDIR", tmp).env("ETCD_DISCOVERY_SRV", "nowhere.invalid");
    command
}

fn entries(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// `etcdctl` at an address: what it printed, if it succeeded.
pub fn etcdctl(address: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(etcd::find().unwrap().etcdctl);
    command.env("ETCDCTL_API", "3").arg(format!("--endpoints={address}"));
    command.args(["--dial-timeout=2s", "--command-timeout=3s"]).args(arguments);
    let Output { status, stdout, .. } = command.output().unwrap();
    status.success().then(|| String::from_utf8_lossy(&stdout).into_owned())
}

/// Writes and reads by gRPC through an address, as soon as that works.
pub fn put_and_get(local: &Local, value: &str) {
    local.wait("a write", || etcdctl(&local.address, &["put", "key", value]));
    let read =
        local.wait("a read", || etcdctl(&local.address, &["get", "key", "--print-value-only"]));
    assert_eq!(read.trim(), value);
}

/// How long the longest of some pauses may be judged too short: clocks and schedulers are not exact.
pub const SLACK: Duration = Duration::from_millis(50);
