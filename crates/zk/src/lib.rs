//! ZooKeeper for etcd-mesos: one session type, and the detection of the leading Mesos master.
//!
//! - [`ZkUrl`] reads `zk://[user:password@]h1:p1,h2:p2/any/depth`, and never shows the password;
//! - [`ZkSession`] is one session: every operation has a deadline, and its end is told, not mended;
//! - [`Follow`] says what a node and its children are, again and again, over as many sessions as it takes;
//! - [`MasterDetector`] says by the same means which Mesos master leads.
//!
//! Underneath is the crate `zookeeper-client` (`docs/adr/0011-zookeeper-client.md` says why); it is named in
//! `session.rs` alone, so that another client can be put in its place there.
//!
//! What is absent: TLS and SASL. The crate has both, but its TLS brings `rustls-pemfile`, which is no longer
//! maintained (RUSTSEC-2025-0134), and Debian's ZooKeeper serves no TLS as it is packaged; they can be asked
//! for in `Cargo.toml` once somebody needs them. Absent too: read-only sessions, whose answers may be old.

mod detector;
mod error;
mod follow;
mod master_info;
mod node;
mod reach;
mod session;
mod url;

pub use detector::{Detected, LeadingMaster, MasterDetector, NobodyLeads};
pub use error::{At, ZkError};
pub use follow::{Follow, POLL_EVERY, Seen};
pub use master_info::MasterInfoError;
pub use node::{Change, Lifetime, Node, Sight, Snapshot, Version, Zxid};
pub use session::{ZkConfig, ZkSession};
pub use url::{Login, Server, ZkUrl, ZkUrlError};
