//! etcd on Apache Mesos: the plugins of a build, and the programs, each a `*_main`.
//!
//! This package is the only place that names plugins, and the only one that reads files,
//! environment and arguments. A program with plugins of its own is six lines: see `builtin`, and
//! `docs/plugins.md`.

mod cli;
mod commands;
pub mod config;
mod dashes;
mod exit;
#[cfg_attr(feature = "local", path = "local/there.rs")]
#[cfg_attr(not(feature = "local"), path = "local/absent.rs")]
mod local;
mod logging;
mod plain;
mod plan;
pub mod plugins;
pub mod program;
mod proxy;
mod scheduler;

pub use plugins::{Plugins, builtin};
pub use proxy::proxy_main;
pub use scheduler::scheduler_main;
