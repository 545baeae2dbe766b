//! What an answer says.
//!
//! Pure: no sockets here. Only records of the name that was asked for, or of what that is an alias of,
//! are believed.

use std::collections::HashMap;
use std::net::IpAddr;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::question::Question;
use crate::shown::listed;
use etcd_mesos_core::trouble::Trouble;

/// How many aliases are followed.
const ALIASES_MAX: usize = 8;

/// What a server says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said<T> {
    /// Something.
    That(T),
    /// That there is nothing, in words.
    Nothing(String),
    /// That it cannot or will not tell, in words.
    Fails(String),
}

/// Where a member serves, by the name of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    pub host: Name,
    pub ttl: u32,
}

/// An address of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub ip: IpAddr,
    pub ttl: u32,
}

/// The SRV records that answer a question.
pub(crate) fn targets(question: &Question, answer: &Message) -> Result<Said<Vec<Target>>, Trouble> {
    let records = match records(question, answer)? {
        Said::That(records) => records,
        Said::Nothing(words) => return Ok(Said::Nothing(words)),
        Said::Fails(words) => return Ok(Said::Fails(words)),
    };
    // RFC 2782: the root as the target says that there is decidedly no such service.
    let targets = records.srv().filter(|target| !target.host.is_root());
    let targets: Vec<Target> = targets.collect();
    if targets.is_empty() {
        let words = "the service is decidedly not available there (its target is `.`)";
        return Ok(Said::Nothing(words.to_owned()));
    }
    match targets.iter().find(|target| target.port == 0) {
        Some(target) => Err(Trouble::lie(format!("port 0 of {}", target.host.to_ascii()))),
        None => Ok(Said::That(targets)),
    }
}

/// The address records that answer a question.
pub(crate) fn addresses(
    question: &Question,
    answer: &Message,
) -> Result<Said<Vec<Address>>, Trouble> {
    Ok(match records(question, answer)? {
        Said::That(records) => {
            let addresses: Vec<Address> = records.addresses().collect();
            match addresses.is_empty() {
                true => Said::Nothing("no address that a member can have".to_owned()),
                false => Said::That(addresses),
            }
        }
        Said::Nothing(words) => Said::Nothing(words),
        Said::Fails(words) => Said::Fails(words),
    })
}

/// The addresses of hosts that an answer names beside what was asked for. A map, because a thousand
/// records with a thousand addresses beside them are not to cost a million looks.
#[derive(Debug, Default)]
pub(crate) struct Beside<'a>(HashMap<(&'a Name, RecordType), Vec<Address>>);

impl<'a> Beside<'a> {
    pub(crate) fn of(answer: &'a Message) -> Beside<'a> {
        let mut beside = Beside::default();
        let of_this_net = |record: &&Record| record.dns_class == DNSClass::IN;
        for record in answer.additionals.iter().filter(of_this_net) {
            let Some(address) = address(record, u32::MAX) else { continue };
            beside.0.entry((&record.name, record.record_type())).or_default().push(address);
        }
        beside
    }

    pub(crate) fn addresses(&self, host: &'a Name, kind: RecordType) -> Vec<Address> {
        self.0.get(&(host, kind)).cloned().unwrap_or_default()
    }
}

/// Records of the asked type, and how long the aliases that lead to them are good for.
struct Records<'a> {
    records: Vec<&'a Record>,
    ttl_max: u32,
}

impl Records<'_> {
    fn srv(&self) -> impl Iterator<Item = Target> {
        self.records.iter().filter_map(|record| {
            let RData::SRV(srv) = &record.data else { return None };
            Some(Target {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                host: srv.target.clone(),
                ttl: ttl(record).min(self.ttl_max),
            })
        })
    }

    fn addresses(&self) -> impl Iterator<Item = Address> {
        self.records.iter().filter_map(|record| address(record, self.ttl_max))
    }
}

