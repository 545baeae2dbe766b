//! What a scheduler does: all of it.

use std::time::Duration;

use crate::id::{AgentId, FrameworkId, MemberName, OfferId, OurTaskId, TaskId};
use crate::offer::Take;
use crate::record::Record;
use crate::store::Version;
use crate::wire::{LaunchOrder, ToExecutor};

use super::event::SaveId;
use super::safety::{FormPermit, KillPermit};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// A fault of this program was found: 70.
    Bug,
    /// Another scheduler took over: 75.
    Deposed,
    /// Mesos has removed the framework: 76.
    Removed,
    /// The configuration cannot work: 78.
    Config,
}

impl ExitCode {
    /// The number, after BSD's sysexits.
    pub fn code(self) -> u8 {
        match self {
            ExitCode::Bug => 70,
            ExitCode::Deposed => 75,
            ExitCode::Removed => 76,
            ExitCode::Config => 78,
        }
    }
}

/// An effect. What can cost data carries a permit that only `safety` can make.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// Store the record if the store still has the expected version.
    Save {
        /// Named in the answer.
        id: SaveId,
        /// What to store.
        record: Box<Record>,
        /// The version that must be there.
        expected: Version,
    },
    /// Subscribe, on a new connection; the driver waits between failures.
    Subscribe {
        /// Our ID, if we have one.
        framework_id: Option<FrameworkId>,
        /// Whether to ask for no offers from the start.
        suppressed: bool,
    },
    /// Ask the master for frameworks of our name that have live tasks, this one included.
    AskFrameworks,
    /// Ask for the state of tasks; of all, where none is named.
    Reconcile {
        /// The tasks and their agents.
        tasks: Vec<(OurTaskId, AgentId)>,
    },
    /// Acknowledge an update, which is stored as far as it matters.
    Acknowledge {
        /// The agent that sends it.
        agent_id: AgentId,
        /// The task, as Mesos wrote it.
        task_id: String,
        /// The update.
        uuid: Vec<u8>,
    },
    /// Launch a member: its task and the client task, as two tasks of one executor.
    Launch {
        /// Why it may be launched.
        permit: FormPermit,
        /// The offer.
        offer_id: OfferId,
        /// The offer's agent.
        agent_id: AgentId,
        /// What is taken out of the offer.
        take: Take,
        /// The member's task, whose ID gives the client task's.
        task_id: TaskId,
        /// What the executor is told.
        order: Box<LaunchOrder>,
    },
    /// Decline offers.
    Decline {
        /// Which.
        offers: Vec<OfferId>,
        /// For how long their resources shall not be offered again.
        refuse_for: Duration,
    },
    /// Ask for no offers.
    Suppress,
    /// Ask for offers, and clear all filters.
    Revive,
    /// End a member's task; its executor ends the client task too.
    Kill {
        /// Why it may be ended.
        permit: KillPermit,
        /// The task.
        task_id: TaskId,
        /// Its agent.
        agent_id: AgentId,
        /// How long it may take to stop.
        grace: Duration,
    },
    /// Send an executor a message.
    Message {
        /// The executor, which has the member's name.
        member: MemberName,
        /// Its agent.
        agent_id: AgentId,
        /// The message.
        message: ToExecutor,
    },
    /// Look at a member.
    Probe {
        /// The member.
        member: MemberName,
        /// Its client URL.
        client_url: String,
    },
    /// End the program. The etcd cluster runs on.
    Exit {
        /// How.
        code: ExitCode,
        /// Why, and the way out.
        why: String,
    },
}
