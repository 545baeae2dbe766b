//! What this program writes and reads again: names, the record and its file, messages, offers.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use etcd_mesos_core::id::{
    ClientTaskId, ClusterId, ClusterName, MemberId, MemberName, OurTaskId, TaskId,
    is_predecessor_task_id,
};
use etcd_mesos_core::offer::{Amount, Disk, Milli, Need, Offer, Part, Resource, Scalar, take};
use etcd_mesos_core::record::Record;
use etcd_mesos_core::store::Version;
use etcd_mesos_core::wire::{
    ExecutorData, FromExecutor, LaunchOrder, MESSAGE_BYTES_MAX, ToExecutor,
};
use etcd_mesos_persist_file::{parse, render};

use crate::text;

/// The cluster whose record is expected.
pub(crate) fn cluster() -> ClusterName {
    "prod".parse().expect("it is a name")
}

/// Names and IDs: what is read prints itself, and is never taken for the predecessor's.
pub fn task_id(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(id) = text.parse::<TaskId>() {
        assert_eq!(id.to_string(), text);
        assert!(!is_predecessor_task_id(text));
        assert!(text.parse::<ClientTaskId>().is_err(), "nothing is a task of both kinds");
    }
    prints_itself::<OurTaskId>(text);
    prints_itself::<ClusterName>(text);
    prints_itself::<MemberName>(text);
    is_read_again::<MemberId>(text);
    is_read_again::<ClusterId>(text);
}

fn prints_itself<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text);
    }
}

fn is_read_again<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string().parse().ok(), Some(value));
    }
}

/// The record: what is read does not contradict itself, and survives the store.
pub fn record(bytes: &[u8]) {
    let Ok(mut record) = Record::parse(bytes, &cluster()) else { return };
    keeps(&record);
    assert!(record.members.is_empty() || record.quorum() <= record.members.len());
    for member in &record.members {
        assert_eq!(record.member(member.name()), Some(member));
        assert_eq!(record.member_of(&member.task_id), Some(member));
    }
    let was_formed = record.is_formed();
    record.forget_framework();
    assert_eq!(record.is_formed(), was_formed, "a formed cluster is never forgotten");
    keeps(&record);
}

fn keeps(record: &Record) {
    assert_eq!(record.check(), [""; 0]);
    let again = Record::parse(&record.to_bytes(), &cluster()).expect("what was stored is read");
    assert_eq!(again, *record);
}

/// The state file: what is read is written and read again; what is torn is refused; the next version can follow.
pub fn state_file(bytes: &[u8]) {
    check_file(bytes);
    let whole = render(bytes, Version(3));
    let stored = parse(&whole).expect("what was written is read");
    assert_eq!((stored.bytes.as_slice(), stored.version), (bytes, Version(3)));
    assert!(parse(&whole[..whole.len() - 1]).is_err(), "a torn file is refused");
    check_file(&with_right_digest(bytes));
}

fn check_file(bytes: &[u8]) {
    let Ok(stored) = parse(bytes) else { return };
    assert_eq!(parse(&render(&stored.bytes, stored.version)), Ok(stored.clone()));
    assert_ne!(stored.version, Version(0), "that is the version of no record");
    assert!(stored.version.0.checked_add(1).is_some(), "no version could follow");
}

/// A first line of the searcher's choice, and the digest that belongs to the rest: else a search ends at it.
fn with_right_digest(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (line, rest) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let right = render(rest, Version(1));
    let digest_at = right.iter().position(|&byte| byte == b'\n').expect("it has a line") - 64;
    let words = line.iter().rposition(|&byte| byte == b' ').map_or(0, |at| at + 1);
    [&line[..words], &right[digest_at..]].concat()
}

