//! What scheduler and executor say to each other.
//!
//! Three carriers, all JSON: [`ExecutorData`] in `ExecutorInfo.data`, [`LaunchOrder`] in
//! `TaskInfo.data`, and Mesos MESSAGEs both ways ([`ToExecutor`], [`FromExecutor`]). MESSAGE is
//! best effort, so every order is repeated until a beat shows its effect, and every order can be
//! carried out twice. No secret is in any of them: Mesos shows them to whoever can read its state.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::id::{ClusterId, ClusterName, Epoch, Generation, MemberName, TaskId};
use crate::observation::Observation;

/// The version of all that is said here; an unknown one is refused, with both versions named.
pub const WIRE_VERSION: u32 = 1;

/// The longest message that either side reads, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// A message that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// It is not JSON of the expected shape.
    #[error("a {what} that does not parse")]
    Shape {
        /// What it should have been.
        what: &'static str,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// It was written by another version of this program.
    #[error("a {what} of version {found}, where this program speaks {WIRE_VERSION}")]
    Version {
        /// What it is.
        what: &'static str,
        /// The version that it says.
        found: u32,
    },
    /// It is longer than anything that either side sends.
    #[error("a {what} of {len} bytes, above the {MESSAGE_BYTES_MAX} that are read")]
    Length {
        /// What it should have been.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
    },
}

/// One file that the executor runs, and what its bytes must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binary {
    /// The file's name in the sandbox.
    pub file: String,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// What the file is for.
    pub role: BinaryRole,
}

/// What a fetched file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryRole {
    /// The executor itself.
    Executor,
    /// etcd.
    Etcd,
    /// etcdctl.
    Etcdctl,
}

/// `ExecutorInfo.data`: what holds for the executor's whole life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorData {
    /// [`WIRE_VERSION`].
    pub v: u32,
    /// The cluster.
    pub cluster: ClusterName,
    /// The member, which is also the executor ID.
    pub member: MemberName,
    /// The files that must be in the sandbox, and their digests.
    pub binaries: Vec<Binary>,
}

/// How etcd's data directory must be found when the task starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The member takes part in the cluster's first start: the directory must never have had a WAL.
    Form,
}

/// `TaskInfo.data`: the member that this task runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchOrder {
    /// [`WIRE_VERSION`].
    pub v: u32,
    /// The epoch of the scheduler that launches.
    pub epoch: Epoch,
    /// The incarnation of the cluster.
    pub generation: Generation,
    /// The cluster token of the formation attempt.
    pub token: String,
    /// The member's own entry.
    pub member: Peer,
    /// Every member that starts together, this one included, in the order of their names.
    pub initial_cluster: Vec<Peer>,
    /// How the data directory must be found.
    pub start: Start,
    /// Further etcd flags, checked by the scheduler against its allow-list.
    pub etcd_flags: Vec<String>,
    /// How long a stop may take before etcd is killed, in milliseconds.
    pub stop_grace_ms: u64,
}

/// A member, and where it listens: on the agent's IP address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The member's name.
    pub name: MemberName,
    /// The IP address of its agent.
    pub ip: std::net::IpAddr,
    /// The port for other members.
    pub peer_port: u16,
    /// The port for clients.
    pub client_port: u16,
}

impl Peer {
    /// The URL for other members.
    pub fn peer_url(&self) -> String {
        format!("http://{}", std::net::SocketAddr::new(self.ip, self.peer_port))
    }

    /// The URL for clients.
    pub fn client_url(&self) -> String {
        format!("http://{}", std::net::SocketAddr::new(self.ip, self.client_port))
    }
}

/// A message from the scheduler to one executor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToExecutor {
    /// [`WIRE_VERSION`].
    pub v: u32,
    /// The scheduler's epoch; an executor refuses one below the highest that it has heard.
    pub epoch: Epoch,
    /// Counts up within the epoch.
    pub seq: u64,
    /// What is ordered.
    pub order: Order,
}

/// What a scheduler orders. Each can be carried out twice without harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Order {
    /// The cluster is stored as formed: the member may be told to clients (TASK_RUNNING).
    Formed {
        /// The cluster ID that is stored; an etcd that has another must not be told to anybody.
        cluster_id: ClusterId,
    },
    /// Say at once how things are.
    Beat,
}

