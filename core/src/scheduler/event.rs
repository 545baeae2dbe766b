//! What a scheduler is told.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, FrameworkId, MemberName, OfferId, TaskId};
use crate::observation::Observation;
use crate::offer::Offer;
use crate::status::TaskStatus;
use crate::store::Version;
use crate::wire::{self, FromExecutor};

/// Counts the saves of one process, so that an answer finds its question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SaveId(pub u64);

/// How a save ended without success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaveFailure {
    /// Somebody else wrote: this scheduler is deposed.
    Conflict(String),
    /// The store cannot be used now; whether the save was written is not known.
    Unavailable(String),
    /// The store holds something that is not ours.
    Corrupt(String),
}

/// How the connection to Mesos ended, or did not come about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkFailure {
    /// It may work later.
    Temporary(String),
    /// It will not work until somebody changes something: wrong credentials, no Mesos there.
    Lasting(String),
}

/// A framework of our name that has live tasks; it may be this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LivingFramework {
    /// Its ID.
    pub id: FrameworkId,
    /// Its live tasks' IDs.
    pub live_tasks: Vec<String>,
    /// Its tasks on agents that the master gave up, and those agents. Mesos goes on listing one whose
    /// agent came back without it.
    #[serde(default)]
    pub unreachable_tasks: Vec<(String, AgentId)>,
}

impl LivingFramework {
    /// Its tasks that live, or may.
    pub fn tasks(&self) -> impl Iterator<Item = &str> {
        let unreachable = self.unreachable_tasks.iter().map(|(task, _)| task);
        self.live_tasks.iter().chain(unreachable).map(String::as_str)
    }
}

/// What a scheduler is told. As JSON it stands in transcripts: a change of form changes theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Time has passed.
    Wake,
    /// A save ended.
    Saved {
        /// Which.
        id: SaveId,
        /// The new version, or why not.
        outcome: Result<Version, SaveFailure>,
    },
    /// The master accepted the subscription.
    Subscribed {
        /// Our ID: the one that we sent, or a new one.
        framework_id: FrameworkId,
    },
    /// The connection to Mesos ended, or could not be made, or a call on it failed.
    Disconnected(LinkFailure),
    /// The master's ERROR event: the subscription is over.
    MesosError {
        /// The master's words.
        message: String,
    },
    /// Offers.
    Offers(Vec<Offer>),
    /// An offer is no longer valid.
    Rescinded(OfferId),
    /// A status update, or an answer to a reconciliation.
    Update(TaskStatus),
    /// A message of an executor.
    Message {
        /// The agent that it came over.
        agent_id: AgentId,
        /// What it says, or why it cannot be read.
        #[serde(deserialize_with = "wire::of_this_version")]
        body: Result<FromExecutor, String>,
    },
    /// An agent or an executor failed; the tasks' updates tell more.
    Failure {
        /// The agent.
        agent_id: Option<AgentId>,
        /// The executor, if one is meant.
        executor_id: Option<String>,
    },
    /// The master answered who has our name and live tasks.
    Asked(Result<Vec<LivingFramework>, String>),
    /// A launch could not be sent: nothing of it reached Mesos.
    NotLaunched {
        /// The task.
        task_id: TaskId,
        /// Why not.
        why: String,
    },
    /// A look at a member ended.
    Probed {
        /// The member.
        member: MemberName,
        /// What was seen, or why nothing was.
        outcome: Result<Observation, String>,
    },
}

impl Event {
    /// Whether it came over the connection to the leading master, which therefore works.
    pub fn is_of_the_master(&self) -> bool {
        match self {
            Event::Subscribed { .. }
            | Event::MesosError { .. }
            | Event::Offers(_)
            | Event::Rescinded(_)
            | Event::Update(_)
            | Event::Message { .. }
            | Event::Failure { .. }
            | Event::Asked(Ok(_)) => true,
            Event::Wake
            | Event::Saved { .. }
            | Event::Disconnected(_)
            | Event::Asked(Err(_))
            | Event::NotLaunched { .. }
            | Event::Probed { .. } => false,
        }
    }
}
