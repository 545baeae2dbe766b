//! An executor: the subscription with its agent, and the calls (Mesos `docs/executor-http-api.md`).
//!
//! An agent's heartbeats are rare, so there is no watch for silence: the agent is on the same host, and
//! when it ends the stream is closed. While it is away it answers 503 or not at all; an executor of a
//! framework with checkpointing then subscribes again, with all that was not acknowledged.

mod call;
mod client;
mod environment;
mod event;

pub use call::new_status_uuid;
pub use client::{Calls, ExecutorClient, ExecutorSubscription};
pub use environment::{EnvironmentError, EnvironmentProblem, ExecutorEnvironment};
pub use event::Event;

/// The wire messages of this API.
pub use crate::proto::executor::{Call, call as calls};
