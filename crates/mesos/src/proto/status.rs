//! What became of a task.

use bytes::Bytes;

use super::{AgentId, ExecutorId, Labels, TaskId, TimeInfo};

/// Where a task is in its life. Enum `mesos.v1.TaskState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum TaskState {
    /// Sent to the agent, not yet with its executor.
    Staging = 6,
    /// The executor works on it; optional.
    Starting = 0,
    /// It runs.
    Running = 1,
    /// It is being ended; only with the capability `TASK_KILLING_STATE`.
    Killing = 8,
    /// It ended well.
    Finished = 2,
    /// It ended badly.
    Failed = 3,
    /// It was ended by its executor.
    Killed = 4,
    /// The description of the task was refused.
    Error = 7,
    /// Not known to live; only without the capability `PARTITION_AWARE`.
    Lost = 5,
    /// It was never started.
    Dropped = 9,
    /// Its agent is out of contact; it may come back.
    Unreachable = 10,
    /// It ended while its agent was out of contact.
    Gone = 11,
    /// An operator said that its agent is gone for good; it may run on there.
    GoneByOperator = 12,
    /// The master knows nothing of it.
    Unknown = 13,
}

impl TaskState {
    /// The name that Mesos gives it.
    pub fn as_str_name(self) -> &'static str {
        match self {
            Self::Staging => "TASK_STAGING",
            Self::Starting => "TASK_STARTING",
            Self::Running => "TASK_RUNNING",
            Self::Killing => "TASK_KILLING",
            Self::Finished => "TASK_FINISHED",
            Self::Failed => "TASK_FAILED",
            Self::Killed => "TASK_KILLED",
            Self::Error => "TASK_ERROR",
            Self::Lost => "TASK_LOST",
            Self::Dropped => "TASK_DROPPED",
            Self::Unreachable => "TASK_UNREACHABLE",
            Self::Gone => "TASK_GONE",
            Self::GoneByOperator => "TASK_GONE_BY_OPERATOR",
            Self::Unknown => "TASK_UNKNOWN",
        }
    }
}

/// Who says so. Enum `mesos.v1.TaskStatus.Source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Source {
    /// The master.
    Master = 0,
    /// The agent.
    Agent = 1,
    /// The executor.
    Executor = 2,
}

impl Source {
    /// The name that Mesos gives it.
    pub fn as_str_name(self) -> &'static str {
        match self {
            Self::Master => "SOURCE_MASTER",
            Self::Agent => "SOURCE_AGENT",
            Self::Executor => "SOURCE_EXECUTOR",
        }
    }
}

/// Why a task is in its state. Enum `mesos.v1.TaskStatus.Reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Reason {
    /// The command executor failed.
    CommandExecutorFailed = 0,
    /// The container could not be started, or a fetch failed.
    ContainerLaunchFailed = 21,
    /// The container exceeded a limit.
    ContainerLimitation = 19,
    /// The container exceeded its disk.
    ContainerLimitationDisk = 20,
    /// The container exceeded its memory.
    ContainerLimitationMemory = 8,
    /// The container was preempted.
    ContainerPreempted = 17,
    /// The container's resources could not be changed.
    ContainerUpdateFailed = 22,
    /// It took longer than it may.
    MaxCompletionTimeReached = 33,
    /// The executor did not subscribe in time; fetching counts.
    ExecutorRegistrationTimeout = 23,
    /// The executor did not come back in time after a restart of the agent.
    ExecutorReregistrationTimeout = 24,
    /// The executor ended.
    ExecutorTerminated = 1,
    /// The executor ended before it had subscribed; no longer sent.
    ExecutorUnregistered = 2,
    /// The framework was removed.
    FrameworkRemoved = 3,
    /// An old sandbox was in the way.
    GcError = 4,
    /// The framework ID was wrong.
    InvalidFrameworkid = 5,
    /// An offer was gone when it was accepted.
    InvalidOffers = 6,
    /// The container's I/O switchboard ended.
    IoSwitchboardExited = 27,
    /// The call did not reach the master.
    MasterDisconnected = 7,
    /// It answers a RECONCILE.
    Reconciliation = 9,
    /// The agent no longer has the resources.
    ResourcesUnknown = 18,
    /// The agent lost its connection to the master.
    AgentDisconnected = 10,
    /// The agent is being drained.
    AgentDraining = 34,
    /// The agent was removed.
    AgentRemoved = 11,
    /// An operator removed the agent.
    AgentRemovedByOperator = 31,
    /// The agent came back.
    AgentReregistered = 32,
    /// The agent restarted without the task.
    AgentRestarted = 12,
    /// The master does not know the agent.
    AgentUnknown = 13,
    /// It was killed before it ran.
    TaskKilledDuringLaunch = 30,
    /// A check has a new result.
    TaskCheckStatusUpdated = 28,
    /// A health check has a new result.
    TaskHealthCheckStatusUpdated = 29,
    /// The task group was refused.
    TaskGroupInvalid = 25,
    /// The framework may not launch the task group.
    TaskGroupUnauthorized = 26,
    /// The task was refused.
    TaskInvalid = 14,
    /// The framework may not launch the task.
    TaskUnauthorized = 15,
    /// Nothing is known of the task.
    TaskUnknown = 16,
}

