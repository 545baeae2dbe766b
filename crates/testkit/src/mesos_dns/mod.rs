//! A DNS server that serves what mesos-dns 0.7 serves, from what a genuine master knows.
//!
//! mesos-dns itself is in no package. This one serves the same records of tasks and frameworks, in answers of the
//! same size: `tests/mesos_dns/` holds it against answers that a genuine one gave, for the states it read.
//!
//! ```no_run
//! # fn main() -> Result<(), etcd_mesos_testkit::HarnessError> {
//! use std::time::Duration;
//! use etcd_mesos_testkit::{mesos, mesos_dns::{MesosDns, Resolv}};
//! let cluster = mesos::Cluster::builder().start()?;
//! let ip = cluster.scheduler_ip(2);
//! let dns = MesosDns::follow(&format!("{ip}:53"), &cluster.master_addr(), Duration::from_millis(200))?;
//! let resolv = Resolv::asking(&ip)?;
//! resolv.command("etcdctl").args(["--discovery-srv=etcd.mesos", "member", "list"]).status().unwrap();
//! assert!(dns.asked().contains(&"udp SRV _etcd-client._tcp.etcd.mesos.".to_owned()));
//! # Ok(())
//! # }
//! ```
//!
//! [`MesosDns`] is the server, [`Zone`] its records and its way to answer, and [`Resolv`] runs a program that
//! finds no other DNS server than it.
//!
//! # What is absent
//!
//! The records of masters and agents (`leader.mesos`, `slave.mesos`), those of frameworks that are not on the HTTP
//! API (`_framework._tcp`), the types ANY, SOA and NS, forwarding, HTTP, and addresses from the labels of a status.
//! A framework whose hostname is no address has none. Where a genuine mesos-dns shuffles, this one sorts. The serial
//! number is always 1.

mod names;
mod records;
mod resolv;
mod server;
mod zone;

pub use resolv::Resolv;
pub use server::MesosDns;
pub use zone::{Way, Zone, answer_to, cut, question};
