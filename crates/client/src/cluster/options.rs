//! How a cluster is spoken with.

use std::fmt;
use std::time::Duration;

use etcd_client::{ConnectOptions, TlsOptions};
use etcd_mesos_core::setting::Secret;

/// How a cluster is spoken with. The times are those that were measured to notice a dead or frozen member soon,
/// and that etcd allows.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The user of etcd and its password, where authentication is enabled.
    pub user: Option<(String, Secret)>,
    /// Whom to trust, and our own certificate. With it, members whose URL is `http` are not used. The name that a
    /// certificate must have is the one that the discovery says, or else the host in the URL.
    pub tls: Option<TlsOptions>,
    /// The cluster's ID; where it is not known, the first one that a member says.
    pub cluster_id: Option<u64>,
    /// How long a call may take with all its repetitions, and a wait for a member that serves.
    pub deadline: Duration,
    /// How long one request to one member may take.
    pub request_timeout: Duration,
    /// How long a TCP connection may take to be there, and again TLS and HTTP/2 on it.
    pub connect_timeout: Duration,
    /// How long a connection in use may be silent before it is asked whether it is alive, and how long that
    /// answer may take. etcd ends connections that ask more often than each 5 s.
    pub keep_alive: (Duration, Duration),
    /// How often each member is asked for its status.
    pub look: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            user: None,
            tls: None,
            cluster_id: None,
            deadline: Duration::from_secs(10),
            request_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(1),
            keep_alive: (Duration::from_secs(5), Duration::from_secs(2)),
            look: Duration::from_secs(10),
        }
    }
}

impl Options {
    /// Authenticates as a user of etcd.
    pub fn with_user(mut self, name: impl Into<String>, password: impl Into<String>) -> Options {
        self.user = Some((name.into(), Secret::new(password)));
        self
    }

    /// Speaks TLS, and nothing else.
    pub fn with_tls(mut self, tls: TlsOptions) -> Options {
        self.tls = Some(tls);
        self
    }

    /// Speaks with the cluster of this ID, and no other.
    pub fn with_cluster_id(mut self, id: u64) -> Options {
        self.cluster_id = Some(id);
        self
    }

    /// Gives calls this time.
    pub fn with_deadline(mut self, deadline: Duration) -> Options {
        self.deadline = deadline;
        self
    }

    /// What etcd's client is told. A member without a leader must say so at once instead of letting a call wait:
    /// that is what makes such a refusal a proof that nothing was done.
    pub(super) fn of_client(&self) -> ConnectOptions {
        let options = ConnectOptions::new().with_require_leader(true).with_auto_token_refresh(true);
        match &self.user {
            Some((name, password)) => options.with_user(name, password.reveal()),
            None => options,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("user", &self.user)
            .field("tls", &self.tls.is_some())
            .field("cluster_id", &self.cluster_id)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
