//! Who takes part: frameworks, masters, agents, and where they are.

use bytes::Bytes;

use super::{Address, AgentId, Attribute, FrameworkId, Labels};

/// A framework as it describes itself to the master. Whole `mesos.v1.FrameworkInfo`.
///
/// A re-subscription replaces what the master knew, except `principal`, `user` and `checkpoint`
/// (Mesos `docs/scheduler-http-api.md`): send all of it each time.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FrameworkInfo {
    /// The user that executors and tasks run as; over HTTP it has no default.
    #[prost(string, required, tag = "1")]
    pub user: String,
    /// The name that people see.
    #[prost(string, required, tag = "2")]
    pub name: String,
    /// None on the first subscription, ever after what the master answered.
    #[prost(message, optional, tag = "3")]
    pub id: Option<FrameworkId>,
    /// Seconds for which tasks live on without a scheduler; 0 kills them at once.
    #[prost(double, optional, tag = "4")]
    pub failover_timeout: Option<f64>,
    /// Whether executors outlive a restart of their agent.
    #[prost(bool, optional, tag = "5")]
    pub checkpoint: Option<bool>,
    /// The only role, for a framework without the capability `MULTI_ROLE`.
    #[prost(string, optional, tag = "6")]
    pub role: Option<String>,
    /// The roles, for a framework with the capability `MULTI_ROLE`.
    #[prost(string, repeated, tag = "12")]
    pub roles: Vec<String>,
    /// Where the scheduler runs; for people.
    #[prost(string, optional, tag = "7")]
    pub hostname: Option<String>,
    /// Must equal the authenticated principal.
    #[prost(string, optional, tag = "8")]
    pub principal: Option<String>,
    /// Where the master's web pages point to.
    #[prost(string, optional, tag = "9")]
    pub webui_url: Option<String>,
    /// What this framework understands.
    #[prost(message, repeated, tag = "10")]
    pub capabilities: Vec<FrameworkCapability>,
    /// For people and tools.
    #[prost(message, optional, tag = "11")]
    pub labels: Option<Labels>,
    /// Filters by role; opaque entries of a map.
    #[prost(bytes = "bytes", repeated, tag = "13")]
    pub offer_filters: Vec<Bytes>,
}

/// One thing that a framework understands. Whole `mesos.v1.FrameworkInfo.Capability`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct FrameworkCapability {
    /// Which.
    #[prost(enumeration = "framework_capability::Type", optional, tag = "1")]
    pub r#type: Option<i32>,
}

impl From<framework_capability::Type> for FrameworkCapability {
    fn from(which: framework_capability::Type) -> Self {
        Self { r#type: Some(which.into()) }
    }
}

/// The kinds of [`FrameworkCapability`].
pub mod framework_capability {
    /// What a framework understands. Enum `mesos.v1.FrameworkInfo.Capability.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// None that is known.
        Unknown = 0,
        /// Wants revocable resources offered.
        RevocableResources = 1,
        /// Knows the state `TASK_KILLING`.
        TaskKillingState = 2,
        /// Wants offers of agents with GPUs.
        GpuResources = 3,
        /// Wants shared persistent volumes offered.
        SharedResources = 4,
        /// Knows that an unreachable task may come back.
        PartitionAware = 5,
        /// Uses `roles`.
        MultiRole = 6,
        /// Knows the stack of reservations.
        ReservationRefinement = 7,
        /// Wants offers from other regions.
        RegionAware = 8,
    }
}

