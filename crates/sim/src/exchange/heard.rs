//! What schedulers hear, and how it is written down.

use std::collections::BTreeMap;

/// An event, and the scheduler that heard it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Which scheduler, from 1.
    pub scheduler: usize,
    /// What it heard.
    pub what: What,
}

/// What a scheduler can hear; agents by their names in the exchange, everything else as Mesos has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// SUBSCRIBED.
    Subscribed {
        /// The framework ID.
        framework: String,
    },
    /// ERROR, which ends the subscription.
    Error(String),
    /// The stream ended without a word.
    Closed,
    /// A call was refused.
    Refused(String),
    /// UPDATE.
    Update {
        /// The task.
        task: String,
        /// The agent, if it is said.
        agent: Option<String>,
        /// `mesos.v1.TaskState`, as Mesos spells it.
        state: String,
        /// `mesos.v1.TaskStatus.Source`.
        source: String,
        /// `mesos.v1.TaskStatus.Reason`, if there is one.
        reason: Option<String>,
        /// Present if it is to be acknowledged.
        uuid: Option<Vec<u8>>,
    },
    /// MESSAGE.
    Message {
        /// The agent that it came over.
        agent: String,
    },
    /// FAILURE of an executor, or of an agent.
    Failure {
        /// The agent.
        agent: Option<String>,
        /// The executor.
        executor: Option<String>,
    },
    /// RESCIND.
    Rescind {
        /// The offer's ID.
        offer: String,
    },
    /// One of OFFERS.
    Offer {
        /// The offer's ID.
        offer: String,
        /// Its agent.
        agent: String,
    },
}

impl What {
    fn rank(&self) -> u32 {
        match self {
            What::Subscribed { .. } => 0,
            What::Error(_) => 1,
            What::Closed => 2,
            What::Refused(_) => 3,
            What::Update { .. } => 4,
            What::Message { .. } => 5,
            What::Failure { .. } => 6,
            What::Rescind { .. } => 7,
            What::Offer { .. } => 8,
        }
    }

    /// What the order within a rank is made from; empty where the order of arrival counts.
    fn subject(&self) -> &str {
        match self {
            What::Update { task, .. } => task,
            What::Offer { agent, .. } | What::Message { agent } => agent,
            What::Failure { executor, agent } => {
                executor.as_deref().or(agent.as_deref()).unwrap_or_default()
            }
            What::Subscribed { .. }
            | What::Error(_)
            | What::Closed
            | What::Refused(_)
            | What::Rescind { .. } => "",
        }
    }
}

/// What was heard so far, by the names that an exchange uses.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Framework IDs, the first that was heard first.
    frameworks: Vec<String>,
    /// Offers, by ID: their agent.
    offers: BTreeMap<String, String>,
    /// The newest offer of each agent to each scheduler.
    newest: BTreeMap<(usize, String), String>,
    /// Updates that were heard and carry a UUID, by task, the newest last, with their agent.
    updates: BTreeMap<String, Vec<(Vec<u8>, String)>>,
}

impl Names {
    pub(super) fn framework(&self, name: &str) -> Result<String, String> {
        let number = name.strip_prefix('f').and_then(|n| n.parse::<usize>().ok());
        let found = number.and_then(|n| self.frameworks.get(n.checked_sub(1)?));
        found.cloned().ok_or_else(|| format!("no framework {name} was heard of"))
    }

    pub(super) fn offer(&self, scheduler: usize, agent: &str) -> Result<String, String> {
        let found = self.newest.get(&(scheduler, agent.to_owned()));
        found.cloned().ok_or_else(|| format!("s{scheduler} has heard of no offer of {agent}"))
    }

    /// The newest update of a task: its UUID and agent.
    pub(super) fn update(&self, task: &str) -> Result<(Vec<u8>, String), String> {
        let found = self.updates.get(task).and_then(|all| all.last());
        found.cloned().ok_or_else(|| format!("no update of {task} is to be acknowledged"))
    }

    /// Writes down what was heard.
    pub(super) fn lines(&mut self, mut heard: Vec<Heard>) -> Vec<String> {
        heard.sort_by_key(|h| (h.scheduler, h.what.rank(), h.what.subject().to_owned()));
        heard.into_iter().map(|h| self.line(h)).collect()
    }

    fn line(&mut self, heard: Heard) -> String {
        let scheduler = heard.scheduler;
        let text = match heard.what {
            What::Subscribed { framework } => format!("SUBSCRIBED {}", self.name(framework)),
            What::Error(message) => format!("ERROR {message}"),
            What::Closed => "the stream ends".to_owned(),
            What::Refused(how) => format!("the call is refused: {how}"),
            What::Update { task, agent, state, source, reason, uuid } => {
                let reason = reason.map_or(String::new(), |reason| format!(" {reason}"));
                let on = agent.as_ref().map_or(String::new(), |agent| format!(" on {agent}"));
                let duty = self.duty(&task, agent.unwrap_or_default(), uuid);
                format!("UPDATE {task}{on} {state} {source}{reason}{duty}")
            }
            What::Message { agent } => format!("MESSAGE over {agent}"),
            What::Failure { agent, executor } => {
                let executor = executor.map_or(String::new(), |id| format!(" of executor {id}"));
                let on = agent.map_or(String::new(), |agent| format!(" on {agent}"));
                format!("FAILURE{executor}{on}")
            }
            What::Rescind { offer } => {
                let agent = self.offers.get(&offer).cloned();
                format!("RESCIND the offer of {}", agent.unwrap_or_else(|| "nobody".to_owned()))
            }
            What::Offer { offer, agent } => {
                self.offers.insert(offer.clone(), agent.clone());
                self.newest.insert((scheduler, agent.clone()), offer);
                format!("OFFER of {agent}")
            }
        };
        format!("s{scheduler} {text}")
    }

    fn name(&mut self, framework: String) -> String {
        let known = self.frameworks.iter().position(|id| *id == framework);
        let index = known.unwrap_or_else(|| {
            self.frameworks.push(framework);
            self.frameworks.len() - 1
        });
        format!("f{}", index + 1)
    }

    fn duty(&mut self, task: &str, agent: String, uuid: Option<Vec<u8>>) -> &'static str {
        let Some(uuid) = uuid else { return "" };
        let all = self.updates.entry(task.to_owned()).or_default();
        if all.iter().any(|(known, _)| *known == uuid) {
            return ", to be acknowledged, again";
        }
        all.push((uuid, agent));
        ", to be acknowledged"
    }
}
