//! The way to ZooKeeper: at most one session at a time, opened when it is needed.

use std::time::Duration;

use etcd_mesos_core::id::ClusterName;
use etcd_mesos_core::store::StoreError;
use etcd_mesos_zk::{ZkConfig, ZkError, ZkSession, ZkUrl};

use crate::trouble::{Setback, Trouble};

/// The znodes: as paths below the chroot, and as people name them.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) state: String,
    pub(crate) state_url: String,
    pub(crate) framework_id: String,
    pub(crate) framework_id_url: String,
}

impl Places {
    pub(crate) fn new(url: &ZkUrl, name: &ClusterName) -> Self {
        let (state, framework_id) = (format!("/{name}_state"), format!("/{name}_framework_id"));
        let root = format!("zk://{}{}", url.hosts(), url.path().trim_end_matches('/'));
        let (state_url, framework_id_url) =
            (format!("{root}{state}"), format!("{root}{framework_id}"));
        Self { state, state_url, framework_id, framework_id_url }
    }
}

/// How often an operation is tried, within its time. The second try is for a session that had ended, or for a
/// server that died, unnoticed; more are for a connection that breaks again and for somebody who interferes.
const TRIES: u32 = 4;

#[derive(Debug)]
pub(crate) struct Link {
    config: ZkConfig,
    operation_timeout: Duration,
    session: Option<ZkSession>,
    under_way: UnderWay,
}

/// The operation that is under way, for its messages.
#[derive(Debug, Default)]
struct UnderWay {
    operation: &'static str,
    place: String,
    doing: &'static str,
    tries: u32,
    last: Option<String>,
}

impl Link {
    pub(crate) fn new(url: ZkUrl, operation_timeout: Duration) -> Self {
        let config = ZkConfig {
            // Leaves a second of five to find out what is the matter with each server. Nothing lives only as long
            // as the session, so that it may be short.
            session_timeout: operation_timeout * 7 / 10,
            // Leaves time for another server.
            operation_timeout: operation_timeout / 2,
            ..ZkConfig::new(url)
        };
        Self { config, operation_timeout, session: None, under_way: UnderWay::default() }
    }

    /// Begins an operation.
    pub(crate) fn begin(&mut self, operation: &'static str, place: &str) {
        let place = place.to_owned();
        self.under_way = UnderWay { operation, place, ..UnderWay::default() };
    }

    /// The session, for what is said.
    pub(crate) async fn session(&mut self, doing: &'static str) -> Result<&ZkSession, ZkError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => {
                self.under_way.doing = "open a session";
                ZkSession::open(&self.config).await?
            }
        };
        self.under_way.doing = doing;
        // In its place before the next wait, so that it stays when this future is dropped.
        Ok(self.session.insert(session))
    }

    /// Ends the operation, unless it is worth another try.
    pub(crate) fn again(&mut self, setback: Setback) -> Result<(), StoreError> {
        match setback {
            Setback::Over(error) => Err(error),
            Setback::Refused(error) => {
                // A session can be refused for good, by its credentials; another one may not be.
                self.session = None;
                Err(self.failed(self.explain(error)))
            }
            Setback::Again(error) => {
                self.note(&error);
                self.under_way.tries += 1;
                if self.under_way.tries < TRIES {
                    return Ok(());
                }
                Err(self.failed(self.explain(error)))
            }
        }
    }

    /// Drops a session that is over, or whose connection swallowed something: what it may still have to send is
    /// not sent then.
    pub(crate) fn note(&mut self, error: &ZkError) {
        if error.is_end_of_session() || error.is_unknown() {
            self.session = None;
        }
        self.under_way.last = Some(error.to_string());
    }

    /// The time of the operation is up.
    pub(crate) fn late(&mut self) -> Trouble {
        self.session = None;
        let before = self.under_way.last.take().map(|last| format!(", after: {last}"));
        Trouble::Late {
            servers: self.config.url.hosts(),
            after: self.operation_timeout,
            doing: self.under_way.doing,
            before: before.unwrap_or_default(),
        }
    }

    /// How the operation failed.
    pub(crate) fn failed(&self, trouble: Trouble) -> StoreError {
        trouble.unavailable(self.under_way.operation, &self.under_way.place)
    }

    fn explain(&self, error: ZkError) -> Trouble {
        match error {
            source @ ZkError::NotAllowed { .. } => Trouble::NotAllowed { who: self.who(), source },
            error => Trouble::Zk(error),
        }
    }

    fn who(&self) -> String {
        match self.config.url.login() {
            Some(login) => format!("the user {} with this password", login.user()),
            None => "anybody without credentials".to_owned(),
        }
    }
}
