//! The discovery that finds members in what the leading Mesos master knows of our framework's tasks.
//!
//! # What is asked
//!
//! First `/state`, to find the framework by its name; it has everything that a Mesos knows, tens or hundreds of
//! megabytes of it. Once the framework's ID is known, `/tasks?framework_id=…` alone, which the master filters; so
//! the whole state is read once. Where that has no member, `/frameworks?framework_id=…` says why: the framework is
//! there and nothing runs; it is over, and its name is looked for in the state again; or the master does not know
//! it, as one that was only just elected, and then the state is let alone for five minutes. Old masters (1.1, for
//! example) filter nothing: they are asked for their state each time.
//!
//! Of several frameworks of the name the active one is taken. Where that is not clear none is, and the IDs are
//! told: to take the wrong one is to speak with another cluster.
//!
//! # Who is a member
//!
//! A task in `TASK_RUNNING` whose DiscoveryInfo is called `etcd-server` and whose ID is one of ours, at the port
//! with the protocol `client`; or one with an ID of the predecessor's. Its address is that of its newest running
//! status (`container_status.network_infos`), which agents of 1.11 always fill in; else its agent's, which
//! `/slaves?slave_id=…` tells. Its name is the member's in the task ID. All are `http`.
//!
//! # How a state is read
//!
//! As it comes, in pieces that may be cut at any byte, in one pass (`walk.rs`, `skip.rs`, `frameworks.rs`). The
//! frameworks' list, the frameworks in it and the tasks of a framework are entered; a task is kept whole, 1 MiB at
//! most, for `serde_json`; all else is passed over by its brackets and quotation marks.
//!
//! Nothing is assumed of the order of keys. `slaves` is passed over wherever it stands, because an agent is asked
//! for by itself in the rare case that it is needed. A framework's tasks that come before its name are read, and
//! of each that is a member's no more than name and address is kept, 1,024 of them at most; they are dropped when
//! the name turns out to be another one. So memory is bounded by a task and the members, not by the state.
//!
//! What is passed over is not checked beyond its brackets and its characters outside of texts. What is kept is.
//!
//! # What it costs a master
//!
//! Queries of one process to the same masters pass a gate ([`Gates`]): one at a time, `interval` apart. A refusal
//! (404, 503, nobody listens) is followed by a second's pause, which doubles up to `interval`; whatever may have
//! made the master work in vain (a timeout, an answer that broke off or cannot be used, no such framework) by an
//! interval's, which doubles up to eight. All with jitter. Nothing is compressed, which is the master's work too.
//!
//! | what a master does | what that is |
//! |---|---|
//! | no framework of the name; no member of it runs, or none has an address | `NobodyFound` |
//! | silence, a closed port, 404, 503, any other refusal; an answer that does not go on; no leader | `Unavailable` |
//! | no JSON, or not Mesos's; cut short; port 0; several frameworks of the name, all or none active | `Unusable` |
//!
//! An answer has no deadline as a whole, because how long it is nobody knows. It has to begin within the progress
//! timeout, and each MiB of it, or its end, has to come within another one.
//!
//! # What is absent
//!
//! A memory of the framework's ID beyond the process. `https` towards members. A watch: a member that moved is
//! found at the next query. ZooKeeper sessions between queries: who led last is asked first, and redirects.

mod agent;
mod choose;
mod discovery;
mod flaw;
mod frameworks;
pub mod hostile;
mod line;
mod master;
mod pace;
mod read;
mod section;
mod skip;
mod task;
mod tasks;
mod trouble;
mod walk;

pub use discovery::StateDiscovery;
pub use master::MasterAddress;
pub use pace::Gates;
pub use read::read_state;
pub use section::{MesosStatePlugin, MesosStateSection};
