//! From a discovery to clients of etcd that follow the members.
//!
//! There is one client for each member, on one connection that was looked at: never one client for all of them,
//! with which a quarter of the calls fail for as long as one member is dead, and never one that connects again by
//! itself, because somebody else may listen there by then ([`connection`]).

mod calls;
mod connection;
mod error;
mod keeper;
mod meaning;
mod options;
mod roster;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use etcd_client::Client;
use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::Discovery;
use tokio::sync::watch as shown;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::follow::{Following, Known};
use keeper::Keeper;
use roster::{Chosen, Roster};

pub use error::{CallError, WatchError};
pub use options::Options;
pub use watch::Watch;

/// A cluster of etcd, whose members are followed for as long as this or a clone of it lives. Clones are the same.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use etcd_mesos_core::discovery::Discovery;
/// use etcd_mesos_client::{Cluster, Options};
///
/// # async fn run(discovery: Arc<dyn Discovery>) -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = Cluster::follow(discovery, Options::default());
///
/// // It may be carried out twice without harm: repeated at another member whatever happened to the first.
/// cluster.idempotent(|mut etcd| async move { etcd.put("name", "value", None).await }).await?;
///
/// // It may not: repeated only where it certainly was not carried out.
/// cluster.write(|mut etcd| async move { etcd.delete("jobs/7", None).await }).await?;
///
/// let answer = cluster.read(|mut etcd| async move { etcd.get("name", None).await }).await?;
/// assert_eq!(answer.kvs()[0].value(), b"value");
///
/// // It goes on at another member, with the next revision, when its own one dies.
/// let mut watch = cluster.watch("name", Default::default(), None);
/// while let Ok(response) = watch.next().await {
///     println!("{:?}", response.events());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    following: Following,
    tending: JoinHandle<()>,
}

/// What the tasks of a cluster have in common.
struct Shared {
    options: Options,
    roster: shown::Sender<Roster>,
    /// The only cluster that is spoken with.
    cluster_id: OnceLock<u64>,
}

impl Cluster {
    /// Begins to follow the members; a runtime must be there. Nothing is waited for.
    pub fn follow(discovery: Arc<dyn Discovery>, options: Options) -> Cluster {
        let cluster_id = options.cluster_id.map(OnceLock::from).unwrap_or_default();
        let roster = shown::Sender::new(Roster::default());
        let shared = Arc::new(Shared { options, roster, cluster_id });
        let following = Following::start(discovery);
        let tending = tokio::spawn(tend(Arc::clone(&shared), following.known()));
        Cluster { inner: Arc::new(Inner { shared, following, tending }) }
    }

    /// A client of a member that serves, on one connection. When its calls fail, take another one: a connection
    /// that was lost is not made again.
    ///
    /// # Errors
    /// Where no member serves until the deadline.
    pub async fn client(&self) -> Result<Client, CallError> {
        let until = Instant::now() + self.options().deadline;
        match self.choose(&BTreeSet::new(), until).await {
            Some(chosen) => Ok(chosen.serving.client),
            None => Err(self.nobody(None, false)),
        }
    }

    /// What the discovery knows of the members, and a way to wait until that changes.
    pub fn known(&self) -> shown::Receiver<Known> {
        self.inner.following.known()
    }

    /// The ID of the cluster that is spoken with, once a member has said it.
    pub fn cluster_id(&self) -> Option<u64> {
        self.inner.shared.cluster_id.get().copied()
    }

    fn options(&self) -> &Options {
        &self.inner.shared.options
    }

    /// Waits for a member that serves, and was not tried if there is one.
    async fn choose(&self, tried: &BTreeSet<String>, until: Instant) -> Option<Chosen> {
        let mut roster = self.inner.shared.roster.subscribe();
        let choose = async {
            loop {
                let chosen = roster.borrow_and_update().choose(tried, fastrand::f64());
                if chosen.is_some() || roster.changed().await.is_err() {
                    return chosen;
                }
            }
        };
        timeout_at(until, choose).await.ok().flatten()
    }

    /// Sets a member aside that failed, and asks for the members: it may have moved.
    fn set_aside(&self, chosen: &Chosen, why: &dyn std::error::Error) {
        let why = chain(why);
        let mut is_news = false;
        self.inner.shared.roster.send_if_modified(|roster| {
            is_news = roster.set_aside(chosen, why.clone());
            is_news
        });
        if is_news {
            tracing::info!(member = chosen.url, why, "a member is set aside for a moment");
            self.inner.following.hurry();
        }
    }

    fn nobody(&self, source: Option<etcd_client::Error>, maybe_applied: bool) -> CallError {
        CallError::NobodyServes { members: self.words(), source, maybe_applied }
    }

    /// What is known of the members, in words.
    fn words(&self) -> String {
        let members = self.inner.shared.roster.borrow().words();
        match &self.inner.following.known().borrow().trouble {
            Some(trouble) => format!("{members}; {}", trouble.words),
            None => members,
        }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("members", &self.words()).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.tending.abort();
    }
}

/// Lets each member that is known have a keeper. The client of one that leaves ends with its running calls.
async fn tend(shared: Arc<Shared>, mut known: shown::Receiver<Known>) {
    let mut keepers: BTreeMap<String, Keeping> = BTreeMap::new();
    loop {
        let members = known.borrow_and_update().members.clone();
        if let Some(members) = members {
            let mut changes = Default::default();
            shared.roster.send_modify(|roster| changes = roster.follow(&members.found));
            let (new, gone) = changes;
            gone.iter().for_each(|url| drop(keepers.remove(url)));
            for found in new {
                let url = found.client_url.clone();
                let keeper = Keeper::new(found, Arc::clone(&shared));
                keepers.insert(url, Keeping(tokio::spawn(keeper.run())));
            }
        }
        if known.changed().await.is_err() {
            return;
        }
    }
}

/// A keeper's task; it ends with this.
struct Keeping(JoinHandle<()>);

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}
