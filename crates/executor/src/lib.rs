//! Supervises one etcd process for as long as its Mesos task lives.
//!
//! A pure core, [`supervisor`], decides: it has no I/O and reads no clock. [`safety`] alone makes
//! the permits of what can cost data. A thin [`driver`] performs, [`link`] speaks with the agent,
//! [`process`] holds etcd; [`guard`] keeps a panic of the logic away from all of them. [`program`]
//! wires them together.
//!
//! Invariants: one executor never runs two etcds; `--initial-cluster-state=new` is said only with a
//! permit; no data directory is deleted or renamed; etcd never outlives the executor; Mesos's wire
//! types do not reach the supervisor. `unsafe` is in one file, `process/parent_death.rs`.

mod arguments;
pub mod data_directory;
pub mod digest;
pub mod driver;
pub mod guard;
pub mod ledger;
pub mod link;
pub mod process;
pub mod program;
pub mod safety;
pub mod supervisor;
mod words;

pub use program::executor_main;
