//! A resource, to be looked at.

use bytes::Bytes;
use prost::Message;

use crate::proto::{AllocationInfo, Labels, Ranges, ResourceProviderId, Scalar, Set, ValueType};

/// A resource. Whole `mesos.v1.Resource`, as of Mesos 1.11; to be looked at, not to be sent back.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ResourceView {
    /// Which resource provider has it.
    #[prost(message, optional, tag = "12")]
    pub provider_id: Option<ResourceProviderId>,
    /// `cpus`, `mem`, `disk`, `ports`, `gpus`, or what an operator chose.
    #[prost(string, required, tag = "1")]
    pub name: String,
    /// Which of the values is set.
    #[prost(enumeration = "ValueType", required, tag = "2")]
    pub r#type: i32,
    /// How much, where it is a number; `mem` and `disk` in MB of 2^20 bytes.
    #[prost(message, optional, tag = "3")]
    pub scalar: Option<Scalar>,
    /// Which, where it is ranges.
    #[prost(message, optional, tag = "4")]
    pub ranges: Option<Ranges>,
    /// Which, where it is a set.
    #[prost(message, optional, tag = "5")]
    pub set: Option<Set>,
    /// For whom it is reserved, in the form from before reservation refinement.
    #[prost(string, optional, tag = "6")]
    pub role: Option<String>,
    /// To which role it is allocated.
    #[prost(message, optional, tag = "11")]
    pub allocation_info: Option<AllocationInfo>,
    /// How it is reserved, in the form from before reservation refinement.
    #[prost(message, optional, tag = "8")]
    pub reservation: Option<ReservationInfo>,
    /// How it is reserved, the last one on top; unreserved where there are none.
    #[prost(message, repeated, tag = "13")]
    pub reservations: Vec<ReservationInfo>,
    /// What disk it is.
    #[prost(message, optional, tag = "7")]
    pub disk: Option<DiskInfo>,
    /// Present where it can be taken away at any time.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub revocable: Option<Bytes>,
    /// Present where several tasks can have it at once.
    #[prost(bytes = "bytes", optional, tag = "10")]
    pub shared: Option<Bytes>,
}

impl ResourceView {
    /// Looks into a resource.
    ///
    /// # Errors
    ///
    /// The bytes are not a resource.
    pub fn of(raw: &Bytes) -> Result<Self, prost::DecodeError> {
        Self::decode(raw.clone())
    }

    /// For which role it is reserved, in either form; none where it is unreserved.
    pub fn reserved_role(&self) -> Option<&str> {
        let refined = self.reservations.last().and_then(|top| top.role.as_deref());
        refined.or_else(|| self.role.as_deref().filter(|role| *role != "*"))
    }

    /// The ranges as pairs, both ends included.
    pub fn range_pairs(&self) -> Vec<(u64, u64)> {
        let ranges = self.ranges.iter().flat_map(|ranges| &ranges.range);
        ranges.map(|range| (range.begin, range.end)).collect()
    }
}

/// How a resource is reserved. Whole `mesos.v1.Resource.ReservationInfo`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ReservationInfo {
    /// By whom.
    #[prost(enumeration = "ReservationType", optional, tag = "4")]
    pub r#type: Option<i32>,
    /// For which role.
    #[prost(string, optional, tag = "3")]
    pub role: Option<String>,
    /// Who reserved it.
    #[prost(string, optional, tag = "1")]
    pub principal: Option<String>,
    /// From who reserved it.
    #[prost(message, optional, tag = "2")]
    pub labels: Option<Labels>,
}

/// By whom a resource is reserved. Enum `mesos.v1.Resource.ReservationInfo.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum ReservationType {
    /// Not said.
    Unknown = 0,
    /// By the agent's operator.
    Static = 1,
    /// By a framework, or through the operator API.
    Dynamic = 2,
}

/// What disk it is. Whole `mesos.v1.Resource.DiskInfo`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DiskInfo {
    /// Present where it is a persistent volume.
    #[prost(message, optional, tag = "1")]
    pub persistence: Option<Persistence>,
    /// How it is mounted; opaque `Volume`.
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub volume: Option<Bytes>,
    /// Which disk; the agent's root disk where it is absent.
    #[prost(message, optional, tag = "3")]
    pub source: Option<DiskSource>,
}

/// A persistent volume. Whole `mesos.v1.Resource.DiskInfo.Persistence`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Persistence {
    /// Unique within its role on its agent.
    #[prost(string, required, tag = "1")]
    pub id: String,
    /// Who made it.
    #[prost(string, optional, tag = "2")]
    pub principal: Option<String>,
}

/// Which disk. Whole `mesos.v1.Resource.DiskInfo.Source`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DiskSource {
    /// The kind.
    #[prost(enumeration = "DiskSourceType", required, tag = "1")]
    pub r#type: i32,
    /// Of a PATH disk.
    #[prost(message, optional, tag = "2")]
    pub path: Option<DiskPath>,
    /// Of a MOUNT disk.
    #[prost(message, optional, tag = "3")]
    pub mount: Option<DiskMount>,
    /// Of a storage provider's disk.
    #[prost(string, optional, tag = "7")]
    pub vendor: Option<String>,
    /// Of a storage provider's disk.
    #[prost(string, optional, tag = "4")]
    pub id: Option<String>,
    /// Of a storage provider's disk.
    #[prost(message, optional, tag = "5")]
    pub metadata: Option<Labels>,
    /// Of a storage provider's disk.
    #[prost(string, optional, tag = "6")]
    pub profile: Option<String>,
}

/// The kind of a disk. Enum `mesos.v1.Resource.DiskInfo.Source.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum DiskSourceType {
    /// Not said.
    Unknown = 0,
    /// A directory, shared with others.
    Path = 1,
    /// A file system of its own.
    Mount = 2,
    /// A block device.
    Block = 3,
    /// Not prepared yet.
    Raw = 4,
}

/// A PATH disk. Whole `mesos.v1.Resource.DiskInfo.Source.Path`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct DiskPath {
    /// Its directory.
    #[prost(string, optional, tag = "1")]
    pub root: Option<String>,
}

/// A MOUNT disk. Whole `mesos.v1.Resource.DiskInfo.Source.Mount`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct DiskMount {
    /// Its mount point.
    #[prost(string, optional, tag = "1")]
    pub root: Option<String>,
}
