//! What the model is told, and what it says.

use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId, OfferId};
use etcd_mesos_core::status::{TaskState, TaskStatus};

use crate::resources::Holding;

/// What the model carries and does not look into.
pub trait Freight: Clone + Debug + 'static {
    /// What a launch brings for the executor.
    type Task: Clone + Debug;
    /// What an executor says in an update, beside its state.
    type Said: Clone + Debug;

    /// Whether two launches describe their executor alike, as those of one executor must.
    fn is_same_executor(one: &Self::Task, other: &Self::Task) -> bool;
}

/// A scheduler's connection; no two have the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection(pub u64);

/// A container: the agent that it is on, counted from 0, and a number that no two have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Container {
    /// The agent.
    pub agent: usize,
    /// The number.
    pub number: u64,
}

/// What there is, and how patient it is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The agents.
    pub agents: Vec<AgentSettings>,
    /// How long the master waits for an agent that does not answer; [`crate::AGENT_PATIENCE`] is
    /// Mesos's own.
    pub patience: Duration,
    /// The master's ID, from which Mesos makes the others. Without one they are short, for people:
    /// `f1`, `a1`, `o1`.
    pub master_id: Option<String>,
}

/// An agent, as it describes itself.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// Its host's name.
    pub hostname: String,
    /// Its address.
    pub ip: IpAddr,
    /// All that it has.
    pub resources: Holding,
}

/// SUBSCRIBE.
#[derive(Clone, Debug)]
pub struct Subscribe {
    /// The framework's ID, if it has one.
    pub framework_id: Option<FrameworkId>,
    /// Its role.
    pub role: String,
    /// Whether it wants no offers.
    pub suppressed: bool,
    /// How long its tasks live without a scheduler.
    pub failover_timeout: Duration,
}

/// A call on a connection that is subscribed.
#[derive(Clone, Debug)]
pub enum Call<F: Freight> {
    /// ACCEPT with one LAUNCH.
    Accept(Launch<F>),
    /// DECLINE.
    Decline {
        /// Which.
        offers: Vec<OfferId>,
        /// For how long not to offer the same or less.
        refuse_for: Duration,
    },
    /// SUPPRESS.
    Suppress,
    /// REVIVE.
    Revive,
    /// RECONCILE; of all tasks where none is named.
    Reconcile(Vec<(String, Option<AgentId>)>),
    /// ACKNOWLEDGE.
    Acknowledge {
        /// The agent that sent the update.
        agent_id: AgentId,
        /// The task.
        task: String,
        /// The update.
        uuid: Vec<u8>,
    },
    /// KILL.
    Kill {
        /// The task.
        task: String,
        /// Its agent, if it is named.
        agent_id: Option<AgentId>,
        /// How long it may take, if that is said.
        grace: Option<Duration>,
    },
    /// SHUTDOWN of an executor.
    Shutdown {
        /// The executor.
        executor: String,
        /// Its agent.
        agent_id: AgentId,
    },
    /// MESSAGE to an executor.
    Message {
        /// The executor.
        executor: String,
        /// Its agent.
        agent_id: AgentId,
        /// What is said.
        bytes: Vec<u8>,
    },
    /// TEARDOWN.
    Teardown,
}

/// What an ACCEPT does with its offers.
#[derive(Clone, Debug)]
pub struct Launch<F: Freight> {
    /// The offers, all of one agent.
    pub offers: Vec<OfferId>,
    /// The tasks; none gives the offers back.
    pub tasks: Vec<TaskLaunch<F>>,
    /// For how long not to offer what is left.
    pub refuse_for: Duration,
}

/// One task of a launch.
#[derive(Clone, Debug)]
pub struct TaskLaunch<F: Freight> {
    /// Its ID.
    pub task: String,
    /// The agent that it names.
    pub agent_id: AgentId,
    /// Its executor's ID.
    pub executor: String,
    /// What it takes of the offers.
    pub needs: Holding,
    /// What its executor takes, unless it runs already.
    pub executor_needs: Holding,
    /// How long the executor may take to end.
    pub shutdown_grace: Duration,
    /// What makes it invalid, in Mesos's words, where whoever took the call has seen that.
    pub flaw: Option<String>,
    /// What the executor is told.
    pub freight: F::Task,
}

/// An offer.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its ID.
    pub id: OfferId,
    /// The agent, counted from 0.
    pub agent: usize,
    /// What is offered.
    pub holding: Holding,
    /// The framework's executors that run there.
    pub executors: Vec<String>,
}

