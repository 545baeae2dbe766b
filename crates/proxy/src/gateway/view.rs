//! What an operator sees of a gateway. Plain values, made when they are asked for.

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;
use tokio::time::Instant;

use super::open::Opens;
use super::shared::Shared;
use super::table::{Key, Member};

/// A gateway at one moment. Counts are since its start; ages are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct View {
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// The cluster whose members it connects to, hexadecimal; none until members have told it.
    pub cluster_id: Option<String>,
    /// The members of the discovery's newest answer, and those that left and still have connections.
    pub members: Vec<MemberView>,
    /// Clients that are served.
    pub open: usize,
    /// Clients that wait for a member.
    pub waiting: usize,
    /// Clients that were accepted.
    pub accepted: u64,
    /// Clients that were closed without having reached a member.
    pub closed_unserved: u64,
    /// Bytes that are read from one side and that the other does not take yet.
    pub held_bytes: usize,
    /// What keeps the gateway itself from its work (no descriptor left, as many clients as may be).
    pub trouble: Option<String>,
}

/// A member at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MemberView {
    /// Its client URL.
    pub client_url: String,
    /// Its name, where the discovery knows names.
    pub name: Option<String>,
    /// Its priority in the discovery's answer; the lowest that serve are used.
    pub priority: u16,
    /// Its weight in the discovery's answer.
    pub weight: u16,
    /// Whether it is in the discovery's newest answer.
    pub is_found: bool,
    /// How it stands.
    pub standing: Standing,
    /// Why, in words.
    pub because: String,
    /// Since when it stands so.
    pub age_seconds: f64,
    /// How long ago it gave a sign of life; none when it never did.
    pub answered_seconds_ago: Option<f64>,
    /// Its cluster ID, hexadecimal, where it tells.
    pub cluster_id: Option<String>,
    /// Its member ID, hexadecimal, where it tells.
    pub member_id: Option<String>,
    /// Whether it leads, where it tells.
    pub is_leader: Option<bool>,
    /// The version of etcd, where it tells.
    pub version: Option<String>,
    /// Connections that are open.
    pub open: usize,
    /// Connections that were made.
    pub opened: u64,
    /// Bytes from clients to it.
    pub bytes_to_member: u64,
    /// Bytes from it to clients.
    pub bytes_from_member: u64,
    /// Connections that were closed because it left, or knew no leader.
    pub drained: u64,
    /// Connections that were cut because it was dead, or of another cluster.
    pub cut: u64,
    /// Connections that could not be made.
    pub connect_failures: u64,
}

/// How a member stands, the best first. Only the first four get connections, each only while no member
/// stands better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It answers, and knows a leader or does not tell.
    Serves,
    /// It knows no leader.
    NoLeader,
    /// It has no vote.
    Learner,
    /// It is late with an answer.
    Late,
    /// Nothing is known of it yet, or the members do not agree yet which cluster they are.
    Unknown,
    /// It refuses connections, or cannot be reached.
    Refuses,
    /// It has not answered anything for long.
    Dead,
    /// It belongs to another cluster.
    OtherCluster,
}

/// Makes the view.
pub(super) fn view(shared: &Shared, addresses: Vec<SocketAddr>) -> View {
    let now = Instant::now();
    let state = shared.state();
    View {
        addresses,
        cluster_id: state.table.cluster().map(|id| id.to_string()),
        members: state
            .table
            .iter()
            .map(|(key, member)| of(&state.opens, key, member, now))
            .collect(),
        open: state.opens.len(),
        waiting: shared.counts.waiting.load(Relaxed),
        accepted: shared.counts.accepted.load(Relaxed),
        closed_unserved: shared.counts.closed_unserved.load(Relaxed),
        held_bytes: shared.held.load(Relaxed),
        trouble: state.trouble.as_ref().map(|trouble| trouble.words.clone()),
    }
}

fn of(opens: &Opens, key: Key, member: &Member, now: Instant) -> MemberView {
    let seconds = |at: Instant| now.saturating_duration_since(at).as_secs_f64();
    let told = member.health.told();
    let (to_member, from_member) = opens.carried(key);
    MemberView {
        client_url: member.found.client_url.clone(),
        name: member.found.name.clone(),
        priority: member.found.priority,
        weight: member.found.weight,
        is_found: member.left.is_none(),
        standing: member.standing,
        because: member.because.clone(),
        age_seconds: seconds(member.since),
        answered_seconds_ago: member.health.answered().map(seconds),
        cluster_id: told.map(|told| told.cluster_id.to_string()),
        member_id: told.map(|told| told.member_id.to_string()),
        is_leader: told.map(|told| told.leader == Some(told.member_id)),
        version: told.map(|told| told.version.clone()),
        open: member.open,
        opened: member.tally.opened,
        bytes_to_member: member.tally.to_member + to_member,
        bytes_from_member: member.tally.from_member + from_member,
        drained: member.tally.drained,
        cut: member.tally.cut,
        connect_failures: member.tally.connect_failures,
    }
}
