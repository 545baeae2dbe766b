//! Placement policies.

use std::sync::atomic::{AtomicUsize, Ordering};

use etcd_mesos_core::id::OfferId;
use etcd_mesos_core::offer::Offer;
use etcd_mesos_core::placement::{PlacementPolicy, Ranking, Site, Spread};
use etcd_mesos_testkit::conformance::placement::{Line, suite};

use super::{assert_all_broken, assert_breaks};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// What is not wanted is not mentioned.
    ForgetsTheSuperfluous,
    /// The best offer is refused too.
    RefusesTheChosen,
    /// An offer is named that was never made.
    InventsAnOffer,
    /// A refusal goes without words.
    RefusesWithoutReason,
    /// A refusal has a number.
    RefusesWithANumber,
    /// Each time another offer comes first.
    TakesTurns,
    /// Two offers of one agent are two agents.
    DoublesOnAnAgent,
    /// The best offer is taken without a look whether there is one.
    TakesTheFirst,
    /// There is room for what is wanted.
    ReservesRoom,
    /// A cluster of one is beneath its notice.
    IgnoresTheSingle,
}

#[derive(Debug)]
struct Broken {
    bug: Bug,
    asked: AtomicUsize,
}

fn ids(offers: &[&Offer]) -> Vec<OfferId> {
    offers.iter().map(|offer| offer.id.clone()).collect()
}

impl Broken {
    fn spoil(&self, said: &mut Ranking, site: &Site<'_>) {
        match self.bug {
            Bug::ForgetsTheSuperfluous => said.chosen.truncate(site.wanted.max(1)),
            Bug::RefusesTheChosen if said.chosen.len() > 1 => {
                said.refused.push((said.chosen[0].clone(), "it is chosen".into()));
            }
            Bug::InventsAnOffer => said.chosen.push("no offer".into()),
            Bug::RefusesWithoutReason => said.refused.iter_mut().for_each(|(_, why)| why.clear()),
            Bug::RefusesWithANumber => {
                said.refused.iter_mut().for_each(|(_, why)| *why = "-1".into());
            }
            Bug::TakesTurns if !said.chosen.is_empty() => {
                let turn = self.asked.fetch_add(1, Ordering::Relaxed) % said.chosen.len();
                said.chosen.rotate_left(turn);
            }
            Bug::DoublesOnAnAgent => *said = Ranking::new(ids(&site.offers), Vec::new()),
            Bug::TakesTheFirst => drop(site.offers[0].id.clone()),
            Bug::ReservesRoom => drop(Vec::<[u64; 2]>::with_capacity(site.wanted)),
            Bug::IgnoresTheSingle if site.offers.len() == 1 && site.wanted == 1 => {
                *said = Ranking::default();
            }
            _ => {}
        }
    }
}

impl PlacementPolicy for Broken {
    fn rank(&self, site: &Site<'_>) -> Ranking {
        let mut said = Spread.rank(site);
        self.spoil(&mut said, site);
        said
    }
}

const TABLE: [(Bug, &[Line]); 10] = [
    (Bug::ForgetsTheSuperfluous, &[Line::EachOfferOnce]),
    (Bug::RefusesTheChosen, &[Line::EachOfferOnce]),
    (Bug::InventsAnOffer, &[Line::EachOfferOnce]),
    (Bug::RefusesWithoutReason, &[Line::RefusalsHaveReasons]),
    (Bug::RefusesWithANumber, &[Line::RefusalsHaveReasons]),
    (Bug::TakesTurns, &[Line::SameRanking]),
    (Bug::DoublesOnAnAgent, &[Line::OneAnAgent]),
    (Bug::TakesTheFirst, &[Line::NeverPanics]),
    (Bug::ReservesRoom, &[Line::NeverPanics]),
    // Whoever says nothing of a single offer has neither chosen nor refused it.
    (Bug::IgnoresTheSingle, &[Line::EachOfferOnce, Line::SingleIsAnswered]),
];

#[test]
fn the_policy_of_the_core_passes() {
    let verdicts = suite(&Spread);
    verdicts.assert();
    assert_breaks("Spread", &verdicts, &[]);
}

#[test]
fn a_broken_policy_fails_in_the_line_that_it_breaks() {
    for (bug, lines) in TABLE {
        let verdicts = suite(&Broken { bug, asked: AtomicUsize::new(0) });
        let lines: Vec<&str> = lines.iter().map(|line| line.words()).collect();
        assert_breaks(&format!("{bug:?}"), &verdicts, &lines);
    }
}

#[test]
fn every_line_is_broken_by_somebody() {
    let table: Vec<&str> =
        TABLE.iter().flat_map(|(_, lines)| *lines).map(|line| line.words()).collect();
    assert_all_broken(Line::ALL.iter().map(|line| line.words()), &table);
}
