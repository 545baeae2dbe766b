//! What Mesos says of a task, and what that proves.

use serde::{Deserialize, Serialize};

use crate::id::AgentId;

/// The state of a task (`mesos.v1.TaskState`), partition-aware states included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskState {
    /// The launch was accepted.
    Staging,
    /// The executor took the task; the member does not serve (yet, or at present).
    Starting,
    /// The member serves, and the cluster is formed.
    Running,
    /// The executor is stopping the task.
    Killing,
    /// Ended well.
    Finished,
    /// Ended badly.
    Failed,
    /// Ended because it was asked to.
    Killed,
    /// The task was not valid.
    Error,
    /// Legacy: not known.
    Lost,
    /// The launch did not reach the agent.
    Dropped,
    /// The agent does not answer; the task may run.
    Unreachable,
    /// The agent has no such task.
    Gone,
    /// An operator says that the agent is gone for good.
    GoneByOperator,
    /// The master does not know the task.
    Unknown,
}

impl TaskState {
    /// Whether Mesos lets nothing follow it. That proves nothing: see [`TaskStatus::assess`].
    pub fn is_terminal(self) -> bool {
        use TaskState::*;
        match self {
            Staging | Starting | Running | Killing | Unreachable | Unknown => false,
            Finished | Failed | Killed | Error | Lost | Dropped | Gone | GoneByOperator => true,
        }
    }
}

/// Who says it (`mesos.v1.TaskStatus.Source`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// The master.
    Master,
    /// The agent.
    Agent,
    /// The executor itself.
    Executor,
}

/// The reasons (`mesos.v1.TaskStatus.Reason`) that change what a status proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// None was given.
    None,
    /// The offer was no longer valid: nothing was sent to the agent.
    InvalidOffers,
    /// The task or its resources were refused before anything was sent to the agent.
    TaskInvalid,
    /// The container could not be launched (a fetch that failed, for one): no executor ran.
    ContainerLaunchFailed,
    /// The executor did not register in time: it was never given the task.
    ExecutorRegistrationTimeout,
    /// The task was killed before an executor was given it.
    KilledDuringLaunch,
    /// The executor's container ended: by itself, over a limit, or because it did not register
    /// again in time after its agent restarted. Of the last Mesos says TASK_GONE, which is silence whatever
    /// the reason: see [`TaskStatus::assess`].
    ExecutorTerminated,
    /// The agent is being drained, and the agent rewrote the state.
    AgentDraining,
    /// This answers a reconciliation.
    Reconciliation,
    /// Any other, by its number.
    Other(i32),
}

/// A task status, as the scheduler was told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStatus {
    /// The task ID, as Mesos wrote it: it need not be one of ours.
    pub task_id: String,
    /// The agent, where it is said.
    pub agent_id: Option<AgentId>,
    /// The state.
    pub state: TaskState,
    /// Who says so; reconciliation answers come from the master.
    pub source: Source,
    /// Why.
    pub reason: Reason,
    /// In words.
    pub message: String,
    /// Present if and only if the update must be acknowledged.
    pub uuid: Option<Vec<u8>>,
}

/// Why we take a task's etcd for ended, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The executor said so, which it does only after it waited for the process.
    ExecutorSaid,
    /// The launch never reached an executor, so no etcd was started.
    NeverStarted,
    /// The agent saw the executor's container end, and etcd dies with its executor (the kernel's
    /// parent-death signal).
    ContainerEnded,
    /// An operator said that the agent is gone for good.
    GoneByOperator,
    /// Mesos removed the framework, by an operator's word: its agents end all of its executors.
    FrameworkRemoved,
}

/// What a status tells of the etcd process behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The task lives, as far as its executor or agent knows.
    Alive,
    /// Its etcd has ended, and will not come back.
    Ended(Proof),
    /// Nothing is known: LOST, UNREACHABLE, UNKNOWN and GONE are words about messages, not about
    /// processes. GONE is what a master answers for a task that it has forgotten (tried on 1.11.0), and
    /// what an agent says of a task whose executor did not register again: one state for both is no proof.
    Silent,
}

