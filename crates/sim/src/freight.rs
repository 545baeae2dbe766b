//! What this world gives Mesos to carry, and how its words and the cores' become each other's.

use std::time::Duration;

use etcd_mesos_core::id::{AgentId, OfferId};
use etcd_mesos_core::offer::{Amount, Disk, Milli, Offer, Part, Resource, Scalar};
use etcd_mesos_core::scheduler::{Action, Event};
use etcd_mesos_core::status::{Reason, TaskStatus};
use etcd_mesos_core::wire::{FromExecutor, LaunchOrder};
use etcd_mesos_model::{AgentSettings, Freight, Holding, Launch, TaskLaunch};

/// The simulator's freight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sim;

impl Freight for Sim {
    type Task = Work;
    type Said = ();

    fn is_same_executor(one: &Work, other: &Work) -> bool {
        match (one, other) {
            (Work::Member(one), Work::Member(other)) => {
                one.member.name == other.member.name && one.stop_grace_ms == other.stop_grace_ms
            }
            (Work::Plain { is_fetchable: one }, Work::Plain { is_fetchable: other }) => {
                one == other
            }
            (Work::Member(_), Work::Plain { .. }) | (Work::Plain { .. }, Work::Member(_)) => false,
        }
    }
}

/// What the executor of a launch is to do.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// To keep a member of etcd running; so say both of its tasks.
    Member(Box<LaunchOrder>),
    /// To say that it runs (`plain.rs`), if what it needs can be fetched.
    Plain { is_fetchable: bool },
}

pub(crate) type Mesos = etcd_mesos_model::Mesos<Sim>;
pub(crate) type Call = etcd_mesos_model::Call<Sim>;

/// What is left of an offer is not wanted for so long (`crates/runtime/src/to_mesos.rs`).
const REFUSE_REST: Duration = Duration::from_secs(3600);

/// The grace period of an executor of ours, of which its etcd gets the larger part
/// (`crates/runtime/src/to_mesos.rs`).
pub(crate) fn shutdown_grace(order: &LaunchOrder) -> Duration {
    Duration::from_millis(order.stop_grace_ms + 5_000)
}

/// The call that an action of a scheduler makes, if it makes one.
pub(crate) fn call_of(action: Action) -> Option<Call> {
    Some(match action {
        Action::Reconcile { tasks } => Call::Reconcile(
            tasks.into_iter().map(|(task, agent)| (task.to_string(), Some(agent))).collect(),
        ),
        Action::Acknowledge { agent_id, task_id, uuid } => {
            Call::Acknowledge { agent_id, task: task_id, uuid }
        }
        Action::Launch { offer_id, agent_id, task_id, order, take, .. } => {
            let task = |task: String, needs: &[Part]| TaskLaunch {
                flaw: None,
                task,
                agent_id: agent_id.clone(),
                executor: order.member.name.to_string(),
                needs: holding(needs),
                executor_needs: holding(&take.executor),
                shutdown_grace: shutdown_grace(&order),
                freight: Work::Member(order.clone()),
            };
            let client = task(task_id.client_task().to_string(), &take.client_task);
            Call::Accept(launch(offer_id, vec![task(task_id.to_string(), &take.task), client]))
        }
        Action::Decline { offers, refuse_for } => Call::Decline { offers, refuse_for },
        Action::Suppress => Call::Suppress,
        Action::Revive => Call::Revive,
        Action::Kill { task_id, agent_id, grace, .. } => {
            let (task, agent_id) = (task_id.to_string(), Some(agent_id));
            Call::Kill { task, agent_id, grace: Some(grace) }
        }
        Action::Message { member, agent_id, message } => {
            Call::Message { executor: member.to_string(), agent_id, bytes: message.to_bytes() }
        }
        Action::Save { .. }
        | Action::Subscribe { .. }
        | Action::AskFrameworks
        | Action::Probe { .. }
        | Action::Exit { .. } => return None,
    })
}

