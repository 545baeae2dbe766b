//! Offers, and how a member's needs are taken out of them.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, OfferId};

/// A scalar amount in thousandths, Mesos's fixed-point unit: cpus, or megabytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Milli(pub u64);

impl Milli {
    /// Whole units.
    pub const fn whole(units: u64) -> Milli {
        Milli(units * 1000)
    }

    /// From Mesos's floating-point form, rounded to thousandths; negative and absurd become zero.
    pub fn from_f64(value: f64) -> Milli {
        if value.is_finite() && value > 0.0 {
            Milli((value * 1000.0).round() as u64)
        } else {
            Milli(0)
        }
    }

    /// To Mesos's floating-point form.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl fmt::Display for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_f64())
    }
}

/// The scalar resources that a member needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scalar {
    /// `cpus`
    Cpus,
    /// `mem`, megabytes
    Mem,
    /// `disk`, megabytes
    Disk,
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scalar::Cpus => "cpus",
            Scalar::Mem => "mem",
            Scalar::Disk => "disk",
        })
    }
}

/// What one offered resource holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Amount {
    /// An amount of a scalar.
    Scalar(Scalar, Milli),
    /// Port ranges, both ends included, in any order and number.
    Ports(Vec<(u16, u16)>),
    /// Something that etcd does not need.
    Other,
}

/// Where a disk resource lies (`Resource.DiskInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Disk {
    /// The agent's work directory, where sandboxes are.
    Root,
    /// A disk or volume of its own, which a sandbox does not use.
    Apart,
}

/// One resource of an offer; `index` finds the bytes that must be echoed to Mesos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its place in the offer.
    pub index: usize,
    /// What it holds.
    pub amount: Amount,
    /// The role that it is reserved for; none when unreserved.
    pub reserved_for: Option<String>,
    /// Where it lies, when it is disk.
    pub disk: Disk,
    /// Revocable or shared: may be taken away, or used by others; never for etcd.
    pub is_weak: bool,
}

/// An offer of one agent's resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its ID.
    pub id: OfferId,
    /// The agent.
    pub agent_id: AgentId,
    /// The agent's host name, as the agent gives it.
    pub hostname: String,
    /// The agent's own IP address (`Offer.url`), on which etcd listens.
    pub ip: Option<IpAddr>,
    /// The resources.
    pub resources: Vec<Resource>,
}

/// What one member needs of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// cpus of the task
    pub cpus: Milli,
    /// megabytes of memory of the task
    pub mem: Milli,
    /// megabytes of disk of the task
    pub disk: Milli,
    /// cpus of the executor, and of the client task, whose [`CLIENT_TASK_CPUS`] are taken out of them
    pub executor_cpus: Milli,
    /// megabytes of memory of the executor
    pub executor_mem: Milli,
}

/// cpus of the client task, which does nothing: the least that Mesos counts. A task without resources it
/// refuses, and a smaller amount becomes zero, for which it refuses the member's task too (tried on 1.11.0).
///
/// They come out of the executor's share, so that an offer that served without a client task serves with
/// one: a member needs what the predecessor's needed, and not a thousandth of a cpu more.
pub const CLIENT_TASK_CPUS: Milli = Milli(1);

/// A part of one offered resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The resource's place in the offer.
    pub index: usize,
    /// How much of it: a scalar, or single ports as ranges.
    pub amount: Amount,
}

/// What a launch takes out of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// For the executor.
    pub executor: Vec<Part>,
    /// For the member's task.
    pub task: Vec<Part>,
    /// For the client task: no ports, which the member's task holds.
    pub client_task: Vec<Part>,
    /// The port for other members.
    pub peer_port: u16,
    /// The port for clients.
    pub client_port: u16,
}

