//! What a scheduler is told.

use crate::id::{AgentId, FrameworkId, MemberName, OfferId, TaskId};
use crate::observation::Observation;
use crate::offer::Offer;
use crate::status::TaskStatus;
use crate::store::Version;
use crate::wire::FromExecutor;

/// Counts the saves of one process, so that an answer finds its question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SaveId(pub u64);

/// How a save ended without success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveFailure {
    /// Somebody else wrote: this scheduler is deposed.
    Conflict(String),
    /// The store cannot be used now; whether the save was written is not known.
    Unavailable(String),
    /// The store holds something that is not ours.
    Corrupt(String),
}

/// How the connection to Mesos ended, or did not come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkFailure {
    /// It may work later.
    Temporary(String),
    /// It will not work until somebody changes something: wrong credentials, no Mesos there.
    Lasting(String),
}

/// A framework of our name that has live tasks; it may be this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivingFramework {
    /// Its ID.
    pub id: FrameworkId,
    /// Some of its live tasks' IDs.
    pub live_tasks: Vec<String>,
}

/// What a scheduler is told.
#[derive(Clone, Debug, PartialEq, Eq)]
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
