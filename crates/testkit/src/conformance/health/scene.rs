//! Outlooks that are made up: anything at all, a cluster at rest, and one with one member in trouble.

use std::collections::VecDeque;
use std::time::Duration;

use etcd_mesos_core::health::{LOOKS_KEPT, Look, Outlook};
use etcd_mesos_core::id::{ClusterId, MemberId, MemberName};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The pause between two looks at a cluster at rest.
const PAUSE: Duration = Duration::from_secs(2);

const VERSIONS: [&str; 3] = ["3.4.23", "3.5.16", "3.6.0"];
/// What a member complains of, or why it was not seen.
const WORDS: [Option<&str>; 5] =
    [None, None, None, Some("etcdserver: no leader"), Some("alarm NOSPACE \u{e9}\n")];

/// What an outlook shows, and owns it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The present.
    pub now: Timestamp,
    /// How old a look may be that is to prove anything.
    pub proof_max: Duration,
    /// The members, each with the looks at it, the newest last.
    pub members: Vec<(MemberName, VecDeque<Look>)>,
}

impl Scene {
    /// The outlook on it.
    pub fn outlook(&self) -> Outlook<'_> {
        let members = self.members.iter().map(|(name, looks)| (name, looks));
        Outlook::new(self.now, self.proof_max, members)
    }

    /// Scenes without members, and with members at whom nobody has looked.
    pub fn bare() -> impl Strategy<Value = Scene> {
        (0..8usize, extreme(), extreme()).prop_map(|(count, now, proof_max)| {
            let members = (0..count).map(|i| (MemberName::of(1, i), VecDeque::new())).collect();
            Scene { now: Timestamp(now), proof_max: Duration::from_millis(proof_max), members }
        })
    }
}

/// Numbers, the first and the last more often than chance has them.
fn extreme() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![Just(0), Just(1), Just(u64::MAX), 0..100u64, any::<u64>()]
}

/// Times around `now` at which something changes: the end of a proof, the present, the far ends.
fn times(now: u64, proof_max: u64) -> impl Strategy<Value = u64> + Clone {
    let edge = now.saturating_sub(proof_max);
    let early = edge.saturating_sub(1);
    prop_oneof![
        4 => edge..=now,
        1 => Just(early),
        1 => 0..=now,
        1 => Just(now.saturating_add(1)),
        1 => Just(u64::MAX),
    ]
}

/// Members mostly agree, so that much is proven, and something else is wrong.
fn observation() -> impl Strategy<Value = Observation> + Clone {
    let ids = (1..5u64, 0..40u8, 0..20u8).prop_map(|(id, cluster, leader)| {
        let leader = match leader {
            0 => None,
            1 => Some(MemberId(2)),
            _ => Some(MemberId(1)),
        };
        (MemberId(id), ClusterId(if cluster == 0 { 8 } else { 9 }), leader)
    });
    let term = prop_oneof![6 => 5..9u64, 1 => extreme()];
    let numbers = (term, extreme(), extreme(), extreme(), option::weighted(0.9, extreme()));
    let rest = (0..10u8, select(&VERSIONS[..]), select(&WORDS[..]));
    (ids, numbers, rest).prop_map(|(ids, numbers, (learner, version, complaint))| {
        let (member_id, cluster_id, leader) = ids;
        let (raft_term, raft_index, raft_applied_index, db_size_bytes, revision) = numbers;
        Observation {
            member_id,
            cluster_id,
            leader,
            raft_term,
            raft_index,
            raft_applied_index,
            db_size_bytes,
            is_learner: learner == 0,
            version: version.to_owned(),
            complaints: complaint.map(str::to_owned).into_iter().collect(),
            linearizable_revision: revision,
        }
    })
}

fn looks(now: u64, proof_max: u64) -> impl Strategy<Value = VecDeque<Look>> {
    let outcome = prop_oneof![
        5 => observation().prop_map(Ok),
        1 => select(&WORDS[..]).prop_map(|words| Err(words.unwrap_or_default().to_owned())),
    ];
    let count = prop_oneof![30 => 0..=3usize, 1 => Just(LOOKS_KEPT)];
    let one = (times(now, proof_max), outcome);
    let all = count.prop_flat_map(move |count| vec(one.clone(), count));
    all.prop_map(|mut all| {
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(at, outcome)| Look::new(Timestamp(at), outcome)).collect()
    })
}

/// Any outlook: up to seven members, any number of looks, times and indices to their ends.
pub fn scenes() -> impl Strategy<Value = Scene> {
    let now = prop_oneof![3 => 0..10_000_000u64, 1 => extreme()];
    let proof_max = prop_oneof![3 => Just(10_000u64), 1 => extreme()];
    (now, proof_max).prop_flat_map(|(now, proof_max)| {
        vec(looks(now, proof_max), 0..=7).prop_map(move |all| Scene {
            now: Timestamp(now),
            proof_max: Duration::from_millis(proof_max),
            members: all.into_iter().enumerate().map(|(i, l)| (MemberName::of(1, i), l)).collect(),
        })
    })
}

