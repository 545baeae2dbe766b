//! An etcd of one member, at as many addresses as the state has members.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::state::CLIENT_PORT;
use crate::failure::{Outcome, ensure};
use crate::http;

const SOON: Duration = Duration::from_secs(30);

/// The etcd. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Etcd(Child);

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Etcd {
    pub(super) fn start(program: &Path, dir: &Path, ips: &[String]) -> Outcome<Etcd> {
        let urls: Vec<String> = ips.iter().map(|ip| format!("http://{ip}:{CLIENT_PORT}")).collect();
        let (urls, peer) = (urls.join(","), format!("http://{}:{}", ips[0], CLIENT_PORT - 1));
        let mut command = Command::new(program);
        command
            .arg("--name=m")
            .arg(format!("--data-dir={}", dir.join("member").display()))
            .arg(format!("--listen-client-urls={urls}"))
            .arg(format!("--advertise-client-urls={urls}"))
            .arg(format!("--listen-peer-urls={peer}"))
            .arg(format!("--initial-advertise-peer-urls={peer}"))
            .arg(format!("--initial-cluster=m={peer}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let etcd = Etcd(command.spawn()?);
        let until = Instant::now() + SOON;
        let last = format!("{}:{CLIENT_PORT}", ips[ips.len() - 1]);
        while !reads(&last, Duration::from_secs(1)) {
            ensure(Instant::now() < until, || "etcd does not serve".to_owned())?;
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(etcd)
    }
}

/// A linearizable read, by etcd's JSON gateway.
pub(super) fn reads(address: &str, patience: Duration) -> bool {
    let answer = http::post(address, "/v3/kv/range", r#"{"key":"Zm9v"}"#, patience);
    answer.is_ok_and(|(status, _)| status == 200)
}
