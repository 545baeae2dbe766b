//! The Mesos master and agents, as far as a scheduler and executors can tell.
//!
//! Each file is one idea, and says at each function where its fact comes from: a function of Mesos
//! 1.11.0 (`Master::…` is in `src/master/master.cpp`, `Slave::…` in `src/slave/slave.cpp`), or
//! `tried: NAME`, an exchange in `exchanges/NAME.txt` that genuine Mesos answered, and that
//! `tests/exchanges.rs` replays against this model.
//!
//! What is absent: authentication, roles and quota, reservations, operations other than LAUNCH,
//! inverse offers, draining, and two frameworks at one time.

mod agent;
mod call;
mod containers;
mod crashes;
mod master;
mod messages;
mod offers;
mod registration;
mod subscription;
mod tasks;
mod teardown;
mod updates;

pub(crate) use agent::{Agent, ToAgent};
pub(crate) use call::{Call, Launch, ToMaster, Work};
pub(crate) use master::Master;
pub(crate) use registration::AGENT_PATIENCE;
