//! What the supervisor hears, and what it wants done.

use std::time::Duration;

use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::wire::{Binary, FromExecutor};
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::exit::Exit;

use crate::safety::DataDirectory;

/// Something that happened. What it means is the supervisor's to say.
#[derive(Clone, Debug)]
pub enum Event {
    /// Nothing but time passed.
    Wake,
    /// The agent took the subscription.
    Subscribed {
        /// `ExecutorInfo.data`.
        data: Vec<u8>,
        /// Whether the framework knows the state TASK_KILLING.
        may_say_killing: bool,
    },
    /// The agent does not answer, or ended the event stream.
    AgentAway,
    /// The agent hands over a task.
    Launch {
        /// The task ID.
        task_id: String,
        /// `TaskInfo.data`.
        data: Vec<u8>,
    },
    /// A task is to be stopped.
    Kill {
        /// The task ID.
        task_id: String,
        /// How long that may take, where the call or the task says so.
        grace: Option<Duration>,
    },
    /// The executor is to end: SHUTDOWN, or SIGTERM.
    Shutdown {
        /// How long that may take.
        grace: Duration,
    },
    /// The scheduler says something.
    Message(Vec<u8>),
    /// Status updates were acknowledged.
    Acknowledged {
        /// How many still are not.
        left: usize,
    },
    /// The binaries were checked: etcd's version, or what is wrong.
    Prepared(Result<EtcdVersion, String>),
    /// The data directory was looked at.
    Inspected(DataDirectory),
    /// The data directory was to be created.
    DirectoryCreated(Result<(), String>),
    /// etcd runs.
    Started {
        /// Its process ID.
        pid: u32,
    },
    /// etcd could not be started.
    StartFailed(String),
    /// The etcd process is gone: it was waited for.
    Exited {
        /// How it ended.
        exit: Exit,
        /// The last lines of what it printed.
        tail: Vec<String>,
    },
    /// A look at etcd is over.
    Looked {
        /// The process that was looked at.
        pid: u32,
        /// What was seen, or why nothing was.
        seen: Result<Observation, String>,
        /// The data directory at that time.
        directory: DataDirectory,
    },
    /// The hand-over of the leadership is over, and how it went.
    HandedOver(String),
}

/// Something that the driver is to do. Each is answered by an event, unless it says otherwise.
#[derive(Debug)]
pub enum Action {
    /// Check the binaries and ask etcd for its version: [`Event::Prepared`].
    Prepare(Vec<Binary>),
    /// Look at the data directory: [`Event::Inspected`].
    Inspect,
    /// Create the data directory, which must not be there: [`Event::DirectoryCreated`].
    CreateDirectory,
    /// Start etcd: [`Event::Started`] or [`Event::StartFailed`], and later [`Event::Exited`].
    Start {
        /// Its arguments, which only a permit makes.
        arguments: Vec<String>,
    },
    /// Look at etcd: [`Event::Looked`], at the latest when the deadline is over.
    Look {
        /// The process that is meant.
        pid: u32,
        /// Its client URL.
        client_url: String,
        /// How long the look may take.
        deadline: Duration,
    },
    /// Let another member lead, if this one does: [`Event::HandedOver`].
    HandOver {
        /// The client URL of the member.
        client_url: String,
        /// How long it may take.
        deadline: Duration,
    },
    /// Send etcd a signal; no answer.
    Signal(EtcdSignal),
    /// Tell the agent a task's state, and keep telling until it is acknowledged; no answer.
    Update(TaskUpdate),
    /// Send the scheduler a message, once; no answer.
    Say(Box<FromExecutor>),
    /// End the program; nothing comes after it.
    Exit(Outcome),
}

/// A signal to etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EtcdSignal {
    /// SIGTERM.
    Terminate,
    /// SIGKILL, to etcd and whatever it started.
    Kill,
}

/// A task state, as it is told to Mesos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskUpdate {
    /// The task ID as Mesos gave it.
    pub task_id: String,
    /// The state.
    pub state: TaskState,
    /// Why, for people; at most 4 KiB.
    pub message: Option<String>,
}

/// The task states that an executor of ours tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// TASK_STARTING.
    Starting,
    /// TASK_RUNNING: mesos-dns tells clients of the member.
    Running,
    /// TASK_KILLING.
    Killing,
    /// TASK_FAILED.
    Failed,
    /// TASK_KILLED.
    Killed,
}

impl TaskState {
    /// Whether nothing may follow it.
    pub fn is_terminal(self) -> bool {
        match self {
            TaskState::Starting | TaskState::Running | TaskState::Killing => false,
            TaskState::Failed | TaskState::Killed => true,
        }
    }
}

/// With what the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was to be done is done.
    Done,
    /// No agent answered, and there was nothing to look after.
    NoAgent,
}
