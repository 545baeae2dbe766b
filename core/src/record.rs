//! The record: all that a cluster's next scheduler must know, in one compare-and-set value.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{
    AgentId, ClientTaskId, ClusterId, ClusterName, Epoch, FrameworkId, Generation, MemberId,
    MemberName, TaskId,
};
use crate::offer::Milli;
use crate::status::Proof;
use crate::wire::Peer;

/// The version of the record's form.
pub const RECORD_VERSION: u32 = 1;

/// The highest epoch and attempt that are read. Nothing counts that far, and each can still be raised.
const EPOCH_MAX: u64 = u64::MAX / 2;
pub(crate) const ATTEMPTS_MAX: u32 = u32::MAX / 2;

/// What is kept of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`RECORD_VERSION`].
    pub v: u32,
    /// The cluster's name.
    pub cluster: ClusterName,
    /// The succession number of the scheduler that wrote this.
    pub epoch: Epoch,
    /// The framework ID, once Mesos has given one.
    pub framework_id: Option<FrameworkId>,
    /// The incarnation of the cluster.
    pub generation: Generation,
    /// How many formation attempts there were.
    pub attempts: u32,
    /// Where the cluster's life stands.
    pub phase: Phase,
    /// The members: those of the formation attempt, or of the cluster.
    pub members: Vec<Member>,
    /// What the members were launched with; records of version 0.2 before this do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Applied>,
}

/// The settings that members were launched with, to tell when the configuration asks for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// cpus of a member's task
    pub cpus: Milli,
    /// megabytes of memory of a member's task
    pub mem: Milli,
    /// megabytes of disk of a member's task
    pub disk: Milli,
    /// The flags of etcd beside those that the executor gives it
    pub etcd_flags: Vec<String>,
}

/// Where a cluster's life stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Phase {
    /// There is no cluster, and never was one that a client heard of.
    None,
    /// The members are being started together for the first time. No client has heard of them.
    Forming {
        /// The cluster token of the attempt.
        token: String,
        /// Why the attempt is being given up, once that is decided.
        abandoned: Option<String>,
    },
    /// A majority has answered a linearizable read: clients may have written.
    Formed {
        /// The cluster token.
        token: String,
        /// The cluster ID, which never changes within a generation.
        cluster_id: ClusterId,
    },
}

/// A member, and its newest task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name and addresses.
    #[serde(flatten)]
    pub peer: Peer,
    /// Its etcd member ID, once that is known.
    pub member_id: Option<MemberId>,
    /// Its newest task.
    pub task_id: TaskId,
    /// The agent of that task.
    pub agent_id: AgentId,
    /// The host name of that agent, for people.
    pub hostname: String,
    /// What is known for certain of that task.
    pub task: TaskPhase,
    /// It was RUNNING once: clients have been told of the member.
    pub announced: bool,
}

impl Member {
    /// The member's name.
    pub fn name(&self) -> &MemberName {
        &self.peer.name
    }

    /// Whether its task has provably ended.
    pub fn is_ended(&self) -> bool {
        matches!(self.task, TaskPhase::Ended { .. })
    }
}

/// What is known for certain of a task; it only moves down this list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum TaskPhase {
    /// Its launch is intended; whether it was sent is not known.
    Planned,
    /// Mesos has said something of it that only a launched task can cause.
    Seen,
    /// Its etcd has ended for ever.
    Ended {
        /// Why we know.
        proof: String,
        /// What ended it, in one line.
        why: String,
    },
}

impl TaskPhase {
    /// The end of a task.
    pub fn ended(proof: Proof, why: &str) -> TaskPhase {
        let proof = match proof {
            Proof::ExecutorSaid => "executor_said",
            Proof::NeverStarted => "never_started",
            Proof::ContainerEnded => "container_ended",
            Proof::GoneByOperator => "gone_by_operator",
            Proof::FrameworkRemoved => "framework_removed",
        };
        TaskPhase::Ended { proof: proof.to_owned(), why: why.to_owned() }
    }
}

/// A record that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It does not parse.
    #[error("the record does not parse")]
    Shape(#[from] serde_json::Error),
    /// It was written by another version of this program.
    #[error(
        "the record has version {found}, and this program reads {RECORD_VERSION}: \
         use the version of etcd-mesos that wrote it, or a later one"
    )]
    Version {
        /// The version that was found.
        found: u32,
    },
    /// It belongs to another cluster.
    #[error(
        "the record is of cluster {found}, and this scheduler runs {wanted}: \
         give each cluster a store of its own, or set --framework-name={found}"
    )]
    Cluster {
        /// The cluster of the record.
        found: ClusterName,
        /// The cluster of the configuration.
        wanted: ClusterName,
    },
    /// It contradicts itself.
    #[error("the record contradicts itself: {0}")]
    Contradiction(String),
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

