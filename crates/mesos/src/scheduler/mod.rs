//! A framework's scheduler: the subscription with the leading master, and the calls.
//!
//! A subscription is one connection on which events come (Mesos `docs/scheduler-http-api.md`); calls go
//! over a second one, in order. When the stream is over, so is everything that belongs to it: subscribe
//! again, with the framework ID, and use the new [`Calls`].
//!
//! Read the events fast: a master keeps in memory what a slow scheduler has not read yet. Put them in a
//! queue of your own rather than work between two of them.

mod call;
mod client;
mod event;
mod subscription;

pub use client::{SchedulerClient, SchedulerConfig};
pub use event::Event;
pub use subscription::{Calls, Subscription};

/// The wire messages of this API.
pub use crate::proto::scheduler::{Call, call as calls};