/// What a scheduler hears.
#[derive(Clone, Debug)]
pub enum Event<F: Freight> {
    /// SUBSCRIBED.
    Subscribed {
        /// The framework's ID, new or confirmed.
        framework_id: FrameworkId,
    },
    /// OFFERS.
    Offers(Vec<Offer>),
    /// RESCIND.
    Rescinded(OfferId),
    /// UPDATE.
    Update(Box<Update<F>>),
    /// MESSAGE.
    Message {
        /// The agent that it came over.
        agent_id: AgentId,
        /// The executor.
        executor: String,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// FAILURE of an executor or, where none is named, of an agent.
    Failure {
        /// The agent.
        agent_id: AgentId,
        /// The executor.
        executor: Option<String>,
        /// How its process ended, as `waitpid` says it.
        status: Option<i32>,
    },
    /// ERROR; the stream ends with it.
    Error(String),
}

/// A task has a state.
#[derive(Clone, Debug)]
pub struct Update<F: Freight> {
    /// The state, who says so, and why.
    pub status: TaskStatus,
    /// The task's executor, where it is known.
    pub executor: Option<String>,
    /// Its container, where there is one.
    pub container: Option<Container>,
    /// What the executor said beside it, where it is the executor's word.
    pub said: Option<F::Said>,
}

/// What an executor says of a task.
#[derive(Clone, Debug)]
pub struct Said<F: Freight> {
    /// The task.
    pub task: String,
    /// Its state.
    pub state: TaskState,
    /// In words.
    pub message: String,
    /// Names the update.
    pub uuid: Vec<u8>,
    /// What it says beside.
    pub said: F::Said,
}

/// What an executor hears.
#[derive(Clone, Debug)]
pub enum ExecutorEvent<F: Freight> {
    /// SUBSCRIBED.
    Subscribed,
    /// LAUNCH.
    Launch {
        /// The task.
        task: String,
        /// What it is about.
        freight: F::Task,
    },
    /// KILL.
    Kill {
        /// The task.
        task: String,
        /// How long it may take, if that is said.
        grace: Option<Duration>,
    },
    /// ACKNOWLEDGED.
    Acknowledged {
        /// The task.
        task: String,
        /// The update.
        uuid: Vec<u8>,
    },
    /// MESSAGE.
    Message(Vec<u8>),
    /// SHUTDOWN.
    Shutdown,
}

/// What follows for those around Mesos.
#[derive(Clone, Debug)]
pub enum Output<F: Freight> {
    /// A scheduler hears something.
    Scheduler {
        /// On which connection.
        connection: Connection,
        /// What.
        event: Event<F>,
    },
    /// The master closes a scheduler's stream.
    Closed {
        /// Which.
        connection: Connection,
    },
    /// An agent starts a container: fetches what its executor needs, and runs it.
    Start {
        /// The container.
        container: Container,
        /// The framework.
        framework: FrameworkId,
        /// The executor.
        executor: String,
        /// The first task's.
        freight: F::Task,
    },
    /// An agent ends a container by force.
    Destroy {
        /// Which.
        container: Container,
    },
    /// An executor hears something.
    Executor {
        /// In which container.
        container: Container,
        /// What.
        event: ExecutorEvent<F>,
    },
    /// Something happened that nobody is told of.
    Note(Note),
}

/// What happened inside.
#[derive(Clone, Debug)]
pub enum Note {
    /// The master took a subscription.
    Subscribed {
        /// On that connection.
        connection: Connection,
        /// Of that framework.
        framework: FrameworkId,
    },
    /// The master took a launch.
    Launched {
        /// The task.
        task: String,
        /// On that agent, counted from 0.
        agent: usize,
    },
    /// An agent took the acknowledgement of an update, and will never say it again.
    Acknowledged {
        /// What it said.
        status: TaskStatus,
    },
    /// An agent registered with the master.
    Registered {
        /// Which, counted from 0.
        agent: usize,
    },
    /// The master gave an agent up.
    Lost {
        /// Which, counted from 0.
        agent: usize,
    },
}

/// The connection has no subscription, or it was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSubscribed;

/// What an executor says is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The agent's daemon is down.
    Down,
    /// The agent does not know the container, or is ending it.
    Unknown,
    /// The executor has not subscribed.
    NotSubscribed,
}
