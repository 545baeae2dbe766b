//! How mesos-dns answers.

use std::collections::BTreeSet;

use hickory_proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use serde_json::Value;

use super::records;

/// What an answer over UDP may have; mesos-dns does not look at the size that a question allows (EDNS0).
const UDP_BYTES_MAX: usize = 512;

/// How a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In a datagram.
    Udp,
    /// Over a connection.
    Tcp,
}

/// Records, and the time for which they may be kept.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    records: Vec<Record>,
    ttl: u32,
}

impl Zone {
    /// What mesos-dns makes of a master's `/state`; `ttl` in seconds, 60 if nobody said otherwise.
    pub fn of_state(state: &Value, ttl: u32) -> Self {
        Self { ttl, ..Self::of_records(records::of_state(state, ttl)) }
    }

    /// These records; of equal ones there is one.
    pub fn of_records(all: impl IntoIterator<Item = Record>) -> Self {
        let mut records: Vec<Record> = Vec::new();
        for record in all {
            if !records.contains(&record) {
                records.push(record);
            }
        }
        Self { records, ttl: 60 }
    }

    /// The records, each as a line: name, type and data.
    pub fn lines(&self) -> BTreeSet<String> {
        let line =
            |record: &Record| format!("{} {} {}", record.name, record.record_type(), record.data);
        self.records.iter().map(line).collect()
    }

    /// The answer to a question that came so: names of Mesos's domain alone, and over UDP no more than fits.
    pub fn reply(&self, question: &Message, way: Way) -> Message {
        let is_ours = |query: &Query| mesos().zone_of(query.name());
        if !question.queries.first().is_some_and(is_ours) {
            let mut refusal = answer_to(question);
            refusal.metadata.response_code = ResponseCode::Refused;
            return refusal;
        }
        let whole = self.whole(question);
        if way == Way::Udp { cut(whole) } else { whole }
    }

    /// The answer in full, with the addresses of its targets beside it. No service is no error, and no host is one.
    pub fn whole(&self, question: &Message) -> Message {
        let mut answer = answer_to(question);
        answer.metadata.authoritative = true;
        answer.metadata.recursion_available = true;
        let query = &question.queries[0];
        answer.answers = self.asked_for(query);
        answer.additionals = self.addresses_of(&answer.answers);
        if answer.answers.is_empty() && query.query_type() != RecordType::SRV {
            if !self.knows(query.name()) {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            answer.add_authority(self.soa(query.name()));
        }
        answer
    }

    /// A service is answered in the case in which it was asked for.
    fn asked_for(&self, query: &Query) -> Vec<Record> {
        let kind = query.query_type();
        let records = self.records.iter();
        let mut found: Vec<Record> = records
            .filter(|record| record.name == *query.name() && record.record_type() == kind)
            .cloned()
            .collect();
        if kind == RecordType::SRV {
            found.iter_mut().for_each(|record| record.name = query.name().clone());
        }
        found
    }

    fn addresses_of(&self, answers: &[Record]) -> Vec<Record> {
        let hosts: BTreeSet<&Name> = answers.iter().filter_map(target).collect();
        let is_one = |record: &&Record| {
            matches!(record.data, RData::A(_) | RData::AAAA(_)) && hosts.contains(&record.name)
        };
        self.records.iter().filter(is_one).cloned().collect()
    }

    fn knows(&self, name: &Name) -> bool {
        self.records.iter().any(|record| record.name == *name)
    }

    /// It belongs to the name that was asked for, not to the domain.
    fn soa(&self, owner: &Name) -> Record {
        let name = |text: &str| Name::from_ascii(text).expect("these are names");
        let (server, mail) = (name("ns1.mesos."), name("root.ns1.mesos."));
        let data = SOA::new(server, mail, 1, 60, 600, 86_400, self.ttl);
        Record::from_rdata(owner.clone(), self.ttl, RData::SOA(data))
    }
}

/// What of an answer fits into a datagram: addresses go first, and all of them.
pub fn cut(mut answer: Message) -> Message {
    if length(&answer) <= UDP_BYTES_MAX {
        return answer;
    }
    answer.metadata.truncation = true;
    answer.additionals.clear();
    // Here mesos-dns wants fewer bytes than fit.
    while length(&answer) >= UDP_BYTES_MAX && answer.answers.pop().is_some() {}
    answer
}

fn length(answer: &Message) -> usize {
    answer.to_vec().expect("what was made of names and numbers can be written").len()
}

/// A question for the records of a type, such as `SRV`, that a name has.
///
/// # Panics
///
/// If there is no such type, or can be no such name.
pub fn question(kind: &str, name: &str) -> Message {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    let name = Name::from_ascii(name).expect("a name");
    question.add_query(Query::query(name, kind.parse().expect("a type of records")));
    question
}

/// The answer to a question, with nothing in it yet.
pub fn answer_to(question: &Message) -> Message {
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.add_queries(question.queries.clone());
    answer
}

fn target(record: &Record) -> Option<&Name> {
    if let RData::SRV(srv) = &record.data { Some(&srv.target) } else { None }
}

fn mesos() -> Name {
    Name::from_ascii("mesos.").expect("this is a name")
}
