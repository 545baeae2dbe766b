//! Whether the cluster serves: what is proven, and what a health policy makes of it.
//!
//! The proof is the core's own ([`prove`]): fresh linearizable reads through a majority that agrees
//! on cluster and leader; never an index that moves, which stands still on an idle cluster. A
//! [`HealthPolicy`] says what beside it matters, and can only make the verdict worse: no plugin can
//! call green what is not proven.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use serde::Serialize;

use crate::id::MemberName;
use crate::observation::Observation;
use crate::time::Timestamp;

/// The verdict on a cluster, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every member serves, and all agree on the leader.
    Healthy,
    /// A majority serves and agrees; something else is not as it should be.
    Degraded,
    /// There is no cluster yet, or nobody has looked yet.
    Unknown,
    /// No majority proved that it serves, or the members do not agree.
    Unhealthy,
}

/// A verdict and its grounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The verdict.
    pub verdict: Verdict,
    /// The grounds, in words.
    pub because: String,
}

impl Health {
    /// A verdict on these grounds.
    pub fn new(verdict: Verdict, because: impl Into<String>) -> Health {
        Health { verdict, because: because.into() }
    }

    /// Whether a client's linearizable request would be served.
    pub fn serves(&self) -> bool {
        matches!(self.verdict, Verdict::Healthy | Verdict::Degraded)
    }
}

/// One look at a member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Look {
    /// When it ended.
    pub at: Timestamp,
    /// What was seen, or why nothing was.
    pub outcome: Result<Observation, String>,
}

impl Look {
    /// A look that ended then.
    pub fn new(at: Timestamp, outcome: Result<Observation, String>) -> Look {
        Look { at, outcome }
    }
}

/// How many looks at a member are kept.
pub const LOOKS_KEPT: usize = 32;

/// A member, and the looks at it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Watched<'a> {
    /// Its name.
    pub name: &'a MemberName,
    /// The newest last, at most [`LOOKS_KEPT`].
    pub looks: &'a VecDeque<Look>,
}

/// What a health policy judges by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outlook<'a> {
    /// The present.
    pub now: Timestamp,
    /// How old a look may be that is to prove anything.
    pub proof_max: Duration,
    /// The members of the cluster, in the order of the record.
    pub members: Vec<Watched<'a>>,
}

impl<'a> Outlook<'a> {
    /// What is known of these members at that time.
    pub fn new(
        now: Timestamp,
        proof_max: Duration,
        members: impl IntoIterator<Item = (&'a MemberName, &'a VecDeque<Look>)>,
    ) -> Outlook<'a> {
        let members = members.into_iter().map(|(name, looks)| Watched { name, looks }).collect();
        Outlook { now, proof_max, members }
    }

    /// The newest successful look at a member, if it is fresh enough to prove anything.
    pub fn fresh(&self, member: &Watched<'a>) -> Option<&'a Observation> {
        fresh(member.looks, self.now, self.proof_max)
    }
}

/// The newest successful look, if it is fresh enough to prove anything.
pub(crate) fn fresh(
    looks: &VecDeque<Look>,
    now: Timestamp,
    proof_max: Duration,
) -> Option<&Observation> {
    let (at, seen) = looks.iter().rev().find_map(|l| Some((l.at, l.outcome.as_ref().ok()?)))?;
    (now.since(at) <= proof_max).then_some(seen)
}

/// What a health policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement {
    /// The verdict and its grounds.
    pub health: Health,
    /// When the policy wants to judge again, even if nothing is seen until then.
    pub review_at: Option<Timestamp>,
}

impl Judgement {
    /// A verdict that holds until something new is seen.
    pub fn new(verdict: Verdict, because: impl Into<String>) -> Judgement {
        Judgement { health: Health::new(verdict, because), review_at: None }
    }

    /// Asks to judge again at that time.
    pub fn review_at(mut self, at: Timestamp) -> Judgement {
        self.review_at = Some(at);
        self
    }
}

