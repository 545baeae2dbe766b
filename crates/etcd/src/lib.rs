//! What etcd is asked and how it is started, by version.
//!
//! Two halves. [`version`], [`flags`], [`environment`] and [`exit`] are pure: the command line of one etcd, and how
//! one etcd ended, from what it printed. [`probe`] and [`hand_over`] ask a member by gRPC, and each
//! of their calls has a total deadline, because `etcd-client` by itself waits for a frozen member
//! for ever.
//!
//! Nothing here starts a process, touches a data directory, or decides; and etcd's wire types do
//! not leave this crate.

pub mod environment;
pub mod exit;
pub mod flags;
pub mod hand_over;
pub mod probe;
pub mod version;

pub use version::EtcdVersion;
