//! What the tasks of a gateway share: one lock over what is known, never held while one waits.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_mesos_client::Following;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::Settings;
use super::health::Seen;
use super::identity::Turn;
use super::open::Opens;
use super::table::{Change, Key, Table};
use super::view::Standing;

/// Trouble is over when it was not noted for so long.
const TROUBLE_LASTS: Duration = Duration::from_secs(5);

/// What the tasks share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    /// Where it listens, in the order of the settings.
    pub(super) doors: Vec<SocketAddr>,
    pub(super) following: Arc<Following>,
    state: Mutex<State>,
    /// Is sent to whenever something changed that clients may wait for.
    changed: watch::Sender<()>,
    /// Bytes that are held for readers that are slow.
    pub(super) held: AtomicUsize,
    pub(super) counts: Counts,
}

/// What is behind the lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) table: Table,
    pub(super) opens: Opens,
    /// How the tasks that look at members are woken.
    pub(super) looks: BTreeMap<Key, Arc<Notify>>,
    /// What keeps the gateway itself from its work.
    pub(super) trouble: Option<Trouble>,
    pub(super) is_over: bool,
}

/// What keeps a gateway from its work.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) words: String,
    noted: Instant,
}

impl State {
    /// Trouble that was not noted again for a while is over.
    pub(super) fn settle_trouble(&mut self, now: Instant) {
        let is_over = |trouble: &Trouble| now >= trouble.noted + TROUBLE_LASTS;
        if self.trouble.as_ref().is_some_and(is_over) {
            self.trouble = None;
            tracing::info!("the gateway takes all clients again");
        }
    }
}

/// Counts of clients.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted: AtomicU64,
    pub(super) waiting: AtomicUsize,
    pub(super) closed_unserved: AtomicU64,
}

impl Shared {
    pub(super) fn new(
        settings: Settings,
        doors: Vec<SocketAddr>,
        following: Arc<Following>,
    ) -> Shared {
        let state = State {
            table: Table::new(settings.clone()),
            opens: Opens::default(),
            looks: BTreeMap::new(),
            trouble: None,
            is_over: false,
        };
        Shared {
            settings,
            doors,
            following,
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            held: AtomicUsize::new(0),
            counts: Counts::default(),
        }
    }

    /// Nothing that is behind the lock is left half done by a panic.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A way to wait until something changes.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Wakes whoever waits for a change.
    pub(super) fn wake(&self) {
        self.changed.send_replace(());
    }

    /// Judges all members anew, says what changed, and wakes whoever waits for that.
    pub(super) fn judge(&self) {
        let changes = self.state().table.judge(Instant::now());
        for change in &changes {
            tell(change);
        }
        if !changes.is_empty() {
            self.wake();
        }
    }

    /// A connection to a member could not be made.
    pub(super) fn connect_failed(&self, key: Key, seen: Seen) {
        let mut state = self.state();
        if let Some(member) = state.table.get_mut(key) {
            member.tally.connect_failures += 1;
        }
        state.table.looked(key, seen, false, Instant::now());
        drop(state);
        self.judge();
        self.look_soon(key);
        self.following.hurry();
    }

    /// Members of which nothing new is known for too long.
    pub(super) fn stale(&self) -> Vec<Key> {
        self.state().table.stale(Instant::now())
    }

    /// Has a member looked at soon.
    pub(super) fn look_soon(&self, key: Key) {
        if let Some(look) = self.state().looks.get(&key) {
            look.notify_one();
        }
    }

    /// Notes, for the view, what keeps the gateway from its work. It is said when it begins.
    pub(super) fn trouble(&self, words: String) {
        let mut state = self.state();
        if state.trouble.is_none() {
            tracing::warn!(words, "the gateway cannot take all clients");
        }
        state.trouble = Some(Trouble { words, noted: Instant::now() });
    }

    pub(super) fn count_unserved(&self) {
        self.counts.closed_unserved.fetch_add(1, Relaxed);
    }
}

fn tell(change: &Change) {
    match change {
        Change::Stands { client_url: member, standing, because } => {
            tell_standing(member, *standing, because);
        }
        Change::Identity(Turn::Pinned(cluster)) => {
            tracing::info!(%cluster, "the members are of this cluster");
        }
        Change::Identity(Turn::Followed { from, to }) => tracing::warn!(
            %from, %to,
            "all members that the discovery finds are of another cluster now, and no member of the former \
             one answers: the gateway goes over to it"
        ),
        Change::Identity(Turn::Disputed) => tracing::error!(
            "the members that the discovery finds belong to several clusters, and none to a majority: \
             none of them gets connections"
        ),
    }
}

fn tell_standing(member: &str, standing: Standing, because: &str) {
    match standing {
        Standing::Serves => tracing::info!(member, because, "the member serves"),
        // Every second look that takes its time would be a line.
        Standing::Late | Standing::Unknown => tracing::debug!(member, because, ?standing),
        Standing::NoLeader | Standing::Learner | Standing::Refuses => {
            tracing::warn!(
                member,
                because,
                "the member gets no connection while another one serves"
            );
        }
        Standing::Dead => {
            tracing::warn!(member, because, "the member is dead, its connections are cut")
        }
        Standing::OtherCluster => {
            tracing::error!(
                member,
                because,
                "the member is of another cluster and gets no connection"
            );
        }
    }
}
