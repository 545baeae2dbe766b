//! Calls of schedulers, from Mesos's messages to the model's words. What the model does not know is
//! refused before anything is done.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use etcd_mesos_core::id::{AgentId, FrameworkId, OfferId};
use etcd_mesos_core::offer::Milli;
use etcd_mesos_core::status::TaskState;
use etcd_mesos_model::{Call, Holding, Launch, Said, Subscribe, TaskLaunch};
use mesos_v1::proto::framework_capability::Type as Capability;
use mesos_v1::proto::scheduler::{Call as WireCall, call};
use mesos_v1::proto::{self, executor_info, operation};
use mesos_v1::resource::ResourceView;
use prost::Message;

use crate::freight::V1;
use crate::refusal::Refusal;

/// What Mesos takes where a filter names no time (`Filters.refuse_seconds`).
const REFUSE_DEFAULT: Duration = Duration::from_secs(5);
/// The longest that it takes (`Filters.refuse_seconds`): 365 days.
const REFUSE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
/// `--executor_shutdown_grace_period`.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// A subscription; frameworks that are treated in ways that are not modelled are refused.
pub(crate) fn subscribe(
    framework_id: Option<&proto::FrameworkId>,
    subscribe: &call::Subscribe,
) -> Result<Subscribe, Refusal> {
    let info = &subscribe.framework_info;
    let has = |capability: Capability| {
        info.capabilities.iter().any(|c| c.r#type == Some(capability.into()))
    };
    let demands = [
        (!info.checkpoint(), "a framework that does not checkpoint"),
        (!has(Capability::PartitionAware), "a framework without PARTITION_AWARE"),
        (info.roles.len() > 1, "a framework with several roles"),
        (
            has(Capability::MultiRole) == info.roles.is_empty(),
            "roles without MULTI_ROLE, or it without them",
        ),
        (has(Capability::MultiRole) && info.role.is_some(), "role beside roles"),
        (
            !is_own_user(&info.user),
            "a framework of another user than the one that runs this program",
        ),
        (subscribe.offer_constraints.is_some(), "offer_constraints"),
        (!info.offer_filters.is_empty(), "offer_filters"),
    ];
    if let Some((_, what)) = demands.iter().find(|(is_asked, _)| *is_asked) {
        return Err(Refusal::not_modelled(what));
    }
    if let Some(flaw) = framework_id.and_then(|id| id_flaw(&id.value)) {
        return Err(Refusal::bad(flaw));
    }
    let role = role_of(info);
    if role != "*" && !role.chars().all(is_plain) {
        return Err(Refusal::not_modelled("a role other than letters, digits, - and _"));
    }
    let seconds = info.failover_timeout.unwrap_or(0.0);
    Ok(Subscribe {
        framework_id: framework_id.map(|id| FrameworkId(id.value.clone())),
        suppressed: subscribe.suppressed_roles.contains(&role),
        role,
        failover_timeout: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
    })
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn is_own_user(name: &str) -> bool {
    let own = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    own.is_none_or(|own| own.name == name)
}

/// The one role of a framework, whichever field says it.
pub(crate) fn role_of(info: &proto::FrameworkInfo) -> String {
    let role = info.roles.first().or(info.role.as_ref());
    role.cloned().unwrap_or_else(|| "*".to_owned())
}

/// Whose call it is.
pub(crate) struct Framework {
    pub(crate) id: proto::FrameworkId,
    pub(crate) role: String,
}

/// What Mesos asks of every call, before it looks whose it is (`src/master/validation.cpp`).
pub(crate) fn check(wire: &WireCall) -> Result<(), Refusal> {
    use call::Type;
    let part = match wire.r#type() {
        Type::Unknown => return Err(absent("type")),
        Type::Subscribe => wire.subscribe.is_some(),
        Type::Accept => wire.accept.is_some(),
        Type::Decline => wire.decline.is_some(),
        Type::Kill => wire.kill.is_some(),
        Type::Shutdown => wire.shutdown.is_some(),
        Type::Acknowledge => wire.acknowledge.is_some(),
        Type::Reconcile => wire.reconcile.is_some(),
        Type::Message => wire.message.is_some(),
        _ => true,
    };
    if !part {
        return Err(absent(&wire.r#type().as_str_name().to_ascii_lowercase()));
    }
    if wire.framework_id.is_none() && wire.r#type() != Type::Subscribe {
        return Err(absent("framework_id"));
    }
    let named = wire.subscribe.as_ref().map(|subscribe| &subscribe.framework_info.id);
    if named.is_some_and(|named| *named != wire.framework_id) {
        return Err(invalid("'framework_id' differs from 'subscribe.framework_info.id'"));
    }
    match &wire.acknowledge {
        Some(acknowledge) if acknowledge.uuid.len() != UUID_BYTES => {
            Err(invalid("Not a valid UUID"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The length of a UUID.
pub(crate) const UUID_BYTES: usize = 16;

fn absent(field: &str) -> Refusal {
    invalid(&format!("Expecting '{field}' to be present"))
}

fn invalid(why: &str) -> Refusal {
    Refusal::bad(format!("Failed to validate scheduler::Call: {why}"))
}

/// A call other than SUBSCRIBE, which [`check`] has found good.
pub(crate) fn call(wire: WireCall, framework: &Framework) -> Result<Call<V1>, Refusal> {
    use call::Type;
    Ok(match wire.r#type() {
        Type::Teardown => Call::Teardown,
        Type::Accept => accept(wire.accept.unwrap_or_default(), framework)?,
        Type::Decline => {
            let decline = wire.decline.unwrap_or_default();
            let offers = decline.offer_ids.into_iter().map(|id| OfferId(id.value)).collect();
            Call::Decline { offers, refuse_for: refuse_for(decline.filters) }
        }
        Type::Revive => Call::Revive,
        Type::Suppress => Call::Suppress,
        Type::Kill => {
            let kill = wire.kill.unwrap_or_default();
            let grace = kill.kill_policy.and_then(|policy| policy.grace_period);
            Call::Kill {
                task: kill.task_id.value,
                agent_id: kill.agent_id.map(agent_id),
                grace: grace.map(Into::into),
            }
        }
        Type::Shutdown => {
            let shutdown = wire.shutdown.unwrap_or_default();
            let agent_id = agent_id(shutdown.agent_id);
            Call::Shutdown { executor: shutdown.executor_id.value, agent_id }
        }
        Type::Acknowledge => {
            let acknowledge = wire.acknowledge.unwrap_or_default();
            Call::Acknowledge {
                agent_id: agent_id(acknowledge.agent_id),
                task: acknowledge.task_id.value,
                uuid: acknowledge.uuid.to_vec(),
            }
        }
        Type::Reconcile => {
            let tasks = wire.reconcile.unwrap_or_default().tasks.into_iter();
            let task =
                |task: call::ReconcileTask| (task.task_id.value, task.agent_id.map(agent_id));
            Call::Reconcile(tasks.map(task).collect())
        }
        Type::Message => {
            let message = wire.message.unwrap_or_default();
            Call::Message {
                executor: message.executor_id.value,
                agent_id: agent_id(message.agent_id),
                bytes: message.data.to_vec(),
            }
        }
        other @ (Type::Unknown
        | Type::Subscribe
        | Type::AcceptInverseOffers
        | Type::DeclineInverseOffers
        | Type::AcknowledgeOperationStatus
        | Type::ReconcileOperations
        | Type::Request
        | Type::UpdateFramework) => {
            return Err(Refusal::not_modelled(&format!("the call {}", other.as_str_name())));
        }
    })
}

fn agent_id(id: proto::AgentId) -> AgentId {
    AgentId(id.value)
}

fn refuse_for(filters: Option<proto::Filters>) -> Duration {
    let seconds = filters.and_then(|filters| filters.refuse_seconds);
    let asked = seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)));
    match asked {
        None => REFUSE_DEFAULT,
        Some(asked) => asked.map_or(REFUSE_MAX, |asked| asked.min(REFUSE_MAX)),
    }
}

fn accept(accept: call::Accept, framework: &Framework) -> Result<Call<V1>, Refusal> {
    let mut tasks = Vec::new();
    for operation in accept.operations {
        let kind = operation.r#type();
        let launch = operation.launch.filter(|_| kind == operation::Type::Launch);
        let Some(launch) = launch else {
            return Err(Refusal::not_modelled(&format!("the operation {kind:?}")));
        };
        for info in launch.task_infos {
            tasks.push(task(info, framework)?);
        }
    }
    let offers = accept.offer_ids.into_iter().map(|id| OfferId(id.value)).collect();
    Ok(Call::Accept(Launch { offers, tasks, refuse_for: refuse_for(accept.filters) }))
}

fn task(mut info: proto::TaskInfo, framework: &Framework) -> Result<TaskLaunch<V1>, Refusal> {
    if info.executor.is_none() && info.command.is_some() {
        return Err(Refusal::not_modelled("a command in place of an executor"));
    }
    check_task(&info)?;
    let flaw = flaw(&info);
    let mut executor = info.executor.clone().unwrap_or_default();
    check_executor(&executor)?;
    // What the master adds before it passes a launch on (`Master::accept`).
    executor.framework_id = Some(framework.id.clone());
    allocate(&mut executor.resources, &framework.role)?;
    allocate(&mut info.resources, &framework.role)?;
    info.executor = Some(executor.clone());
    Ok(TaskLaunch {
        task: info.task_id.value.clone(),
        agent_id: AgentId(info.agent_id.value.clone()),
        executor: executor.executor_id.value,
        needs: holding(&info.resources)?,
        executor_needs: holding(&executor.resources)?,
        shutdown_grace: executor.shutdown_grace_period.map_or(SHUTDOWN_GRACE, Into::into),
        flaw,
        freight: Arc::new(info),
    })
}

/// What makes a task invalid whatever is offered (`src/master/validation.cpp`; tried: tasks_refused).
fn flaw(info: &proto::TaskInfo) -> Option<String> {
    let executor = info.executor.as_ref();
    id_flaw(&info.task_id.value)
        .or_else(|| executor.and_then(|executor| id_flaw(&executor.executor_id.value)))
        .or_else(|| {
            let words = "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present";
            (executor.is_some() == info.command.is_some()).then(|| words.to_owned())
        })
        .or_else(|| {
            let own = info.resources.iter();
            let all = own.chain(executor.into_iter().flat_map(|executor| &executor.resources));
            all.filter_map(|raw| ResourceView::of(raw).ok()).find_map(|view| amount_flaw(&view))
        })
}

fn amount_flaw(view: &ResourceView) -> Option<String> {
    let value = view.scalar?.value;
    let words = "Invalid scalar resource: value <= 0";
    (value < 0.0).then(|| format!("Resource '{}:{value}' is invalid: {words}", view.name))
}

/// What is wrong with an ID; IDs are names of directories too (`src/common/validation.cpp`).
pub(crate) fn id_flaw(id: &str) -> Option<String> {
    let is_odd = |c: char| c.is_control() || matches!(c, '/' | '\\');
    match id {
        "" => Some("ID must not be empty".to_owned()),
        "." | ".." => Some(format!("'{id}' is disallowed")),
        _ if id.len() > ID_BYTES_MAX => {
            Some(format!("ID must not be greater than {ID_BYTES_MAX} characters"))
        }
        _ => id.contains(is_odd).then(|| format!("'{id}' contains invalid characters")),
    }
}

/// `NAME_MAX`.
const ID_BYTES_MAX: usize = 255;

fn check_task(info: &proto::TaskInfo) -> Result<(), Refusal> {
    let asked = [
        (info.container.is_some(), "a container of a task"),
        (info.health_check.is_some(), "a health check of a task"),
        (info.check.is_some(), "a check of a task"),
        (info.max_completion_time.is_some(), "the longest time of a task"),
        (!info.limits.is_empty(), "limits of a task"),
    ];
    refuse_any(&asked)
}

fn check_executor(executor: &proto::ExecutorInfo) -> Result<(), Refusal> {
    let command = executor.command.clone().unwrap_or_default();
    let is_archive = |uri: &proto::Uri| {
        let ends = [".tar", ".tgz", ".gz", ".bz2", ".xz", ".zip"];
        uri.extract.unwrap_or(true)
            && !uri.executable()
            && ends.iter().any(|end| uri.value.ends_with(end))
    };
    let is_far =
        |uri: &proto::Uri| uri.value.split_once("://").is_some_and(|(scheme, _)| scheme != "http");
    let is_secret = |v: &proto::Variable| v.secret.is_some();
    let variables = command.environment.map(|environment| environment.variables);
    let asked = [
        (executor.r#type() == executor_info::Type::Default, "the default executor"),
        (executor.container.is_some(), "a container of an executor"),
        (command.user.is_some(), "a user of an executor"),
        (command.uris.iter().any(is_archive), "to unpack what is fetched"),
        (command.uris.iter().any(is_far), "to fetch by other ways than http"),
        (variables.unwrap_or_default().iter().any(is_secret), "a secret of an executor"),
    ];
    refuse_any(&asked)
}

fn refuse_any(asked: &[(bool, &str)]) -> Result<(), Refusal> {
    match asked.iter().find(|(is_asked, _)| *is_asked) {
        Some((_, what)) => Err(Refusal::not_modelled(what)),
        None => Ok(()),
    }
}

/// Resources in the form that Mesos has had since reservation refinement, allocated to a role.
fn allocate(resources: &mut [Bytes], role: &str) -> Result<(), Refusal> {
    for raw in resources {
        let mut view = ResourceView::of(raw).map_err(|_| Refusal::bad(NO_CALL))?;
        view.role = view.role.filter(|role| role != "*");
        view.allocation_info
            .get_or_insert_with(|| proto::AllocationInfo { role: Some(role.to_owned()) });
        *raw = view.encode_to_vec().into();
    }
    Ok(())
}

/// What resources amount to, where they are of the kind that local agents have.
fn holding(resources: &[Bytes]) -> Result<Holding, Refusal> {
    let mut sum = Holding::default();
    for raw in resources {
        let view = ResourceView::of(raw).map_err(|_| Refusal::bad(NO_CALL))?;
        sum = sum.with(&one(&view)?);
    }
    Ok(sum)
}

/// What Mesos says of a body that it cannot read.
pub(crate) const NO_CALL: &str = "Failed to parse body into Call protobuf";

fn one(view: &ResourceView) -> Result<Holding, Refusal> {
    let is_plain = view.reserved_role().is_none()
        && view.disk.is_none()
        && view.revocable.is_none()
        && view.shared.is_none()
        && view.provider_id.is_none();
    let name = view.name.as_str();
    let amount = Milli::from_f64(view.scalar.map_or(0.0, |scalar| scalar.value));
    let none = Milli(0);
    match name {
        "cpus" if is_plain => Ok(Holding::new(amount, none, none, &[])),
        "mem" if is_plain => Ok(Holding::new(none, amount, none, &[])),
        "disk" if is_plain => Ok(Holding::new(none, none, amount, &[])),
        "ports" if is_plain => {
            let port = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
            let ranges: Vec<_> =
                view.range_pairs().into_iter().map(|(b, e)| (port(b), port(e))).collect();
            Ok(Holding::new(none, none, none, &ranges))
        }
        _ => Err(Refusal::not_modelled(&format!("the resource {name}, or its reservation"))),
    }
}

/// A status, as an executor said it; where it names no time, its agent's.
pub(crate) fn said(mut status: proto::TaskStatus, at: f64) -> Said<V1> {
    status.timestamp.get_or_insert(at);
    Said {
        task: status.task_id.value.clone(),
        state: state(status.state()),
        message: status.message.clone().unwrap_or_default(),
        uuid: status.uuid.clone().unwrap_or_default().to_vec(),
        said: Arc::new(status),
    }
}

fn state(state: proto::TaskState) -> TaskState {
    use proto::TaskState as P;
    match state {
        P::Staging => TaskState::Staging,
        P::Starting => TaskState::Starting,
        P::Running => TaskState::Running,
        P::Killing => TaskState::Killing,
        P::Finished => TaskState::Finished,
        P::Failed => TaskState::Failed,
        P::Killed => TaskState::Killed,
        P::Error => TaskState::Error,
        P::Lost => TaskState::Lost,
        P::Dropped => TaskState::Dropped,
        P::Unreachable => TaskState::Unreachable,
        P::Gone => TaskState::Gone,
        P::GoneByOperator => TaskState::GoneByOperator,
        P::Unknown => TaskState::Unknown,
    }
}