impl Record {
    /// The record of a cluster that does not exist yet.
    pub fn new(cluster: ClusterName) -> Record {
        Record {
            v: RECORD_VERSION,
            cluster,
            epoch: Epoch(0),
            framework_id: None,
            generation: Generation(0),
            attempts: 0,
            phase: Phase::None,
            members: Vec::new(),
            applied: None,
        }
    }

    /// Reads and checks a record.
    ///
    /// # Errors
    /// When it does not parse, is of another version or cluster, or contradicts itself.
    pub fn parse(bytes: &[u8], cluster: &ClusterName) -> Result<Record, RecordError> {
        let Versioned { v } = serde_json::from_slice(bytes)?;
        if v != RECORD_VERSION {
            return Err(RecordError::Version { found: v });
        }
        let record: Record = serde_json::from_slice(bytes)?;
        if record.cluster != *cluster {
            return Err(RecordError::Cluster { found: record.cluster, wanted: cluster.clone() });
        }
        match record.check_counts().or_else(|| record.check().into_iter().next()) {
            Some(contradiction) => Err(RecordError::Contradiction(contradiction)),
            None => Ok(record),
        }
    }

    /// The bytes to store.
    ///
    /// # Panics
    /// Never: every field of it can be written as JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("plain data is always JSON")
    }

    /// Whether clients may have written to the cluster.
    pub fn is_formed(&self) -> bool {
        matches!(self.phase, Phase::Formed { .. })
    }

    /// How many of the members are a majority.
    pub fn quorum(&self) -> usize {
        self.members.len() / 2 + 1
    }

    /// Forgets a framework ID that Mesos has removed. What is known of the cluster stays: a formed
    /// one is never formed again. An attempt that no client heard of has ended with the framework.
    pub fn forget_framework(&mut self) {
        self.framework_id = None;
        let Phase::Forming { abandoned, .. } = &mut self.phase else { return };
        let why = "Mesos removed the framework";
        abandoned.get_or_insert_with(|| why.to_owned());
        for member in self.members.iter_mut().filter(|m| !m.is_ended()) {
            member.task = TaskPhase::ended(Proof::FrameworkRemoved, why);
        }
    }

    /// The member whose newest task this is.
    pub fn member_of(&self, task: &TaskId) -> Option<&Member> {
        self.members.iter().find(|m| m.task_id == *task)
    }

    /// Whether that client task stands beside a member of an attempt that has ended: the attempt was counted,
    /// and its members are not here any more, which takes a proof for each of them. No etcd is behind it, for
    /// however long Mesos lists it.
    pub fn is_of_the_past(&self, client: &ClientTaskId) -> bool {
        let TaskId { cluster, generation, member, .. } = client.member_task();
        let is_present = |attempt| self.members.iter().any(|m| m.name().attempt() == Some(attempt));
        let is_counted = |attempt| attempt <= self.attempts && !is_present(attempt);
        *cluster == self.cluster
            && *generation == self.generation
            && member.attempt().is_some_and(is_counted)
    }

    /// The member of that name.
    pub fn member(&self, name: &MemberName) -> Option<&Member> {
        self.members.iter().find(|m| m.name() == name)
    }

    /// What in it cannot be true; empty, always.
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let distinct = |values: BTreeSet<String>| values.len() == self.members.len();
        let each = |f: &dyn Fn(&Member) -> String| self.members.iter().map(f).collect();
        if !distinct(each(&|m| m.name().to_string())) {
            wrong.push("two members have one name".to_owned());
        }
        if !distinct(each(&|m| m.agent_id.to_string())) {
            wrong.push("two members are on one agent".to_owned());
        }
        if !distinct(each(&|m| m.peer.peer_url())) {
            wrong.push("two members have one peer URL".to_owned());
        }
        wrong.extend(self.members.iter().filter_map(|m| self.check_member(m)));
        match self.phase {
            Phase::None if !self.members.is_empty() => {
                wrong.push("there are members, but no cluster".to_owned());
            }
            Phase::Forming { .. } | Phase::Formed { .. } if self.members.is_empty() => {
                wrong.push("there is a cluster without members".to_owned());
            }
            Phase::None | Phase::Forming { .. } | Phase::Formed { .. } => {}
        }
        wrong
    }

    fn check_counts(&self) -> Option<String> {
        let (Epoch(epoch), attempts) = (self.epoch, self.attempts);
        (epoch > EPOCH_MAX || attempts > ATTEMPTS_MAX)
            .then(|| format!("nothing counts to epoch {epoch} or attempt {attempts}"))
    }

    fn check_member(&self, member: &Member) -> Option<String> {
        let name = member.name();
        let TaskId { cluster, generation, member: owner, .. } = &member.task_id;
        if *cluster != self.cluster || *generation != self.generation || owner != name {
            return Some(format!("member {name} has task {} of another", member.task_id));
        }
        (member.announced && !self.is_formed())
            .then(|| format!("member {name} was announced before the cluster was formed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forming() -> Record {
        let mut record = Record::new("prod".parse().unwrap());
        record.phase = Phase::Forming { token: "t".into(), abandoned: None };
        for i in 0..3 {
            record.members.push(member(i));
        }
        record
    }

    fn member(i: u8) -> Member {
        let name = MemberName::of(1, i.into());
        Member {
            peer: Peer {
                name: name.clone(),
                ip: [127, 0, 0, 10 + i].into(),
                peer_port: 1,
                client_port: 2,
            },
            member_id: None,
            task_id: TaskId {
                cluster: "prod".parse().unwrap(),
                generation: Generation(0),
                member: name,
                attempt: 1,
            },
            agent_id: AgentId(format!("a{i}")),
            hostname: format!("h{i}"),
            task: TaskPhase::Planned,
            announced: false,
        }
    }

    #[test]
    fn a_record_survives_the_store() {
        let record = forming();
        assert_eq!(Record::parse(&record.to_bytes(), &record.cluster).unwrap(), record);
    }

    #[test]
    fn only_a_client_task_of_an_attempt_that_was_counted_and_is_over_is_of_the_past() {
        let record = Record { attempts: 3, ..forming() };
        let is_past = |record: &Record, text: &str| record.is_of_the_past(&text.parse().unwrap());
        assert!(is_past(&record, "etcd.prod.0.etcd-2-0.1.client"));
        assert!(!is_past(&record, "etcd.prod.0.etcd-1-9.1.client"), "attempt 1 is the present one");
        for other in ["prod.0.etcd-4-0", "prod.1.etcd-2-0", "test.0.etcd-2-0", "prod.0.web"] {
            assert!(!is_past(&record, &format!("etcd.{other}.1.client")), "{other}");
        }
        let rolled_back = Record { attempts: 1, phase: Phase::None, members: Vec::new(), ..record };
        assert!(is_past(&rolled_back, "etcd.prod.0.etcd-1-0.1.client"));
        assert!(!is_past(&rolled_back, "etcd.prod.0.etcd-2-0.1.client"));
    }

    #[test]
    fn another_clusters_record_is_refused_with_the_way_out() {
        let error = Record::parse(&forming().to_bytes(), &"test".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("--framework-name=prod"), "{error}");
    }

    #[test]
    fn another_version_is_named() {
        let mut record = forming();
        record.v = 9;
        let error = Record::parse(&record.to_bytes(), &record.cluster).unwrap_err();
        assert!(matches!(error, RecordError::Version { found: 9 }));
    }

    #[test]
    fn a_count_that_cannot_be_raised_is_refused() {
        let epoch = Record { epoch: Epoch(u64::MAX), ..forming() };
        let attempts = Record { attempts: u32::MAX, ..forming() };
        for record in [epoch, attempts] {
            let error = Record::parse(&record.to_bytes(), &record.cluster).unwrap_err();
            assert!(error.to_string().contains("nothing counts to"), "{error}");
        }
    }

    #[test]
    fn contradictions_are_found() {
        let mut twice = forming();
        twice.members[1].agent_id = twice.members[0].agent_id.clone();
        assert_eq!(twice.check(), ["two members are on one agent"]);
        let mut early = forming();
        early.members[0].announced = true;
        assert_eq!(early.check(), ["member etcd-1-0 was announced before the cluster was formed"]);
        let mut none = forming();
        none.phase = Phase::None;
        assert_eq!(none.check(), ["there are members, but no cluster"]);
    }
}
