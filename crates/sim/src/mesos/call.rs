//! What reaches the master: the calls of the v1 scheduler API that are modelled.

use std::time::Duration;

use etcd_mesos_core::id::{AgentId, Epoch, FrameworkId, OfferId};
use etcd_mesos_core::scheduler::Action;
use etcd_mesos_core::wire::LaunchOrder;

/// What reaches the master from a scheduler.
#[derive(Debug)]
pub(crate) enum ToMaster {
    Subscribe { process: u64, framework_id: Option<FrameworkId>, suppressed: bool },
    Call { epoch: Epoch, call: Call },
}

/// A call on a connection that is subscribed.
#[derive(Debug)]
pub(crate) enum Call {
    /// The operator API's `GET /master/frameworks`.
    AskFrameworks,
    Reconcile(Vec<(String, Option<AgentId>)>),
    Acknowledge {
        agent_id: AgentId,
        task: String,
        uuid: Vec<u8>,
    },
    Launch(Launch),
    Decline {
        offers: Vec<OfferId>,
        refuse_for: Duration,
    },
    Suppress,
    Revive,
    Teardown,
    Kill {
        task: String,
        agent_id: Option<AgentId>,
        grace: Duration,
    },
    Message {
        executor: String,
        agent_id: AgentId,
        bytes: Vec<u8>,
    },
}

/// An ACCEPT with one LAUNCH of one task.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) offer: OfferId,
    pub(crate) agent_id: AgentId,
    pub(crate) task: String,
    pub(crate) executor: String,
    pub(crate) work: Work,
}

/// What the executor of a launch is to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// To keep a member of etcd running.
    Member(Box<LaunchOrder>),
    /// To say that it runs (`plain.rs`), if what it needs can be fetched.
    Plain { is_fetchable: bool },
}

impl Call {
    /// The call that an action of a scheduler makes, if it makes one.
    pub(crate) fn of(action: Action) -> Option<Call> {
        Some(match action {
            Action::AskFrameworks => Call::AskFrameworks,
            Action::Reconcile { tasks } => Call::Reconcile(
                tasks.into_iter().map(|(task, agent)| (task.to_string(), Some(agent))).collect(),
            ),
            Action::Acknowledge { agent_id, task_id, uuid } => {
                Call::Acknowledge { agent_id, task: task_id, uuid }
            }
            Action::Launch { offer_id, agent_id, task_id, order, .. } => Call::Launch(Launch {
                offer: offer_id,
                agent_id,
                task: task_id.to_string(),
                executor: order.member.name.to_string(),
                work: Work::Member(order),
            }),
            Action::Decline { offers, refuse_for } => Call::Decline { offers, refuse_for },
            Action::Suppress => Call::Suppress,
            Action::Revive => Call::Revive,
            Action::Kill { task_id, agent_id, grace, .. } => {
                Call::Kill { task: task_id.to_string(), agent_id: Some(agent_id), grace }
            }
            Action::Message { member, agent_id, message } => {
                Call::Message { executor: member.to_string(), agent_id, bytes: message.to_bytes() }
            }
            Action::Save { .. }
            | Action::Subscribe { .. }
            | Action::Probe { .. }
            | Action::Exit { .. } => return None,
        })
    }
}
