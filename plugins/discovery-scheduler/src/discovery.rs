//! The discovery itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use etcd_mesos_core::discovery::{Cost, Discovery, DiscoveryError, Found, Members};
use http::HeaderValue;
use tokio::time::Instant;

use crate::answer::{Said, read};
use crate::request::Question;
use crate::server::Server;
use etcd_mesos_core::trouble::Trouble;

/// The shortest pause between two queries: an answer is a few hundred bytes out of the scheduler's memory.
const PAUSE: Duration = Duration::from_millis(200);

/// Finds members by asking schedulers.
#[derive(Debug)]
pub(crate) struct SchedulerDiscovery {
    servers: Vec<Server>,
    timeout: Duration,
    wait: Duration,
    last: Mutex<Last>,
}

/// What the last answer was.
#[derive(Clone, Debug, Default)]
struct Last {
    /// Who named members last, by its place in the list.
    server: usize,
    /// The members, and the tag by which their list can be waited for; none after a failure, so that it is
    /// soon known whether that is over.
    told: Option<(Vec<Found>, HeaderValue)>,
}

impl SchedulerDiscovery {
    pub(crate) fn new(servers: Vec<Server>, timeout: Duration, wait: Duration) -> Self {
        SchedulerDiscovery { servers, timeout, wait, last: Mutex::default() }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The servers by their places, who named members last before the others.
    fn order(&self) -> Vec<usize> {
        let first = self.last().server;
        let mut order: Vec<usize> = (0..self.servers.len()).collect();
        order.sort_by_key(|place| *place != first);
        order
    }

    /// Asks the servers of these places in turn.
    async fn ask(
        &self,
        places: &[usize],
        mut troubles: Vec<Trouble>,
    ) -> Result<Members, DiscoveryError> {
        for place in places {
            let question = Question { tag: None, wait: Duration::ZERO, timeout: self.timeout };
            let said = self.say(*place, &question).await;
            match said.and_then(|said| self.learn(*place, said)) {
                Ok(members) => return Ok(members),
                Err(trouble) => troubles.push(trouble),
            }
        }
        self.last().told = None;
        Err(self.failed(&troubles))
    }

    async fn say(&self, place: usize, question: &Question) -> Result<Said, Trouble> {
        let server = &self.servers[place];
        let answer = question.ask(server).await;
        let said = answer.and_then(|answer| read(answer, question.tag.is_some()));
        said.map_err(|trouble| trouble.about(server))
    }

    /// Members at once; those that can be waited for are good for no time at all, because a next query costs
    /// nothing until they change.
    fn learn(&self, place: usize, said: Said) -> Result<Members, Trouble> {
        let Said::These(members, tag) = said else {
            return Err(Trouble::lie("it says that nothing changed, and was not asked that"));
        };
        let mut last = self.last();
        last.server = place;
        last.told = tag.map(|tag| (members.found.clone(), tag));
        let is_followed = last.told.is_some() && !self.wait.is_zero();
        Ok(if is_followed { members.valid_for(Duration::ZERO) } else { members })
    }

    /// Asks who named these members to say when there are others; the rest are asked at once if it fails.
    async fn follow(&self, known: &Members, tag: HeaderValue) -> Result<Members, DiscoveryError> {
        let (places, asked) = (self.order(), Instant::now());
        let question = Question { tag: Some(tag), wait: self.wait, timeout: self.timeout };
        let place = places[0];
        let said = match self.say(place, &question).await {
            Ok(Said::Unchanged) => Ok(again(known, asked.elapsed() >= self.wait / 2)),
            Ok(said) => self.learn(place, said).map(|members| match members.found == known.found {
                // It takes no notice of tags.
                true => again(&members, false),
                false => members,
            }),
            Err(trouble) => Err(trouble),
        };
        match said {
            Ok(members) => Ok(members),
            Err(trouble) => self.ask(&places[1..], vec![trouble]).await,
        }
    }

    /// The tag by which these members can be waited for.
    fn tag_of(&self, known: &Members) -> Option<HeaderValue> {
        let last = self.last();
        let (found, tag) = last.told.as_ref()?;
        (*found == known.found && !self.wait.is_zero()).then(|| tag.clone())
    }

    /// What all servers' troubles together are.
    fn failed(&self, troubles: &[Trouble]) -> DiscoveryError {
        Trouble::of_all(troubles, self.place())
    }
}

/// The same members once more. A server that does not wait must not be asked as if it did.
fn again(known: &Members, is_waiting: bool) -> Members {
    let mut members = known.clone();
    members.valid_for = is_waiting.then_some(Duration::ZERO);
    members
}

#[async_trait]
impl Discovery for SchedulerDiscovery {
    fn place(&self) -> String {
        let servers: Vec<String> = self.servers.iter().map(Server::to_string).collect();
        format!("the scheduler at {}", servers.join(", "))
    }

    fn cost(&self) -> Cost {
        let words = "one small request to the scheduler, answered from its memory; while nothing changes \
                     one of them is held open";
        Cost::new(PAUSE, words)
    }

    async fn members(&self) -> Result<Members, DiscoveryError> {
        self.ask(&self.order(), Vec::new()).await
    }

    async fn next(&self, known: &Members) -> Result<Members, DiscoveryError> {
        match self.tag_of(known) {
            Some(tag) => self.follow(known, tag).await,
            None => self.members().await,
        }
    }
}
