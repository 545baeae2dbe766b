//! Looks inside a resource, and takes a part of one, without losing what it doesn't know.
//!
//! A resource goes back to Mesos as the bytes that came (see [`crate::proto`]); only the amount is
//! replaced. Mesos counts scalars in thousandths and rounds what is finer.

mod take;
mod view;

pub use take::{TakeError, take_ranges, take_scalar};
pub use view::{
    DiskInfo, DiskMount, DiskPath, DiskSource, DiskSourceType, Persistence, ReservationInfo,
    ReservationType, ResourceView,
};

use bytes::Bytes;
use prost::Message;

use crate::proto::{AllocationInfo, Range, Ranges, Scalar, ValueType};

/// An unreserved resource that is a number, `cpus` for example.
///
/// A framework with the capability `MULTI_ROLE` names the role that it is allocated to.
pub fn scalar(name: &str, amount: f64, allocation_role: Option<&str>) -> Bytes {
    let scalar = Some(Scalar { value: thousandths(amount) });
    plain(
        name,
        ValueType::Scalar,
        ResourceView { scalar, ..ResourceView::default() },
        allocation_role,
    )
}

/// An unreserved resource that is ranges, both ends included, `ports` for example.
///
/// A framework with the capability `MULTI_ROLE` names the role that it is allocated to.
pub fn ranges(name: &str, ranges: &[(u64, u64)], allocation_role: Option<&str>) -> Bytes {
    let ranges = Some(message(ranges));
    plain(
        name,
        ValueType::Ranges,
        ResourceView { ranges, ..ResourceView::default() },
        allocation_role,
    )
}

fn plain(name: &str, kind: ValueType, amount: ResourceView, role: Option<&str>) -> Bytes {
    let resource = ResourceView {
        name: name.to_owned(),
        r#type: kind.into(),
        allocation_info: role.map(|role| AllocationInfo { role: Some(role.to_owned()) }),
        ..amount
    };
    resource.encode_to_vec().into()
}

fn message(ranges: &[(u64, u64)]) -> Ranges {
    Ranges { range: ranges.iter().map(|&(begin, end)| Range { begin, end }).collect() }
}

fn thousandths(amount: f64) -> f64 {
    (amount * 1000.0).round() / 1000.0
}
