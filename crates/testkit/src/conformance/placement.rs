//! The contract of `PlacementPolicy`.
//!
//! The policy ranks generated sites, the same in each run, and what breaks a line is made small;
//! `PROPTEST_CASES` says how many. [`lots`] makes them for a plugin's own properties.

use std::collections::{BTreeMap, BTreeSet};

use etcd_mesos_core::id::OfferId;
use etcd_mesos_core::placement::{PlacementPolicy, Ranking};

use super::property::holds;
use super::{Met, Outcome, Verdict, Verdicts, guard};

mod lot;

pub use lot::{Lot, lots, single};

lines! {
    /// The lines of the contract of `PlacementPolicy`.
    EachOfferOnce: "every offer is either chosen or refused, once, and no other is named",
    RefusalsHaveReasons: "every refusal has a reason in words",
    SameRanking: "the same site yields the same ranking: there is no clock, no chance and no memory",
    OneAnAgent: "at most one offer of an agent is chosen",
    SingleIsAnswered: "one offer that serves and one wanted member: it is chosen, or the refusal says what the policy misses",
    NeverPanics: "no site makes it panic, an empty one included",
}

/// Checks every line.
pub fn suite(policy: &dyn PlacementPolicy) -> Verdicts {
    let verdict = |line: &Line| Verdict { line: line.words(), outcome: check(policy, *line) };
    Verdicts { contract: "PlacementPolicy", verdicts: Line::ALL.iter().map(verdict).collect() }
}

/// Checks one line.
pub fn check(policy: &dyn PlacementPolicy, line: Line) -> Outcome {
    match line {
        Line::EachOfferOnce => each_offer_once(policy),
        Line::RefusalsHaveReasons => refusals_have_reasons(policy),
        Line::SameRanking => same_ranking(policy),
        Line::OneAnAgent => one_an_agent(policy),
        Line::SingleIsAnswered => single_is_answered(policy),
        Line::NeverPanics => never_panics(policy),
    }
    .into()
}

/// A policy that is asked until it panics.
struct Ranker<'a> {
    policy: &'a dyn PlacementPolicy,
    asker: guard::Asker,
}

impl Ranker<'_> {
    fn of(policy: &dyn PlacementPolicy) -> Ranker<'_> {
        Ranker { policy, asker: guard::Asker::default() }
    }

    fn says(&self, lot: &Lot) -> Option<Ranking> {
        self.asker.ask(|| self.policy.rank(&lot.site()))
    }
}

fn each_offer_once(policy: &dyn PlacementPolicy) -> Met {
    let ranker = Ranker::of(policy);
    let names_each_once = |lot: &Lot| {
        let Some(said) = ranker.says(lot) else { return Ok(()) };
        let mut times: BTreeMap<&OfferId, u32> = lot.offers.iter().map(|o| (&o.id, 0)).collect();
        for id in said.chosen.iter().chain(said.refused.iter().map(|(id, _)| id)) {
            let Some(times) = times.get_mut(id) else {
                return Err(format!("it names {id}, which is not offered: {said:?}"));
            };
            *times += 1;
        }
        match times.into_iter().find(|(_, times)| *times != 1) {
            Some((id, times)) => Err(format!("it names {id} {times} times: {said:?}")),
            None => Ok(()),
        }
    };
    holds(single(), names_each_once)?;
    holds(lots(), names_each_once)
}

fn refusals_have_reasons(policy: &dyn PlacementPolicy) -> Met {
    let ranker = Ranker::of(policy);
    holds(lots(), |lot| {
        let Some(said) = ranker.says(lot) else { return Ok(()) };
        match said.refused.iter().find(|(_, why)| !is_in_words(why)) {
            Some((id, why)) => Err(format!("{id} is refused because of {why:?}")),
            None => Ok(()),
        }
    })
}

fn is_in_words(why: &str) -> bool {
    why.chars().any(char::is_alphabetic)
}

fn same_ranking(policy: &dyn PlacementPolicy) -> Met {
    let ranker = Ranker::of(policy);
    holds((lots(), lots()), |(lot, other)| {
        let Some(first) = ranker.says(lot) else { return Ok(()) };
        ranker.says(other);
        for again in [lot, &lot.clone()].into_iter().filter_map(|lot| ranker.says(lot)) {
            if first != again {
                return Err(format!("it says {first:?}, and then {again:?}"));
            }
        }
        Ok(())
    })
}

fn one_an_agent(policy: &dyn PlacementPolicy) -> Met {
    let ranker = Ranker::of(policy);
    holds(lots(), |lot| {
        let Some(said) = ranker.says(lot) else { return Ok(()) };
        // An offer that is chosen twice, and one that is not there, are another line's.
        let chosen: BTreeSet<&OfferId> = said.chosen.iter().collect();
        let mut agents = BTreeSet::new();
        let agent_of =
            |id: &&OfferId| lot.offers.iter().find(|o| o.id == **id).map(|o| &o.agent_id);
        match chosen.iter().filter_map(agent_of).find(|agent| !agents.insert(*agent)) {
            Some(agent) => Err(format!("two offers of agent {agent} are chosen: {said:?}")),
            None => Ok(()),
        }
    })
}

fn single_is_answered(policy: &dyn PlacementPolicy) -> Met {
    let ranker = Ranker::of(policy);
    holds(single(), |lot| {
        let Some(said) = ranker.says(lot) else { return Ok(()) };
        let id = &lot.offers[0].id;
        let is_reasoned = said.refused.iter().any(|(other, why)| other == id && is_in_words(why));
        if said.chosen.contains(id) || is_reasoned {
            return Ok(());
        }
        Err(format!("it says {said:?}"))
    })
}

fn never_panics(policy: &dyn PlacementPolicy) -> Met {
    let tried = |lot: &Lot| {
        let answer = guard::answer(|| policy.rank(&lot.site()));
        answer.map(drop).map_err(|panic| format!("it panics: {panic}"))
    };
    holds(Lot::empty(), tried)?;
    holds(lots(), tried)
}