/// The four carriers between scheduler and executor: what is read is written and read again.
pub fn wire(bytes: &[u8]) {
    survives(ToExecutor::from_bytes(bytes).ok(), ToExecutor::to_bytes, ToExecutor::from_bytes);
    survives(
        FromExecutor::from_bytes(bytes).ok(),
        FromExecutor::to_bytes,
        FromExecutor::from_bytes,
    );
    survives(LaunchOrder::from_bytes(bytes).ok(), LaunchOrder::to_bytes, LaunchOrder::from_bytes);
    survives(
        ExecutorData::from_bytes(bytes).ok(),
        ExecutorData::to_bytes,
        ExecutorData::from_bytes,
    );
}

fn survives<T: PartialEq + Debug, E: Debug>(
    read: Option<T>,
    write: impl Fn(&T) -> Vec<u8>,
    parse: impl Fn(&[u8]) -> Result<T, E>,
) {
    let Some(said) = read else { return };
    let written = write(&said);
    // An address or an escape may be longer in our own form than in the one that came.
    if written.len() <= MESSAGE_BYTES_MAX {
        assert_eq!(parse(&written).expect("what was written is read"), said);
    }
}

/// An offer: what is taken is there, and for us.
pub fn offer(bytes: &[u8]) {
    let Ok(offer) = serde_json::from_slice::<Offer>(bytes) else { return };
    let places: BTreeSet<usize> = offer.resources.iter().map(|r| r.index).collect();
    if places.len() != offer.resources.len() {
        return; // The index is made by us, and never twice.
    }
    for rotation in [0, 1, 1000, u32::MAX] {
        let Ok(taken) = take(&offer, &need(), ROLE, rotation) else { continue };
        assert!(offer.ip.is_some());
        assert!(taken.peer_port != 0 && taken.client_port != 0);
        assert_ne!(taken.peer_port, taken.client_port);
        let parts: Vec<&Part> =
            taken.executor.iter().chain(&taken.task).chain(&taken.client_task).collect();
        for resource in &offer.resources {
            check_parts(resource, &parts);
        }
        assert_eq!(sum(&taken.task, Scalar::Mem), need().mem.0);
        let beside = [&taken.executor, &taken.client_task].map(|parts| sum(parts, Scalar::Cpus));
        assert_eq!(beside.iter().sum::<u64>(), need().executor_cpus.0);
    }
}

/// The role whose resources are used.
pub(crate) const ROLE: &str = "etcd";

/// What a member needs.
pub(crate) fn need() -> Need {
    Need {
        cpus: Milli::whole(1),
        mem: Milli::whole(512),
        disk: Milli::whole(1024),
        executor_cpus: Milli(100),
        executor_mem: Milli::whole(32),
    }
}

fn check_parts(resource: &Resource, parts: &[&Part]) {
    let parts: Vec<&Amount> =
        parts.iter().filter(|part| part.index == resource.index).map(|part| &part.amount).collect();
    if parts.is_empty() {
        return;
    }
    assert!(!resource.is_weak && resource.disk == Disk::Root);
    assert!(resource.reserved_for.as_deref().is_none_or(|role| role == ROLE));
    let mut left = resource.amount.clone();
    for part in parts {
        match (&mut left, part) {
            (Amount::Scalar(kind, left), Amount::Scalar(wanted, part)) => {
                assert_eq!(kind, wanted);
                left.0 = left.0.checked_sub(part.0).expect("no more is taken than there is");
            }
            (Amount::Ports(has), Amount::Ports(wanted)) => {
                let is_there = |port: u16| has.iter().any(|&(b, e)| b <= port && port <= e);
                assert!(wanted.iter().all(|&(begin, end)| begin == end && is_there(begin)));
            }
            (left, part) => panic!("{part:?} was taken out of {left:?}"),
        }
    }
}

fn sum(parts: &[Part], wanted: Scalar) -> u64 {
    let amount = |part: &Part| match part.amount {
        Amount::Scalar(kind, amount) if kind == wanted => amount.0,
        Amount::Scalar(..) | Amount::Ports(_) | Amount::Other => 0,
    };
    parts.iter().map(amount).sum()
}
