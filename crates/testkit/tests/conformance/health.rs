//! Health policies.

use std::sync::atomic::{AtomicU64, Ordering};

use etcd_mesos_core::health::{
    HealthPolicy, Judgement, Look, Outlook, ProofAlone, Verdict as Health, Watched,
};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_testkit::conformance::health::{Line, suite};

use super::{assert_all_broken, assert_breaks};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// It counts what it is asked.
    Counts,
    /// Its words depend on where the outlook lies in memory.
    SaysAddresses,
    /// It divides by the members.
    DividesByMembers,
    /// It takes it that somebody looked.
    TakesALook,
    /// An index that is not what it must be makes an end of it.
    Overflows,
    /// Whoever serves is healthy.
    OverlooksTheSilent,
    /// A majority by itself.
    CountsAnyAnswer,
    /// A member is dead whose raft index stands still.
    WantsIndicesToMove,
    /// What is well needs no words.
    SaysNothingOfTheHealthy,
    /// "a member has trouble"
    NamesNobody,
    /// It wants to judge again at once.
    ReviewsAtOnce,
    /// It wants to judge again when the oldest proof was made.
    ReviewsInThePast,
}

#[derive(Debug)]
struct Broken {
    bug: Bug,
    asked: AtomicU64,
}

fn seen(look: &Look) -> Option<&Observation> {
    look.outcome.as_ref().ok()
}

fn stands_still(member: &Watched<'_>) -> bool {
    let indices: Vec<u64> = member.looks.iter().filter_map(seen).map(|o| o.raft_index).collect();
    indices.len() > 1 && indices.windows(2).all(|pair| pair[0] == pair[1])
}

fn panics(bug: Bug, outlook: &Outlook<'_>) {
    let looks = || outlook.members.iter().flat_map(|m| m.looks);
    match bug {
        Bug::DividesByMembers => drop(100 / outlook.members.len()),
        Bug::TakesALook => {
            outlook.members.iter().for_each(|m| assert!(m.looks.back().is_some(), "never looked"));
        }
        Bug::Overflows => looks().filter_map(seen).for_each(|o| {
            assert!(o.raft_applied_index.checked_add(1000).is_some(), "overflow");
        }),
        _ => {}
    }
}

impl HealthPolicy for Broken {
    fn judge(&self, outlook: &Outlook<'_>) -> Judgement {
        panics(self.bug, outlook);
        let mut said = ProofAlone.judge(outlook);
        let health = &mut said.health;
        let is_healthy = health.verdict == Health::Healthy;
        let names =
            || outlook.members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
        match self.bug {
            Bug::Counts => {
                let times = self.asked.fetch_add(1, Ordering::Relaxed);
                health.because += &format!(" (judgement {times})");
            }
            Bug::SaysAddresses => health.because += &format!(" ({:p})", outlook.members.as_ptr()),
            Bug::OverlooksTheSilent if health.verdict == Health::Degraded => {
                health.verdict = Health::Healthy;
            }
            Bug::CountsAnyAnswer => {
                let is_there = |m: &&Watched<'_>| m.looks.iter().any(|look| seen(look).is_some());
                let count = outlook.members.iter().filter(is_there).count();
                if health.verdict == Health::Unhealthy && 2 * count > outlook.members.len() {
                    health.verdict = Health::Degraded;
                    health.because = format!("{} answer", names());
                }
            }
            Bug::WantsIndicesToMove if is_healthy && outlook.members.iter().any(stands_still) => {
                health.verdict = Health::Degraded;
                health.because = format!("the raft index stands still: {}", names());
            }
            Bug::SaysNothingOfTheHealthy if is_healthy => health.because = " ".into(),
            Bug::NamesNobody if health.verdict == Health::Degraded => {
                health.because = "a member has trouble".into();
            }
            Bug::ReviewsAtOnce => said.review_at = Some(outlook.now),
            Bug::ReviewsInThePast => {
                let looks = outlook.members.iter().flat_map(|m| m.looks);
                let oldest = looks.map(|look| look.at).min();
                said.review_at = oldest.map(|at| at + outlook.proof_max).or(Some(Timestamp(0)));
            }
            _ => {}
        }
        said
    }
}

const TABLE: [(Bug, Line); 12] = [
    (Bug::Counts, Line::SameJudgement),
    (Bug::SaysAddresses, Line::SameJudgement),
    (Bug::DividesByMembers, Line::NeverPanics),
    (Bug::TakesALook, Line::NeverPanics),
    (Bug::Overflows, Line::NeverPanics),
    (Bug::OverlooksTheSilent, Line::NeverBetterThanProof),
    (Bug::CountsAnyAnswer, Line::NeverBetterThanProof),
    (Bug::WantsIndicesToMove, Line::IdleIsHealthy),
    (Bug::SaysNothingOfTheHealthy, Line::GroundsAreSaid),
    (Bug::NamesNobody, Line::NamesTheMember),
    (Bug::ReviewsAtOnce, Line::ReviewLiesAhead),
    (Bug::ReviewsInThePast, Line::ReviewLiesAhead),
];

#[test]
fn the_policy_of_the_core_passes() {
    let verdicts = suite(&ProofAlone);
    verdicts.assert();
    assert_breaks("ProofAlone", &verdicts, &[]);
}

#[test]
fn a_broken_policy_fails_in_the_line_that_it_breaks() {
    for (bug, line) in TABLE {
        let verdicts = suite(&Broken { bug, asked: AtomicU64::new(0) });
        assert_breaks(&format!("{bug:?}"), &verdicts, &[line.words()]);
    }
}

#[test]
fn every_line_is_broken_by_somebody() {
    let table: Vec<&str> = TABLE.iter().map(|(_, line)| line.words()).collect();
    assert_all_broken(Line::ALL.iter().map(|line| line.words()), &table);
}
