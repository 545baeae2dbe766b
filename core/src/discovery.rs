//! The trait of discovery plugins: where the members of a running cluster are.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;

/// A member as a client finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Where it serves clients: `http://host:port` or `https://host:port`.
    pub client_url: String,
    /// Its name, where the source knows names.
    pub name: Option<String>,
    /// The host that its certificate must name, where that is not the one in the client URL.
    pub host: Option<String>,
    /// Members of the lowest priority are to be used for as long as one of them serves (RFC 2782).
    pub priority: u16,
    /// How much of the load it is to have among those of its priority (RFC 2782); 0 where the source
    /// has no weights.
    pub weight: u16,
}

impl Found {
    /// A member of which nothing but its client URL is known.
    pub fn at(client_url: impl Into<String>) -> Found {
        let client_url = client_url.into();
        Found { client_url, name: None, host: None, priority: 0, weight: 0 }
    }

    /// Adds its name.
    pub fn named(mut self, name: impl Into<String>) -> Found {
        self.name = Some(name.into());
        self
    }

    /// Adds the host that its certificate must name.
    pub fn certified_for(mut self, host: impl Into<String>) -> Found {
        self.host = Some(host.into());
        self
    }

    /// Adds its rank among the members.
    pub fn ranked(mut self, priority: u16, weight: u16) -> Found {
        (self.priority, self.weight) = (priority, weight);
        self
    }

    /// The order of an answer, as far as an order can say what RFC 2782 wants: the lowest priority
    /// first, then the highest weight, then by client URL. A choice by chance is the client's.
    fn rank(&self) -> (u16, Reverse<u16>, &str) {
        (self.priority, Reverse(self.weight), &self.client_url)
    }
}

/// The answer to one query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Members {
    /// At least one member, in order, each URL once.
    pub found: Vec<Found>,
    /// How long the source vouches for the answer; none where it does not say.
    pub valid_for: Option<Duration>,
}

impl Members {
    /// Members, put in order, each URL once; none of nobody, which is
    /// [`DiscoveryError::NobodyFound`].
    pub fn of(mut found: Vec<Found>) -> Option<Members> {
        found.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let mut known = BTreeSet::new();
        found.retain(|member| known.insert(member.client_url.clone()));
        (!found.is_empty()).then_some(Members { found, valid_for: None })
    }

    /// Says how long the source vouches for it.
    pub fn valid_for(mut self, time: Duration) -> Members {
        self.valid_for = Some(time);
        self
    }
}

/// How a query failed. None of these says that the cluster is gone: who knew members keeps them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The source did not answer, or could not be asked; the caller may try again.
    #[error("cannot ask {place}")]
    Unavailable {
        /// Who was asked, and for what.
        place: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The source answered, and knows no member.
    #[error("{place} knows no member: {found}")]
    NobodyFound {
        /// Who was asked, and for what.
        place: String,
        /// What it said.
        found: String,
    },
    /// The source answered what cannot be: an answer cut short, a port 0, another program.
    #[error("{place} gave no usable answer: {found}")]
    Unusable {
        /// Who was asked, and for what.
        place: String,
        /// What it said.
        found: String,
    },
}

/// What one query costs whoever is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// The shortest pause between two queries.
    pub pause: Duration,
    /// The shortest pause after a query that failed, where the source itself sees to it that it is not
    /// overrun; else the same.
    pub pause_failed: Duration,
    /// The cost in words, for people who choose.
    pub words: String,
}

impl Cost {
    /// A cost, and the shortest pause between two queries.
    pub fn new(pause: Duration, words: impl Into<String>) -> Cost {
        Cost { pause, pause_failed: pause, words: words.into() }
    }

    /// Says that after a failure it may be asked again sooner.
    pub fn sooner_after_failures(mut self, pause: Duration) -> Cost {
        self.pause_failed = self.pause.min(pause);
        self
    }
}

/// Finds the members of a running cluster.
///
/// The contract, which the conformance suite checks line by line:
/// - an answer holds at least one member, each client URL once, in an order that does not change
///   while the members do not;
/// - every client URL is `http` or `https`, with a host and a port other than 0, and nothing else;
/// - nobody there is `NobodyFound`, never an empty answer; a source that is away is `Unavailable`;
///   one that lies or is cut short is `Unusable`;
/// - a query ends within the deadline of its configuration, whatever the source does;
/// - dropping a query leaves nothing behind, and the next one works.
#[async_trait]
pub trait Discovery: Send + Sync {
    /// Who is asked, and for what, for people.
    fn place(&self) -> String;

    /// What one query costs.
    fn cost(&self) -> Cost;

    /// Asks for the members.
    ///
    /// # Errors
    /// See [`DiscoveryError`].
    async fn members(&self) -> Result<Members, DiscoveryError>;

    /// Asks for the members for somebody who knows some already. A source that can tell of a change
    /// may hold its answer back until there is one, for a minute at most; the others answer at once,
    /// as this does where it is not implemented.
    ///
    /// # Errors
    /// See [`DiscoveryError`].
    async fn next(&self, known: &Members) -> Result<Members, DiscoveryError> {
        let _ = known;
        self.members().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_in_order_and_names_each_url_once() {
        let found = vec![Found::at("http://b:1"), Found::at("http://a:1"), Found::at("http://b:1")];
        let members = Members::of(found).expect("two members");
        assert_eq!(members.found, [Found::at("http://a:1"), Found::at("http://b:1")]);
        assert_eq!(Members::of(Vec::new()), None);
    }

    #[test]
    fn the_better_rank_comes_first_and_a_url_is_known_by_it() {
        let at = |url: &str, priority, weight| Found::at(url).ranked(priority, weight);
        let found = vec![at("http://a:1", 2, 9), at("http://b:1", 1, 1), at("http://c:1", 1, 5)];
        let twice = vec![at("http://b:1", 7, 7)];
        let members = Members::of([found, twice].concat()).expect("three members");
        let told: Vec<(&str, u16)> =
            members.found.iter().map(|m| (m.client_url.as_str(), m.priority)).collect();
        assert_eq!(told, [("http://c:1", 1), ("http://b:1", 1), ("http://a:1", 2)]);
    }
}
