//! Records, and how mesos-dns serves them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use etcd_mesos_testkit::mesos_dns::{Way, Zone, cut};
use hickory_proto::op::Message;
use hickory_proto::rr::rdata::{A, AAAA, SRV};
use hickory_proto::rr::{Name, RData, Record};

use crate::server::{Deed, Manner};

pub const CLIENT: &str = "_etcd-client._tcp.etcd.mesos.";
pub const CLIENT_SSL: &str = "_etcd-client-ssl._tcp.etcd.mesos.";
pub const SERVER: &str = "_etcd-server._client.etcd.mesos.";

/// What mesos-dns gives everything.
const TTL: u32 = 60;

pub fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

pub fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(name(owner), TTL, data)
}

pub fn srv(owner: &str, priority: u16, weight: u16, port: u16, host: &str) -> Record {
    record(owner, RData::SRV(SRV::new(priority, weight, port, name(host))))
}

pub fn a(owner: &str, last: u8) -> Record {
    record(owner, RData::A(A(Ipv4Addr::new(10, 0, 0, last))))
}

pub fn aaaa(owner: &str, last: u16) -> Record {
    record(owner, RData::AAAA(AAAA(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last))))
}

/// The name that mesos-dns gives a member's task.
pub fn host(member: u8) -> String {
    format!("etcd-client-h{member:04}-s{}.etcd.mesos.", member % 10)
}

/// Where a client finds a member.
pub fn url(member: u8) -> String {
    format!("http://10.0.0.{}:{}", member + 1, port(member))
}

fn port(member: u8) -> u16 {
    31_000 + u16::from(member)
}

/// The two records of a member, as mesos-dns makes them of a task.
pub fn of_member(service: &str, member: u8) -> Vec<Record> {
    let host = host(member);
    vec![srv(service, 0, 1, port(member), &host), a(&host, member + 1)]
}

pub fn of_members(service: &str, members: impl IntoIterator<Item = u8>) -> Vec<Record> {
    members.into_iter().flat_map(|member| of_member(service, member)).collect()
}

/// As mesos-dns serves them, by what the testkit's was held against a genuine one for.
pub fn mesos_dns(records: Vec<Record>) -> Manner {
    let zone = Zone::of_records(records);
    Arc::new(move |way, question| {
        let whole = zone.whole(question);
        let answer = if way == Way::Udp { cut(whole) } else { whole };
        Deed::Say(answer.to_vec().unwrap())
    })
}

/// The whole answer, with addresses beside it.
pub fn whole(records: &[Record], question: &Message) -> Message {
    Zone::of_records(records.to_vec()).whole(question)
}

/// The bytes of a whole answer.
pub fn mesos_dns_bytes(records: &[Record], question: &Message) -> Vec<u8> {
    whole(records, question).to_vec().unwrap()
}
