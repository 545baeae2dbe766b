//! One look at one member, from its own client address, within a deadline.

use std::future::Future;
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, GetOptions, GetResponse, StatusResponse};
use etcd_mesos_core::id::{ClusterId, MemberId};
use etcd_mesos_core::observation::Observation;
use tokio::time::{Instant, timeout_at};

/// The key that a linearizable read asks for. Nobody needs to have written it: a read of a key
/// that is not there needs the same quorum and returns the same revision.
const READ_KEY: &str = "etcd-mesos/read";
/// How long one attempt at a TCP connection may take. Members are in one data centre.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A frozen member is noticed by HTTP/2 pings; etcd refuses intervals below 5 s by default
/// (`--grpc-keepalive-min-time`).
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(2));

/// A look that showed nothing: the member does not answer at all.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The URL is not one that a client can be made for.
    #[error("no etcd client can be made for {url}")]
    Url {
        /// The client URL.
        url: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The member refused or broke off a call.
    #[error("etcd at {url} did not answer {call}")]
    Call {
        /// The client URL.
        url: String,
        /// What it was asked.
        call: &'static str,
        /// What etcd or the network said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The member did not answer in time.
    #[error("etcd at {url} did not answer {call} within {}", millis(.deadline))]
    Deadline {
        /// The client URL.
        url: String,
        /// What it was asked.
        call: &'static str,
        /// The time that it had.
        deadline: Duration,
    },
    /// The answer lacks what every etcd since 3.4 says.
    #[error("etcd at {url} answered {call} without {lacks}")]
    Incomplete {
        /// The client URL.
        url: String,
        /// What it was asked.
        call: &'static str,
        /// What is not there.
        lacks: &'static str,
    },
}

impl ProbeError {
    /// Whether etcd itself answered, and refused: it lives and does not tell. With authentication on,
    /// etcd 3.5 refuses `Status` to whoever has no user ("user name is empty").
    pub fn is_refusal(&self) -> bool {
        let ProbeError::Call { source, .. } = self else { return false };
        match source.downcast_ref::<etcd_client::Error>() {
            Some(etcd_client::Error::GRpcStatus(status)) => {
                REFUSALS.contains(&i32::from(status.code()))
            }
            _ => false,
        }
    }
}

/// The codes of gRPC that etcd refuses with and that the client does not make up for a broken connection:
/// invalid argument, permission denied, failed precondition, unimplemented, unauthenticated.
const REFUSALS: [i32; 5] = [3, 7, 9, 12, 16];

fn millis(deadline: &Duration) -> String {
    format!("{} ms", deadline.as_millis())
}

/// When a sequence of calls must be over, and how long it had, for the words of its error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    whole: Duration,
}

impl Deadline {
    pub(crate) fn within(whole: Duration) -> Self {
        Deadline { at: Instant::now() + whole, whole }
    }

    pub(crate) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

/// The eye on one member: owns one `etcd-client` client, made when it is first needed and made
/// anew after a call that failed.
///
/// It is one client per member and never one for all: with a dead member among its endpoints, a
/// client of several endpoints fails a quarter of its calls for ever (measured).
#[derive(Debug)]
pub struct Probe {
    url: String,
    client: Option<Connection>,
}

/// `Client` has no `Debug` of its own.
struct Connection(Client);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Probe {
    /// Makes a probe of the member with this client URL (`http://10.0.0.7:2379`). It connects later.
    pub fn new(client_url: impl Into<String>) -> Self {
        Probe { url: client_url.into(), client: None }
    }

    /// The client URL of the member.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Looks once: `Status`, then a linearizable read of one key; both together have `deadline`.
    ///
    /// A member that answers the first and not the second gives an observation without a
    /// revision: it lives and has no quorum, or no leader yet.
    ///
    /// # Errors
    /// When the member does not answer `Status` in time.
    pub async fn look(&mut self, deadline: Duration) -> Result<Observation, ProbeError> {
        let deadline = Deadline::within(deadline);
        let status = self.status(deadline).await?;
        let mut seen = observation(&self.url, &status)?;
        // Why the read failed is not kept: etcd's own complaints and the missing leader say it.
        seen.linearizable_revision = self.linearizable_read(deadline).await.ok();
        Ok(seen)
    }

