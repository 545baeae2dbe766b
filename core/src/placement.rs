//! Which agents get members: what must hold, and what a placement policy prefers.
//!
//! What an agent must have, and that it gets one member only, is the core's own. A
//! [`PlacementPolicy`] ranks the offers that serve and refuses others, each with its reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{AgentId, OfferId};
use crate::offer::{Need, Offer, Refusal, Take, take};

/// The outcome of ranking offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The offers that serve, one an agent, best first.
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
    /// How many members are wanted.
    pub wanted: usize,
}

/// What a placement policy ranks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Site<'a> {
    /// The offers that have what a member needs, in the order of their agents' IDs.
    pub offers: Vec<&'a Offer>,
    /// How many members are wanted.
    pub wanted: usize,
}

impl<'a> Site<'a> {
    /// Offers for so many members.
    pub fn new(offers: Vec<&'a Offer>, wanted: usize) -> Site<'a> {
        Site { offers, wanted }
    }
}

/// What a placement policy says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ranking {
    /// The offers to use, best first.
    pub chosen: Vec<OfferId>,
    /// The others, each with its reason.
    pub refused: Vec<(OfferId, String)>,
}

impl Ranking {
    /// Offers to use, best first, and others, each with its reason.
    pub fn new(chosen: Vec<OfferId>, refused: Vec<(OfferId, String)>) -> Ranking {
        Ranking { chosen, refused }
    }
}

/// Ranks offers for new members.
///
/// The contract, which the conformance suite checks line by line:
/// - every offer is either chosen or refused, once, and no other is named;
/// - every refusal has a reason in words;
/// - the same site yields the same ranking: there is no clock, no chance and no memory;
/// - at most one offer of an agent is chosen (the core holds to that in any case);
/// - one offer that serves and one wanted member: it is chosen, or the refusal says what the
///   policy misses;
/// - no site makes it panic, an empty one included.
pub trait PlacementPolicy: Send + Sync + std::fmt::Debug {
    /// Ranks.
    fn rank(&self, site: &Site<'_>) -> Ranking;
}

/// The policy that puts no two members on one host, and otherwise takes agents in the order of
/// their IDs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread;

impl PlacementPolicy for Spread {
    fn rank(&self, site: &Site<'_>) -> Ranking {
        let mut ranking = Ranking::default();
        let mut hosts = BTreeSet::new();
        for offer in &site.offers {
            if hosts.insert(offer.hostname.as_str()) {
                ranking.chosen.push(offer.id.clone());
            } else {
                let why = format!("another offer of host {} is used", offer.hostname);
                ranking.refused.push((offer.id.clone(), why));
            }
        }
        ranking
    }
}

/// Ranks the offers that serve by the policy, and lets no agent have two members whatever it says.
pub fn place<'a>(
    offers: impl Iterator<Item = &'a Offer>,
    demand: &Demand<'_>,
    policy: &dyn PlacementPolicy,
) -> Placement {
    let mut sorted: Vec<&Offer> = offers.collect();
    sorted.sort_by(|a, b| (&a.agent_id, &a.id).cmp(&(&b.agent_id, &b.id)));
    let mut placement = Placement::default();
    let mut serving: BTreeMap<OfferId, (&Offer, Take)> = BTreeMap::new();
    for offer in sorted {
        match assess(offer, demand) {
            Ok(taken) => drop(serving.insert(offer.id.clone(), (offer, taken))),
            Err(refusal) => placement.refused.push((offer.id.clone(), refusal)),
        }
    }
    let mut offers: Vec<&Offer> = serving.values().map(|(offer, _)| *offer).collect();
    offers.sort_by(|a, b| (&a.agent_id, &a.id).cmp(&(&b.agent_id, &b.id)));
    choose(&mut placement, serving, policy.rank(&Site::new(offers, demand.wanted)));
    placement
}

fn assess(offer: &Offer, demand: &Demand<'_>) -> Result<Take, Refusal> {
    if let Some(why) = demand.set_aside.get(&offer.agent_id) {
        return Err(Refusal::SetAside { why: why.clone() });
    }
    take(offer, demand.need, demand.role, demand.rotation)
}

