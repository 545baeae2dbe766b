//! Mesos's messages become the core's plain types. What Mesos says and the core cannot use is
//! dropped here, with a line in the log.
//!
//! It is public for the fuzz targets alone: what is read here comes from the network.

use std::net::IpAddr;

use bytes::Bytes;
use etcd_mesos_core::id::{AgentId, FrameworkId, OfferId};
use etcd_mesos_core::offer::{Amount, Disk, Milli, Offer, Resource, Scalar};
use etcd_mesos_core::scheduler::{Event, LivingFramework};
use etcd_mesos_core::status::{Reason, Source, TaskState, TaskStatus};
use etcd_mesos_core::wire::FromExecutor;
use mesos_v1::resource::ResourceView;
use mesos_v1::{proto, scheduler};
use serde::Deserialize;

/// The core's event in a scheduler event, if the core has a use for it.
pub fn event(event: scheduler::Event) -> Option<Event> {
    match event {
        scheduler::Event::Subscribed(subscribed) => {
            Some(Event::Subscribed { framework_id: FrameworkId(subscribed.framework_id.value) })
        }
        scheduler::Event::Offers(offers) => Some(Event::Offers(offers.iter().map(offer).collect())),
        scheduler::Event::Rescind(id) => Some(Event::Rescinded(OfferId(id.value))),
        scheduler::Event::Update(said) => status(*said).map(Event::Update),
        scheduler::Event::Message(message) => Some(executor_message(&message)),
        scheduler::Event::Failure(failure) => Some(Event::Failure {
            agent_id: failure.agent_id.map(|id| AgentId(id.value)),
            executor_id: failure.executor_id.map(|id| id.value),
        }),
        scheduler::Event::Error(message) => Some(Event::MesosError { message }),
        scheduler::Event::Heartbeat => None,
        other => {
            tracing::debug!(number = other.number(), "an event that is of no use here");
            None
        }
    }
}

fn executor_message(message: &proto::scheduler::event::Message) -> Event {
    let body = FromExecutor::from_bytes(&message.data).map_err(|error| {
        let executor = &message.executor_id.value;
        tracing::warn!(executor, %error, "a message of an executor is not understood");
        error.to_string()
    });
    Event::Message { agent_id: AgentId(message.agent_id.value.clone()), body }
}

fn offer(offer: &proto::Offer) -> Offer {
    let address = offer.url.as_ref().and_then(|url| url.address.ip.as_deref());
    let ip: Option<IpAddr> =
        address.and_then(|ip| ip.parse().ok()).or_else(|| offer.hostname.parse().ok());
    Offer {
        id: OfferId(offer.id.value.clone()),
        agent_id: AgentId(offer.agent_id.value.clone()),
        hostname: offer.hostname.clone(),
        ip,
        resources: offer
            .resources
            .iter()
            .enumerate()
            .filter_map(|(i, raw)| resource(i, raw))
            .collect(),
    }
}

fn resource(index: usize, raw: &Bytes) -> Option<Resource> {
    let view = ResourceView::of(raw)
        .inspect_err(|error| tracing::warn!(%error, "a resource that does not decode"))
        .ok()?;
    let is_apart =
        view.disk.as_ref().is_some_and(|d| d.source.is_some() || d.persistence.is_some());
    Some(Resource {
        index,
        amount: amount(&view),
        reserved_for: view.reserved_role().map(str::to_owned),
        disk: if is_apart { Disk::Apart } else { Disk::Root },
        is_weak: view.revocable.is_some() || view.shared.is_some() || view.provider_id.is_some(),
    })
}

fn amount(view: &ResourceView) -> Amount {
    let scalar =
        |kind| Amount::Scalar(kind, Milli::from_f64(view.scalar.as_ref().map_or(0.0, |s| s.value)));
    match view.name.as_str() {
        "cpus" => scalar(Scalar::Cpus),
        "mem" => scalar(Scalar::Mem),
        "disk" => scalar(Scalar::Disk),
        "ports" => Amount::Ports(view.range_pairs().into_iter().filter_map(port_range).collect()),
        _ => Amount::Other,
    }
}

/// Ports above 65535 cannot exist, whatever an agent's flags say.
fn port_range((begin, end): (u64, u64)) -> Option<(u16, u16)> {
    let begin = u16::try_from(begin).ok()?;
    Some((begin, u16::try_from(end).unwrap_or(u16::MAX)))
}

fn status(status: proto::TaskStatus) -> Option<TaskStatus> {
    let Ok(state) = proto::TaskState::try_from(status.state) else {
        tracing::warn!(task = status.task_id.value, state = status.state, "an unknown task state");
        return None;
    };
    Some(TaskStatus {
        task_id: status.task_id.value,
        agent_id: status.agent_id.map(|id| AgentId(id.value)),
        state: task_state(state),
        source: source(status.source),
        reason: reason(status.reason),
        message: status.message.unwrap_or_default(),
        uuid: status.uuid.map(|uuid| uuid.to_vec()),
    })
}

