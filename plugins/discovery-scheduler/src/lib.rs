//! The discovery that asks our scheduler's admin server, and is told of changes.
//!
//! # What is asked
//!
//! `GET /members`, the list in the predecessor's keys; of each entry `host` and `clientPort` make the client URL,
//! and `name` is the member's. Who knows a list asks with its tag (`If-None-Match`) and `?wait=30s`: the scheduler
//! then answers once the members change, or when the time is over, that they have not. So a change is known at
//! once, and costs no more than a small request each half minute. A server that knows no tags (the predecessor's)
//! is asked again like any other source.
//!
//! # Who is asked
//!
//! Of several servers the one that named members last, then the others in their order, until one names some. A
//! name is resolved anew for each request, and its addresses are tried one after the other; so a scheduler that
//! moved is found as soon as its name says so. Only the first is waited for: when it fails the others have to
//! answer at once. After a failure the next query does not wait either, so that it is soon known to be over.
//!
//! | what a server does | what that is |
//! |---|---|
//! | an empty list | `NobodyFound` |
//! | silence, a closed port, a connection closed before an answer, a name without an address, 408, 429, 500, 502 to 504 | `Unavailable` |
//! | any other status, redirections included; no HTTP, no JSON, no such list; cut short; more than 1 MiB; port 0; an address that is nobody's | `Unusable` |
//!
//! Of several servers' failures `NobodyFound` counts before `Unusable`, and that before `Unavailable`; the words
//! are those of all.
//!
//! # Time
//!
//! A server has the timeout to let us connect, the timeout (and the wait) to begin to answer, and the timeout to
//! come to the end. A server that died while it held the answer back is noticed when its system closes the
//! connection; where even that is gone, when wait and timeout are over.
//!
//! # What is absent
//!
//! TLS and credentials towards the scheduler, whose admin server has neither. Connections between queries. A look
//! at the cluster's ID: an answer is as true as whoever listens there.

mod answer;
mod discovery;
mod entry;
mod request;
mod section;
mod server;
mod shown;

pub use answer::members_of_body;
pub use section::{SchedulerPlugin, SchedulerSection, Urls};
