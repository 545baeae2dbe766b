//! etcd processes that serve the local addresses: which, for whom, and for how long.
//!
//! [`line`] has their command lines, [`keeper`] decides when they are started and ended; both are pure.
//! [`seat`] keeps one process by that, [`fleet`] all of a mode.

mod data_dir;
mod fleet;
mod keeper;
mod launch;
mod line;
mod output;
mod peers;
mod plan;
mod process;
mod seat;
mod targets;
mod version;

pub use data_dir::DataDirError;
pub use fleet::Fleet;
pub use launch::become_child;
pub use line::{Kind, NotInVersion};
pub use peers::PeersError;
pub use plan::{Plan, PlanError};
pub use seat::ChildView;
pub use version::BinaryError;
