//! The messages of the Mesos v1 API, as prost structs written by hand.
//!
//! Each type names the genuine message it stands for. A type marked *whole* has every field that
//! Mesos 1.11 has, so that a message which is received and echoed loses nothing; what a framework
//! seldom looks into (containers, checks, secrets, offer constraints) is whole as well, but opaque:
//! the bytes that came. Every `Resource` is opaque for the same reason: one lost sub-field of a
//! reservation or a disk and the master says that the resource is not in the offer. To look inside,
//! see [`crate::resource`].
//!
//! `tests/descriptors.rs` compares each field with what Mesos itself says of it.
//!
//! Two habits of prost matter here. A required field is not checked when a message is decoded, it
//! is then empty. And the accessor of an enum field (`status.state()`) turns a number that it does
//! not know into a default; where that matters, use `TaskState::try_from(status.state)`.

pub mod executor;
mod framework;
mod ids;
mod offer;
pub mod scheduler;
mod status;
mod task;
mod value;

pub use framework::{
    AgentCapability, AgentInfo, DomainInfo, FaultDomain, FrameworkCapability, FrameworkInfo,
    MasterCapability, MasterInfo, RegionInfo, ZoneInfo, agent_capability, framework_capability,
    master_capability,
};
pub use ids::{
    AgentId, ContainerId, ExecutorId, FrameworkId, OfferId, OperationId, ResourceProviderId, TaskId,
};
pub use offer::{
    AllocationInfo, Filters, InverseOffer, Launch, LaunchGroup, Offer, Operation, TaskGroupInfo,
    Unavailability, operation,
};
pub use status::{Reason, Source, TaskState, TaskStatus};
pub use task::{
    CommandInfo, DiscoveryInfo, Environment, ExecutorInfo, KillPolicy, Port, Ports, TaskInfo, Uri,
    Variable, Visibility, executor_info, variable,
};
pub use value::{
    Address, Attribute, DurationInfo, Label, Labels, Parameter, Range, Ranges, Scalar, Set, Text,
    TimeInfo, Url, ValueType,
};
