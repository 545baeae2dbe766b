//! The health policy that asks for a stable leader and for members that keep up.
//!
//! It begins from what is proven (linearizable reads through a majority that agrees), and calls a
//! cluster degraded that serves and is about to stop: one whose leader changes again and again,
//! one with a member that applies far behind what is committed, one with an alarm. It never looks
//! at whether the raft index moves: since etcd 3.1 it stands still on an idle cluster.

use std::collections::BTreeSet;

use etcd_mesos_core::health::{HealthPolicy, Judgement, Outlook, Verdict, Watched, prove};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::plugin::{Context, HealthPlugin, Plugin, SectionProblem};
use etcd_mesos_core::setting::Span;
use etcd_mesos_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The plugin `raft`.
pub struct RaftPlugin;

/// The section `[health.raft]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RaftSection {
    /// How many entries a member may have to apply that it knows to be committed
    pub apply_lag: u64,
    /// How many elections within `election_window` are too many
    pub elections: u64,
    /// The time over which elections are counted; at most a minute is remembered
    pub election_window: Span,
}

impl Default for RaftSection {
    fn default() -> Self {
        RaftSection { apply_lag: 1000, elections: 3, election_window: Span::seconds(60) }
    }
}

impl Plugin for RaftPlugin {
    const NAME: &'static str = "raft";
    const ABOUT: &'static str = "a stable leader, and members that keep up";
    type Section = RaftSection;

    fn check(section: &RaftSection) -> Vec<SectionProblem> {
        let mut problems = Vec::new();
        if section.elections == 0 {
            let text = "it must be at least 1: the first election of all is one".to_owned();
            problems.push(SectionProblem { key: "elections", text });
        }
        if section.election_window > Span::seconds(60) {
            let text = "it must be at most 60 s: older looks are not remembered".to_owned();
            problems.push(SectionProblem { key: "election_window", text });
        }
        problems
    }
}

impl HealthPlugin for RaftPlugin {
    fn make(section: RaftSection, _: &Context) -> Box<dyn HealthPolicy> {
        Box::new(RaftPolicy { section })
    }
}

/// The policy.
#[derive(Clone, Debug, Default)]
pub struct RaftPolicy {
    section: RaftSection,
}

impl HealthPolicy for RaftPolicy {
    fn judge(&self, outlook: &Outlook<'_>) -> Judgement {
        let proven = prove(outlook);
        let is_served = matches!(proven.verdict, Verdict::Healthy | Verdict::Degraded);
        if !is_served {
            return Judgement::new(proven.verdict, proven.because);
        }
        let mut troubles: Vec<String> =
            outlook.members.iter().filter_map(|m| self.trouble(outlook, m)).collect();
        if proven.verdict == Verdict::Degraded {
            troubles.insert(0, proven.because.clone());
        }
        let elections = self.elections(outlook);
        if let Some((count, _)) = elections {
            troubles.push(format!(
                "{count} elections within {}: the leader is not stable",
                self.section.election_window
            ));
        }
        if troubles.is_empty() {
            return Judgement::new(Verdict::Healthy, proven.because);
        }
        let judged = Judgement::new(Verdict::Degraded, troubles.join("; "));
        // Time alone makes a leader stable again.
        match elections.map(|(_, over_at)| over_at).filter(|at| *at > outlook.now) {
            Some(at) => judged.review_at(at),
            None => judged,
        }
    }
}

impl RaftPolicy {
    fn trouble(&self, outlook: &Outlook<'_>, member: &Watched<'_>) -> Option<String> {
        let (name, seen) = (member.name, outlook.fresh(member)?);
        if let Some(complaint) = seen.complaints.first() {
            return Some(format!("{name} complains: {complaint}"));
        }
        let lag = lag_of(seen);
        (lag > self.section.apply_lag).then(|| format!("{name} has {lag} entries to apply"))
    }

    /// How many elections were seen in the window, if that is too many, and when it is over.
    fn elections(&self, outlook: &Outlook<'_>) -> Option<(u64, Timestamp)> {
        let window = self.section.election_window.0;
        let is_recent = |at: Timestamp| outlook.now.since(at) <= window;
        let seen = outlook.members.iter().flat_map(|member| member.looks.iter());
        let recent = seen.filter(|look| is_recent(look.at));
        let looks =
            recent.filter_map(|look| Some((look.outcome.as_ref().ok()?.raft_term, look.at)));
        let looks: Vec<(u64, Timestamp)> = looks.collect();
        let terms: BTreeSet<u64> = looks.iter().map(|(term, _)| *term).collect();
        let count = terms.last()? - terms.first()?;
        let oldest = looks.iter().map(|(_, at)| *at).min()?;
        (count >= self.section.elections).then(|| (count, oldest + window))
    }
}

