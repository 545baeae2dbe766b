//! Actions as one line each: what a transcript keeps of them, and what a replay compares.
//!
//! An action is never read back from its text: some carry permits, and those only `safety` makes.

use std::fmt;

use super::Action;
use crate::record::{Member, Phase, Record, TaskPhase};
use crate::wire::{LaunchOrder, Order, Peer};

impl fmt::Display for Action {
    /// Everything that was decided; what follows from that (resources beside the ports, the client task
    /// of a launch) is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Save { id, record, expected } => {
                write!(f, "save {} over version {}: {}", id.0, expected.0, RecordText(record))
            }
            Action::Subscribe { framework_id, suppressed } => {
                let id = framework_id.as_ref().map_or("a new framework", |id| id.as_str());
                write!(
                    f,
                    "subscribe as {id}, {}",
                    if *suppressed { "suppressed" } else { "wanting" }
                )
            }
            Action::AskFrameworks => f.write_str("ask frameworks"),
            Action::Reconcile { tasks } => {
                f.write_str("reconcile")?;
                tasks.iter().try_for_each(|(task, agent)| write!(f, " {task} on {agent}"))
            }
            Action::Acknowledge { agent_id, task_id, uuid } => {
                write!(f, "acknowledge {} of {task_id} on {agent_id}", Hex(uuid))
            }
            Action::Launch { permit: _, offer_id, agent_id, take: _, task_id, order } => {
                write!(f, "launch {task_id} on {agent_id} with {offer_id}: {}", OrderText(order))
            }
            Action::Decline { offers, refuse_for } => {
                write!(f, "decline for {} ms", refuse_for.as_millis())?;
                offers.iter().try_for_each(|offer| write!(f, " {offer}"))
            }
            Action::Suppress => f.write_str("suppress"),
            Action::Revive => f.write_str("revive"),
            Action::Kill { permit: _, task_id, agent_id, grace } => {
                write!(f, "kill {task_id} on {agent_id} within {} ms", grace.as_millis())
            }
            Action::Message { member, agent_id, message } => {
                let order = match &message.order {
                    Order::Formed { cluster_id } => format!("formed {cluster_id}"),
                    Order::Beat => "beat".to_owned(),
                };
                let (epoch, seq) = (message.epoch, message.seq);
                write!(f, "message {seq} of epoch {epoch} to {member} on {agent_id}: {order}")
            }
            Action::Probe { member, client_url } => write!(f, "probe {member} at {client_url}"),
            Action::Exit { code, why } => write!(f, "exit {}: {why}", code.code()),
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

struct OrderText<'a>(&'a LaunchOrder);

impl fmt::Display for OrderText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LaunchOrder { v: _, epoch, generation, token, member, .. } = self.0;
        write!(f, "epoch {epoch}, generation {}, {token}, {:?}", generation.0, self.0.start)?;
        write!(f, ", {} of", PeerText(member))?;
        self.0.initial_cluster.iter().try_for_each(|peer| write!(f, " {}", PeerText(peer)))?;
        self.0.etcd_flags.iter().try_for_each(|flag| write!(f, " {flag}"))?;
        write!(f, ", grace {} ms", self.0.stop_grace_ms)
    }
}

struct PeerText<'a>(&'a Peer);

impl fmt::Display for PeerText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Peer { name, ip, peer_port, client_port } = self.0;
        write!(f, "{name}@{ip}:{peer_port}/{client_port}")
    }
}

struct RecordText<'a>(&'a Record);

impl fmt::Display for RecordText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record {
            v: _,
            cluster: _,
            epoch,
            framework_id,
            generation,
            attempts,
            phase,
            members,
            applied: _,
        } = self.0;
        let framework = framework_id.as_ref().map_or("none", |id| id.as_str());
        write!(f, "epoch {epoch}, framework {framework}, generation {}, ", generation.0)?;
        write!(f, "attempts {attempts}, ")?;
        match phase {
            Phase::None => f.write_str("no cluster")?,
            Phase::Forming { token, abandoned: None } => write!(f, "forming {token}")?,
            Phase::Forming { token, abandoned: Some(why) } => {
                write!(f, "abandoned {token} ({why})")?;
            }
            Phase::Formed { token, cluster_id } => write!(f, "formed {cluster_id} {token}")?,
        }
        members.iter().try_for_each(|member| write!(f, "; {}", MemberText(member)))
    }
}

struct MemberText<'a>(&'a Member);

impl fmt::Display for MemberText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Member { peer, member_id, task_id, agent_id, hostname: _, task, announced } = self.0;
        write!(f, "{} {task_id} on {agent_id}", PeerText(peer))?;
        if let Some(id) = member_id {
            write!(f, " member {id}")?;
        }
        match task {
            TaskPhase::Planned => f.write_str(" planned")?,
            TaskPhase::Seen => f.write_str(" seen")?,
            TaskPhase::Ended { proof, why } => write!(f, " ended by {proof} ({why})")?,
        }
        f.write_str(if *announced { " announced" } else { "" })
    }
}
