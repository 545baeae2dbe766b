//! All that one server is asked for one list of members.
//!
//! A server is asked for the names, and for the addresses too: what another one says of them may be
//! of another time, and only mesos-dns knows the addresses of its names.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use crate::answer::{Address, Beside, Said, Target, addresses, targets};
use crate::exchange::Line;
use crate::members::Member;
use crate::question::Question;
use crate::service::{Group, Service};
use crate::shown::listed;
use etcd_mesos_core::trouble::Trouble;

/// How many hosts are asked for that stand in an answer without an address. etcd clusters have 9
/// members at most; a list of hundreds would make this program a flood.
const HOSTS_ASKED_MAX: usize = 64;

/// How many hosts are asked for at a time.
const HOSTS_AT_ONCE: usize = 8;

/// Asks for the groups in their order, until one has members.
pub(crate) async fn members(line: &Line, groups: &[Group]) -> Result<Vec<Member>, Trouble> {
    let mut absent = Vec::new();
    for group in groups {
        match of_group(line, group).await? {
            Said::That(members) => return Ok(members),
            Said::Nothing(words) => absent.push(words),
            // It may know members of this service: those of a further one are not instead of them.
            Said::Fails(words) => return Err(Trouble::away(words)),
        }
    }
    Err(Trouble::nobody(absent.join(", ")))
}

/// As for etcd's clients it suffices that one name of a group has members: a server may fail at a name
/// that it does not have. Silence and lies are no such failure.
async fn of_group(line: &Line, group: &Group) -> Result<Said<Vec<Member>>, Trouble> {
    let said = try_join_all(group.iter().map(|service| of_service(line, service))).await?;
    let (mut members, mut absent, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for said in said {
        match said {
            Said::That(found) => members.extend(found),
            Said::Nothing(words) => absent.push(words),
            Said::Fails(words) => failures.push(words),
        }
    }
    Ok(match (members.is_empty(), failures.is_empty()) {
        (false, _) => Said::That(members),
        (true, false) => Said::Fails(failures.join(", ")),
        (true, true) => Said::Nothing(absent.join(", ")),
    })
}

async fn of_service(line: &Line, service: &Service) -> Result<Said<Vec<Member>>, Trouble> {
    let question = Question::of(&service.name, RecordType::SRV);
    let answer = line.ask(&question).await?;
    let about = |trouble: Trouble| trouble.about(&question);
    let targets = match targets(&question, &answer).map_err(about)? {
        Said::That(targets) => targets,
        Said::Nothing(words) => return Ok(Said::Nothing(format!("{question}: {words}"))),
        Said::Fails(words) => return Ok(Said::Fails(format!("{question}: {words}"))),
    };
    let hosts = Hosts::of(&answer, &targets);
    hosts.check_count().map_err(about)?;
    let whereabouts = hosts.whereabouts(line).await?;
    at_addresses(service, &targets, &whereabouts).map(Said::That).map_err(about)
}

/// What is known of a host's addresses: some, or why there is none.
type Whereabouts = Result<Vec<Address>, String>;

fn at_addresses(
    service: &Service,
    targets: &[Target],
    hosts: &BTreeMap<&Name, Whereabouts>,
) -> Result<Vec<Member>, Trouble> {
    let known = targets.iter().filter_map(|target| Some((target, hosts.get(&target.host)?)));
    let members = known.flat_map(|(target, whereabouts)| {
        let addresses = whereabouts.iter().flatten();
        addresses.map(|address| Member::of(target, *address, service.is_ssl))
    });
    let members: Vec<Member> = members.collect();
    if !members.is_empty() {
        return Ok(members);
    }
    let why = hosts.values().filter_map(|whereabouts| whereabouts.clone().err());
    Err(Trouble::lie(format!("it names members, but no address of them: {}", listed(why))))
}

/// The hosts of an answer.
struct Hosts<'a> {
    beside: Beside<'a>,
    /// Those whose addresses came with it.
    known: Vec<&'a Name>,
    /// Those that have to be asked for.
    unknown: Vec<&'a Name>,
}

impl<'a> Hosts<'a> {
    fn of(answer: &'a Message, targets: &'a [Target]) -> Hosts<'a> {
        let beside = Beside::of(answer);
        let names: BTreeSet<&Name> = targets.iter().map(|target| &target.host).collect();
        let is_known = |name: &&'a Name| !beside.addresses(name, RecordType::A).is_empty();
        let (known, unknown) = names.into_iter().partition(is_known);
        Hosts { beside, known, unknown }
    }

    fn check_count(&self) -> Result<(), Trouble> {
        let count = self.unknown.len();
        let words = format!("it names {count} hosts without their addresses");
        if count > HOSTS_ASKED_MAX { Err(Trouble::lie(words)) } else { Ok(()) }
    }

    /// Where each host is.
    async fn whereabouts(&self, line: &Line) -> Result<BTreeMap<&'a Name, Whereabouts>, Trouble> {
        let known = self.known.iter();
        let mut whereabouts: BTreeMap<&Name, Whereabouts> =
            known.map(|name| (*name, Ok(self.beside.addresses(name, RecordType::A)))).collect();
        let queries: Vec<_> = self.unknown.iter().map(|name| self.of_unknown(line, name)).collect();
        let queries = stream::iter(queries).buffered(HOSTS_AT_ONCE);
        whereabouts.extend(queries.try_collect::<Vec<_>>().await?);
        Ok(whereabouts)
    }

    /// IPv6 counts where there is no IPv4, so that a host with both is one member.
    async fn of_unknown(
        &self,
        line: &Line,
        name: &'a Name,
    ) -> Result<(&'a Name, Whereabouts), Trouble> {
        let v4 = of_kind(line, name, RecordType::A).await?;
        let v6 = self.beside.addresses(name, RecordType::AAAA);
        let whereabouts = match v4 {
            Ok(v4) => Ok(v4),
            Err(_) if !v6.is_empty() => Ok(v6),
            Err(_) => of_kind(line, name, RecordType::AAAA).await?,
        };
        Ok((name, whereabouts))
    }
}

async fn of_kind(line: &Line, name: &Name, kind: RecordType) -> Result<Whereabouts, Trouble> {
    let question = Question::of(name, kind);
    let answer = line.ask(&question).await?;
    match addresses(&question, &answer).map_err(|trouble| trouble.about(&question))? {
        Said::That(addresses) => Ok(Ok(addresses)),
        Said::Nothing(words) => Ok(Err(format!("{question}: {words}"))),
        Said::Fails(words) => Err(Trouble::away(words).about(question)),
    }
}
