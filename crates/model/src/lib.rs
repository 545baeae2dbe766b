//! Apache Mesos as a pure state machine: a master and its agents, as far as schedulers and executors
//! can tell.
//!
//! One model serves two worlds. `crates/local` puts it behind HTTP, with real executors, for
//! `--master=local`; `crates/sim` puts it into its seeded world. [`Mesos`] is told what schedulers,
//! executors, containers and operators do, with the time as an argument, and returns
//! [`Output`]s: who hears what, which containers start and end.
//!
//! Each file is one idea, and says at each function where its fact comes from: a function of Mesos
//! 1.11.0 (`Master::…` is in `src/master/master.cpp`, `Slave::…` in `src/slave/slave.cpp`), or
//! `tried: NAME`, an exchange in `crates/sim/exchanges/NAME.txt` that genuine Mesos answered, and that
//! is replayed against the simulator's world and against `crates/local`.
//!
//! What is absent: sockets, clocks, processes, wire types. Of Mesos: authentication, several roles of
//! one framework, quota, reservations, operations other than LAUNCH, inverse offers, draining,
//! frameworks that do not checkpoint or are not partition-aware. Whoever takes calls for the model
//! refuses those.

mod accept;
mod agent;
mod calls;
mod containers;
mod crashes;
mod executors;
mod master;
mod messages;
mod offers;
mod pace;
mod queue;
mod registration;
mod resources;
mod subscription;
mod tasks;
mod teardown;
mod updates;
mod view;
mod vocabulary;

use etcd_mesos_core::time::Timestamp;

use agent::{Agent, ToAgent};
use master::Master;

pub use pace::Pace;
pub use queue::Queue;
pub use registration::AGENT_PATIENCE;
pub use resources::Holding;
pub use view::{AgentView, ContainerView, TaskView};
pub use vocabulary::{
    AgentSettings, Call, Connection, Container, Event, ExecutorEvent, Freight, Launch,
    NotSubscribed, Note, Offer, Output, Refused, Said, Settings, Subscribe, TaskLaunch, Update,
};

/// A task's name: task IDs are unique within a framework only.
pub(crate) type TaskKey = (etcd_mesos_core::id::FrameworkId, String);

/// Something that the model does later by itself.
#[derive(Debug)]
pub(crate) enum Alarm<F: Freight> {
    /// What the master says reaches an agent.
    Agent { agent: usize, what: ToAgent<F> },
    /// An agent registers with the master, for the first time or again.
    Register { agent: usize },
    /// An agent asks again for the acknowledgement of an update.
    Retry { agent: usize, task: TaskKey, uuid: Vec<u8>, pause: std::time::Duration },
    /// An agent has not registered for too long with a new master.
    GiveUp { agent: usize },
    /// The master has not heard of an agent for too long.
    Lose { agent: usize, cut_since: Timestamp },
    /// What agents have is offered, if anybody wants it.
    Offer,
    /// A container's executor should have subscribed by now.
    Subscribed { container: Container },
    /// After a restart of its daemon, an agent's executors should be back by now.
    Back { agent: usize, up_since: Timestamp },
    /// A container that was asked to end should have.
    Ended { container: Container },
    /// A framework without a scheduler has waited for its failover timeout.
    Forget { framework: etcd_mesos_core::id::FrameworkId, since: Timestamp },
}

/// A master, its agents, and what they will do.
#[derive(Debug)]
pub struct Mesos<F: Freight> {
    now: Timestamp,
    settings: Settings,
    pace: Pace,
    master: Master<F>,
    agents: Vec<Agent<F>>,
    next_container: u64,
    alarms: Queue<Alarm<F>>,
    out: Vec<Output<F>>,
}

impl<F: Freight> Mesos<F> {
    /// A master and its agents, which register soon.
    pub fn new(settings: Settings, pace: Pace) -> Mesos<F> {
        let agents: Vec<_> = (0..settings.agents.len()).map(|_| Agent::default()).collect();
        let mut mesos = Mesos {
            now: Timestamp::default(),
            settings,
            pace,
            master: Master::default(),
            agents,
            next_container: 0,
            alarms: Queue::new(),
            out: Vec::new(),
        };
        for agent in 0..mesos.agents.len() {
            mesos.register_within(agent, 50);
        }
        mesos
    }

    /// When it will do something by itself.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.alarms.next_at()
    }

    /// Lets it do what is due.
    pub fn wake(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while self.alarms.next_at().is_some_and(|at| at <= self.now) {
            if let Some((_, alarm)) = self.alarms.take() {
                self.ring(alarm);
            }
        }
    }

    /// What came of all that it was told since this was last called, in order.
    pub fn take_outputs(&mut self) -> Vec<Output<F>> {
        std::mem::take(&mut self.out)
    }

    /// Something happens, and what is due at once follows.
    pub(crate) fn at<T>(&mut self, now: Timestamp, happen: impl FnOnce(&mut Self) -> T) -> T {
        self.wake(now);
        let outcome = happen(self);
        self.wake(now);
        outcome
    }

    fn ring(&mut self, alarm: Alarm<F>) {
        match alarm {
            Alarm::Agent { agent, what } => self.agent_hears(agent, what),
            Alarm::Register { agent } => self.register(agent),
            Alarm::Retry { agent, task, uuid, pause } => self.retry(agent, &task, &uuid, pause),
            Alarm::GiveUp { agent } => self.give_up(agent),
            Alarm::Lose { agent, cut_since } => self.lose(agent, cut_since),
            Alarm::Offer => self.allocate(),
            Alarm::Subscribed { container } => self.give_up_container(container),
            Alarm::Back { agent, up_since } => self.end_those_not_back(agent, up_since),
            Alarm::Ended { container } => self.destroy_at_last(container),
            Alarm::Forget { framework, since } => self.forget_framework(&framework, since),
        }
    }

    pub(crate) fn after(&mut self, pause: std::time::Duration, alarm: Alarm<F>) {
        self.alarms.put(self.now + pause, alarm);
    }
}
