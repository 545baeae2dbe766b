//! etcd on Apache Mesos: the programs, each a `*_main`.
//!
//! This package is the only place that names plugins, and the only one that reads arguments.

mod exit;
mod legacy;
mod logging;
mod scheduler;

pub use scheduler::{SchedulerArgs, scheduler_main};