/// A message from an executor to the scheduler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromExecutor {
    /// [`WIRE_VERSION`].
    pub v: u32,
    /// The highest epoch that the executor has heard.
    pub epoch: Epoch,
    /// Counts up for as long as the executor lives.
    pub seq: u64,
    /// The `seq` of the order that this answers, if it answers one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<u64>,
    /// Why the order that this answers was refused, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The task that the executor runs.
    pub task_id: TaskId,
    /// Whether the executor knows that the cluster is formed.
    pub formed: bool,
    /// What its etcd does.
    pub etcd: EtcdState,
    /// How often etcd was started since the task began.
    pub starts: u32,
}

/// What an executor's etcd does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EtcdState {
    /// The binaries are being checked; no etcd was started yet.
    Preparing,
    /// A process runs that has not yet served.
    Starting {
        /// Its process ID on the agent.
        pid: u32,
    },
    /// A linearizable read succeeded within the last seconds.
    Serving {
        /// Its process ID on the agent.
        pid: u32,
        /// The newest look at it.
        seen: Observation,
    },
    /// It served, and now no linearizable read succeeds.
    Stalled {
        /// Its process ID on the agent.
        pid: u32,
        /// The newest look at it, if it answers at all.
        seen: Option<Observation>,
        /// Why the last read failed.
        why: String,
    },
    /// It ended, and is started again shortly.
    Restarting {
        /// How it ended, in one line.
        why: String,
    },
    /// It is being stopped on purpose.
    Stopping,
    /// No etcd process of this task exists any more, and none will be started.
    Ended {
        /// What ended it, in one line.
        verdict: String,
    },
}

macro_rules! codec {
    ($type:ident, $what:literal) => {
        impl $type {
            /// The bytes that go over the wire.
            ///
            /// # Panics
            /// Never: every field of it can be written as JSON.
            pub fn to_bytes(&self) -> Vec<u8> {
                serde_json::to_vec(self).expect("plain data is always JSON")
            }

            /// Reads the bytes that came over the wire.
            ///
            /// # Errors
            /// When they are too long, of another version, or not of this shape.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
                parse($what, bytes)
            }
        }
    };
}

codec!(ExecutorData, "executor's data");
codec!(LaunchOrder, "launch order");
codec!(ToExecutor, "message to an executor");
codec!(FromExecutor, "message from an executor");

/// The version alone, read first, so that another version is told from nonsense.
#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

fn parse<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, WireError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(WireError::Length { what, len: bytes.len() });
    }
    let shape = |source| WireError::Shape { what, source };
    let Versioned { v } = serde_json::from_slice(bytes).map_err(shape)?;
    if v != WIRE_VERSION {
        return Err(WireError::Version { what, found: v });
    }
    serde_json::from_slice(bytes).map_err(shape)
}

/// Reads what an executor said out of a transcript, where another version is refused as on the wire.
pub(crate) fn of_this_version<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Result<FromExecutor, String>, D::Error> {
    let body: Result<FromExecutor, String> = Result::deserialize(from)?;
    match &body {
        Ok(FromExecutor { v, .. }) if *v != WIRE_VERSION => {
            Err(de::Error::custom(WireError::Version {
                what: "message from an executor",
                found: *v,
            }))
        }
        Ok(_) | Err(_) => Ok(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn beat() -> FromExecutor {
        FromExecutor {
            v: WIRE_VERSION,
            epoch: Epoch(3),
            seq: 9,
            re: None,
            refused: None,
            task_id: "etcd.prod.0.etcd-1-2.1".parse().unwrap(),
            formed: true,
            etcd: EtcdState::Restarting { why: "exit status: 2".into() },
            starts: 2,
        }
    }

    #[test]
    fn a_message_survives_the_wire() {
        assert_eq!(FromExecutor::from_bytes(&beat().to_bytes()).unwrap(), beat());
    }

    #[test]
    fn another_version_is_named_as_such() {
        let mut newer = beat();
        newer.v = 2;
        let error = FromExecutor::from_bytes(&newer.to_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a message from an executor of version 2, where this program speaks 1"
        );
    }

    #[test]
    fn an_absurd_length_is_refused_before_it_is_parsed() {
        let error = ToExecutor::from_bytes(&vec![b' '; MESSAGE_BYTES_MAX + 1]).unwrap_err();
        assert!(matches!(error, WireError::Length { .. }));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parsers_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = ToExecutor::from_bytes(&bytes);
            let _ = FromExecutor::from_bytes(&bytes);
            let _ = LaunchOrder::from_bytes(&bytes);
            let _ = ExecutorData::from_bytes(&bytes);
        }
    }
}
