//! What one look at one etcd member saw.

use serde::{Deserialize, Serialize};

use crate::id::{ClusterId, MemberId};

/// One look at one member, from its own client address.
///
/// The fields are those of etcd's `Status` answer (`rpc.proto`, `StatusResponse`), and of a
/// linearizable read of one key, which the member can answer only with a quorum behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The member's own ID.
    pub member_id: MemberId,
    /// The cluster that it says it belongs to.
    pub cluster_id: ClusterId,
    /// The member that it takes for the leader; none while it knows none.
    pub leader: Option<MemberId>,
    /// Its raft term.
    pub raft_term: u64,
    /// Its raft index: the last entry that it knows to be committed.
    pub raft_index: u64,
    /// The last entry that it applied.
    pub raft_applied_index: u64,
    /// The size of its database, in bytes.
    pub db_size_bytes: u64,
    /// Whether it is a learner, which has no vote.
    pub is_learner: bool,
    /// The version of etcd that it runs.
    pub version: String,
    /// What it complains of (alarms, no leader), in etcd's own words.
    pub complaints: Vec<String>,
    /// The store's revision by a linearizable read; none when the read failed in time.
    pub linearizable_revision: Option<u64>,
}

impl Observation {
    /// Whether the member proved that it serves: a linearizable read with a leader known.
    pub fn is_serving(&self) -> bool {
        self.linearizable_revision.is_some() && self.leader.is_some()
    }

    /// Whether the member takes itself for the leader.
    pub fn is_leader(&self) -> bool {
        self.leader == Some(self.member_id)
    }
}
