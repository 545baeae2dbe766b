//! Which agents get members: one member an agent, and one a host.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{AgentId, OfferId};
use crate::offer::{Need, Offer, Refusal, Take, take};

/// The outcome of ranking offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The offers that serve, one an agent and one a host, best first.
    pub chosen: Vec<(OfferId, Take)>,
    /// The others, each with its reason.
    pub refused: Vec<(OfferId, Refusal)>,
}

/// What ranking needs to know beside the offers.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// What a member needs.
    pub need: &'a Need,
    /// The role that we may use reservations of.
    pub role: &'a str,
    /// Moves the choice of ports on; see [`take`].
    pub rotation: u32,
    /// Agents to leave alone for now, each with the reason.
    pub set_aside: &'a BTreeMap<AgentId, String>,
}

/// Ranks offers: each agent and each host at most once, in the order of the agents' IDs.
pub fn place<'a>(offers: impl Iterator<Item = &'a Offer>, demand: &Demand<'_>) -> Placement {
    let mut sorted: Vec<&Offer> = offers.collect();
    sorted.sort_by(|a, b| (&a.agent_id, &a.id).cmp(&(&b.agent_id, &b.id)));
    let mut placement = Placement::default();
    let mut agents = BTreeSet::new();
    let mut hosts = BTreeSet::new();
    for offer in sorted {
        match assess(offer, demand, &agents, &hosts) {
            Ok(taken) => {
                agents.insert(offer.agent_id.clone());
                hosts.insert(offer.hostname.clone());
                placement.chosen.push((offer.id.clone(), taken));
            }
            Err(refusal) => placement.refused.push((offer.id.clone(), refusal)),
        }
    }
    placement
}

fn assess(
    offer: &Offer,
    demand: &Demand<'_>,
    agents: &BTreeSet<AgentId>,
    hosts: &BTreeSet<String>,
) -> Result<Take, Refusal> {
    if agents.contains(&offer.agent_id) || hosts.contains(&offer.hostname) {
        return Err(Refusal::Taken);
    }
    if let Some(why) = demand.set_aside.get(&offer.agent_id) {
        return Err(Refusal::SetAside { why: why.clone() });
    }
    take(offer, demand.need, demand.role, demand.rotation)
}
