//! Calls, and their repetition at other members.

use std::collections::BTreeSet;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use etcd_client::{Client, Error};
use tokio::time::{Instant, sleep, timeout_at};

use super::meaning::{Meaning, meaning};
use super::roster::Chosen;
use super::{CallError, Cluster};

/// The pauses once every member was tried: an election takes a second or so.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// What may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    /// Whatever another member may answer.
    Always,
    /// What certainly was not carried out.
    Undone,
}

impl Repeat {
    fn may(self, meaning: Meaning) -> bool {
        match self {
            Repeat::Always => meaning.is_of_member(),
            Repeat::Undone => meaning.is_undone(),
        }
    }
}

/// What became of the attempts so far.
#[derive(Default)]
struct Attempts {
    count: u32,
    tried: BTreeSet<String>,
    /// Whether one of them may have been carried out.
    was_unknown: bool,
    last: Option<Error>,
}

impl Cluster {
    /// Calls for something that changes nothing. It is tried at other members, until the deadline, whenever one
    /// does not answer.
    ///
    /// # Errors
    /// What etcd answered; or that no member answered.
    pub async fn read<T, F>(&self, call: impl Fn(Client) -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.call(Repeat::Always, call).await
    }

    /// Calls for something that may be carried out twice, or again later, without harm: a put of a key that nobody
    /// else writes, a transaction that compares a revision. It is tried at other members like a read.
    ///
    /// # Errors
    /// What etcd answered; or that no member answered, and then it may have been carried out.
    pub async fn idempotent<T, F>(&self, call: impl Fn(Client) -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.call(Repeat::Always, call).await
    }

    /// Calls for one put, delete or transaction that must not be carried out twice. It is tried again only where
    /// it provably was not carried out: it was not sent, or refused before it was looked at.
    ///
    /// # Errors
    /// What etcd answered, or that nobody knows whether it was carried out
    /// ([`CallError::is_maybe_applied`]).
    pub async fn write<T, F>(&self, call: impl Fn(Client) -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.call(Repeat::Undone, call).await
    }

    async fn call<T, F>(&self, repeat: Repeat, call: impl Fn(Client) -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let until = Instant::now() + self.options().deadline;
        let (mut attempts, mut pauses) = (Attempts::default(), pauses());
        loop {
            let Some(chosen) = self.choose(&attempts.tried, until).await else {
                return Err(self.nobody(attempts.last, attempts.was_unknown));
            };
            if attempts.tried.contains(&chosen.url) {
                sleep(pauses.next().unwrap_or(PAUSE_MAX)).await;
            }
            attempts.count += 1;
            match timeout_at(until, call(chosen.serving.client.clone())).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => self.judge(repeat, &chosen, error, &mut attempts)?,
                Err(_) => return Err(self.late(chosen, attempts.count)),
            }
        }
    }

    /// Whether there may be another attempt.
    fn judge(
        &self,
        repeat: Repeat,
        chosen: &Chosen,
        error: Error,
        attempts: &mut Attempts,
    ) -> Result<(), CallError> {
        let meaning = meaning(&error);
        if meaning.sets_aside() {
            self.set_aside(chosen, &error);
        }
        if !repeat.may(meaning) {
            let Attempts { count, was_unknown, .. } = *attempts;
            return Err(CallError::failed(chosen.url.clone(), count, error, meaning, was_unknown));
        }
        attempts.was_unknown |= meaning == Meaning::Unknown;
        attempts.tried.insert(chosen.url.clone());
        attempts.last = Some(error);
        Ok(())
    }

    fn late(&self, chosen: Chosen, attempts: u32) -> CallError {
        CallError::Late { member: chosen.url, attempts, deadline: self.options().deadline }
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
