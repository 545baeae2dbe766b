//! One session with a ZooKeeper; the only file that names the client crate.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;
use zookeeper_client::{Acls, Client, Connector, CreateMode, Error};

use crate::error::{At, ZkError};
use crate::reach;
use crate::url::ZkUrl;

/// How a ZooKeeper is reached.
#[derive(Clone, Debug)]
pub struct ZkConfig {
    /// The servers, the credentials, and the path below which everything happens.
    pub url: ZkUrl,
    /// How long the servers keep a session that is silent; they may change it. Opening one takes no longer.
    pub session_timeout: Duration,
    /// How long an operation may take as a whole, reconnections included.
    pub operation_timeout: Duration,
}

impl ZkConfig {
    /// Ten seconds for a session, as Mesos asks for, and five for an operation.
    pub fn new(url: ZkUrl) -> Self {
        let (session_timeout, operation_timeout) =
            (Duration::from_secs(10), Duration::from_secs(5));
        Self { url, session_timeout, operation_timeout }
    }

    fn full_path(&self, path: &str) -> String {
        match (self.url.path(), path) {
            ("/", path) => path.to_owned(),
            (root, "/") => root.to_owned(),
            (root, path) => format!("{root}{path}"),
        }
    }

    fn at(&self, operation: &'static str, path: &str) -> At {
        At { operation, path: self.full_path(path), servers: self.url.hosts() }
    }
}

/// How often a node was written; a write can insist on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub i32);

/// A node as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its data.
    pub data: Vec<u8>,
    /// Its version.
    pub version: Version,
}

/// What a node and its children's names were, at about the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// There is no such node.
    Absent,
    /// There it is.
    There {
        /// Its data.
        data: Vec<u8>,
        /// The names of its children, in order.
        children: Vec<String>,
    },
}

/// How long a node lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is deleted.
    Persistent,
    /// As long as the session that creates it.
    Session,
}

/// Resolves when what was seen may hold no longer.
pub(crate) type Alarm = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A session. It outlives its connections, moves between the servers, and ends when it is dropped, or when no
/// server was reached for too long. It is never replaced by another in silence: from then on every operation
/// answers [`ZkError::Expired`], and whoever needs a new session opens it.
///
/// Paths begin with `/` and lie below the URL's path. Nothing is retried.
#[derive(Debug)]
pub struct ZkSession {
    client: Client,
    config: ZkConfig,
}

impl ZkSession {
    /// Opens a session with whichever server takes it; each is tried once.
    ///
    /// # Errors
    ///
    /// [`ZkError::Unreachable`], with words for each server, within the session timeout and a second.
    pub async fn open(config: &ZkConfig) -> Result<Self, ZkError> {
        let hosts = config.url.hosts();
        match timeout(config.session_timeout, connector(config).connect(&hosts)).await {
            Ok(Ok(client)) => Ok(Self { client, config: config.clone() }),
            Ok(Err(Error::NoHosts | Error::Timeout | Error::ConnectionLoss)) | Err(_) => {
                let servers = reach::explain(config.url.servers()).await;
                Err(ZkError::Unreachable { at: config.at("open a session for", "/"), servers })
            }
            Ok(Err(error)) => Err(told(config.at("open a session for", "/"), error)),
        }
    }

    /// Reads a node.
    ///
    /// # Errors
    ///
    /// See [`ZkError`], here and below.
    pub async fn get(&self, path: &str) -> Result<Node, ZkError> {
        let full = self.config.full_path(path);
        let (data, stat) = self.run("get", path, self.client.get_data(&full)).await?;
        Ok(Node { data, version: Version(stat.version) })
    }

    /// Writes a node, where `expected` is its version or is not given; answers with the new version.
    ///
    /// # Errors
    ///
    /// See [`ZkError`]; [`ZkError::is_unknown`] tells when it may have been written nevertheless.
    pub async fn set(
        &self,
        path: &str,
        data: &[u8],
        expected: Option<Version>,
    ) -> Result<Version, ZkError> {
        let full = self.config.full_path(path);
        let writing = self.client.set_data(&full, data, expected.map(|version| version.0));
        let stat = self.run("set", path, writing).await?;
        Ok(Version(stat.version))
    }

    /// Creates a node; with credentials it is theirs alone, without it is everybody's.
    ///
    /// # Errors
    ///
    /// See [`ZkError`]; [`ZkError::is_unknown`] tells when it may have been created nevertheless.
    pub async fn create(
        &self,
        path: &str,
        data: &[u8],
        lifetime: Lifetime,
    ) -> Result<Version, ZkError> {
        let full = self.config.full_path(path);
        let mode = match lifetime {
            Lifetime::Persistent => CreateMode::Persistent,
            Lifetime::Session => CreateMode::Ephemeral,
        };
        let owned = self.config.url.login().is_some();
        let acls = if owned { Acls::creator_all() } else { Acls::anyone_all() };
        let options = mode.with_acls(acls);
        let (stat, _) = self.run("create", path, self.client.create(&full, data, &options)).await?;
        Ok(Version(stat.version))
    }

