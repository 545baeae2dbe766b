//! Offers, and what a framework answers.

use bytes::Bytes;

use super::{
    AgentId, Attribute, DomainInfo, DurationInfo, ExecutorId, ExecutorInfo, FrameworkId, OfferId,
    OperationId, TaskInfo, TimeInfo, Url,
};

/// Resources of one agent, offered to one framework. Whole `mesos.v1.Offer`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Offer {
    /// Names the offer.
    #[prost(message, required, tag = "1")]
    pub id: OfferId,
    /// To whom it is made.
    #[prost(message, required, tag = "2")]
    pub framework_id: FrameworkId,
    /// Whose resources they are.
    #[prost(message, required, tag = "3")]
    pub agent_id: AgentId,
    /// The agent's host.
    #[prost(string, required, tag = "4")]
    pub hostname: String,
    /// Where the agent's API is.
    #[prost(message, optional, tag = "8")]
    pub url: Option<Url>,
    /// Where the agent is.
    #[prost(message, optional, tag = "11")]
    pub domain: Option<DomainInfo>,
    /// What is offered: opaque resources, see [`crate::resource::ResourceView`].
    #[prost(bytes = "bytes", repeated, tag = "5")]
    pub resources: Vec<Bytes>,
    /// What the agent's operator says of it.
    #[prost(message, repeated, tag = "7")]
    pub attributes: Vec<Attribute>,
    /// Executors of this framework that run there already.
    #[prost(message, repeated, tag = "6")]
    pub executor_ids: Vec<ExecutorId>,
    /// When the agent is planned to be away.
    #[prost(message, optional, tag = "9")]
    pub unavailability: Option<Unavailability>,
    /// For which role it is made.
    #[prost(message, optional, tag = "10")]
    pub allocation_info: Option<AllocationInfo>,
}

/// For which role something is offered. Whole `mesos.v1.Resource.AllocationInfo`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct AllocationInfo {
    /// The role.
    #[prost(string, optional, tag = "1")]
    pub role: Option<String>,
}

/// When something is planned to be away. Whole `mesos.v1.Unavailability`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Unavailability {
    /// From when.
    #[prost(message, required, tag = "1")]
    pub start: TimeInfo,
    /// For how long; for ever where it is absent.
    #[prost(message, optional, tag = "2")]
    pub duration: Option<DurationInfo>,
}

/// The question whether resources may be taken away. Whole `mesos.v1.InverseOffer`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct InverseOffer {
    /// Names the inverse offer.
    #[prost(message, required, tag = "1")]
    pub id: OfferId,
    /// Where the agent's API is.
    #[prost(message, optional, tag = "2")]
    pub url: Option<Url>,
    /// Who is asked.
    #[prost(message, required, tag = "3")]
    pub framework_id: FrameworkId,
    /// Whose resources they are.
    #[prost(message, optional, tag = "4")]
    pub agent_id: Option<AgentId>,
    /// When they will be away.
    #[prost(message, required, tag = "5")]
    pub unavailability: Unavailability,
    /// Which; opaque resources.
    #[prost(bytes = "bytes", repeated, tag = "6")]
    pub resources: Vec<Bytes>,
}

/// For how long what was declined is not offered again. Whole `mesos.v1.Filters`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Filters {
    /// Seconds; Mesos takes 5 where it is absent, and at most 365 days.
    #[prost(double, optional, tag = "1")]
    pub refuse_seconds: Option<f64>,
}

impl Filters {
    /// Not again for that long, unless a REVIVE comes first.
    pub fn refuse_for(duration: std::time::Duration) -> Self {
        Self { refuse_seconds: Some(duration.as_secs_f64()) }
    }
}

/// What is to be done with offered resources. Whole `mesos.v1.Offer.Operation`.
///
/// Beside LAUNCH the operations are opaque: their bytes are messages of the genuine types.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Operation {
    /// Which of the operations it is.
    #[prost(enumeration = "operation::Type", optional, tag = "1")]
    pub r#type: Option<i32>,
    /// Given, the framework hears of the operation's status.
    #[prost(message, optional, tag = "12")]
    pub id: Option<OperationId>,
    /// Starts tasks.
    #[prost(message, optional, tag = "2")]
    pub launch: Option<Launch>,
    /// Starts a group of tasks in the default executor.
    #[prost(message, optional, tag = "7")]
    pub launch_group: Option<LaunchGroup>,
    /// Reserves; opaque.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub reserve: Option<Bytes>,
    /// Gives a reservation up; opaque.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub unreserve: Option<Bytes>,
    /// Creates persistent volumes; opaque.
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub create: Option<Bytes>,
    /// Destroys persistent volumes; opaque.
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub destroy: Option<Bytes>,
    /// Grows a persistent volume; opaque.
    #[prost(bytes = "bytes", optional, tag = "13")]
    pub grow_volume: Option<Bytes>,
    /// Shrinks a persistent volume; opaque.
    #[prost(bytes = "bytes", optional, tag = "14")]
    pub shrink_volume: Option<Bytes>,
    /// Makes a disk of a storage provider; opaque.
    #[prost(bytes = "bytes", optional, tag = "15")]
    pub create_disk: Option<Bytes>,
    /// Gives such a disk back; opaque.
    #[prost(bytes = "bytes", optional, tag = "16")]
    pub destroy_disk: Option<Bytes>,
}

impl Operation {
    /// Starts these tasks.
    pub fn launch(task_infos: Vec<TaskInfo>) -> Self {
        Self {
            r#type: Some(operation::Type::Launch.into()),
            launch: Some(Launch { task_infos }),
            ..Self::default()
        }
    }
}

/// The kinds of [`Operation`].
pub mod operation {
    /// Which operation. Enum `mesos.v1.Offer.Operation.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// None that is known.
        Unknown = 0,
        /// Starts tasks.
        Launch = 1,
        /// Starts a group of tasks.
        LaunchGroup = 6,
        /// Reserves.
        Reserve = 2,
        /// Gives a reservation up.
        Unreserve = 3,
        /// Creates persistent volumes.
        Create = 4,
        /// Destroys persistent volumes.
        Destroy = 5,
        /// Grows a persistent volume.
        GrowVolume = 11,
        /// Shrinks a persistent volume.
        ShrinkVolume = 12,
        /// Makes a disk.
        CreateDisk = 13,
        /// Gives a disk back.
        DestroyDisk = 14,
    }
}

/// Starts tasks. Whole `mesos.v1.Offer.Operation.Launch`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Launch {
    /// The tasks.
    #[prost(message, repeated, tag = "1")]
    pub task_infos: Vec<TaskInfo>,
}

/// Starts a group of tasks that live and die together.
/// Whole `mesos.v1.Offer.Operation.LaunchGroup`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LaunchGroup {
    /// The executor that runs them.
    #[prost(message, required, tag = "1")]
    pub executor: ExecutorInfo,
    /// The tasks.
    #[prost(message, required, tag = "2")]
    pub task_group: TaskGroupInfo,
}

/// Tasks that live and die together. Whole `mesos.v1.TaskGroupInfo`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TaskGroupInfo {
    /// The tasks.
    #[prost(message, repeated, tag = "1")]
    pub tasks: Vec<TaskInfo>,
}
