//! The seeded world in which the pure cores of scheduler and executor are tried.
//!
//! [`World`] holds real [`Scheduler`](etcd_mesos_core::scheduler::Scheduler)s, real
//! [`Supervisor`](etcd_mesos_executor::supervisor::Supervisor)s and the model of Mesos
//! ([`etcd_mesos_model`]), and models what is around them: the store, the network, containers, etcd
//! and its disks. Time is virtual, chance
//! comes from one seed, and [`faults`] are part of it: messages are lost, late, doubled and
//! reordered; processes crash before and after every action; agents, hosts and masters go away
//! and come back; stores fail and answer late; clocks jump; two schedulers run at once. After
//! every step [`check`] asks what must never be.
//!
//! There is no I/O and no thread here. What is modelled of Mesos and etcd is said, with its
//! source, in [`etcd_mesos_model`] and [`etcd`]; what is not modelled does not happen.

mod carrier;
pub mod check;
mod clients;
mod containers;
mod deed;
pub mod etcd;
pub mod exchange;
mod executors;
pub mod faults;
mod freight;
mod link;
mod plain;
pub mod replay;
pub mod run;
mod schedulers;
pub mod script;
pub mod store;
pub mod text;
pub mod world;

pub use faults::{Fault, Faults};
pub use run::{Failure, Outcome, run};
pub use world::World;