    /// Deletes a node that has no children, where `expected` is its version or is not given.
    ///
    /// # Errors
    ///
    /// See [`ZkError`]; [`ZkError::is_unknown`] tells when it may have been deleted nevertheless.
    pub async fn delete(&self, path: &str, expected: Option<Version>) -> Result<(), ZkError> {
        let full = self.config.full_path(path);
        let version = expected.map(|version| version.0);
        self.run("delete", path, self.client.delete(&full, version)).await
    }

    /// The names of a node's children, in order.
    ///
    /// # Errors
    ///
    /// See [`ZkError`].
    pub async fn children(&self, path: &str) -> Result<Vec<String>, ZkError> {
        let full = self.config.full_path(path);
        let mut names = self.run("list", path, self.client.list_children(&full)).await?;
        names.sort();
        Ok(names)
    }

    /// Waits until the session is over, for example because its time has run out.
    pub async fn over(&self) {
        let mut states = self.client.state_watcher();
        let mut state = states.state();
        while !state.is_terminated() {
            state = states.changed().await;
        }
    }

    /// Reads a node and its children's names, and watches both, and the connection.
    pub(crate) async fn look(&self, path: &str) -> Result<(Sight, Alarm), ZkError> {
        let full = self.config.full_path(path);
        self.run("watch", path, look(&self.client, &full)).await
    }

    async fn run<T>(
        &self,
        operation: &'static str,
        path: &str,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, ZkError> {
        let after = self.config.operation_timeout;
        let at = || self.config.at(operation, path);
        match timeout(after, asked).await {
            Ok(answer) => answer.map_err(|error| told(at(), error)),
            Err(_) => Err(ZkError::Late { at: at(), after }),
        }
    }
}

fn connector(config: &ZkConfig) -> Connector {
    let connector = Client::connector()
        .with_session_timeout(config.session_timeout)
        // Whoever opens a session knows how long to go on trying, and wants words in between.
        .with_fail_eagerly();
    match config.url.login() {
        Some(login) => connector.with_auth("digest", login.secret().as_bytes()),
        None => connector,
    }
}

async fn look(client: &Client, path: &str) -> Result<(Sight, Alarm), Error> {
    let mut states = client.state_watcher();
    // Only what changes from now on is news.
    states.state();
    loop {
        match look_inside(client, path).await {
            Ok((sight, [children, data])) => {
                let alarm = async move {
                    tokio::select! {
                        _ = children.changed() => {}
                        _ = data.changed() => {}
                        _ = states.changed() => {}
                    }
                };
                return Ok((sight, Box::pin(alarm)));
            }
            Err(Error::NoNode) => {}
            Err(error) => return Err(error),
        }
        // It may have come into being between the two questions, and is then looked at again.
        if let (None, birth) = client.check_and_watch_stat(path).await? {
            let alarm = async move {
                tokio::select! {
                    _ = birth.changed() => {}
                    _ = states.changed() => {}
                }
            };
            return Ok((Sight::Absent, Box::pin(alarm)));
        }
    }
}

type Watches = [zookeeper_client::OneshotWatcher; 2];

async fn look_inside(client: &Client, path: &str) -> Result<(Sight, Watches), Error> {
    let (mut children, born) = client.list_and_watch_children(path).await?;
    let (data, _, written) = client.get_and_watch_data(path).await?;
    children.sort();
    Ok((Sight::There { data, children }, [born, written]))
}

/// What an error of the client means here.
fn told(at: At, error: Error) -> ZkError {
    match error {
        Error::NoNode => ZkError::NoNode { at },
        Error::NodeExists => ZkError::NodeExists { at },
        Error::BadVersion => ZkError::WrongVersion { at },
        Error::NotEmpty => ZkError::NotEmpty { at },
        Error::NoAuth | Error::AuthFailed | Error::InvalidAcl => ZkError::NotAllowed { at },
        Error::SessionExpired | Error::SessionMoved | Error::ClientClosed => {
            ZkError::Expired { at }
        }
        // What the system says of a connection comes in the client's own wrapper.
        Error::ConnectionLoss | Error::Custom(_) => ZkError::Lost { at, source: error.into() },
        other => ZkError::Refused { at, source: other.into() },
    }
}
