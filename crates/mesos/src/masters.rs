//! How the leading master is found.

use std::{str::FromStr, time::Duration};

use tokio::{sync::watch, time::timeout};

use crate::{
    endpoint::{Endpoint, EndpointError, Scheme},
    error::CallError,
};

/// How the leading master is found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Masters {
    /// These masters, at least one: any of them answers with a redirection to the leader.
    Listed(Vec<Endpoint>),
    /// Somebody watches the election, in ZooKeeper for example, and says here what is known of it.
    Watched(watch::Receiver<Election>),
}

/// What is known of an election.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Election {
    /// Who leads; it stays where the watcher cannot see whether it still does.
    pub leader: Option<Elected>,
    /// Why nobody leads, or why it cannot be seen, in words.
    pub trouble: Option<String>,
}

/// A leading master, from its election to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elected {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// What tells this election from others of the same master.
    pub term: u64,
}

/// Why a text doesn't name [`Masters`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MastersError {
    /// `zk://`: somebody else has to watch the election; see [`Masters::Watched`].
    #[error(
        "zk:// stands for an election, not for masters, which are named as host:port,host:port"
    )]
    Election,
    /// Nothing is named.
    #[error("no master is named")]
    Empty,
    /// Some with TLS, some without: a secret that is kept from one wire would be seen on another.
    #[error(
        "masters with https:// and without are mixed; write it before the first one, for all of them"
    )]
    Mixed,
    /// One of the masters is malformed.
    #[error("one of the masters can't be read")]
    Endpoint(#[from] EndpointError),
}

impl Masters {
    /// Reads `host:port,host:port`; `https://` before the first one is for all of them. Each may repeat it,
    /// or begin with `http://`.
    ///
    /// # Errors
    ///
    /// Nothing named, one malformed, some with `https://` and some without, or `zk://`.
    pub fn parse(text: &str) -> Result<Self, MastersError> {
        if text.trim_start().starts_with("zk://") {
            return Err(MastersError::Election);
        }
        let named = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut endpoints: Vec<Endpoint> = Vec::new();
        for text in named {
            let scheme = endpoints.first().map_or(Scheme::Http, Endpoint::scheme);
            endpoints.push(Endpoint::parse(text, scheme)?);
        }
        let first = endpoints.first().ok_or(MastersError::Empty)?.scheme();
        if endpoints.iter().any(|endpoint| endpoint.scheme() != first) {
            return Err(MastersError::Mixed);
        }
        Ok(Self::Listed(endpoints))
    }

    /// Who leads, where somebody watches the election.
    pub fn elected(&self) -> Option<Elected> {
        match self {
            Self::Listed(_) => None,
            Self::Watched(election) => election.borrow().leader.clone(),
        }
    }

    /// What troubles whoever watches the election.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Listed(_) => None,
            Self::Watched(election) => election.borrow().trouble.clone(),
        }
    }

    /// The masters that may be asked now, without waiting for an election.
    pub fn known(&self) -> Vec<Endpoint> {
        match self {
            Self::Listed(listed) => listed.clone(),
            Self::Watched(_) => {
                self.elected().map(|elected| elected.endpoint).into_iter().collect()
            }
        }
    }

    /// Whom to ask, in this order: of a list first the one that led before, of an election its winner.
    pub(crate) async fn candidates(
        &self,
        leader: Option<&Endpoint>,
        within: Duration,
    ) -> Result<(Vec<Endpoint>, Reign), CallError> {
        match self {
            Self::Listed(listed) => {
                let others = listed.iter().filter(|endpoint| Some(*endpoint) != leader);
                let all = leader.into_iter().chain(others).cloned().collect();
                Ok((all, Reign::default()))
            }
            Self::Watched(election) => {
                let mut election = election.clone();
                let elected = wait_for_leader(&mut election, within).await?;
                Ok((vec![elected.endpoint.clone()], Reign(Some((election, elected)))))
            }
        }
    }

    /// Waits for a leader other than this one; for ever where nobody watches an election.
    pub(crate) async fn other_than(&self, before: Option<&Elected>) -> Elected {
        match self {
            Self::Listed(_) => std::future::pending().await,
            Self::Watched(election) => other_leader(&mut election.clone(), before).await,
        }
    }
}

impl FromStr for Masters {
    type Err = MastersError;

    fn from_str(text: &str) -> Result<Self, MastersError> {
        Self::parse(text)
    }
}

impl From<Endpoint> for Masters {
    fn from(endpoint: Endpoint) -> Self {
        Self::Listed(vec![endpoint])
    }
}

/// The time of one leading master, where somebody watches the election.
#[derive(Debug, Default)]
pub(crate) struct Reign(Option<(watch::Receiver<Election>, Elected)>);