/// Why an offer does not serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Too little of a scalar.
    Short {
        /// Which.
        scalar: Scalar,
        /// How much is needed.
        need: Milli,
        /// How much of it may be used: of our role or unreserved, on the root disk.
        usable: Milli,
    },
    /// Fewer than two ports.
    Ports {
        /// How many ports may be used.
        usable: usize,
    },
    /// The offer names no IP address of the agent.
    NoAddress,
    /// Another offer of the agent comes first.
    Taken,
    /// The placement policy does not want it.
    Policy {
        /// Why not.
        why: String,
    },
    /// Something failed there a short while ago.
    SetAside {
        /// What.
        why: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Short { scalar, need, usable } => {
                write!(f, "{scalar}: {need} needed, {usable} usable")
            }
            Refusal::Ports { usable } => write!(f, "ports: 2 needed, {usable} usable"),
            Refusal::NoAddress => f.write_str("the offer names no IP address of the agent"),
            Refusal::Taken => f.write_str("another offer of this agent comes first"),
            Refusal::Policy { why } => f.write_str(why),
            Refusal::SetAside { why } => write!(f, "set aside for a while: {why}"),
        }
    }
}

/// The remaining usable resources of one offer while parts are taken from it.
struct Remaining<'a> {
    resources: Vec<&'a Resource>,
    left: Vec<Milli>,
}