/// An ACCEPT of one offer with a LAUNCH of tasks.
pub(crate) fn launch(offer: OfferId, tasks: Vec<TaskLaunch<Sim>>) -> Launch<Sim> {
    Launch { offers: vec![offer], tasks, refuse_for: REFUSE_REST }
}

/// What the parts of an offer are together.
fn holding(parts: &[Part]) -> Holding {
    let part = |part: &Part| match &part.amount {
        Amount::Scalar(Scalar::Cpus, n) => Holding::new(*n, Milli(0), Milli(0), &[]),
        Amount::Scalar(Scalar::Mem, n) => Holding::new(Milli(0), *n, Milli(0), &[]),
        Amount::Scalar(Scalar::Disk, n) => Holding::new(Milli(0), Milli(0), *n, &[]),
        Amount::Ports(ranges) => Holding::new(Milli(0), Milli(0), Milli(0), ranges),
        Amount::Other => Holding::default(),
    };
    parts.iter().map(part).fold(Holding::default(), |sum, part| sum.with(&part))
}

/// What a scheduler hears of an event; `agent` describes agents.
pub(crate) fn event_of<'a>(
    event: etcd_mesos_model::Event<Sim>,
    agent: impl Fn(usize) -> (AgentId, &'a AgentSettings),
) -> Event {
    use etcd_mesos_model::Event as Said;
    match event {
        Said::Subscribed { framework_id } => Event::Subscribed { framework_id },
        Said::Offers(offers) => {
            Event::Offers(offers.into_iter().map(|o| offer(&o, agent(o.agent))).collect())
        }
        Said::Rescinded(id) => Event::Rescinded(id),
        Said::Update(update) => Event::Update(status(update.status)),
        Said::Message { agent_id, bytes, .. } => {
            let body = FromExecutor::from_bytes(&bytes).map_err(|error| error.to_string());
            Event::Message { agent_id, body }
        }
        Said::Failure { agent_id, executor, .. } => {
            Event::Failure { agent_id: Some(agent_id), executor_id: executor }
        }
        Said::Error(message) => Event::MesosError { message },
    }
}

/// `REASON_EXECUTOR_REREGISTRATION_TIMEOUT`.
const REREGISTRATION_TIMEOUT: Reason = Reason::Other(24);

/// A status as a scheduler reads it (`crates/runtime/src/from_mesos.rs`).
fn status(status: TaskStatus) -> TaskStatus {
    let reason = match status.reason {
        REREGISTRATION_TIMEOUT => Reason::ExecutorTerminated,
        reason => reason,
    };
    TaskStatus { reason, ..status }
}

fn offer(offer: &etcd_mesos_model::Offer, (agent_id, agent): (AgentId, &AgentSettings)) -> Offer {
    let Holding { cpus, mem, disk, .. } = offer.holding;
    let ports = Amount::Ports(offer.holding.ports().to_vec());
    let scalars = [(Scalar::Cpus, cpus), (Scalar::Mem, mem), (Scalar::Disk, disk)];
    let amounts = scalars.map(|(scalar, amount)| Amount::Scalar(scalar, amount)).into_iter();
    let resource = |(index, amount)| {
        let (reserved_for, disk, is_weak) = (None, Disk::Root, false);
        Resource { index, amount, reserved_for, disk, is_weak }
    };
    Offer {
        id: offer.id.clone(),
        agent_id,
        hostname: agent.hostname.clone(),
        ip: Some(agent.ip),
        resources: amounts.chain([ports]).enumerate().map(resource).collect(),
    }
}

/// What agent `n` of this world has, counted from 0.
pub(crate) fn agent_settings(n: usize) -> AgentSettings {
    let (cpus, mem, disk) = (Milli::whole(4), Milli::whole(4096), Milli::whole(8192));
    AgentSettings {
        hostname: format!("h{}", n + 1),
        ip: std::net::IpAddr::from([127, 0, 1, n as u8 + 1]),
        resources: Holding::new(cpus, mem, disk, &[(1026, 1028), (1038, 2180)]),
    }
}
