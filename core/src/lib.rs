//! The decisions of etcd-mesos: pure, without I/O and without a clock.
//!
//! This crate contains no socket, no file, no runtime and no thread; `now` is an argument of
//! everything that depends on time. The scheduler process does nothing but perform the
//! [`scheduler::Action`]s that [`scheduler::Scheduler::step`] returns.

pub mod cause;
pub mod config;
pub mod discovery;
pub mod health;
pub mod id;
pub mod observation;
pub mod offer;
pub mod placement;
pub mod plugin;
pub mod record;
pub mod scheduler;
pub mod setting;
pub mod status;
pub mod store;
pub mod time;
pub mod transcript;
pub mod trouble;
pub mod view;
pub mod wire;