impl Reign {
    pub(crate) fn elected(&self) -> Option<&Elected> {
        self.0.as_ref().map(|(_, elected)| elected)
    }

    /// Waits for its end, which is the election of another master: that nobody leads, or nobody can see, does
    /// not make a connection worse that works. Safe to cancel.
    pub(crate) async fn end(&mut self) -> Elected {
        match &mut self.0 {
            None => std::future::pending().await,
            Some((election, elected)) => other_leader(election, Some(elected)).await,
        }
    }
}

async fn wait_for_leader(
    election: &mut watch::Receiver<Election>,
    within: Duration,
) -> Result<Elected, CallError> {
    let elected = timeout(within, other_leader(election, None)).await;
    elected.map_err(|_| {
        let why = election.borrow().trouble.clone();
        let why = why.unwrap_or_else(|| "the election has not been seen yet".to_owned());
        CallError::NoLeader { within, why }
    })
}

async fn other_leader(
    election: &mut watch::Receiver<Election>,
    before: Option<&Elected>,
) -> Elected {
    let is_other = |now: &Election| now.leader.is_some() && now.leader.as_ref() != before;
    let seen = election.wait_for(is_other).await.map(|now| now.leader.clone());
    match seen {
        Ok(Some(elected)) => elected,
        // Nobody watches any more: there will be no other.
        _ => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SOON: Duration = Duration::from_secs(5);
    const NOW: Duration = Duration::from_millis(1);

    fn elected(host: &str, term: u64) -> Elected {
        Elected { endpoint: Endpoint::new(host, 1), term }
    }

    fn led_by(host: &str, term: u64) -> Election {
        Election { leader: Some(elected(host, term)), trouble: None }
    }

    #[tokio::test]
    async fn masters_are_a_list() {
        let masters = Masters::parse("a:1, http://b:2,").unwrap();
        assert_eq!(masters.known(), [Endpoint::new("a", 1), Endpoint::new("b", 2)]);
        let before = Endpoint::new("b", 2);
        let (order, _) = masters.candidates(Some(&before), NOW).await.unwrap();
        assert_eq!(order, [before, Endpoint::new("a", 1)]);
        assert_eq!(Masters::parse(" , ").unwrap_err(), MastersError::Empty);
        assert!(matches!(Masters::parse("a:1,b"), Err(MastersError::Endpoint(_))));
    }

    #[test]
    fn the_scheme_is_that_of_the_list() {
        let b = Endpoint::new("b", 2).with_scheme(Scheme::Https);
        for text in ["https://a:1,b:2", "https://a:1, https://b:2"] {
            assert_eq!(Masters::parse(text).unwrap().known()[1], b, "{text}");
        }
        for text in ["a:1,https://b:2", "https://a:1,http://b:2"] {
            assert_eq!(Masters::parse(text).unwrap_err(), MastersError::Mixed, "{text}");
        }
    }

    #[test]
    fn an_election_is_refused_without_its_password() {
        let error = Masters::parse("zk://u:secret@z1:2181/mesos").unwrap_err();
        assert_eq!(error, MastersError::Election);
        assert!(!error.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn a_leader_is_awaited_and_its_lack_has_a_reason() {
        let (say, election) = watch::channel(Election::default());
        let masters = Masters::Watched(election);
        let none = masters.candidates(None, NOW).await.unwrap_err();
        assert!(none.to_string().ends_with("the election has not been seen yet"), "{none}");
        say.send_replace(Election { leader: None, trouble: Some("nobody runs".into()) });
        let none = masters.candidates(None, NOW).await.unwrap_err();
        assert!(none.to_string().ends_with("nobody runs"), "{none}");
        assert_eq!(none.target(), None);

        let (found, ()) = tokio::join!(masters.candidates(None, SOON), async {
            say.send_replace(led_by("a", 1));
        });
        assert_eq!(found.unwrap().0, [Endpoint::new("a", 1)]);
        assert_eq!(masters.known(), [Endpoint::new("a", 1)]);
    }

    #[tokio::test]
    async fn a_reign_ends_with_another_election_alone() {
        let (say, election) = watch::channel(led_by("a", 1));
        let (_, mut reign) = Masters::Watched(election).candidates(None, SOON).await.unwrap();
        let blind = Election { trouble: Some("ZooKeeper is away".into()), ..led_by("a", 1) };
        for same in [led_by("a", 1), blind, Election::default()] {
            say.send_replace(same.clone());
            assert!(timeout(NOW, reign.end()).await.is_err(), "{same:?}");
        }
        say.send_replace(led_by("a", 2));
        assert_eq!(
            timeout(SOON, reign.end()).await.unwrap(),
            elected("a", 2),
            "a master that came back"
        );
        drop(say);
        assert_eq!(timeout(SOON, reign.end()).await.unwrap(), elected("a", 2));
    }
}
