//! One session with a ZooKeeper; the only file that names the client crate.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;
use zookeeper_client::{
    Acls, Client, Connector, CreateMode, CreateOptions, Error, MultiWriteError, MultiWriteResult,
    MultiWriter,
};

use crate::error::{At, ZkError};
use crate::node::{Change, Lifetime, Node, Sight, Snapshot, Version, Zxid};
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
        let options = self.options(mode);
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

    /// Lets the server hear of everything that was written before now, by anybody; what is read next is
    /// at least as new.
    ///
    /// # Errors
    ///
    /// See [`ZkError`].
    pub async fn catch_up(&self) -> Result<(), ZkError> {
        self.run("sync", "/", self.client.sync(&self.config.full_path("/"))).await
    }

    /// Reads a node together with its children's names; nothing if it is not there.
    ///
    /// # Errors
    ///
    /// See [`ZkError`].
    pub async fn snapshot(&self, path: &str) -> Result<Option<Snapshot>, ZkError> {
        let full = self.config.full_path(path);
        self.run("get", path, snapshot(&self.client, &full)).await
    }

    /// Creates the node of the URL's path, and each above it, where they are missing; all persistent, empty,
    /// and with the access list that all nodes get. Nothing that is there is touched.
    ///
    /// # Errors
    ///
    /// See [`ZkError`].
    pub async fn create_root(&self) -> Result<(), ZkError> {
        let (full, options) = (self.config.full_path("/"), self.options(CreateMode::Persistent));
        let creating = async {
            // Asked first: who may not create a node is refused even where it is there already.
            match self.client.check_stat(&full).await? {
                Some(_) => Ok(()),
                None => self.client.mkdir(&full, &options).await,
            }
        };
        self.run("create", "/", creating).await
    }

    /// Makes all changes in one transaction, or none; answers with its number if one of them is a
    /// [`Change::Set`]. The error is that of the first change that cannot be made.
    ///
    /// # Errors
    ///
    /// See [`ZkError`]; [`ZkError::is_unknown`] tells when it may have been done nevertheless.
    pub async fn commit(&self, changes: &[Change<'_>]) -> Result<Option<Zxid>, ZkError> {
        let mut writer = self.client.new_multi_writer();
        let at = |index: usize| {
            let (operation, path) = changes.get(index).map_or(("commit", "/"), Change::names);
            self.config.at(operation, path)
        };
        for (index, &change) in changes.iter().enumerate() {
            self.add(&mut writer, change).map_err(|error| told(at(index), error))?;
        }
        let after = self.config.operation_timeout;
        match timeout(after, writer.commit()).await {
            Ok(Ok(results)) => Ok(results.iter().find_map(zxid_of)),
            Ok(Err(MultiWriteError::OperationFailed { index, source })) => {
                Err(told(at(index), source))
            }
            Ok(Err(MultiWriteError::RequestFailed { source })) => Err(told(at(0), source)),
            Err(_) => Err(ZkError::Late { at: at(0), after }),
        }
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

    fn add(&self, writer: &mut MultiWriter<'_>, change: Change<'_>) -> Result<(), Error> {
        let full = self.config.full_path(change.names().1);
        let version = |expected: Option<Version>| expected.map(|version| version.0);
        match change {
            Change::Create { data, .. } => {
                writer.add_create(&full, data, &self.options(CreateMode::Persistent))
            }
            Change::Set { data, expected, .. } => {
                writer.add_set_data(&full, data, version(expected))
            }
            Change::Delete { expected, .. } => writer.add_delete(&full, version(expected)),
        }
    }

    /// With credentials a node is theirs alone, without it is everybody's.
    fn options(&self, mode: CreateMode) -> CreateOptions<'static> {
        let is_owned = self.config.url.login().is_some();
        mode.with_acls(if is_owned { Acls::creator_all() } else { Acls::anyone_all() })
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

async fn snapshot(client: &Client, path: &str) -> Result<Option<Snapshot>, Error> {
    loop {
        let (data, stat) = match client.get_data(path).await {
            Ok(found) => found,
            Err(Error::NoNode) => return Ok(None),
            Err(error) => return Err(error),
        };
        match client.get_children(path).await {
            // Nothing has happened in between.
            Ok((mut children, later)) if later == stat => {
                children.sort();
                let (written, bred) = (Zxid(stat.mzxid), Zxid(stat.pzxid));
                let version = Version(stat.version);
                return Ok(Some(Snapshot { data, version, written, bred, children }));
            }
            Ok(_) | Err(Error::NoNode) => {}
            Err(error) => return Err(error),
        }
    }
}

fn zxid_of(result: &MultiWriteResult) -> Option<Zxid> {
    match result {
        MultiWriteResult::SetData { stat } => Some(Zxid(stat.mzxid)),
        // Servers do not fill in the statistics of a node that a transaction creates (ZOOKEEPER-4026).
        _ => None,
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