fn records<'a>(question: &Question, answer: &'a Message) -> Result<Said<Records<'a>>, Trouble> {
    match answer.metadata.response_code {
        ResponseCode::NoError => (),
        ResponseCode::NXDomain => return Ok(Said::Nothing("no such name (NXDOMAIN)".to_owned())),
        code => return Ok(Said::Fails(format!("it says `{code}`"))),
    }
    if answer.answers.is_empty() {
        return Ok(empty(answer));
    }
    let path = path(question, answer)?;
    let records = answer.answers.iter();
    let records = records.filter(|record| is_of(record, path.end, question.kind));
    let records: Vec<&Record> = records.collect();
    match records.is_empty() {
        true => nothing_of_it(answer, &path),
        false => Ok(Said::That(Records { records, ttl_max: path.ttl })),
    }
}

/// What an answer without an answer means: that there is nothing; or, where it only names the servers
/// of the zone, that this one does not ask them for us.
fn empty<T>(answer: &Message) -> Said<T> {
    let has = |kind| answer.authorities.iter().any(|record| record.record_type() == kind);
    if has(RecordType::NS) && !has(RecordType::SOA) && !answer.metadata.authoritative {
        return Said::Fails("it only refers to other DNS servers".to_owned());
    }
    Said::Nothing("no record of that name".to_owned())
}

/// Where aliases lead.
struct Path<'a> {
    end: &'a Name,
    /// The lowest time to live of the aliases.
    ttl: u32,
    /// How many records are aliases on the way.
    aliases: usize,
}

fn path<'a>(question: &'a Question, answer: &'a Message) -> Result<Path<'a>, Trouble> {
    let mut path = Path { end: &question.name, ttl: u32::MAX, aliases: 0 };
    while let Some((alias, ttl)) = alias_of(answer, path.end) {
        path = Path { end: alias, ttl: path.ttl.min(ttl), aliases: path.aliases + 1 };
        if path.aliases > ALIASES_MAX {
            let words = format!("more than {ALIASES_MAX} aliases in a row, or in a circle");
            return Err(Trouble::lie(words));
        }
    }
    Ok(path)
}

fn alias_of<'a>(answer: &'a Message, name: &Name) -> Option<(&'a Name, u32)> {
    answer.answers.iter().find_map(|record| match &record.data {
        RData::CNAME(alias) if record.name == *name => Some((&alias.0, ttl(record))),
        _ => None,
    })
}

fn nothing_of_it<T>(answer: &Message, path: &Path<'_>) -> Result<Said<T>, Trouble> {
    if path.aliases > 0 && path.aliases == answer.answers.len() {
        return Ok(Said::Nothing(format!("an alias of {}, and no more", path.end.to_ascii())));
    }
    let records = answer.answers.iter();
    let given =
        records.map(|record| format!("{} {}", record.record_type(), record.name.to_ascii()));
    Err(Trouble::lie(format!("records that were not asked for: {}", listed(given))))
}

fn is_of(record: &Record, name: &Name, kind: RecordType) -> bool {
    record.record_type() == kind && record.dns_class == DNSClass::IN && record.name == *name
}

/// The address in a record, if a member can have it.
fn address(record: &Record, ttl_max: u32) -> Option<Address> {
    let ip = match &record.data {
        RData::A(a) => IpAddr::V4(a.0),
        RData::AAAA(aaaa) => IpAddr::V6(aaaa.0).to_canonical(),
        _ => return None,
    };
    may_be_a_members(ip).then(|| Address { ip, ttl: ttl(record).min(ttl_max) })
}

/// A client that connects to 0.0.0.0 reaches itself; a link-local address says nothing without its
/// network interface.
fn may_be_a_members(ip: IpAddr) -> bool {
    let is_of_one_host = !ip.is_unspecified() && !ip.is_multicast();
    is_of_one_host
        && match ip {
            IpAddr::V4(ip) => !ip.is_broadcast(),
            IpAddr::V6(ip) => !ip.is_unicast_link_local(),
        }
}

/// RFC 2181, 8: a time to live with the highest bit is none.
fn ttl(record: &Record) -> u32 {
    if record.ttl > i32::MAX as u32 { 0 } else { record.ttl }
}

#[cfg(test)]
mod tests;