impl Reason {
    /// The name that Mesos gives it.
    pub fn as_str_name(self) -> &'static str {
        match self {
            Self::CommandExecutorFailed => "REASON_COMMAND_EXECUTOR_FAILED",
            Self::ContainerLaunchFailed => "REASON_CONTAINER_LAUNCH_FAILED",
            Self::ContainerLimitation => "REASON_CONTAINER_LIMITATION",
            Self::ContainerLimitationDisk => "REASON_CONTAINER_LIMITATION_DISK",
            Self::ContainerLimitationMemory => "REASON_CONTAINER_LIMITATION_MEMORY",
            Self::ContainerPreempted => "REASON_CONTAINER_PREEMPTED",
            Self::ContainerUpdateFailed => "REASON_CONTAINER_UPDATE_FAILED",
            Self::MaxCompletionTimeReached => "REASON_MAX_COMPLETION_TIME_REACHED",
            Self::ExecutorRegistrationTimeout => "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
            Self::ExecutorReregistrationTimeout => "REASON_EXECUTOR_REREGISTRATION_TIMEOUT",
            Self::ExecutorTerminated => "REASON_EXECUTOR_TERMINATED",
            Self::ExecutorUnregistered => "REASON_EXECUTOR_UNREGISTERED",
            Self::FrameworkRemoved => "REASON_FRAMEWORK_REMOVED",
            Self::GcError => "REASON_GC_ERROR",
            Self::InvalidFrameworkid => "REASON_INVALID_FRAMEWORKID",
            Self::InvalidOffers => "REASON_INVALID_OFFERS",
            Self::IoSwitchboardExited => "REASON_IO_SWITCHBOARD_EXITED",
            Self::MasterDisconnected => "REASON_MASTER_DISCONNECTED",
            Self::Reconciliation => "REASON_RECONCILIATION",
            Self::ResourcesUnknown => "REASON_RESOURCES_UNKNOWN",
            Self::AgentDisconnected => "REASON_AGENT_DISCONNECTED",
            Self::AgentDraining => "REASON_AGENT_DRAINING",
            Self::AgentRemoved => "REASON_AGENT_REMOVED",
            Self::AgentRemovedByOperator => "REASON_AGENT_REMOVED_BY_OPERATOR",
            Self::AgentReregistered => "REASON_AGENT_REREGISTERED",
            Self::AgentRestarted => "REASON_AGENT_RESTARTED",
            Self::AgentUnknown => "REASON_AGENT_UNKNOWN",
            Self::TaskKilledDuringLaunch => "REASON_TASK_KILLED_DURING_LAUNCH",
            Self::TaskCheckStatusUpdated => "REASON_TASK_CHECK_STATUS_UPDATED",
            Self::TaskHealthCheckStatusUpdated => "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED",
            Self::TaskGroupInvalid => "REASON_TASK_GROUP_INVALID",
            Self::TaskGroupUnauthorized => "REASON_TASK_GROUP_UNAUTHORIZED",
            Self::TaskInvalid => "REASON_TASK_INVALID",
            Self::TaskUnauthorized => "REASON_TASK_UNAUTHORIZED",
            Self::TaskUnknown => "REASON_TASK_UNKNOWN",
        }
    }
}

/// A status update. Whole `mesos.v1.TaskStatus`.
///
/// Only an update with a `uuid` is acknowledged. One that answers a RECONCILE has none, and its
/// `message` is the master's: nothing is left of the executor's `data`, `labels` and `message`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TaskStatus {
    /// Of which task.
    #[prost(message, required, tag = "1")]
    pub task_id: TaskId,
    /// Its state; a number that is not a [`TaskState`] comes from a newer Mesos.
    #[prost(enumeration = "TaskState", required, tag = "2")]
    pub state: i32,
    /// For people.
    #[prost(string, optional, tag = "4")]
    pub message: Option<String>,
    /// Who says so.
    #[prost(enumeration = "Source", optional, tag = "9")]
    pub source: Option<i32>,
    /// Why.
    #[prost(enumeration = "Reason", optional, tag = "10")]
    pub reason: Option<i32>,
    /// From the executor; Mesos does not read it.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub data: Option<Bytes>,
    /// On which agent.
    #[prost(message, optional, tag = "5")]
    pub agent_id: Option<AgentId>,
    /// In which executor.
    #[prost(message, optional, tag = "7")]
    pub executor_id: Option<ExecutorId>,
    /// When, in seconds since 1970.
    #[prost(double, optional, tag = "6")]
    pub timestamp: Option<f64>,
    /// Present where the update is to be acknowledged: 16 bytes.
    #[prost(bytes = "bytes", optional, tag = "11")]
    pub uuid: Option<Bytes>,
    /// What the health check says.
    #[prost(bool, optional, tag = "8")]
    pub healthy: Option<bool>,
    /// What the check says; opaque `CheckStatusInfo`.
    #[prost(bytes = "bytes", optional, tag = "15")]
    pub check_status: Option<Bytes>,
    /// From the executor.
    #[prost(message, optional, tag = "12")]
    pub labels: Option<Labels>,
    /// The container; opaque `ContainerStatus`.
    #[prost(bytes = "bytes", optional, tag = "13")]
    pub container_status: Option<Bytes>,
    /// Since when the agent is unreachable.
    #[prost(message, optional, tag = "14")]
    pub unreachable_time: Option<TimeInfo>,
    /// Which limit was exceeded; opaque `TaskResourceLimitation`.
    #[prost(bytes = "bytes", optional, tag = "16")]
    pub limitation: Option<Bytes>,
}
