//! Who keeps a connection to one member, for as long as that is known.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use etcd_client::Client;
use etcd_mesos_core::cause::chain;
use etcd_mesos_core::discovery::Found;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::Shared;
use super::connection::{JoinError, connect};
use super::roster::{Serving, Standing};

/// The pauses between two tries to join a member: so long that it costs nothing, so short that a member that was
/// started again is soon of use.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// A member of another cluster is no member of ours very soon.
const FOREIGN_PAUSE: Duration = Duration::from_secs(15);
/// Who served for so long is set aside for the shortest time only.
const SERVED_WELL: Duration = Duration::from_secs(1);

pub(super) struct Keeper {
    found: Found,
    shared: Arc<Shared>,
    pauses: ExponentialBackoff,
    /// What was said last of why it is not used.
    said: String,
}

impl Keeper {
    pub(super) fn new(found: Found, shared: Arc<Shared>) -> Keeper {
        Keeper { found, shared, pauses: pauses(), said: String::new() }
    }

    pub(super) async fn run(mut self) {
        let mut used = None;
        loop {
            let pause = match self.rejoin(used.take()).await {
                Ok(client) => {
                    let pause = self.serve(&client).await;
                    used = Some(client);
                    pause
                }
                Err(error) => self.tell(&error),
            };
            sleep(pause).await;
        }
    }

    /// A call that failed does not prove that its connection did: a leader may have died elsewhere.
    async fn rejoin(&self, used: Option<Client>) -> Result<Client, JoinError> {
        match used {
            Some(client) if self.look(client.clone()).await.is_ok() => Ok(client),
            _ => self.join().await,
        }
    }

    async fn join(&self) -> Result<Client, JoinError> {
        let client = connect(&self.found, &self.shared.options).await?;
        self.look(client.clone()).await?;
        Ok(client)
    }

    /// Whether it is of our cluster, and may serve.
    async fn look(&self, mut client: Client) -> Result<(), JoinError> {
        let time = self.shared.options.request_timeout;
        let status = timeout(time, client.status()).await.map_err(|_| JoinError::Late(time))?;
        let status = status.map_err(JoinError::Call)?;
        let id = status.header().map(|header| header.cluster_id()).filter(|id| *id != 0);
        let id = id.ok_or(JoinError::Nameless)?;
        if let Some(ours) = self.shared.cluster_id.get().filter(|ours| **ours != id) {
            return Err(JoinError::Foreign(id, *ours));
        }
        if status.is_learner() {
            return Err(JoinError::Learner);
        }
        if status.leader() == 0 {
            return Err(JoinError::NoLeader);
        }
        // Only one that may serve decides which cluster is ours.
        match *self.shared.cluster_id.get_or_init(|| id) {
            ours if ours == id => Ok(()),
            ours => Err(JoinError::Foreign(id, ours)),
        }
    }

    /// Lets the connection be used until a call or a look at it fails; how long to wait then.
    async fn serve(&mut self, client: &Client) -> Duration {
        let began = Instant::now();
        if !std::mem::take(&mut self.said).is_empty() {
            tracing::info!(member = self.found.client_url, "the member serves again");
        }
        let failed = Arc::new(Notify::new());
        let serving = Serving { client: client.clone(), failed: Arc::clone(&failed) };
        self.stand(Standing::Serving(serving));
        loop {
            tokio::select! {
                // Who noticed it has set the member aside.
                () = failed.notified() => break,
                () = sleep(self.shared.options.look) => {}
            }
            if let Err(error) = self.look(client.clone()).await {
                return self.tell(&error);
            }
        }
        if began.elapsed() >= SERVED_WELL {
            self.pauses = pauses();
        }
        self.pause()
    }

    /// Sets the member aside, and says why where that is new; how long to wait.
    fn tell(&mut self, error: &JoinError) -> Duration {
        let words = chain(error);
        if words != self.said {
            let member = &self.found.client_url;
            match error {
                JoinError::Foreign(..) => tracing::error!(
                    member,
                    error = words,
                    "a member of ANOTHER CLUSTER answers there; it is not used"
                ),
                _ => tracing::warn!(member, error = words, "a member is not used"),
            }
            self.said.clone_from(&words);
        }
        self.stand(Standing::Aside(words));
        match error {
            JoinError::Foreign(..) => FOREIGN_PAUSE,
            _ => self.pause(),
        }
    }

    fn pause(&mut self) -> Duration {
        self.pauses.next().unwrap_or(PAUSE_MAX)
    }

    fn stand(&self, standing: Standing) {
        self.shared.roster.send_modify(|roster| {
            if let Some(seat) = roster.seats.get_mut(&self.found.client_url) {
                seat.standing = standing;
            }
        });
    }
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(PAUSE_MIN)
        .with_max_delay(PAUSE_MAX)
        .without_max_times()
        .with_jitter()
        .build()
}