/// What all members of a cluster at rest show.
#[derive(Clone, Debug)]
struct Rest {
    size: usize,
    leader: usize,
    index: u64,
    term: u64,
    revision: u64,
    looks: usize,
    version: &'static str,
}

impl Rest {
    fn seen(&self, member: usize) -> Observation {
        let id = |member: usize| MemberId(100 + member as u64);
        Observation {
            member_id: id(member),
            cluster_id: ClusterId(9),
            leader: Some(id(self.leader % self.size)),
            raft_term: self.term,
            raft_index: self.index,
            raft_applied_index: self.index,
            db_size_bytes: 20_480,
            is_learner: false,
            version: self.version.to_owned(),
            complaints: Vec::new(),
            linearizable_revision: Some(self.revision),
        }
    }

    fn scene(&self) -> Scene {
        let now = Timestamp(0) + PAUSE * (LOOKS_KEPT as u32 + 1);
        let at = |look: usize| Timestamp(now.0 - PAUSE.as_millis() as u64 * look as u64);
        let look = |member, back| Look::new(at(back), Ok(self.seen(member)));
        let looks = |member| (0..self.looks).rev().map(|back| look(member, back)).collect();
        let members = (0..self.size).map(|member| (MemberName::of(1, member), looks(member)));
        Scene { now, proof_max: Duration::from_secs(10), members: members.collect() }
    }
}

fn rest(sizes: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Rest> {
    let version = select(&VERSIONS[..]);
    let numbers = (0..7usize, extreme(), 1..u64::MAX, 1..u64::MAX);
    (sizes, numbers, 1..=LOOKS_KEPT, version).prop_map(
        |(size, (leader, index, term, revision), looks, version)| Rest {
            size,
            leader,
            index,
            term,
            revision,
            looks,
            version,
        },
    )
}

/// Clusters at rest: all members serve, agree and are up to date, and no index moves.
pub fn idle() -> impl Strategy<Value = Scene> {
    rest(1..=7).prop_map(|rest| rest.scene())
}

/// What may befall one member while the others serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No look at it ever succeeded.
    Silent,
    /// Nobody ever looked at it.
    NeverSeen,
    /// What was seen of it is too old to prove anything.
    Stale,
    /// It answers, and serves no linearizable read.
    NoRead,
    /// It knows no leader.
    NoLeader,
    /// It raised an alarm.
    Alarm,
    /// It applies far behind what is committed.
    Lags,
}

impl Trouble {
    const ALL: [Trouble; 7] = [
        Trouble::Silent,
        Trouble::NeverSeen,
        Trouble::Stale,
        Trouble::NoRead,
        Trouble::NoLeader,
        Trouble::Alarm,
        Trouble::Lags,
    ];

    fn befall(self, looks: &mut VecDeque<Look>) {
        let seen = |change: fn(&mut Observation)| {
            move |look: &mut Look| drop(look.outcome.as_mut().map(change))
        };
        match self {
            Trouble::Silent => looks.iter_mut().for_each(|l| l.outcome = Err("refused".into())),
            Trouble::NeverSeen => looks.clear(),
            Trouble::Stale => looks.iter_mut().for_each(|l| l.at = Timestamp(0)),
            Trouble::NoRead => looks.iter_mut().for_each(seen(|o| o.linearizable_revision = None)),
            Trouble::NoLeader => looks.iter_mut().for_each(seen(|o| o.leader = None)),
            Trouble::Alarm => {
                looks.iter_mut().for_each(seen(|o| o.complaints.push("alarm NOSPACE".into())));
            }
            Trouble::Lags => looks.iter_mut().for_each(seen(|o| {
                o.raft_index = u64::MAX;
                o.raft_applied_index = 0;
            })),
        }
    }
}

/// A cluster of at least three at rest, but for one member.
#[derive(Clone, Debug)]
pub struct Troubled {
    /// What is seen.
    pub scene: Scene,
    /// What the trouble is.
    pub trouble: Trouble,
    /// Whose it is, as a place in the scene's members.
    pub member: usize,
}

impl Troubled {
    /// The scenes alone.
    pub fn scenes() -> impl Strategy<Value = Scene> {
        troubled().prop_map(|troubled| troubled.scene)
    }
}

/// Clusters that serve, with one member in trouble.
pub fn troubled() -> impl Strategy<Value = Troubled> {
    (rest(3..=7), select(&Trouble::ALL[..]), 0..7usize).prop_map(|(rest, trouble, member)| {
        let (mut scene, member) = (rest.scene(), member % rest.size);
        trouble.befall(&mut scene.members[member].1);
        Troubled { scene, trouble, member }
    })
}
