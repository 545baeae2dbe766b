//! Keeps a local address pointed at the living members of an etcd cluster.
//!
//! [`run()`] is the program behind its command line: it follows a discovery, and serves the local addresses by
//! the [`gateway`] of its own, or by etcd processes that it supervises ([`child`]); [`Settings`] say which.
//! Nothing here reads a file or a variable, but etcd's data directory where the v2 proxy would go wrong by it.

pub mod child;
mod error;
pub mod gateway;
mod listen;
mod mode;
mod print;
mod quote;
mod run;
mod server;
mod settings;
mod signals;
mod status;
mod trial;

pub use child::become_child;
pub use error::{End, ProxyError};
pub use listen::{ListenUrl, ListenUrlError, Scheme};
pub use mode::Mode;
pub use run::run;
pub use settings::{Settings, StatusAddress, Task};
pub use status::Status;
