//! What the model says, in Mesos's messages.
//!
//! Which fields a message has, and with what words, is compared with genuine Mesos's in
//! `tests/exchanges`.

use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use bytes::Bytes;
use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::status::{Reason, Source, TaskState};
use etcd_mesos_model::{Connection, Container, Event, ExecutorEvent, Holding, Offer, Update};
use mesos_v1::proto::scheduler::{Event as ToScheduler, event as scheduler};
use mesos_v1::proto::{self, executor, executor::event as to_executor};
use mesos_v1::recordio;
use mesos_v1::resource::ResourceView;
use prost::Message;

use crate::freight::V1;
use crate::hear::role_of;
use crate::settings::Settings;
use crate::world::World;

/// The version that this stands in for.
pub(crate) const VERSION: &str = "1.11.0";
/// Seconds between heartbeats (`DEFAULT_HEARTBEAT_INTERVAL`).
pub(crate) const HEARTBEAT_SECS: f64 = 15.0;

/// AGENT_UPDATE, AGENT_DRAINING, and v0's QUOTA_V2, for which the v1 API has no name (tried).
const CAPABILITIES: [i32; 3] = [1, 2, 3];

/// Says it as this master and its agents.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    pub(crate) master_id: String,
    master: SocketAddr,
}

/// `mesos.v1.ContainerStatus`, as far as an agent without cgroups fills it.
#[derive(Clone, PartialEq, prost::Message)]
struct ContainerStatus {
    #[prost(message, repeated, tag = "1")]
    network_infos: Vec<NetworkInfo>,
    #[prost(uint32, optional, tag = "3")]
    executor_pid: Option<u32>,
    #[prost(message, optional, tag = "4")]
    container_id: Option<proto::ContainerId>,
}

/// `mesos.v1.NetworkInfo`, as far as an agent without networks of its own fills it.
#[derive(Clone, PartialEq, prost::Message)]
struct NetworkInfo {
    #[prost(message, repeated, tag = "5")]
    ip_addresses: Vec<IpAddress>,
}

/// `mesos.v1.NetworkInfo.IPAddress`.
#[derive(Clone, PartialEq, prost::Message)]
struct IpAddress {
    #[prost(string, optional, tag = "2")]
    ip_address: Option<String>,
}

/// `mesos.v1.executor.Event` of SUBSCRIBED. Mesos makes it from its v0 message, and so its agent has
/// a field more than v1's (tried).
#[derive(Clone, PartialEq, prost::Message)]
struct SubscribedEvent {
    #[prost(int32, optional, tag = "1")]
    r#type: Option<i32>,
    #[prost(message, optional, tag = "2")]
    subscribed: Option<Subscribed>,
}

/// `mesos.v1.executor.Event.Subscribed`.
#[derive(Clone, PartialEq, prost::Message)]
struct Subscribed {
    #[prost(message, required, tag = "1")]
    executor_info: proto::ExecutorInfo,
    #[prost(message, required, tag = "2")]
    framework_info: proto::FrameworkInfo,
    #[prost(message, required, tag = "3")]
    agent_info: AgentInfo,
    #[prost(message, optional, tag = "4")]
    container_id: Option<proto::ContainerId>,
}

/// `mesos.v1.AgentInfo` as far as an agent here fills it, and v0's `SlaveInfo.checkpoint`.
#[derive(Clone, PartialEq, prost::Message)]
struct AgentInfo {
    #[prost(string, required, tag = "1")]
    hostname: String,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    resources: Vec<Bytes>,
    #[prost(message, optional, tag = "6")]
    id: Option<proto::AgentId>,
    #[prost(bool, optional, tag = "7")]
    checkpoint: Option<bool>,
    #[prost(int32, optional, tag = "8")]
    port: Option<i32>,
}

impl Speaker {
    pub(crate) fn new(master_id: String, settings: &Settings) -> Speaker {
        Speaker { master_id, master: settings.network.master() }
    }

