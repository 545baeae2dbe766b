//! Whether the cluster serves: judged from proofs, never from an index that moves.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::id::MemberName;
use crate::observation::Observation;

/// The verdict on a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every member serves, and all agree on the leader.
    Healthy,
    /// A majority serves and agrees; not every member does.
    Degraded,
    /// No majority proved that it serves, or the members do not agree.
    Unhealthy,
    /// There is no cluster yet, or nobody has looked yet.
    Unknown,
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
    /// Whether a client's linearizable request would be served.
    pub fn serves(&self) -> bool {
        matches!(self.verdict, Verdict::Healthy | Verdict::Degraded)
    }
}

/// A member, and the newest look at it that is fresh enough to prove anything.
pub(super) type Seen<'a> = (&'a MemberName, Option<&'a Observation>);

/// A follower that has applied less than this many entries of what it knows to be committed lags.
const APPLY_LAG_MAX: u64 = 1000;

/// Judges the members of a formed cluster.
pub(super) fn assess(members: &[Seen<'_>]) -> Health {
    let serving: Vec<&Observation> =
        members.iter().filter_map(|(_, seen)| *seen).filter(|o| o.is_serving()).collect();
    let (count, size) = (serving.len(), members.len());
    // The looks are seconds apart: one from before an election names the leader of its own term.
    let term = serving.iter().map(|o| o.raft_term).max();
    let newest = serving.iter().filter(|o| Some(o.raft_term) == term);
    let leaders: BTreeSet<_> = newest.filter_map(|o| o.leader).collect();
    let clusters: BTreeSet<_> = serving.iter().map(|o| o.cluster_id).collect();
    let health = |verdict, because| Health { verdict, because };
    if clusters.len() > 1 {
        return health(Verdict::Unhealthy, "the members belong to different clusters".to_owned());
    }
    if count < size / 2 + 1 {
        let because = format!("{count} of {size} members proved a linearizable read: no majority");
        return health(Verdict::Unhealthy, because);
    }
    if leaders.len() > 1 {
        return health(Verdict::Unhealthy, "the members do not agree on the leader".to_owned());
    }
    match troubles(members) {
        troubles if troubles.is_empty() => {
            health(Verdict::Healthy, format!("all {size} members proved a linearizable read"))
        }
        troubles => health(Verdict::Degraded, troubles.join("; ")),
    }
}

fn troubles(members: &[Seen<'_>]) -> Vec<String> {
    members.iter().filter_map(|(name, seen)| trouble(name, *seen)).collect()
}

fn trouble(name: &MemberName, seen: Option<&Observation>) -> Option<String> {
    let Some(seen) = seen else { return Some(format!("{name} does not answer")) };
    if !seen.is_serving() {
        return Some(format!("{name} does not serve linearizable reads"));
    }
    if let Some(complaint) = seen.complaints.first() {
        return Some(format!("{name} complains: {complaint}"));
    }
    let lag = seen.raft_index.saturating_sub(seen.raft_applied_index);
    (lag > APPLY_LAG_MAX).then(|| format!("{name} has {lag} entries to apply"))
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

    fn verdict(looks: [Option<Observation>; 3]) -> Verdict {
        let names: Vec<MemberName> = (0..3).map(|i| MemberName::of(1, i)).collect();
        let members: Vec<Seen> = names.iter().zip(&looks).map(|(n, o)| (n, o.as_ref())).collect();
        assess(&members).verdict
    }

    #[test]
    fn an_idle_cluster_is_healthy_though_its_index_stands_still() {
        assert_eq!(
            verdict([Some(seen(1, 1)), Some(seen(2, 1)), Some(seen(3, 1))]),
            Verdict::Healthy
        );
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
        assert_eq!(
            verdict([Some(seen(1, 1)), Some(seen(2, 1)), Some(seen(3, 3))]),
            Verdict::Unhealthy
        );
        let mut stranger = seen(3, 1);
        stranger.cluster_id = ClusterId(8);
        assert_eq!(
            verdict([Some(seen(1, 1)), Some(seen(2, 1)), Some(stranger)]),
            Verdict::Unhealthy
        );
    }

    #[test]
    fn a_look_from_before_an_election_does_not_contradict_the_newer_ones() {
        let mut newer = [seen(1, 1), seen(3, 1)];
        newer.iter_mut().for_each(|o| o.raft_term = 3);
        let [first, third] = newer;
        assert_eq!(verdict([Some(first), Some(seen(2, 3)), Some(third)]), Verdict::Healthy);
    }

    #[test]
    fn alarms_and_lag_degrade() {
        let mut full = seen(2, 1);
        full.complaints.push("alarm NOSPACE".into());
        assert_eq!(verdict([Some(seen(1, 1)), Some(full), Some(seen(3, 1))]), Verdict::Degraded);
        let mut late = seen(2, 1);
        late.raft_index = 9000;
        assert_eq!(verdict([Some(seen(1, 1)), Some(late), Some(seen(3, 1))]), Verdict::Degraded);
    }
}