fn task_state(state: proto::TaskState) -> TaskState {
    match state {
        proto::TaskState::Staging => TaskState::Staging,
        proto::TaskState::Starting => TaskState::Starting,
        proto::TaskState::Running => TaskState::Running,
        proto::TaskState::Killing => TaskState::Killing,
        proto::TaskState::Finished => TaskState::Finished,
        proto::TaskState::Failed => TaskState::Failed,
        proto::TaskState::Killed => TaskState::Killed,
        proto::TaskState::Error => TaskState::Error,
        proto::TaskState::Lost => TaskState::Lost,
        proto::TaskState::Dropped => TaskState::Dropped,
        proto::TaskState::Unreachable => TaskState::Unreachable,
        proto::TaskState::Gone => TaskState::Gone,
        proto::TaskState::GoneByOperator => TaskState::GoneByOperator,
        proto::TaskState::Unknown => TaskState::Unknown,
    }
}

/// A source that is not said, or not known, is taken for the master: it proves the least.
fn source(number: Option<i32>) -> Source {
    match number.map(proto::Source::try_from) {
        Some(Ok(proto::Source::Executor)) => Source::Executor,
        Some(Ok(proto::Source::Agent)) => Source::Agent,
        Some(Ok(proto::Source::Master)) | Some(Err(_)) | None => Source::Master,
    }
}

fn reason(number: Option<i32>) -> Reason {
    use proto::Reason as R;
    let Some(number) = number else { return Reason::None };
    match R::try_from(number) {
        Ok(R::InvalidOffers) => Reason::InvalidOffers,
        Ok(
            R::TaskInvalid
            | R::TaskUnauthorized
            | R::TaskGroupInvalid
            | R::TaskGroupUnauthorized
            | R::ResourcesUnknown,
        ) => Reason::TaskInvalid,
        Ok(R::ContainerLaunchFailed) => Reason::ContainerLaunchFailed,
        Ok(R::ExecutorRegistrationTimeout) => Reason::ExecutorRegistrationTimeout,
        Ok(R::TaskKilledDuringLaunch) => Reason::KilledDuringLaunch,
        Ok(
            R::ExecutorTerminated
            | R::ExecutorReregistrationTimeout
            | R::ContainerLimitation
            | R::ContainerLimitationDisk
            | R::ContainerLimitationMemory,
        ) => Reason::ExecutorTerminated,
        Ok(R::AgentDraining) => Reason::AgentDraining,
        Ok(R::Reconciliation) => Reason::Reconciliation,
        Ok(_) | Err(_) => Reason::Other(number),
    }
}

#[derive(Deserialize)]
struct Frameworks {
    #[serde(default)]
    frameworks: Vec<KnownFramework>,
    #[serde(default)]
    completed_frameworks: Vec<KnownFramework>,
}

#[derive(Deserialize)]
struct KnownFramework {
    id: String,
    name: String,
    #[serde(default)]
    tasks: Vec<KnownTask>,
    #[serde(default)]
    unreachable_tasks: Vec<KnownTask>,
}

#[derive(Deserialize)]
struct KnownTask {
    id: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    slave_id: String,
}

impl KnownTask {
    /// A task that ended stays listed until its last update is acknowledged.
    fn is_live(&self) -> bool {
        let mut known = (0..=13).filter_map(|number| proto::TaskState::try_from(number).ok());
        let state = known.find(|state| state.as_str_name() == self.state);
        state.is_none_or(|state| !task_state(state).is_terminal())
    }
}

/// The frameworks of our name with live tasks, in the master's answer to `GET /master/frameworks`.
///
/// `unreachable_tasks` may live (Mesos `src/master/readonly_handler.cpp`); a completed framework's
/// tasks are listed elsewhere.
///
/// # Errors
/// It is not such an answer.
pub fn living(body: &[u8], name: &str) -> Result<Vec<LivingFramework>, serde_json::Error> {
    let known: Frameworks = serde_json::from_slice(body)?;
    let all = known.frameworks.into_iter().chain(known.completed_frameworks);
    let living = all.filter(|f| f.name == name).map(|f| {
        let live_tasks = f.tasks.into_iter().filter(KnownTask::is_live).map(|t| t.id).collect();
        let unreachable = f.unreachable_tasks.into_iter().filter(KnownTask::is_live);
        let unreachable_tasks = unreachable.map(|t| (t.id, AgentId(t.slave_id))).collect();
        LivingFramework { id: FrameworkId(f.id), live_tasks, unreachable_tasks }
    });
    Ok(living.filter(|framework| framework.tasks().next().is_some()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_tasks_are_told_from_those_that_ended() {
        let body = r#"{"frameworks": [
            {"id": "f1", "name": "etcd", "tasks": [{"id": "t1", "state": "TASK_RUNNING"},
             {"id": "t2", "state": "TASK_FAILED"}], "unreachable_tasks": [{"id": "t3", "slave_id": "s1", "state": "TASK_UNREACHABLE"}]},
            {"id": "f2", "name": "etcd", "tasks": [{"id": "t4", "state": "TASK_KILLED"}]},
            {"id": "f3", "name": "web", "tasks": [{"id": "t5", "state": "TASK_RUNNING"}]}],
            "completed_frameworks": [{"id": "f4", "name": "etcd"}]}"#;
        let found = living(body.as_bytes(), "etcd").unwrap();
        let expected = LivingFramework {
            id: "f1".into(),
            live_tasks: vec!["t1".to_owned()],
            unreachable_tasks: vec![("t3".to_owned(), "s1".into())],
        };
        assert_eq!(found, [expected]);
        assert!(living(b"<html>", "etcd").is_err());
    }
}
