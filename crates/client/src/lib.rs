//! Finds the members of an etcd cluster and keeps finding them as they move.
//!
//! [`Following`] asks a [`Discovery`](etcd_mesos_core::discovery::Discovery) for as long as it lives, as
//! often as that may be asked, and always has the newest list: an answer that fails never empties it.

mod follow;
mod in_order;
mod words;

pub use follow::{Following, Known, Trouble};
pub use in_order::{InOrder, PATIENCE};
