//! The world: everything that is, and the clock that moves it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use etcd_mesos_core::config::Config;
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_executor::supervisor;

use crate::check::Ledger;
use crate::etcd::Etcds;
use crate::executors::{Executor, ExecutorKey};
use crate::faults::{Fault, Faults};
use crate::mesos::{Agent, Master, ToAgent, ToMaster};
use crate::schedulers::Process;
use crate::scheduling::Queue;
use crate::store::Store;

/// Something to come.
#[derive(Debug)]
pub(crate) enum Coming {
    /// A scheduler process hears something, unless it is another by then.
    Scheduler { process: u64, event: Box<Event> },
    /// A scheduler process is started.
    StartScheduler { place: usize },
    /// A scheduler process that was paused goes on.
    Resume { place: usize },
    /// A call reaches the master.
    Master { connection: u64, call: Box<ToMaster> },
    /// What the master says reaches an agent.
    Agent { agent: usize, what: Box<ToAgent> },
    /// An agent registers with the master, for the first time or again.
    Register { agent: usize },
    /// An agent asks again for the acknowledgement of an update.
    Retry { agent: usize, task: String },
    /// The master has not heard of an agent for too long.
    Lose { agent: usize, cut_since: Timestamp },
    /// What agents have is offered, if anybody wants it.
    Offer,
    /// A container's fetch is over.
    Fetched { agent: usize, executor: String, is_good: bool },
    /// An executor hears something, unless it is another by then.
    Executor { key: ExecutorKey, event: Box<supervisor::Event> },
    /// Something goes wrong, or right again.
    Fault(Fault),
    /// The next thing goes wrong.
    NextFault,
}

/// Everything that is.
pub struct World {
    pub(crate) now: Timestamp,
    /// How many steps were taken at the present time.
    standing: u32,
    pub(crate) rng: fastrand::Rng,
    pub(crate) coming: Queue<Coming>,
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) schedulers: [Option<Process>; 2],
    pub(crate) next_process: u64,
    pub(crate) master: Master,
    pub(crate) agents: Vec<Agent>,
    pub(crate) executors: BTreeMap<ExecutorKey, Executor>,
    pub(crate) next_executor: u64,
    pub(crate) etcds: Etcds,
    /// Hosts that reach nobody and that nobody reaches.
    pub(crate) cut: BTreeSet<usize>,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    /// What happened, the newest last, bounded.
    pub(crate) story: std::collections::VecDeque<String>,
}

const STORY_LINES_MAX: usize = 400;
/// More steps than this at one time are a loop.
const STANDING_MAX: u32 = 2_000;

impl World {
    /// A world of some agents, in which nothing has happened; its chance comes from the seed.
    pub fn new(seed: u64, agents: usize, config: Config) -> World {
        let mut world = World {
            now: Timestamp::default(),
            standing: 0,
            rng: fastrand::Rng::with_seed(seed),
            coming: Queue::new(),
            config,
            store: Store::default(),
            schedulers: [None, None],
            next_process: 0,
            master: Master::default(),
            agents: (0..agents).map(Agent::new).collect(),
            executors: BTreeMap::new(),
            next_executor: 0,
            etcds: Etcds::default(),
            cut: BTreeSet::new(),
            faults: Faults::default(),
            ledger: Ledger::default(),
            story: std::collections::VecDeque::new(),
        };
        for agent in 0..agents {
            let at = world.soon(50);
            world.coming.put(at, Coming::Register { agent });
        }
        world.coming.put(Timestamp(1), Coming::StartScheduler { place: 0 });
        world
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What happened last, in lines.
    pub fn story(&self) -> impl Iterator<Item = &str> {
        self.story.iter().map(String::as_str)
    }

    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.story.len() == STORY_LINES_MAX {
            self.story.pop_front();
        }
        let now = self.now;
        self.story.push_back(format!("{now}  {}", line()));
    }

    /// A time within so many milliseconds.
    pub(crate) fn soon(&mut self, within_ms: u64) -> Timestamp {
        self.now + Duration::from_millis(1 + self.rng.u64(0..within_ms.max(1)))
    }

    /// Whether chance says so, in so many of a thousand cases, while faults are on.
    pub(crate) fn unlucky(&mut self, per_mille: u32) -> bool {
        self.faults.are_on && self.rng.u32(0..1000) < per_mille
    }

    /// Lets the next thing happen. False when nothing will ever happen again.
    ///
    /// # Errors
    /// What must never be, and is.
    pub fn step(&mut self) -> Result<bool, String> {
        let (queued, wake) = (self.coming.next_at(), self.next_wake());
        let before = self.now;
        match (queued, wake) {
            (None, None) => return Ok(false),
            (Some(at), Some((wake_at, _))) if at <= wake_at => self.happen(),
            (Some(_), None) => self.happen(),
            (_, Some((at, who))) => {
                self.now = self.now.max(at);
                self.wake(who);
            }
        }
        self.standing = if self.now == before { self.standing + 1 } else { 0 };
        if self.standing > STANDING_MAX {
            return Err("time stands still: somebody is busy for nothing".to_owned());
        }
        let (now, cut) = (self.now, self.cut.clone());
        self.etcds.settle(now, &cut);
        self.check().map(|()| true)
    }

    fn happen(&mut self) {
        let Some((at, what)) = self.coming.take() else { return };
        self.now = self.now.max(at);
        match what {
            Coming::Scheduler { process, event } => self.scheduler_hears(process, *event),
            Coming::StartScheduler { place } => self.start_scheduler(place),
            Coming::Resume { place } => self.resume_scheduler(place),
            Coming::Master { connection, call } => self.master_hears(connection, *call),
            Coming::Agent { agent, what } => self.agent_hears(agent, *what),
            Coming::Register { agent } => self.register(agent),
            Coming::Retry { agent, task } => self.retry(agent, &task),
            Coming::Lose { agent, cut_since } => self.lose(agent, cut_since),
            Coming::Offer => self.offer(),
            Coming::Fetched { agent, executor, is_good } => self.fetched(agent, &executor, is_good),
            Coming::Executor { key, event } => self.executor_hears(key, *event),
            Coming::Fault(fault) => self.strike(fault),
            Coming::NextFault => self.next_fault(),
        }
    }

    fn next_wake(&self) -> Option<(Timestamp, Sleeper)> {
        let schedulers = self.schedulers.iter().enumerate().filter_map(|(place, process)| {
            Some((process.as_ref()?.next_wake()?, Sleeper::Scheduler(place)))
        });
        let executors = self.executors.iter().filter_map(|(key, executor)| {
            Some((executor.supervisor.next_wake()?, Sleeper::Executor(*key)))
        });
        schedulers.chain(executors).min()
    }

    fn wake(&mut self, who: Sleeper) {
        match who {
            Sleeper::Scheduler(place) => {
                let Some(process) = &self.schedulers[place] else { return };
                self.scheduler_hears(process.number, Event::Wake);
            }
            Sleeper::Executor(key) => self.executor_hears(key, supervisor::Event::Wake),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sleeper {
    Scheduler(usize),
    Executor(ExecutorKey),
}