/// How many entries a member knows to be committed and has not applied.
fn lag_of(seen: &Observation) -> u64 {
    seen.raft_index.saturating_sub(seen.raft_applied_index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::time::Duration;

    use etcd_mesos_core::health::Look;
    use etcd_mesos_core::id::{ClusterId, MemberId, MemberName};

    fn seen(id: u64, term: u64) -> Observation {
        Observation {
            member_id: MemberId(id),
            cluster_id: ClusterId(9),
            leader: Some(MemberId(1)),
            raft_term: term,
            raft_index: 8,
            raft_applied_index: 8,
            db_size_bytes: 1,
            is_learner: false,
            version: "3.4.23".into(),
            complaints: Vec::new(),
            linearizable_revision: Some(1),
        }
    }

    /// Judges three members at `now` (milliseconds) by looks at given times.
    fn judged(now: u64, looks: [Vec<(u64, Observation)>; 3]) -> Judgement {
        let names: Vec<MemberName> = (0..3).map(|i| MemberName::of(1, i)).collect();
        let look = |(at, seen)| Look::new(Timestamp(at), Ok(seen));
        let looks: Vec<VecDeque<Look>> =
            looks.into_iter().map(|all| all.into_iter().map(look).collect()).collect();
        let members = names.iter().zip(&looks);
        let outlook = Outlook::new(Timestamp(now), Duration::from_secs(10), members);
        RaftPolicy::default().judge(&outlook)
    }

    fn steady(change: impl FnOnce(&mut Observation)) -> Judgement {
        let mut second = seen(2, 2);
        change(&mut second);
        judged(1000, [vec![(900, seen(1, 2))], vec![(900, second)], vec![(900, seen(3, 2))]])
    }

    #[test]
    fn members_that_serve_agree_and_keep_up_are_healthy() {
        assert_eq!(steady(|_| ()).health.verdict, Verdict::Healthy);
    }

    #[test]
    fn alarms_and_lag_degrade_and_name_the_member() {
        let full = steady(|o| o.complaints.push("alarm NOSPACE".into()));
        let late = steady(|o| o.raft_index = 9000);
        for (judged, word) in [(full, "NOSPACE"), (late, "8992 entries")] {
            assert_eq!(judged.health.verdict, Verdict::Degraded);
            let because = judged.health.because;
            assert!(because.contains(word) && because.contains("etcd-1-1"), "{because}");
        }
    }

    #[test]
    fn a_lost_majority_is_unhealthy_whatever_else_holds() {
        let judged = judged(20_000, [vec![(19_000, seen(1, 2))], vec![(1, seen(2, 2))], vec![]]);
        assert_eq!(judged.health.verdict, Verdict::Unhealthy);
    }

    #[test]
    fn a_leader_that_changes_again_and_again_degrades_until_time_has_passed() {
        let looks = || (0..4).map(|i| (1000 * i, seen(1, 2 + i))).collect::<Vec<_>>();
        let at = |now: u64| {
            let late = vec![(now, seen(1, 5))];
            let second = vec![(now, seen(2, 5))];
            let third = vec![(now, seen(3, 5))];
            judged(now, [[looks(), late].concat(), second, third])
        };
        let restless = at(5_000);
        assert_eq!(restless.health.verdict, Verdict::Degraded);
        assert!(restless.health.because.contains("3 elections"), "{}", restless.health.because);
        let over_at = restless.review_at.expect("time alone changes it");
        assert_eq!(at(over_at.0 + 1).health.verdict, Verdict::Healthy);
    }

    #[test]
    fn a_window_that_is_not_remembered_is_refused() {
        let section = RaftSection {
            elections: 0,
            election_window: Span::seconds(61),
            ..RaftSection::default()
        };
        let keys: Vec<&str> = RaftPlugin::check(&section).iter().map(|p| p.key).collect();
        assert_eq!(keys, ["elections", "election_window"]);
    }
}
