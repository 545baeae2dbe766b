//! What a node is, told whenever it is something else.
//!
//! A watch says that something has changed, and never what; so it is only a reason to look again, as are a new
//! connection and the mere passing of time. What is told is what was seen, and a change that was undone before
//! anybody looked is not told.

use std::time::Duration;

use tokio::time::sleep;

use crate::error::ZkError;
use crate::node::Sight;
use crate::session::{Alarm, ZkConfig, ZkSession};

/// It is looked this often although nothing has been heard.
pub const POLL_EVERY: Duration = Duration::from_secs(10);
/// After a failure it is looked again after this time, which doubles with each further one.
const RETRY_FIRST: Duration = Duration::from_millis(100);
/// It never takes longer than this to look again after a failure.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// What [`Follow`] tells.
#[derive(Debug)]
pub enum Seen {
    /// This is how it is now.
    Now(Sight),
    /// Nobody can be asked; what was seen before may hold no longer.
    Away(ZkError),
}

/// Follows one node for ever, over as many sessions as it takes.
#[derive(Debug)]
pub struct Follow {
    config: ZkConfig,
    path: String,
    poll_every: Duration,
    session: Option<ZkSession>,
    alarm: Alarmed,
    told: Option<Told>,
    failures: u32,
}

/// What was told last. Errors are compared by their words: the same ones are no news.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Now(Sight),
    Away(String),
}

/// The next reason to look, if it is not there already.
struct Alarmed(Option<Alarm>);

impl std::fmt::Debug for Alarmed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "waiting" } else { "looking" })
    }
}

impl Follow {
    /// Follows the node at `path` below the URL's; nothing is asked yet.
    pub fn new(config: ZkConfig, path: &str) -> Self {
        Self {
            config,
            path: path.to_owned(),
            poll_every: POLL_EVERY,
            session: None,
            alarm: Alarmed(None),
            told: None,
            failures: 0,
        }
    }

    /// Looks this often, if it is more often than [`POLL_EVERY`].
    #[must_use]
    pub fn poll_every(mut self, period: Duration) -> Self {
        self.poll_every = period.min(POLL_EVERY);
        self
    }

    /// How the node is, as soon as that is something else than was told last. Safe to cancel.
    pub async fn next(&mut self) -> Seen {
        loop {
            if let Some(alarm) = &mut self.alarm.0 {
                alarm.await;
                self.alarm.0 = None;
            }
            let looked = self.look().await;
            if let Some(news) = self.note(looked) {
                return news;
            }
        }
    }

    /// The session over which the node was seen last, to read more of it.
    pub fn session(&self) -> Option<&ZkSession> {
        self.session.as_ref()
    }

    /// Tells everything anew after a short while, because the caller could not use what was told.
    pub fn tell_again(&mut self) {
        self.told = None;
        self.alarm.0 = Some(self.pause());
    }

    async fn look(&mut self) -> Result<(Sight, Alarm), ZkError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => ZkSession::open(&self.config).await?,
        };
        // In its place before the next wait, so that it stays when this future is dropped.
        self.session.insert(session).look(&self.path).await
    }

    fn note(&mut self, looked: Result<(Sight, Alarm), ZkError>) -> Option<Seen> {
        match looked {
            Ok((sight, alarm)) => {
                self.failures = 0;
                self.alarm.0 = Some(until(alarm, self.poll_every));
                let is_news = self.is_news(Told::Now(sight.clone()));
                is_news.then_some(Seen::Now(sight))
            }
            // The end of a session is no trouble as long as another one can be opened.
            Err(error) if error.is_end_of_session() => {
                self.session = None;
                self.alarm.0 = (self.failures > 0).then(|| self.pause());
                self.failures += 1;
                None
            }
            Err(error) => {
                self.alarm.0 = Some(self.pause());
                self.failures += 1;
                self.is_news(Told::Away(error.to_string())).then_some(Seen::Away(error))
            }
        }
    }

    fn is_news(&mut self, now: Told) -> bool {
        let is_news = self.told.as_ref() != Some(&now);
        self.told = Some(now);
        is_news
    }

    fn pause(&self) -> Alarm {
        let doubled = RETRY_FIRST.saturating_mul(1 << self.failures.min(10));
        Box::pin(sleep(doubled.min(RETRY_MAX)))
    }
}

fn until(alarm: Alarm, poll_every: Duration) -> Alarm {
    Box::pin(async move {
        tokio::select! {
            () = alarm => {}
            () = sleep(poll_every) => {}
        }
    })
}
