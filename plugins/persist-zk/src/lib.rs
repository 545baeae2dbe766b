//! The state store that keeps the record in ZooKeeper.
//!
//! # What is stored
//!
//! Below the path of the URL (the chroot, of any depth; it is created when the first record is):
//!
//! | znode | what it holds |
//! |---|---|
//! | `<name>_state` | the record, byte for byte: JSON that `zkCli get` shows |
//! | `<name>_state/save-<uuid>` | nothing; its name says which save wrote the record |
//! | `<name>_framework_id` | the framework ID as it is, where schedulers before 0.2 keep it |
//!
//! All are persistent. With credentials in the URL they belong to those alone (`auth`, all rights), the parents
//! that were missing included; without, to everybody. What was there before keeps its access list, so a record
//! that was written without credentials stays open to everybody; `setAcl` of zkCli closes it.
//!
//! # Compare-and-set
//!
//! A record's [`Version`] is the number of the ZooKeeper transaction that wrote it (`mZxid`), because a znode's
//! own version begins again when it is deleted and created anew. A save is one transaction: it takes away the
//! child that names the save before it, adds one that names itself, and writes the record where the znode's
//! version is still the one that was read. So a save cannot hit another incarnation of the znode, however
//! late it arrives, for the child that it would take away is not there. (A record that was put there by hand
//! has no such child. If it is deleted and put there again by hand, to the same znode version, in the moment
//! between the look and the write of one save, that save is not refused.)
//!
//! # What happens when
//!
//! - **An answer is lost.** It is looked whether the save was done, over a new session, and if not it is done
//!   again, as long as the operation's time lasts; then it is `Unavailable`. If that save was done after all, the
//!   next one with the same expected version recognises it by its name and goes on from it. It never does so by
//!   the bytes: two schedulers that load the same record and raise its epoch write the same bytes, and only one
//!   of them may believe that it leads.
//! - **ZooKeeper is away.** `Unavailable` within the operation's time (5 s if not said), in words: which servers,
//!   and what is the matter with each. Nothing is kept for later; the caller saves again.
//! - **The session ends.** The next operation opens another one. Nothing depends on a session.
//! - **A server dies.** The session, or the next one, moves to another server of the URL. Before anything is read,
//!   the server catches up with the leader.
//! - **Access is refused.** `Unavailable`, because etcd can run on meanwhile and an operator can mend it; it does
//!   not heal by itself, and the words say what to do.
//! - **Something else is there:** empty, no JSON object, larger than a record. `Corrupt`, also to a save. It is
//!   never overwritten.
//! - **The framework ID cannot be written beside the record.** The save has succeeded; it is logged, and done with
//!   the next save. The other way round, a framework ID without a record is for whoever asks
//!   [`ZkStore::known_framework_id`]. It goes when the record is removed, or names no framework any longer,
//!   if it is the one that the record named.
//!
//! # What it does not protect against
//!
//! A ZooKeeper that loses or rolls back what it acknowledged; an administrator who deletes the znodes; anybody
//! on the network who reads along, for neither the record nor the digest credentials are encrypted. Two schedulers
//! are told apart by the record alone: this store has no lock, and refuses nobody before the first save.
//! A predecessor's scheduler that runs at the same time is not noticed.

mod desk;
mod framework;
mod link;
mod mirror;
mod section;
mod seen;
mod store;
mod trouble;

#[cfg(doc)]
use etcd_mesos_core::store::Version;

pub use section::{ZookeeperPlugin, ZookeeperSection};
pub use store::{ZkStore, ZkStoreConfig};
