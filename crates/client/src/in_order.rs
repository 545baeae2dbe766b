//! Several discoveries as one: the first is preferred, the others are for when it fails.
//!
//! While none has answered, all are asked in turn, and the first answer counts. Once one has answered, its failures
//! are errors, and whoever follows keeps what it knows: sources differ in what they know and in how soon they know
//! it, and to go back and forth between them is worse than a list that is some seconds old. Only when it has
//! failed for [`PATIENCE`] are the next ones asked too. Those that are better than the one in use are tried
//! again at every query, and win as soon as they answer.
//!
//! Each is asked no sooner than its own pause allows: until then what it said last holds.

mod failure;
mod ledger;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Members};
use tokio::time::Instant;

use failure::{Failure, all_failed};
use ledger::{Ledger, Outcome};

/// For so long a discovery that has answered may fail before the next ones are asked.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// While a discovery is used that is not the preferred one, the next query comes after such a time: not so
/// soon that it is asked without end, not so late that the preferred one is missed.
const FALLBACK_VALID_MIN: Duration = Duration::from_secs(5);
const FALLBACK_VALID_MAX: Duration = Duration::from_secs(15);

/// An ordered list of discoveries, which is a discovery itself.
pub struct InOrder {
    ways: Vec<Way>,
    ledger: Mutex<Ledger>,
}

/// One of the list.
struct Way {
    name: String,
    discovery: Arc<dyn Discovery>,
}

impl InOrder {
    /// The discoveries with their names, the preferred one first; none of none.
    pub fn new(discoveries: Vec<(String, Arc<dyn Discovery>)>) -> Option<InOrder> {
        let way = |(name, discovery)| Way { name, discovery };
        let ways: Vec<Way> = discoveries.into_iter().map(way).collect();
        let pauses = ways.iter().map(|way| way.discovery.cost().pause);
        let ledger = Mutex::new(Ledger::new(pauses));
        (!ways.is_empty()).then_some(InOrder { ways, ledger })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, known: Option<&Members>) -> Result<Members, DiscoveryError> {
        let mut failures = Vec::new();
        for at in 0..self.ways.len() {
            match self.outcome(at, known).await {
                Ok(members) => return Ok(self.used(at, members)),
                Err(failure) => failures.push(failure.of(&self.ways[at].name)),
            }
            if !self.ledger().may_go_on(at, Instant::now()) {
                break;
            }
        }
        Err(all_failed(self.place(), &failures))
    }

    /// What one of them says now, or said within its pause.
    async fn outcome(&self, at: usize, known: Option<&Members>) -> Outcome {
        let began = Instant::now();
        if let Some(outcome) = self.ledger().remembered(at, began) {
            return outcome;
        }
        let discovery = &self.ways[at].discovery;
        // Only the preferred one may hold an answer back: no other may keep it from being tried again.
        let answer = match known.filter(|_| at == 0 && self.ledger().in_use() == Some(0)) {
            Some(known) => discovery.next(known).await,
            None => discovery.members().await,
        };
        let outcome = answer.map_err(Failure::from);
        let before = self.ledger().note(at, began, Instant::now(), outcome.clone());
        if outcome.is_ok() && before != Some(at) {
            self.tell(before, at);
        }
        outcome
    }

    fn tell(&self, before: Option<usize>, now: usize) {
        let name = |at: usize| self.ways[at].name.as_str();
        match before {
            None => tracing::info!(discovery = name(now), "found members"),
            Some(before) if now < before => {
                tracing::info!(discovery = name(now), "it answers again, and is used again");
            }
            Some(before) => tracing::warn!(
                discovery = name(now),
                instead_of = name(before),
                "another discovery is used, because the better one has failed for too long"
            ),
        }
    }

    /// An answer as it is passed on.
    fn used(&self, at: usize, members: Members) -> Members {
        if at == 0 {
            return members;
        }
        let valid_for = members.valid_for.unwrap_or(FALLBACK_VALID_MAX);
        members.valid_for(valid_for.clamp(FALLBACK_VALID_MIN, FALLBACK_VALID_MAX))
    }
}

#[async_trait]
impl Discovery for InOrder {
    fn place(&self) -> String {
        self.ways.iter().map(|way| way.discovery.place()).collect::<Vec<_>>().join(", else ")
    }

    /// The pause is that of the preferred one; the others' are kept here.
    fn cost(&self) -> Cost {
        let costs = self.ways.iter().map(|way| (&way.name, way.discovery.cost()));
        let words: Vec<String> =
            costs.clone().map(|(name, cost)| format!("{name}: {}", cost.words)).collect();
        let pause = costs.map(|(_, cost)| cost.pause).next().unwrap_or_default();
        Cost::new(pause, words.join("; "))
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        self.ask(None).await
    }

    async fn next(&self, known: &Members) -> Result<Members, DiscoveryError> {
        self.ask(Some(known)).await
    }
}

#[cfg(test)]
mod tests;
