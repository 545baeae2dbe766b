//! Follows a discovery: the newest list of members, for as long as somebody wants it.

mod pace;

use std::sync::Arc;
use std::time::Duration;

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::{Discovery, DiscoveryError, Members};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use pace::Pace;

/// What is known of the members.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Known {
    /// The members of the newest answer; none before the first one.
    pub members: Option<Members>,
    /// When that answer came.
    pub learned: Option<Instant>,
    /// Why nothing newer is known; none while the source answers.
    pub trouble: Option<Trouble>,
    /// How many queries were made.
    pub asked: u64,
}

/// Queries that fail.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trouble {
    /// What the newest failure says, its causes included.
    pub words: String,
    /// Since when all have failed.
    pub since: Instant,
    /// Whether the source answered, and knows no member.
    pub is_nobody: bool,
}

/// Asks a discovery again and again, in a task of its own. Dropping it ends that.
#[derive(Debug)]
pub struct Following {
    known: watch::Receiver<Known>,
    hurry: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Following {
    /// Begins to follow; the first query is made at once. A runtime must be there.
    pub fn start(discovery: Arc<dyn Discovery>) -> Following {
        let (tell, known) = watch::channel(Known::default());
        let hurry = Arc::new(Notify::new());
        let follower = Follower {
            pace: Pace::new(&discovery.cost()),
            discovery,
            tell,
            hurry: Arc::clone(&hurry),
        };
        Following { known, hurry, task: tokio::spawn(follower.run()) }
    }

    /// What is known now, and a way to wait until that changes.
    pub fn known(&self) -> watch::Receiver<Known> {
        self.known.clone()
    }

    /// Says that the known members do not serve as they should: the next query is made as soon as the
    /// source may be asked again.
    pub fn hurry(&self) {
        self.hurry.notify_one();
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Follower {
    discovery: Arc<dyn Discovery>,
    pace: Pace,
    tell: watch::Sender<Known>,
    hurry: Arc<Notify>,
}

impl Follower {
    async fn run(mut self) {
        loop {
            let known = self.tell.borrow().members.clone();
            let began = Instant::now();
            let answer = match &known {
                Some(members) => self.discovery.next(members).await,
                None => self.discovery.members().await,
            };
            let wait = match answer {
                Ok(members) => self.learn(members),
                Err(error) => self.fail(&error),
            };
            self.rest(began, Instant::now() + wait).await;
        }
    }

    /// Waits until then, or until somebody is in a hurry and the source may be asked again.
    async fn rest(&self, began: Instant, until: Instant) {
        let soonest = (began + self.pace.soonest()).max(Instant::now());
        tokio::select! {
            () = sleep_until(until) => {}
            () = self.hurry.notified() => sleep_until(soonest.min(until)).await,
        }
    }

    fn learn(&mut self, members: Members) -> Duration {
        let wait = self.pace.answered(members.valid_for);
        let place = self.discovery.place();
        let before = self.tell.borrow();
        if before.trouble.is_some() {
            tracing::info!(place, "the members are known again");
        }
        if before.members.as_ref().map(|known| &known.found) != Some(&members.found) {
            let urls: Vec<&str> = members.found.iter().map(|m| m.client_url.as_str()).collect();
            tracing::info!(place, members = urls.join(", "), "members");
        }
        drop(before);
        self.tell.send_modify(|known| {
            known.members = Some(members);
            known.learned = Some(Instant::now());
            known.trouble = None;
            known.asked += 1;
        });
        wait
    }

    fn fail(&mut self, error: &DiscoveryError) -> Duration {
        let words = chain(error);
        let is_nobody = matches!(error, DiscoveryError::NobodyFound { .. });
        let wait = if is_nobody { self.pace.nobody() } else { self.pace.failed() };
        let before = self.tell.borrow().trouble.clone();
        // Said once, and again when it is something else.
        if before.as_ref().map(|trouble| &trouble.words) != Some(&words) {
            tracing::warn!(error = words, "the members cannot be asked for; what is known is kept");
        }
        let since = before.map_or_else(Instant::now, |trouble| trouble.since);
        self.tell.send_modify(|known| {
            known.trouble = Some(Trouble { words, since, is_nobody });
            known.asked += 1;
        });
        wait
    }
}

#[cfg(test)]
mod tests;
