//! The programs on genuine Mesos with real etcd, started by the test and stopped by handle.
#![allow(clippy::unwrap_used, reason = "these are tests; clippy knows only #[test] functions")]

mod client_tasks;
mod cut_off;
mod disasters;
mod formation;
mod life;
mod local;
mod masters;
#[path = "../../crates/testkit/tests/scheduler/mod.rs"]
mod other_scheduler;
mod proxy;
mod rig;
mod second_cluster;
mod srv;
mod starts;
mod tls;
mod transcripts;
mod zookeeper_store;