/// Takes what the policy chose, each offer and each agent once; what it forgot is refused.
fn choose(
    placement: &mut Placement,
    mut serving: BTreeMap<OfferId, (&Offer, Take)>,
    ranking: Ranking,
) {
    let mut agents = BTreeSet::new();
    for id in ranking.chosen {
        let Some((offer, taken)) = serving.remove(&id) else { continue };
        if agents.insert(&offer.agent_id) {
            placement.chosen.push((id, taken));
        } else {
            placement.refused.push((id, Refusal::Taken));
        }
    }
    for (id, why) in ranking.refused {
        if serving.remove(&id).is_some() {
            placement.refused.push((id, Refusal::Policy { why }));
        }
    }
    let why = "the placement policy says nothing of it";
    let forgotten = serving.into_keys().map(|id| (id, Refusal::Policy { why: why.to_owned() }));
    placement.refused.extend(forgotten);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offer::{Amount, Disk, Milli, Resource, Scalar};

    fn offer(id: &str, agent: &str, host: &str) -> Offer {
        let resource = |index, amount| Resource {
            index,
            amount,
            reserved_for: None,
            disk: Disk::Root,
            is_weak: false,
        };
        let scalars = [Scalar::Cpus, Scalar::Mem, Scalar::Disk];
        let plenty = |(index, kind)| resource(index, Amount::Scalar(kind, Milli::whole(9000)));
        let mut resources: Vec<Resource> = scalars.into_iter().enumerate().map(plenty).collect();
        resources.push(resource(3, Amount::Ports(vec![(31_000, 32_000)])));
        Offer {
            id: OfferId(id.to_owned()),
            agent_id: AgentId(agent.to_owned()),
            hostname: host.to_owned(),
            ip: Some([127, 0, 0, 1].into()),
            resources,
        }
    }

    fn placed(offers: &[Offer], policy: &dyn PlacementPolicy) -> Placement {
        let amount = Milli::whole(1);
        let need = Need {
            cpus: amount,
            mem: amount,
            disk: amount,
            executor_cpus: amount,
            executor_mem: amount,
        };
        let set_aside = BTreeMap::from([(AgentId("ill".to_owned()), "it failed".to_owned())]);
        let demand =
            Demand { need: &need, role: "*", rotation: 0, set_aside: &set_aside, wanted: 3 };
        place(offers.iter(), &demand, policy)
    }

    fn ids(placement: &Placement) -> (Vec<&str>, Vec<(&str, String)>) {
        let chosen = placement.chosen.iter().map(|(id, _)| id.0.as_str()).collect();
        let refused = placement.refused.iter().map(|(id, why)| (id.0.as_str(), why.to_string()));
        (chosen, refused.collect())
    }

    #[test]
    fn members_are_spread_over_agents_and_hosts() {
        let offers = [
            offer("o1", "a2", "h2"),
            offer("o2", "a1", "h1"),
            offer("o3", "a1", "h1"),
            offer("o4", "a3", "h1"),
            offer("o5", "ill", "h5"),
        ];
        let placement = placed(&offers, &Spread);
        let (chosen, refused) = ids(&placement);
        assert_eq!(chosen, ["o2", "o1"]);
        let other = "another offer of host h1 is used".to_owned();
        let aside = "set aside for a while: it failed".to_owned();
        assert_eq!(refused, [("o5", aside), ("o3", other.clone()), ("o4", other)]);
    }

    /// Says what it was made to say, whatever it is asked.
    #[derive(Debug)]
    struct Parrot(Vec<&'static str>);

    impl PlacementPolicy for Parrot {
        fn rank(&self, _: &Site<'_>) -> Ranking {
            Ranking::new(self.0.iter().map(|id| OfferId((*id).to_owned())).collect(), Vec::new())
        }
    }

    #[test]
    fn no_policy_puts_two_members_on_one_agent_or_invents_an_offer() {
        let offers = [offer("o1", "a1", "h1"), offer("o2", "a1", "h2"), offer("o3", "a2", "h3")];
        let placement = placed(&offers, &Parrot(vec!["o2", "o2", "o1", "o9"]));
        let (chosen, refused) = ids(&placement);
        assert_eq!(chosen, ["o2"]);
        let taken = "another offer of this agent comes first".to_owned();
        let nothing = "the placement policy says nothing of it".to_owned();
        assert_eq!(refused, [("o1", taken), ("o3", nothing)]);
    }
}
