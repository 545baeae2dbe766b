//! The Apache Mesos v1 HTTP API, for schedulers and executors.
//!
//! - [`scheduler`] subscribes a framework with the leading master and sends its calls;
//! - [`executor`] does the same between an executor and its agent;
//! - [`proto`] holds the messages, [`resource`] looks inside a resource and takes a part of it;
//! - [`recordio`] cuts an event stream into records;
//! - [`tls`] is what a scheduler needs for masters that speak TLS;
//! - [`error`] tells apart how a call can fail, and whether asking again makes sense.
//!
//! What is absent: no libmesos, no call-back port, no global state. Nothing is retried behind the
//! caller's back and nothing is decided: to subscribe again, to back off ([`backoff`]), to
//! acknowledge are the caller's. Executors have no TLS towards their agent. ZooKeeper is not here at all: whoever
//! watches an election hands in what it sees ([`Masters::Watched`]).
//!
//! The facts come from Mesos's own documents (`docs/scheduler-http-api.md`,
//! `docs/executor-http-api.md`) and its descriptors (1.11.0).

pub mod backoff;
mod connect;
pub mod credentials;
mod document;
pub mod endpoint;
pub mod error;
pub mod executor;
mod http;
pub mod masters;
pub mod proto;
pub mod recordio;
pub mod resource;
pub mod scheduler;
mod stream;
pub mod tls;

pub use backoff::Backoff;
pub use credentials::{Credentials, CredentialsError};
pub use document::Document;
pub use endpoint::{Endpoint, EndpointError, Scheme};
pub use error::{CallError, ConnectError, NotMesos, RedirectError, Retry, StreamError, Target};
pub use masters::{Elected, Election, Masters, MastersError};
pub use tls::{Authorities, ClientCertificate, HandshakeError, Tls, TlsFileError};
