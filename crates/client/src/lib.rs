//! Finds the members of an etcd cluster, keeps finding them as they move, and speaks with them.
//!
//! [`Following`] asks a [`Discovery`](etcd_mesos_core::discovery::Discovery) for as long as it lives, as
//! often as that may be asked, and always has the newest list: an answer that fails never empties it.
//! [`InOrder`] makes one discovery of several. [`Cluster`] is for applications: clients of etcd for members that
//! come and go, calls that are repeated where they may be, and watches that go on.
//!
//! What is absent: leases, locks and elections that outlive a member, because what they mean when it dies only
//! their application knows; [`Cluster::client`] gives etcd's own client for them. A choice of the leader for
//! writes: every member forwards them.

mod cluster;
mod follow;
mod in_order;

pub use cluster::{CallError, Cluster, Options, Watch, WatchError};
pub use follow::{Following, Known, Trouble};
pub use in_order::{InOrder, PATIENCE};
