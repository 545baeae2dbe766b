//! The server, asked over sockets.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use etcd_mesos_testkit::mesos_dns::{MesosDns, Zone};
use hickory_proto::op::Message;

use crate::recorded::{question, recording};

const SOON: Duration = Duration::from_secs(20);

/// Any port of an address that no other process of these tests has.
fn place() -> String {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    format!("127.{}.{middle}.{low}:0", 64 | high & 63)
}

fn over_udp(dns: &MesosDns, asked: &str) -> Message {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket.send_to(b"no question", dns.address()).unwrap();
    socket.send_to(&question(asked, None).to_vec().unwrap(), dns.address()).unwrap();
    let mut bytes = [0; 1024];
    let length = socket.recv(&mut bytes).unwrap();
    assert!(length <= 512, "{length} bytes");
    Message::from_vec(&bytes[..length]).unwrap()
}

fn framed(asked: &str) -> Vec<u8> {
    let bytes = question(asked, None).to_vec().unwrap();
    [&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat()
}

fn over_tcp(stream: &mut TcpStream, asked: &str) -> Message {
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(&framed(asked)).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes).unwrap();
    Message::from_vec(&bytes).unwrap()
}

#[test]
fn what_does_not_fit_comes_over_tcp_from_where_it_is_cut_short_over_udp() {
    let dns = MesosDns::serve(&place(), recording("seven.json").zone).unwrap();
    let (clients, host) = ("SRV _etcd-client._tcp.etcd.mesos.", "A etcd.mesos.");
    let cut = over_udp(&dns, clients);
    assert!(cut.metadata.truncation);
    assert_eq!((cut.answers.len(), cut.additionals.len()), (7, 0));

    let mut stream = TcpStream::connect(dns.address()).unwrap();
    let whole = over_tcp(&mut stream, clients);
    assert!(!whole.metadata.truncation);
    assert_eq!((whole.answers.len(), whole.additionals.len()), (7, 7));
    assert_eq!(over_tcp(&mut stream, host).answers.len(), 1, "a second question of a connection");

    let asked = [format!("udp {clients}"), format!("tcp {clients}"), format!("tcp {host}")];
    assert_eq!(dns.asked(), asked);
    assert_eq!(dns.asked(), [""; 0]);
}

#[test]
fn a_server_that_is_dropped_leaves_its_place() {
    let dns = MesosDns::serve(&place(), Zone::default()).unwrap();
    let place = dns.address().to_string();
    let taken = MesosDns::serve(&place, Zone::default()).unwrap_err();
    assert!(taken.to_string().contains(&place), "{taken}");
    drop(dns);
    MesosDns::serve(&place, Zone::default()).unwrap();
}

#[test]
fn a_master_that_cannot_be_asked_is_an_error_at_the_start() {
    let error = MesosDns::follow(&place(), "127.0.0.1:1", SOON).unwrap_err();
    assert!(error.to_string().contains("http://127.0.0.1:1/master/state"), "{error}");
}
