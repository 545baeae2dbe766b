//! Debian's dnsmasq: a genuine DNS server, with EDNS0, over UDP and TCP.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::Duration;

use etcd_mesos_core::discovery::{Discovery, DiscoveryError};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::section::{made, section, told, urls};

/// A dnsmasq, which ends with the value.
struct Dnsmasq {
    _process: Child,
    address: SocketAddr,
}

impl Dnsmasq {
    /// One that serves these records, and knows that it knows all of `mesos`.
    async fn start(records: &[String]) -> Dnsmasq {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        let ip = Ipv4Addr::new(127, 128 | high & 63, middle, low);
        let free = UdpSocket::bind((ip, 0)).unwrap().local_addr().unwrap();
        let mut command = Command::new("/usr/sbin/dnsmasq");
        command.args([
            "-k",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
        ]);
        command.args(["--pid-file=", "--user=root", "--local=/mesos/", "--local-ttl=3"]);
        command.arg(format!("--listen-address={ip}")).arg(format!("--port={}", free.port()));
        command.args(records).stdout(Stdio::null()).kill_on_drop(true);
        let process = command.spawn().expect("dnsmasq is missing; Debian's dnsmasq-base has it");
        let server = Dnsmasq { _process: process, address: free };
        server.listens().await;
        server
    }

    async fn listens(&self) {
        let give_up_at = Instant::now() + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(self.address).await.is_err() {
            assert!(Instant::now() < give_up_at, "dnsmasq does not listen at {}", self.address);
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn discovery(&self) -> std::sync::Arc<dyn Discovery> {
        made(section([self.address.to_string()]))
    }
}

fn member(service: &str, n: u8, priority: u8) -> [String; 2] {
    let host = format!("etcd-client-h{n}-s{n}.etcd.mesos");
    [
        format!("--srv-host={service}.etcd.mesos,{host},{},{priority},1", 31_000 + u16::from(n)),
        format!("--host-record={host},10.0.0.{n}"),
    ]
}

#[tokio::test]
async fn members_are_found_with_their_priority_and_their_time_to_live() {
    let records = [1, 2, 3].map(|n| member("_etcd-client._tcp", n, 3 - n)).concat();
    let server = Dnsmasq::start(&records).await;
    let members = server.discovery().members().await.unwrap();
    let expected = ["http://10.0.0.3:31003", "http://10.0.0.2:31002", "http://10.0.0.1:31001"];
    assert_eq!(urls(&members), expected);
    assert_eq!(members.valid_for, Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn many_members_come_over_tcp() {
    let records: Vec<String> =
        (1..=90).flat_map(|n| member("_etcd-client-ssl._tcp", n, 0)).collect();
    let server = Dnsmasq::start(&records).await;
    let members = server.discovery().members().await.unwrap();
    assert_eq!(members.found.len(), 90);
    assert!(urls(&members).iter().all(|url| url.starts_with("https://10.0.0.")));
}

#[tokio::test]
async fn an_ipv6_host_is_found_and_one_without_an_address_left_out() {
    let records = [
        "--srv-host=_etcd-server._client.etcd.mesos,six.etcd.mesos,2379".to_owned(),
        "--srv-host=_etcd-server._client.etcd.mesos,gone.etcd.mesos,2379".to_owned(),
        "--host-record=six.etcd.mesos,2001:db8::6".to_owned(),
    ];
    let server = Dnsmasq::start(&records).await;
    let members = server.discovery().members().await.unwrap();
    assert_eq!(urls(&members), ["http://[2001:db8::6]:2379"]);
}

#[tokio::test]
async fn nobody_is_nobody_and_a_refusal_is_none() {
    let server = Dnsmasq::start(&[]).await;
    let error = server.discovery().members().await.unwrap_err();
    assert!(matches!(error, DiscoveryError::NobodyFound { .. }), "{}", told(&error));
    let mut elsewhere = section([server.address.to_string()]);
    elsewhere.domain = "etcd.example".to_owned();
    let error = made(elsewhere).members().await.unwrap_err();
    assert!(matches!(error, DiscoveryError::Unavailable { .. }), "{}", told(&error));
    assert!(told(&error).contains("Refused"), "{}", told(&error));
}