/// Judges a formed cluster by the looks at its members.
///
/// The contract, which the conformance suite checks line by line:
/// - the same outlook yields the same judgement: there is no clock, no chance and no memory;
/// - no outlook makes it panic, one without members or without looks included;
/// - where [`prove`] finds no proof, it does not find health either;
/// - members that all serve, agree, and are up to date are `Healthy`, however still their raft
///   index stands;
/// - the grounds are never empty, and name the member that a trouble is about;
/// - a time of review lies after `now`.
///
/// It is asked after each event, so that it must be quick.
pub trait HealthPolicy: Send + Sync + std::fmt::Debug {
    /// Judges.
    fn judge(&self, outlook: &Outlook<'_>) -> Judgement;
}

/// The policy that asks for nothing beyond the proof.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProofAlone;

impl HealthPolicy for ProofAlone {
    fn judge(&self, outlook: &Outlook<'_>) -> Judgement {
        Judgement { health: prove(outlook), review_at: None }
    }
}

/// What is proven of a cluster: the best that any policy may say of it.
pub fn prove(outlook: &Outlook<'_>) -> Health {
    let seen: Vec<Option<&Observation>> =
        outlook.members.iter().map(|member| outlook.fresh(member)).collect();
    let serving: Vec<&Observation> =
        seen.iter().copied().flatten().filter(|o| o.is_serving()).collect();
    let (count, size) = (serving.len(), outlook.members.len());
    let clusters: BTreeSet<_> = serving.iter().map(|o| o.cluster_id).collect();
    if clusters.len() > 1 {
        return Health::new(Verdict::Unhealthy, "the members belong to different clusters");
    }
    if count < size / 2 + 1 {
        let because = format!("{count} of {size} members proved a linearizable read: no majority");
        return Health::new(Verdict::Unhealthy, because);
    }
    if leaders(&serving).len() > 1 {
        return Health::new(Verdict::Unhealthy, "the members do not agree on the leader");
    }
    let named = outlook.members.iter().zip(seen);
    let silent: Vec<String> = named.filter_map(|(m, seen)| silence(m.name, seen)).collect();
    if silent.is_empty() {
        return Health::new(
            Verdict::Healthy,
            format!("all {size} members proved a linearizable read"),
        );
    }
    Health::new(Verdict::Degraded, silent.join("; "))
}

/// The looks are seconds apart: one from before an election names the leader of its own term.
fn leaders(serving: &[&Observation]) -> BTreeSet<crate::id::MemberId> {
    let term = serving.iter().map(|o| o.raft_term).max();
    serving.iter().filter(|o| Some(o.raft_term) == term).filter_map(|o| o.leader).collect()
}

fn silence(name: &MemberName, seen: Option<&Observation>) -> Option<String> {
    match seen {
        None => Some(format!("{name} does not answer")),
        Some(seen) if !seen.is_serving() => {
            Some(format!("{name} does not serve linearizable reads"))
        }
        Some(_) => None,
    }
}

/// What a policy says, and at least what the proof says.
pub(crate) fn judge(policy: &dyn HealthPolicy, outlook: &Outlook<'_>) -> Judgement {
    let proven = prove(outlook);
    let mut judged = policy.judge(outlook);
    if proven.verdict > judged.health.verdict {
        judged.health = proven;
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ClusterId, MemberId};

    fn seen(id: u64, leader: u64) -> Observation {
        Observation {
            member_id: MemberId(id),
            cluster_id: ClusterId(9),
            leader: Some(MemberId(leader)),
            raft_term: 2,
            raft_index: 8,
            raft_applied_index: 8,
            db_size_bytes: 1,
            is_learner: false,
            version: "3.4.23".into(),
            complaints: Vec::new(),
            linearizable_revision: Some(1),
        }
    }

    fn names() -> Vec<MemberName> {
        (0..3).map(|i| MemberName::of(1, i)).collect()
    }

    fn with_outlook<T>(
        looks: [Option<Observation>; 3],
        now: u64,
        ask: impl FnOnce(&Outlook<'_>) -> T,
    ) -> T {
        let names = names();
        let one = |o: Option<Observation>| Look::new(Timestamp(1000), o.ok_or("silent".into()));
        let looks: Vec<VecDeque<Look>> = looks.map(|o| VecDeque::from([one(o)])).into();
        let members = names.iter().zip(&looks);
        ask(&Outlook::new(Timestamp(now), Duration::from_secs(10), members))
    }

    fn verdict(looks: [Option<Observation>; 3]) -> Verdict {
        with_outlook(looks, 1000, prove).verdict
    }

    fn all() -> [Option<Observation>; 3] {
        [Some(seen(1, 1)), Some(seen(2, 1)), Some(seen(3, 1))]
    }

    #[test]
    fn an_idle_cluster_is_healthy_though_its_index_stands_still() {
        assert_eq!(verdict(all()), Verdict::Healthy);
    }

    #[test]
    fn a_majority_serves_without_the_third() {
        assert_eq!(verdict([Some(seen(1, 1)), Some(seen(2, 1)), None]), Verdict::Degraded);
    }

    #[test]
    fn an_answer_without_a_linearizable_read_proves_nothing() {
        let mut mute = seen(2, 1);
        mute.linearizable_revision = None;
        assert_eq!(verdict([Some(seen(1, 1)), Some(mute), None]), Verdict::Unhealthy);
    }

    #[test]
    fn two_leaders_or_two_clusters_are_never_healthy() {
        let split = [Some(seen(1, 1)), Some(seen(2, 1)), Some(seen(3, 3))];
        assert_eq!(verdict(split), Verdict::Unhealthy);
        let mut stranger = seen(3, 1);
        stranger.cluster_id = ClusterId(8);
        let mixed = [Some(seen(1, 1)), Some(seen(2, 1)), Some(stranger)];
        assert_eq!(verdict(mixed), Verdict::Unhealthy);
    }

    #[test]
    fn a_look_from_before_an_election_does_not_contradict_the_newer_ones() {
        let mut newer = [seen(1, 1), seen(3, 1)];
        newer.iter_mut().for_each(|o| o.raft_term = 3);
        let [first, third] = newer;
        assert_eq!(verdict([Some(first), Some(seen(2, 3)), Some(third)]), Verdict::Healthy);
    }

    #[test]
    fn a_proof_grows_old() {
        assert_eq!(with_outlook(all(), 11_000, prove).verdict, Verdict::Healthy);
        assert_eq!(with_outlook(all(), 11_001, prove).verdict, Verdict::Unhealthy);
    }

    #[derive(Debug)]
    struct Always(Verdict);

    impl HealthPolicy for Always {
        fn judge(&self, _: &Outlook<'_>) -> Judgement {
            Judgement::new(self.0, "I say so")
        }
    }

    #[test]
    fn no_policy_makes_green_what_is_not_proven() {
        let split = [Some(seen(1, 1)), Some(seen(2, 1)), Some(seen(3, 3))];
        for said in [Verdict::Healthy, Verdict::Degraded, Verdict::Unknown] {
            let judged = with_outlook(split.clone(), 1000, |o| judge(&Always(said), o));
            assert_eq!(judged.health.verdict, Verdict::Unhealthy);
        }
    }

    #[test]
    fn a_policy_may_be_stricter_than_the_proof() {
        let judged = with_outlook(all(), 1000, |o| judge(&Always(Verdict::Degraded), o));
        assert_eq!(judged.health, Health::new(Verdict::Degraded, "I say so"));
    }
}
