//! Genuine Mesos, ZooKeeper and real etcd for tests, started and stopped by handle.
//!
//! [`mesos::Cluster`] is Apache Mesos 1.11.0 on loopback addresses, one address per machine; `scripts/setup`
//! installs it. [`zookeeper::Server`] is ZooKeeper 3.8, and [`proxy::Proxy`] a connection that can be made to fail.
//! [`process::Proc`] runs a program of ours. [`tls::Authority`] certifies. [`etcd::find`] says where etcd is, [`processes`] finds
//! what the containers run, and [`http`] asks anybody a question.
//!
//! A handle that is dropped leaves no process and no file. That also holds for a test process that is killed:
//! its children die with it, and a janitor or else the next cluster to start clears away the rest.
//!
//! [`conformance`] holds the suites that every plugin passes, one for each trait.
//!
//! One part is a fake, [`mesos_dns`], since mesos-dns is in no package; it is held against what a genuine one answered.
//! Every other part is the real one. No code is async but the suites of plugins that are.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod conformance;
pub mod etcd;
pub mod http;
pub mod mesos;
pub mod mesos_dns;
pub mod process;
pub mod processes;
pub mod proxy;
pub mod tls;
pub mod wait;
pub mod zookeeper;

mod error;
mod spawn;

pub use error::HarnessError;
