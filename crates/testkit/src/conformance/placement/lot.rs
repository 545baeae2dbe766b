//! Sites that are made up.

use std::net::IpAddr;

use etcd_mesos_core::offer::{Amount, Disk, Milli, Offer, Resource, Scalar};
use etcd_mesos_core::placement::Site;
use proptest::collection::vec;
use proptest::prelude::*;

/// What a site shows, and owns it.
#[derive(Clone, Debug)]
pub struct Lot {
    /// The offers, in the order of their agents' IDs.
    pub offers: Vec<Offer>,
    /// How many members are wanted.
    pub wanted: usize,
}

impl Lot {
    /// The site.
    pub fn site(&self) -> Site<'_> {
        Site::new(self.offers.iter().collect(), self.wanted)
    }

    /// Sites without an offer.
    pub fn empty() -> impl Strategy<Value = Lot> {
        wanted().prop_map(|wanted| Lot { offers: Vec::new(), wanted })
    }
}

fn wanted() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 1..8usize, 1 => Just(0), 1 => Just(usize::MAX)]
}

/// An agent, and what its offers hold.
#[derive(Clone, Debug)]
struct Agent {
    number: usize,
    host: u8,
    has_name: bool,
    offers: Vec<Vec<Resource>>,
}

impl Agent {
    /// Several agents may be on one host, and share its name and its address.
    fn offers(self) -> impl Iterator<Item = Offer> {
        let Agent { number, host, has_name, offers } = self;
        let hostname = if has_name { format!("host{host}.example") } else { String::new() };
        let ip = Some(IpAddr::from([10, 0, 0, host]));
        offers.into_iter().enumerate().map(move |(i, resources)| Offer {
            id: format!("o{number}-{i}").as_str().into(),
            agent_id: format!("S{number:03}").as_str().into(),
            hostname: hostname.clone(),
            ip,
            resources,
        })
    }
}

fn amount() -> impl Strategy<Value = Milli> {
    prop_oneof![6 => 4_000_000..9_000_000u64, 1 => Just(u64::MAX)].prop_map(Milli)
}

/// What serves a member of any ordinary size, and some that it has no use for.
fn resources() -> impl Strategy<Value = Vec<Resource>> {
    let ports = prop_oneof![Just((31_000, 32_000)), Just((0, u16::MAX)), Just((9, 20))];
    let more = vec((any::<bool>(), any::<bool>(), amount()), 0..3);
    ([amount(), amount(), amount()], ports, any::<bool>(), more).prop_map(
        |([cpus, mem, disk], ports, is_reserved, more)| {
            let scalars = [(Scalar::Cpus, cpus), (Scalar::Mem, mem), (Scalar::Disk, disk)];
            let scalars = scalars.map(|(scalar, amount)| Amount::Scalar(scalar, amount));
            let amounts = scalars.into_iter().chain([Amount::Ports(vec![ports]), Amount::Other]);
            let plain = |(index, amount)| Resource {
                index,
                amount,
                reserved_for: is_reserved.then(|| "etcd".to_owned()),
                disk: Disk::Root,
                is_weak: false,
            };
            let mut all: Vec<Resource> = amounts.enumerate().map(plain).collect();
            for (is_weak, is_apart, amount) in more {
                let (index, amount) = (all.len(), Amount::Scalar(Scalar::Disk, amount));
                let disk = if is_apart { Disk::Apart } else { Disk::Root };
                all.push(Resource { index, amount, reserved_for: None, disk, is_weak });
            }
            all
        },
    )
}

fn agents(
    count: std::ops::RangeInclusive<usize>,
    offers: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = Vec<Offer>> {
    let agent = (0..5u8, prop::bool::weighted(0.9), vec(resources(), offers));
    vec(agent, count).prop_map(|agents| {
        let agents = agents.into_iter().enumerate();
        let agents = agents.map(|(number, (host, has_name, offers))| Agent {
            number,
            host,
            has_name,
            offers,
        });
        agents.flat_map(Agent::offers).collect()
    })
}

/// Any site: up to eight agents with up to three offers each, several of them on one host, none at
/// all, and any number of members that are wanted.
pub fn lots() -> impl Strategy<Value = Lot> {
    (agents(0..=8, 1..=3), wanted()).prop_map(|(offers, wanted)| Lot { offers, wanted })
}

/// Sites of one offer, where one member is wanted.
pub fn single() -> impl Strategy<Value = Lot> {
    agents(1..=1, 1..=1).prop_map(|offers| Lot { offers, wanted: 1 })
}