impl TaskStatus {
    /// Judges what this status proves.
    pub fn assess(&self) -> Evidence {
        use TaskState::*;
        match self.state {
            Staging | Starting | Running | Killing => Evidence::Alive,
            Finished | Failed | Killed | Error | Dropped | Lost => self.assess_end(),
            // While an agent drains, `mark_gone` rewrites even KILLING to this (slave.cpp).
            GoneByOperator if self.reason == Reason::AgentDraining => Evidence::Silent,
            GoneByOperator => Evidence::Ended(Proof::GoneByOperator),
            Unreachable | Gone | Unknown => Evidence::Silent,
        }
    }

    fn assess_end(&self) -> Evidence {
        match (self.source, self.reason) {
            (_, Reason::InvalidOffers | Reason::TaskInvalid) => {
                Evidence::Ended(Proof::NeverStarted)
            }
            (
                Source::Agent,
                Reason::ContainerLaunchFailed
                | Reason::ExecutorRegistrationTimeout
                | Reason::KilledDuringLaunch,
            ) => Evidence::Ended(Proof::NeverStarted),
            (Source::Executor, _) => Evidence::Ended(Proof::ExecutorSaid),
            (Source::Agent, Reason::ExecutorTerminated) => Evidence::Ended(Proof::ContainerEnded),
            (Source::Master | Source::Agent, _) => Evidence::Silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: TaskState, source: Source, reason: Reason) -> TaskStatus {
        let (task_id, message) = (String::new(), String::new());
        TaskStatus { task_id, agent_id: None, state, source, reason, message, uuid: None }
    }

    #[test]
    fn lost_unreachable_unknown_and_gone_prove_nothing() {
        for state in [TaskState::Lost, TaskState::Unreachable, TaskState::Unknown, TaskState::Gone]
        {
            for reason in [Reason::None, Reason::Reconciliation, Reason::Other(8)] {
                let said = status(state, Source::Master, reason);
                assert_eq!(said.assess(), Evidence::Silent, "{said:?}");
            }
        }
    }

    #[test]
    fn gone_is_silence_also_where_an_agent_says_that_an_executor_did_not_register_again() {
        let said = status(TaskState::Gone, Source::Agent, Reason::ExecutorTerminated);
        assert_eq!(said.assess(), Evidence::Silent);
        let said = status(TaskState::Failed, Source::Agent, Reason::ExecutorTerminated);
        assert_eq!(said.assess(), Evidence::Ended(Proof::ContainerEnded));
    }

    #[test]
    fn a_draining_agent_is_not_believed_that_a_task_is_gone() {
        let said = status(TaskState::GoneByOperator, Source::Agent, Reason::AgentDraining);
        assert_eq!(said.assess(), Evidence::Silent);
    }

    #[test]
    fn the_executors_own_word_is_proof() {
        let said = status(TaskState::Killed, Source::Executor, Reason::None);
        assert_eq!(said.assess(), Evidence::Ended(Proof::ExecutorSaid));
    }

    #[test]
    fn a_launch_that_reached_no_executor_started_nothing() {
        for (state, source, reason) in [
            (TaskState::Dropped, Source::Master, Reason::InvalidOffers),
            (TaskState::Error, Source::Master, Reason::TaskInvalid),
            (TaskState::Failed, Source::Agent, Reason::ContainerLaunchFailed),
            (TaskState::Failed, Source::Agent, Reason::ExecutorRegistrationTimeout),
        ] {
            let said = status(state, source, reason);
            assert_eq!(said.assess(), Evidence::Ended(Proof::NeverStarted), "{said:?}");
        }
    }

    #[test]
    fn an_end_that_only_the_master_reports_is_no_proof() {
        let said = status(TaskState::Failed, Source::Master, Reason::ExecutorTerminated);
        assert_eq!(said.assess(), Evidence::Silent);
    }
}
