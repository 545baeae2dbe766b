//! Records, and how a genuine mesos-dns serves them.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, SOA, SRV};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::server::{Deed, Manner, Way, answer_to};

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

/// As a genuine mesos-dns 0.7 did: names in any case; the addresses beside the answer; no EDNS0, so
/// 512 bytes over UDP, where addresses go first; an absent SRV name without an SOA, an absent host
/// with one.
pub fn mesos_dns(records: Vec<Record>) -> Manner {
    Arc::new(move |way, question| {
        let whole = whole(&records, question);
        let answer = if way == Way::Udp { cut_to_512(whole) } else { whole };
        Deed::Say(answer.to_vec().unwrap())
    })
}

/// The whole answer, with addresses beside it.
pub fn whole(records: &[Record], question: &Message) -> Message {
    let mut answer = answer_to(question);
    answer.metadata.authoritative = true;
    let query = &question.queries[0];
    answer.answers = asked_for(records, query);
    let hosts: HashSet<&Name> = answer.answers.iter().filter_map(target).collect();
    let mut addresses: Vec<&Record> =
        records.iter().filter(|record| target(record).is_none()).collect();
    addresses.retain(|record| hosts.contains(&record.name));
    addresses.dedup();
    answer.additionals = addresses.into_iter().cloned().collect();
    if answer.answers.is_empty() && query.query_type() != RecordType::SRV {
        answer.metadata.response_code = ResponseCode::NXDomain;
        let soa = SOA::new(name("ns1.mesos."), name("root.ns1.mesos."), 1, 60, 60, 60, 60);
        answer.add_authority(record("mesos.", RData::SOA(soa)));
    }
    answer
}

fn target(record: &Record) -> Option<&Name> {
    if let RData::SRV(srv) = &record.data { Some(&srv.target) } else { None }
}

fn asked_for(records: &[Record], query: &Query) -> Vec<Record> {
    let is_asked_for = |record: &&Record| {
        record.name == *query.name() && record.record_type() == query.query_type()
    };
    records.iter().filter(is_asked_for).cloned().collect()
}

fn cut_to_512(mut answer: Message) -> Message {
    let is_too_long = |answer: &Message| answer.to_vec().unwrap().len() > 512;
    if is_too_long(&answer) {
        answer.metadata.truncation = true;
        answer.additionals.clear();
        // No more fit, however small.
        answer.answers.truncate(512 / 20);
    }
    while is_too_long(&answer) {
        answer.answers.pop();
    }
    answer
}

/// The bytes of a whole answer.
pub fn mesos_dns_bytes(records: &[Record], question: &Message) -> Vec<u8> {
    whole(records, question).to_vec().unwrap()
}
