//! Which Mesos master leads, by the entries that the masters have in ZooKeeper.

use crate::error::ZkError;
use crate::follow::{Follow, Seen};
use crate::master_info::{Chosen, MasterInfo, MasterInfoError, choose};
use crate::node::Sight;
use crate::session::ZkConfig;
use crate::url::ZkUrl;

/// The master that leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadingMaster {
    /// The number of its entry: another election has a higher one.
    pub sequence: u64,
    /// Where it listens: an address if the entry has one, else a name; IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its name, if it has one.
    pub hostname: Option<String>,
    /// Its ID, which is new with each start.
    pub id: Option<String>,
}

impl LeadingMaster {
    /// Reads the entry of that number.
    ///
    /// # Errors
    /// When it is no `MasterInfo` in JSON, or names no place.
    pub fn read(sequence: u64, entry: &[u8]) -> Result<Self, MasterInfoError> {
        let MasterInfo { host, port, hostname, id } = MasterInfo::parse(entry)?;
        Ok(LeadingMaster { sequence, host, port, hostname, id })
    }
}

/// What a [`MasterDetector`] tells.
#[derive(Debug)]
pub enum Detected {
    /// This master leads.
    Leader(LeadingMaster),
    /// Nobody leads, or nobody who can be known.
    Nobody(NobodyLeads),
    /// ZooKeeper is away; whoever led may still lead.
    Away(ZkError),
}

/// Why no master leads.
#[derive(Debug, thiserror::Error)]
#[error("no Mesos master is elected at {url}: {problem}")]
pub struct NobodyLeads {
    url: ZkUrl,
    problem: Problem,
    /// What is wrong with the entry, if there is one.
    #[source]
    source: Option<MasterInfoError>,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("the path does not exist; it must be the one that the masters' --zk names")]
    NoPath,
    #[error("the path has no entry json.info_*; no master runs there, or the path is not theirs")]
    NoEntry,
    #[error(
        "the path has only entries info_*, which masters before 0.24 wrote, and they are too old"
    )]
    Legacy,
    #[error("the entry {0} cannot be read")]
    Entry(String),
}

/// Follows the election of the leading master, for ever.
#[derive(Debug)]
pub struct MasterDetector {
    url: ZkUrl,
    follow: Follow,
    /// The entry that leads and has not been told of yet.
    chosen: Option<(String, u64)>,
    told: Option<u64>,
}

impl MasterDetector {
    /// Follows the masters that have their entries at the URL's path; nothing is asked yet.
    pub fn new(config: ZkConfig) -> Self {
        let url = config.url.clone();
        Self { url, follow: Follow::new(config, "/"), chosen: None, told: None }
    }

    /// Who leads, as soon as that is something else than was told last. Safe to cancel.
    pub async fn next(&mut self) -> Detected {
        loop {
            if self.chosen.is_none() {
                let seen = self.follow.next().await;
                if let Some(other) = self.note(seen) {
                    self.told = None;
                    return other;
                }
            }
            if let Some(news) = self.read().await {
                return news;
            }
        }
    }

    fn note(&mut self, seen: Seen) -> Option<Detected> {
        let problem = match seen {
            Seen::Away(error) => return Some(Detected::Away(error)),
            Seen::Now(Sight::Absent) => Problem::NoPath,
            Seen::Now(Sight::There { children, .. }) => match choose(&children) {
                Chosen::Nobody => Problem::NoEntry,
                Chosen::Legacy => Problem::Legacy,
                Chosen::Entry { name, sequence } => {
                    // An entry never changes. That another master stands in line is no news.
                    self.chosen = (self.told != Some(sequence)).then_some((name, sequence));
                    return None;
                }
            },
        };
        Some(self.nobody(problem, None))
    }

    async fn read(&mut self) -> Option<Detected> {
        let (name, sequence) = self.chosen.clone()?;
        let session = self.follow.session()?;
        let read = session.get(&format!("/{name}")).await;
        self.chosen = None;
        match read {
            Ok(node) => {
                self.told = Some(sequence);
                Some(self.judge(name, sequence, &node.data))
            }
            // It was withdrawn in between, and the watch says so.
            Err(ZkError::NoNode { .. }) => None,
            Err(error) => {
                self.told = None;
                self.follow.tell_again();
                (!error.is_end_of_session()).then_some(Detected::Away(error))
            }
        }
    }

    fn judge(&self, name: String, sequence: u64, data: &[u8]) -> Detected {
        match LeadingMaster::read(sequence, data) {
            Ok(leader) => Detected::Leader(leader),
            Err(error) => self.nobody(Problem::Entry(name), Some(error)),
        }
    }

    fn nobody(&self, problem: Problem, source: Option<MasterInfoError>) -> Detected {
        Detected::Nobody(NobodyLeads { url: self.url.clone(), problem, source })
    }
}
