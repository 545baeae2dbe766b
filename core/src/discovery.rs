//! The trait of discovery plugins: where the members of a running cluster are.

use std::time::Duration;

use async_trait::async_trait;

/// A member as a client finds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Found {
    /// Where it serves clients: `http://host:port` or `https://host:port`.
    pub client_url: String,
    /// Its name, where the source knows names.
    pub name: Option<String>,
}

impl Found {
    /// A member of which nothing but its client URL is known.
    pub fn at(client_url: impl Into<String>) -> Found {
        Found { client_url: client_url.into(), name: None }
    }

    /// Adds its name.
    pub fn named(mut self, name: impl Into<String>) -> Found {
        self.name = Some(name.into());
        self
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
        found.sort();
        found.dedup_by(|a, b| a.client_url == b.client_url);
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
    /// The cost in words, for people who choose.
    pub words: String,
}

impl Cost {
    /// A cost, and the shortest pause between two queries.
    pub fn new(pause: Duration, words: impl Into<String>) -> Cost {
        Cost { pause, words: words.into() }
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
}