/// A master as it describes itself. Whole `mesos.v1.MasterInfo`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MasterInfo {
    /// New at each start of the master.
    #[prost(string, required, tag = "1")]
    pub id: String,
    /// An IPv4 address in network byte order; `address` is better.
    #[prost(uint32, required, tag = "2")]
    pub ip: u32,
    /// The port; `address` is better.
    #[prost(uint32, required, tag = "3")]
    pub port: u32,
    /// libprocess's name, `master@10.0.0.1:5050`.
    #[prost(string, optional, tag = "4")]
    pub pid: Option<String>,
    /// The host's name.
    #[prost(string, optional, tag = "5")]
    pub hostname: Option<String>,
    /// The version of Mesos.
    #[prost(string, optional, tag = "6")]
    pub version: Option<String>,
    /// Where it listens.
    #[prost(message, optional, tag = "7")]
    pub address: Option<Address>,
    /// Where it is.
    #[prost(message, optional, tag = "8")]
    pub domain: Option<DomainInfo>,
    /// What it can do.
    #[prost(message, repeated, tag = "9")]
    pub capabilities: Vec<MasterCapability>,
}

/// One thing that a master can do. Whole `mesos.v1.MasterInfo.Capability`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct MasterCapability {
    /// Which.
    #[prost(enumeration = "master_capability::Type", optional, tag = "1")]
    pub r#type: Option<i32>,
}

/// The kinds of [`MasterCapability`].
pub mod master_capability {
    /// What a master can do. Enum `mesos.v1.MasterInfo.Capability.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// None that is known.
        Unknown = 0,
        /// Takes an agent back whose description changed.
        AgentUpdate = 1,
        /// Drains agents.
        AgentDraining = 2,
    }
}

/// An agent as it describes itself. Whole `mesos.v1.AgentInfo`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AgentInfo {
    /// The host's name.
    #[prost(string, required, tag = "1")]
    pub hostname: String,
    /// The port.
    #[prost(int32, optional, tag = "8")]
    pub port: Option<i32>,
    /// All that the agent has; opaque resources.
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub resources: Vec<Bytes>,
    /// What its operator says of it.
    #[prost(message, repeated, tag = "5")]
    pub attributes: Vec<Attribute>,
    /// Its ID.
    #[prost(message, optional, tag = "6")]
    pub id: Option<AgentId>,
    /// Where it is.
    #[prost(message, optional, tag = "10")]
    pub domain: Option<DomainInfo>,
}

/// One thing that an agent can do. Whole `mesos.v1.AgentInfo.Capability`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct AgentCapability {
    /// Which.
    #[prost(enumeration = "agent_capability::Type", optional, tag = "1")]
    pub r#type: Option<i32>,
}

/// The kinds of [`AgentCapability`].
pub mod agent_capability {
    /// What an agent can do. Enum `mesos.v1.AgentInfo.Capability.Type`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum Type {
        /// None that is known.
        Unknown = 0,
        /// Serves frameworks of several roles.
        MultiRole = 1,
        /// Knows roles within roles.
        HierarchicalRole = 2,
        /// Knows the stack of reservations.
        ReservationRefinement = 3,
        /// Has resource providers.
        ResourceProvider = 4,
        /// Grows and shrinks persistent volumes.
        ResizeVolume = 5,
        /// Reports the status of operations.
        AgentOperationFeedback = 6,
        /// Can be drained.
        AgentDraining = 7,
        /// Knows limits apart from requests.
        TaskResourceLimits = 8,
    }
}

/// Where a machine is. Whole `mesos.v1.DomainInfo`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct DomainInfo {
    /// Region and zone.
    #[prost(message, optional, tag = "1")]
    pub fault_domain: Option<FaultDomain>,
}

/// What fails together. Whole `mesos.v1.DomainInfo.FaultDomain`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct FaultDomain {
    /// Far apart from other regions.
    #[prost(message, required, tag = "1")]
    pub region: RegionInfo,
    /// Near the other zones of its region.
    #[prost(message, required, tag = "2")]
    pub zone: ZoneInfo,
}

/// A region. Whole `mesos.v1.DomainInfo.FaultDomain.RegionInfo`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct RegionInfo {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub name: String,
}

/// A zone. Whole `mesos.v1.DomainInfo.FaultDomain.ZoneInfo`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ZoneInfo {
    /// Its name, which is unique within its region only.
    #[prost(string, required, tag = "1")]
    pub name: String,
}