    /// Looks once by `Status` alone, which a member answers by itself: it lives, it has a leader or not,
    /// and it belongs to that cluster. It proves no quorum, and costs the member next to nothing.
    ///
    /// # Errors
    /// When the member does not answer in time, or refuses ([`ProbeError::is_refusal`]).
    pub async fn glance(&mut self, deadline: Duration) -> Result<Observation, ProbeError> {
        let status = self.status(Deadline::within(deadline)).await?;
        observation(&self.url, &status)
    }

    async fn status(&mut self, deadline: Deadline) -> Result<StatusResponse, ProbeError> {
        let mut client = self.client(deadline).await?.maintenance_client();
        self.call("Status", deadline, async move { client.status().await }).await
    }

    async fn linearizable_read(&mut self, deadline: Deadline) -> Result<u64, ProbeError> {
        let mut client = self.client(deadline).await?.kv_client();
        let options = GetOptions::new().with_count_only();
        let read = async move { client.get(READ_KEY, Some(options)).await };
        let answer: GetResponse = self.call("Range", deadline, read).await?;
        let revision = answer.header().and_then(|header| u64::try_from(header.revision()).ok());
        revision.ok_or_else(|| self.incomplete("Range", "a revision"))
    }

    /// The client; made on first use. `connect` does not wait for the member to be there.
    pub(crate) async fn client(&mut self, deadline: Deadline) -> Result<Client, ProbeError> {
        if let Some(Connection(client)) = &self.client {
            return Ok(client.clone());
        }
        let connect = Client::connect([self.url.as_str()], Some(options()));
        let made = timeout_at(deadline.at, connect)
            .await
            .map_err(|_| self.late("the connection", deadline))?
            .map_err(|source| ProbeError::Url { url: self.url.clone(), source: source.into() })?;
        self.client = Some(Connection(made.clone()));
        Ok(made)
    }

    /// Performs one call under the deadline. After a failure the connection is not trusted again:
    /// it may be to a process that is gone, and to find that out by waiting takes seconds.
    pub(crate) async fn call<T>(
        &mut self,
        call: &'static str,
        deadline: Deadline,
        answer: impl Future<Output = Result<T, etcd_client::Error>>,
    ) -> Result<T, ProbeError> {
        let answer = timeout_at(deadline.at, answer).await;
        if !matches!(answer, Ok(Ok(_))) {
            self.client = None;
        }
        let url = || self.url.clone();
        answer.map_err(|_| self.late(call, deadline))?.map_err(|source| ProbeError::Call {
            url: url(),
            call,
            source: source.into(),
        })
    }

    fn late(&self, call: &'static str, deadline: Deadline) -> ProbeError {
        ProbeError::Deadline { url: self.url.clone(), call, deadline: deadline.whole }
    }

    pub(crate) fn incomplete(&self, call: &'static str, lacks: &'static str) -> ProbeError {
        ProbeError::Incomplete { url: self.url.clone(), call, lacks }
    }
}

fn options() -> ConnectOptions {
    ConnectOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_keep_alive(KEEPALIVE.0, KEEPALIVE.1)
}

/// etcd's wire type, taken apart here so that it goes no further.
fn observation(url: &str, status: &StatusResponse) -> Result<Observation, ProbeError> {
    let header = status.header().ok_or_else(|| ProbeError::Incomplete {
        url: url.to_owned(),
        call: "Status",
        lacks: "a header",
    })?;
    Ok(Observation {
        member_id: MemberId(header.member_id()),
        cluster_id: ClusterId(header.cluster_id()),
        leader: (status.leader() != 0).then(|| MemberId(status.leader())),
        raft_term: status.raft_term(),
        raft_index: status.raft_index(),
        raft_applied_index: status.raft_applied_index(),
        db_size_bytes: u64::try_from(status.db_size()).unwrap_or(0),
        is_learner: status.is_learner(),
        version: status.version().to_owned(),
        complaints: status.errors().to_vec(),
        linearizable_revision: None,
    })
}