    /// An event for a scheduler, framed.
    pub(crate) fn to_scheduler(
        &self,
        world: &World,
        event: Event<V1>,
        connection: Connection,
    ) -> Bytes {
        let of =
            |kind: scheduler::Type| ToScheduler { r#type: Some(kind.into()), ..Default::default() };
        let event = match event {
            Event::Subscribed { framework_id } => ToScheduler {
                subscribed: Some(scheduler::Subscribed {
                    framework_id: framework_id.as_str().into(),
                    heartbeat_interval_seconds: Some(HEARTBEAT_SECS),
                    master_info: Some(self.master_info()),
                }),
                ..of(scheduler::Type::Subscribed)
            },
            Event::Offers(offers) => ToScheduler {
                offers: Some(scheduler::Offers {
                    offers: offers.into_iter().map(|o| offer(world, o, connection)).collect(),
                }),
                ..of(scheduler::Type::Offers)
            },
            Event::Rescinded(id) => ToScheduler {
                rescind: Some(scheduler::Rescind { offer_id: id.as_str().into() }),
                ..of(scheduler::Type::Rescind)
            },
            Event::Update(update) => ToScheduler {
                update: Some(scheduler::Update { status: status(world, *update) }),
                ..of(scheduler::Type::Update)
            },
            Event::Message { agent_id, executor, bytes } => ToScheduler {
                message: Some(scheduler::Message {
                    agent_id: agent_id.as_str().into(),
                    executor_id: executor.into(),
                    data: bytes.into(),
                }),
                ..of(scheduler::Type::Message)
            },
            Event::Failure { agent_id, executor, status } => ToScheduler {
                failure: Some(scheduler::Failure {
                    agent_id: Some(agent_id.as_str().into()),
                    executor_id: executor.map(Into::into),
                    status,
                }),
                ..of(scheduler::Type::Failure)
            },
            Event::Error(message) => ToScheduler {
                error: Some(scheduler::Error { message }),
                ..of(scheduler::Type::Error)
            },
        };
        framed(&event)
    }

    fn master_info(&self) -> proto::MasterInfo {
        let capability = |kind| proto::MasterCapability { r#type: Some(kind) };
        proto::MasterInfo {
            id: self.master_id.clone(),
            ip: ip_number(self.master),
            port: self.master.port().into(),
            pid: Some(format!("master@{}", self.master)),
            hostname: Some(self.master.ip().to_string()),
            version: Some(VERSION.to_owned()),
            address: Some(address(self.master)),
            domain: None,
            capabilities: CAPABILITIES.map(capability).to_vec(),
        }
    }

    /// An event for an executor, framed; none if it is not known any more.
    pub(crate) fn to_executor(
        &self,
        world: &World,
        container: Container,
        event: ExecutorEvent<V1>,
    ) -> Option<Bytes> {
        use to_executor::Type;
        let of = |kind: Type| executor::Event { r#type: Some(kind.into()), ..Default::default() };
        let event = match event {
            ExecutorEvent::Subscribed => return Some(framed(&subscribed(world, container)?)),
            ExecutorEvent::Launch { freight, .. } => executor::Event {
                launch: Some(to_executor::Launch { task: (*freight).clone() }),
                ..of(Type::Launch)
            },
            ExecutorEvent::Kill { task, grace } => {
                let kill_policy =
                    grace.map(|grace| proto::KillPolicy { grace_period: Some(grace.into()) });
                executor::Event {
                    kill: Some(to_executor::Kill { task_id: task.into(), kill_policy }),
                    ..of(Type::Kill)
                }
            }
            ExecutorEvent::Acknowledged { task, uuid } => executor::Event {
                acknowledged: Some(to_executor::Acknowledged {
                    task_id: task.into(),
                    uuid: uuid.into(),
                }),
                ..of(Type::Acknowledged)
            },
            ExecutorEvent::Message(bytes) => executor::Event {
                message: Some(to_executor::Message { data: bytes.into() }),
                ..of(Type::Message)
            },
            ExecutorEvent::Shutdown => of(Type::Shutdown),
        };
        Some(framed(&event))
    }
}

/// The heartbeat of a scheduler's stream.
pub(crate) fn scheduler_heartbeat() -> Bytes {
    let kind = Some(scheduler::Type::Heartbeat.into());
    framed(&ToScheduler { r#type: kind, ..Default::default() })
}

/// The heartbeat of an executor's stream.
pub(crate) fn executor_heartbeat() -> Bytes {
    let kind = Some(to_executor::Type::Heartbeat.into());
    framed(&executor::Event { r#type: kind, ..Default::default() })
}

fn framed(event: &impl Message) -> Bytes {
    recordio::encode(&event.encode_to_vec()).into()
}

/// The role of the framework whose connection it is.
fn offer(world: &World, offer: Offer, connection: Connection) -> proto::Offer {
    let framework_id = world.framework_on(connection);
    let info = framework_id.as_ref().and_then(|id| world.frameworks.get(id));
    let role = info.map_or_else(|| "*".to_owned(), role_of);
    let form = Form { role: info.and_then(unrefined), allocated: Some(role.clone()) };
    let at = world.settings.network.agent(offer.agent);
    let allocation_info = proto::AllocationInfo { role: Some(role) };
    proto::Offer {
        id: offer.id.as_str().into(),
        framework_id: framework_id.as_ref().map_or("", FrameworkId::as_str).into(),
        agent_id: world.mesos.agent(offer.agent).id.as_str().into(),
        hostname: at.ip().to_string(),
        url: Some(proto::Url {
            scheme: "http".to_owned(),
            address: address(at),
            path: Some("/slave(1)".to_owned()),
            query: Vec::new(),
            fragment: None,
        }),
        domain: None,
        resources: resources(&offer.holding, &form),
        attributes: Vec::new(),
        executor_ids: offer.executors.into_iter().map(Into::into).collect(),
        unavailability: None,
        allocation_info: Some(allocation_info),
    }
}

/// What resources carry beside their amount.
#[derive(Default)]
struct Form {
    role: Option<String>,
    allocated: Option<String>,
}

/// The role that a resource names for a framework that knows no stack of reservations
/// (`RESERVATION_REFINEMENT`).
fn unrefined(info: &proto::FrameworkInfo) -> Option<String> {
    let refined = Some(proto::framework_capability::Type::ReservationRefinement.into());
    let knows = info.capabilities.iter().any(|capability| capability.r#type == refined);
    (!knows).then(|| "*".to_owned())
}

/// Amounts as resources, in the order of Mesos's offers; what there is nothing of is left out.
fn resources(holding: &Holding, form: &Form) -> Vec<Bytes> {
    let allocated =
        form.allocated.as_ref().map(|role| proto::AllocationInfo { role: Some(role.clone()) });
    let base = |name: &str, kind: proto::ValueType| ResourceView {
        name: name.to_owned(),
        r#type: kind.into(),
        role: form.role.clone(),
        allocation_info: allocated.clone(),
        ..ResourceView::default()
    };
    let scalar = |name: &str, amount: etcd_mesos_core::offer::Milli| ResourceView {
        scalar: Some(proto::Scalar { value: amount.to_f64() }),
        ..base(name, proto::ValueType::Scalar)
    };
    let range = |&(begin, end): &(u16, u16)| proto::Range { begin: begin.into(), end: end.into() };
    let ports = ResourceView {
        ranges: Some(proto::Ranges { range: holding.ports().iter().map(range).collect() }),
        ..base("ports", proto::ValueType::Ranges)
    };
    let all = [
        (!holding.ports().is_empty(), ports),
        (holding.cpus.0 > 0, scalar("cpus", holding.cpus)),
        (holding.mem.0 > 0, scalar("mem", holding.mem)),
        (holding.disk.0 > 0, scalar("disk", holding.disk)),
    ];
    let there = all.into_iter().filter(|(is_there, _)| *is_there);
    there.map(|(_, resource)| resource.encode_to_vec().into()).collect()
}

fn status(world: &World, update: Update<V1>) -> proto::TaskStatus {
    let Update { status, executor, container, said } = update;
    let container_status = container.and_then(|c| world.container_statuses.get(&c).cloned());
    let executor_id = executor.map(Into::into);
    if let Some(said) = said {
        return proto::TaskStatus {
            agent_id: status.agent_id.map(|id| id.as_str().into()),
            container_status,
            ..(*said).clone()
        };
    }
    let is_unreachable = status.state == TaskState::Unreachable;
    let healthy = container.and_then(|c| world.healthy.get(&(c, status.task_id.clone())).copied());
    proto::TaskStatus {
        healthy,
        task_id: status.task_id.into(),
        state: state(status.state).into(),
        message: Some(status.message),
        source: Some(source(status.source).into()),
        reason: reason(status.reason),
        agent_id: status.agent_id.map(|id| id.as_str().into()),
        executor_id,
        timestamp: Some(unix_seconds()),
        uuid: status.uuid.map(Into::into),
        container_status,
        unreachable_time: is_unreachable.then(unix_time),
        ..proto::TaskStatus::default()
    }
}

/// A container and its process, as updates tell of them.
pub(crate) fn container_status(ip: IpAddr, id: &str, pid: Option<u32>) -> Bytes {
    let ip_addresses = vec![IpAddress { ip_address: Some(ip.to_string()) }];
    let status = ContainerStatus {
        network_infos: vec![NetworkInfo { ip_addresses }],
        executor_pid: pid,
        container_id: Some(proto::ContainerId { value: id.to_owned(), parent: None }),
    };
    status.encode_to_vec().into()
}

fn subscribed(world: &World, container: Container) -> Option<SubscribedEvent> {
    let contained = world.containers.get(&container)?;
    let at = world.settings.network.agent(container.agent);
    let subscribed = Subscribed {
        executor_info: contained.task.executor.clone()?,
        framework_info: world.frameworks.get(&contained.framework)?.clone(),
        agent_info: AgentInfo {
            hostname: at.ip().to_string(),
            resources: described(&world.settings.resources),
            id: Some(world.mesos.agent(container.agent).id.as_str().into()),
            checkpoint: Some(true),
            port: Some(at.port().into()),
        },
        container_id: Some(proto::ContainerId { value: contained.id.clone(), parent: None }),
    };
    let kind = Some(to_executor::Type::Subscribed.into());
    Some(SubscribedEvent { r#type: kind, subscribed: Some(subscribed) })
}

/// An agent lists its resources with the ports last.
fn described(holding: &Holding) -> Vec<Bytes> {
    let mut all = resources(holding, &Form::default());
    if !holding.ports().is_empty() {
        all.rotate_left(1);
    }
    all
}

fn address(at: SocketAddr) -> proto::Address {
    let ip = at.ip().to_string();
    proto::Address { hostname: Some(ip.clone()), ip: Some(ip), port: at.port().into() }
}

/// An IPv4 address as Mesos writes it into a number: its bytes in the order of the network, read on
/// a little-endian machine.
fn ip_number(at: SocketAddr) -> u32 {
    match at {
        SocketAddr::V4(at) => u32::from_le_bytes(at.ip().octets()),
        SocketAddr::V6(_) => 0,
    }
}

pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn unix_time() -> proto::TimeInfo {
    let past = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    proto::TimeInfo { nanoseconds: i64::try_from(past.as_nanos()).unwrap_or(i64::MAX) }
}

/// `TASK_RUNNING`, as Mesos spells it in JSON.
pub(crate) fn state_name(of: TaskState) -> &'static str {
    state(of).as_str_name()
}

fn state(state: TaskState) -> proto::TaskState {
    use proto::TaskState as P;
    match state {
        TaskState::Staging => P::Staging,
        TaskState::Starting => P::Starting,
        TaskState::Running => P::Running,
        TaskState::Killing => P::Killing,
        TaskState::Finished => P::Finished,
        TaskState::Failed => P::Failed,
        TaskState::Killed => P::Killed,
        TaskState::Error => P::Error,
        TaskState::Lost => P::Lost,
        TaskState::Dropped => P::Dropped,
        TaskState::Unreachable => P::Unreachable,
        TaskState::Gone => P::Gone,
        TaskState::GoneByOperator => P::GoneByOperator,
        TaskState::Unknown => P::Unknown,
    }
}

fn source(source: Source) -> proto::Source {
    match source {
        Source::Master => proto::Source::Master,
        Source::Agent => proto::Source::Agent,
        Source::Executor => proto::Source::Executor,
    }
}

fn reason(reason: Reason) -> Option<i32> {
    use proto::Reason as P;
    let reason = match reason {
        Reason::None => return None,
        Reason::InvalidOffers => P::InvalidOffers,
        Reason::TaskInvalid => P::TaskInvalid,
        Reason::ContainerLaunchFailed => P::ContainerLaunchFailed,
        Reason::ExecutorRegistrationTimeout => P::ExecutorRegistrationTimeout,
        Reason::KilledDuringLaunch => P::TaskKilledDuringLaunch,
        Reason::ExecutorTerminated => P::ExecutorTerminated,
        Reason::AgentDraining => P::AgentDraining,
        Reason::Reconciliation => P::Reconciliation,
        Reason::Other(number) => return Some(number),
    };
    Some(reason.into())
}