impl<'a> Remaining<'a> {
    /// Reserved resources come first: nobody else can use them.
    fn of(offer: &'a Offer, role: &str) -> Remaining<'a> {
        let mut resources: Vec<&Resource> =
            offer.resources.iter().filter(|r| is_usable(r, role)).collect();
        resources.sort_by_key(|r| (r.reserved_for.is_none(), r.index));
        let left = resources.iter().map(|r| scalar_amount(r)).collect();
        Remaining { resources, left }
    }

    fn usable(&self, scalar: Scalar) -> Milli {
        let each = self.resources.iter().zip(&self.left);
        let amounts = each.filter(|(r, _)| is_scalar(r, scalar)).map(|(_, left)| left.0);
        // An absurd amount is the largest there is, and two of them are no more than that.
        Milli(amounts.fold(0, u64::saturating_add))
    }

    fn check(&self, scalar: Scalar, need: Milli) -> Result<(), Refusal> {
        let usable = self.usable(scalar);
        if usable < need { Err(Refusal::Short { scalar, need, usable }) } else { Ok(()) }
    }

    fn take(&mut self, scalar: Scalar, need: Milli) -> Result<Vec<Part>, Refusal> {
        self.check(scalar, need)?;
        let mut missing = need.0;
        let mut parts = Vec::new();
        for (resource, left) in self.resources.iter().zip(&mut self.left) {
            let part = missing.min(left.0);
            if part == 0 || !is_scalar(resource, scalar) {
                continue;
            }
            left.0 -= part;
            missing -= part;
            let amount = Amount::Scalar(scalar, Milli(part));
            parts.push(Part { index: resource.index, amount });
        }
        Ok(parts)
    }
}

fn is_usable(resource: &Resource, role: &str) -> bool {
    !resource.is_weak
        && resource.disk == Disk::Root
        && resource.reserved_for.as_deref().is_none_or(|reserved| reserved == role)
}

fn is_scalar(resource: &Resource, wanted: Scalar) -> bool {
    matches!(resource.amount, Amount::Scalar(scalar, _) if scalar == wanted)
}

fn scalar_amount(resource: &Resource) -> Milli {
    match resource.amount {
        Amount::Scalar(_, amount) => amount,
        Amount::Ports(_) | Amount::Other => Milli(0),
    }
}

/// Takes one member's needs out of an offer, or says what is short.
///
/// `rotation` moves the choice of ports on, so that a second attempt on an agent where a port was
/// taken by somebody else meets another one.
///
/// # Errors
/// The first need that the offer does not meet.
pub fn take(offer: &Offer, need: &Need, role: &str, rotation: u32) -> Result<Take, Refusal> {
    let mut remaining = Remaining::of(offer, role);
    // What is short is said of both together.
    remaining.check(Scalar::Cpus, need.executor_cpus)?;
    let client_task = remaining.take(Scalar::Cpus, CLIENT_TASK_CPUS)?;
    let executor_cpus = Milli(need.executor_cpus.0.saturating_sub(CLIENT_TASK_CPUS.0));
    let mut executor = remaining.take(Scalar::Cpus, executor_cpus)?;
    executor.extend(remaining.take(Scalar::Mem, need.executor_mem)?);
    let mut task = remaining.take(Scalar::Cpus, need.cpus)?;
    task.extend(remaining.take(Scalar::Mem, need.mem)?);
    task.extend(remaining.take(Scalar::Disk, need.disk)?);
    let (peer, client) = choose_ports(&remaining.resources, rotation)?;
    for (port, index) in [peer, client] {
        task.push(Part { index, amount: Amount::Ports(vec![(port, port)]) });
    }
    offer.ip.ok_or(Refusal::NoAddress)?;
    Ok(Take { executor, task, client_task, peer_port: peer.0, client_port: client.0 })
}

/// How many ports are looked at; a bound, because an offer may hold all 65,536.
const PORTS_LOOKED_AT_MAX: usize = 256;

/// A port, and the place of the resource that it is of.
type OfferedPort = (u16, usize);

/// Two ports and the resources they are of: neighbours where there are any.
fn choose_ports(
    resources: &[&Resource],
    rotation: u32,
) -> Result<(OfferedPort, OfferedPort), Refusal> {
    let ports = offered_ports(resources);
    if ports.len() < 2 {
        return Err(Refusal::Ports { usable: ports.len() });
    }
    let neighbours: Vec<usize> = (0..ports.len() - 1)
        .filter(|&i| ports[i].0.checked_add(1) == Some(ports[i + 1].0))
        .collect();
    let step = 2 * rotation as usize;
    let first = match neighbours.len() {
        0 => step % (ports.len() - 1),
        n => neighbours[step % n],
    };
    Ok((ports[first], ports[first + 1]))
}

/// The usable ports in rising order, each once, with the resource that each is of.
fn offered_ports(resources: &[&Resource]) -> Vec<OfferedPort> {
    let mut seen = BTreeSet::new();
    for resource in resources {
        let Amount::Ports(ranges) = &resource.amount else { continue };
        for &(begin, end) in ranges {
            let room = PORTS_LOOKED_AT_MAX.saturating_sub(seen.len());
            // Port 0 means "any" to a listener, so it is never one that we can advertise.
            seen.extend((begin.max(1)..=end).take(room).map(|port| (port, resource.index)));
        }
    }
    let mut ports: Vec<OfferedPort> = seen.into_iter().collect();
    ports.dedup_by_key(|(port, _)| *port);
    ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn plain(index: usize, amount: Amount) -> Resource {
        Resource { index, amount, reserved_for: None, disk: Disk::Root, is_weak: false }
    }

    fn scalar(index: usize, scalar: Scalar, units: u64) -> Resource {
        plain(index, Amount::Scalar(scalar, Milli::whole(units)))
    }

    fn offer(resources: Vec<Resource>) -> Offer {
        Offer {
            id: "o1".into(),
            agent_id: "a1".into(),
            hostname: "h1".into(),
            ip: Some([127, 0, 0, 1].into()),
            resources,
        }
    }

    fn need() -> Need {
        Need {
            cpus: Milli::whole(1),
            mem: Milli::whole(512),
            disk: Milli::whole(1024),
            executor_cpus: Milli(100),
            executor_mem: Milli::whole(32),
        }
    }

    fn ample(ports: Vec<(u16, u16)>) -> Vec<Resource> {
        vec![
            scalar(0, Scalar::Cpus, 4),
            scalar(1, Scalar::Mem, 4096),
            scalar(2, Scalar::Disk, 8192),
            plain(3, Amount::Ports(ports)),
        ]
    }

    #[test]
    fn ports_come_from_the_offered_ranges_alone() {
        // The offer of the predecessor's issue 123, where it took 1029, which was not offered.
        let taken = take(&offer(ample(vec![(1026, 1028), (1038, 2180)])), &need(), "*", 0).unwrap();
        assert_eq!((taken.peer_port, taken.client_port), (1026, 1027));
        let rotated =
            take(&offer(ample(vec![(1026, 1028), (1038, 2180)])), &need(), "*", 1).unwrap();
        assert_eq!((rotated.peer_port, rotated.client_port), (1038, 1039));
    }

    #[test]
    fn single_ports_far_apart_serve_too() {
        let taken = take(&offer(ample(vec![(9000, 9000), (31, 31)])), &need(), "*", 0).unwrap();
        assert_eq!((taken.peer_port, taken.client_port), (31, 9000));
    }

    #[test]
    fn one_port_is_too_few() {
        let refusal = take(&offer(ample(vec![(31, 31), (31, 31)])), &need(), "*", 0).unwrap_err();
        assert_eq!(refusal.to_string(), "ports: 2 needed, 1 usable");
    }

    #[test]
    fn another_roles_reservation_and_another_disk_do_not_count() {
        let mut resources = ample(vec![(1000, 1010)]);
        resources[0].reserved_for = Some("web".into());
        let refusal = take(&offer(resources.clone()), &need(), "etcd", 0).unwrap_err();
        assert_eq!(refusal.to_string(), "cpus: 0.1 needed, 0 usable");
        resources[0].reserved_for = Some("etcd".into());
        assert!(take(&offer(resources.clone()), &need(), "etcd", 0).is_ok());
        resources[2].disk = Disk::Apart;
        let refusal = take(&offer(resources), &need(), "etcd", 0).unwrap_err();
        assert_eq!(refusal.to_string(), "disk: 1024 needed, 0 usable");
    }

    #[test]
    fn a_client_task_takes_what_it_has_from_the_executor_and_no_more_is_needed() {
        let mut resources = ample(vec![(1000, 1010)]);
        resources[0].amount = Amount::Scalar(Scalar::Cpus, Milli(1100));
        let taken = take(&offer(resources.clone()), &need(), "*", 0).unwrap();
        let cpus = |milli| Part { index: 0, amount: Amount::Scalar(Scalar::Cpus, Milli(milli)) };
        assert_eq!(taken.client_task, [cpus(1)]);
        assert_eq!((&taken.executor[0], &taken.task[0]), (&cpus(99), &cpus(1000)));
        resources[0].amount = Amount::Scalar(Scalar::Cpus, Milli(1099));
        assert!(take(&offer(resources), &need(), "*", 0).is_err());
    }

    #[test]
    fn what_is_reserved_for_us_is_used_first() {
        let mut resources = ample(vec![(1000, 1010)]);
        let mut reserved = scalar(4, Scalar::Mem, 100);
        reserved.reserved_for = Some("etcd".into());
        resources.push(reserved);
        let taken = take(&offer(resources), &need(), "etcd", 0).unwrap();
        let mem: Vec<usize> = taken
            .task
            .iter()
            .filter(|p| matches!(p.amount, Amount::Scalar(Scalar::Mem, _)))
            .map(|p| p.index)
            .collect();
        assert_eq!(mem, [4, 1]);
    }

    proptest! {
        #[test]
        fn a_take_never_exceeds_its_offer(
            cpus in proptest::collection::vec((0u64..3000, any::<bool>()), 1..5),
            ranges in proptest::collection::vec((any::<u16>(), 0u16..9), 0..5),
            rotation in 0u32..9,
        ) {
            let mut resources = ample(Vec::new());
            let ranges: Vec<(u16, u16)> =
                ranges.into_iter().map(|(begin, len)| (begin, begin.saturating_add(len))).collect();
            resources[3].amount = Amount::Ports(ranges.clone());
            resources[0].amount = Amount::Scalar(Scalar::Cpus, Milli(0));
            for (i, (amount, reserved)) in cpus.into_iter().enumerate() {
                let mut more = plain(4 + i, Amount::Scalar(Scalar::Cpus, Milli(amount)));
                more.reserved_for = reserved.then(|| "etcd".to_owned());
                resources.push(more);
            }
            let offer = offer(resources);
            if let Ok(taken) = take(&offer, &need(), "etcd", rotation) {
                prop_assert_ne!(taken.peer_port, taken.client_port);
                for port in [taken.peer_port, taken.client_port] {
                    prop_assert!(ranges.iter().any(|&(b, e)| b <= port && port <= e));
                }
                for resource in &offer.resources {
                    let parts = taken.executor.iter().chain(&taken.task).chain(&taken.client_task);
                    let used: u64 = parts.filter(|p| p.index == resource.index).map(|p| match p.amount {
                        Amount::Scalar(_, amount) => amount.0,
                        _ => 0,
                    }).sum();
                    prop_assert!(used <= scalar_amount(resource).0);
                }
                let parts = taken.executor.iter().chain(&taken.task).chain(&taken.client_task);
                let cpus: u64 = parts.map(|p| match p.amount {
                    Amount::Scalar(Scalar::Cpus, amount) => amount.0,
                    _ => 0,
                }).sum();
                prop_assert_eq!(cpus, 1100);
            }
        }
    }
}
