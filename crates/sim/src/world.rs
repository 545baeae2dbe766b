//! The world: everything that is, and the clock that moves it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use etcd_mesos_core::config::Config;
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_executor::supervisor;

use crate::check::Ledger;
use crate::clients::Clients;
use crate::etcd::Etcds;
use crate::executors::{Executor, ExecutorKey};
use crate::faults::{Fault, Faults};
use crate::mesos::{AGENT_PATIENCE, Agent, Master, ToAgent, ToMaster};
use crate::plain::Plain;
use crate::schedulers::{Process, Trap};
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
    /// The connection of a process that is gone is closed, after what it had sent.
    HangUp { connection: u64 },
    /// What the master says reaches an agent.
    Agent { agent: usize, what: Box<ToAgent> },
    /// An agent registers with the master, for the first time or again.
    Register { agent: usize },
    /// An agent asks again for the acknowledgement of an update.
    Retry { agent: usize, task: String, uuid: Vec<u8>, pause: Duration },
    /// An agent has not registered for too long with a new master.
    GiveUp { agent: usize },
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
    pub(crate) clients: Clients,
    pub(crate) next_process: u64,
    pub(crate) master: Master,
    pub(crate) agents: Vec<Agent>,
    pub(crate) executors: BTreeMap<ExecutorKey, Executor>,
    /// Executors without etcd, which only exchanges launch.
    pub(crate) plain: BTreeMap<ExecutorKey, Plain>,
    pub(crate) next_executor: u64,
    /// How long the master waits for an agent that does not answer.
    pub(crate) patience: Duration,
    pub(crate) etcds: Etcds,
    /// Hosts that reach nobody and that nobody reaches.
    pub(crate) cut: BTreeSet<usize>,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    /// Whether a scheduler that ended by itself is started again.
    pub(crate) is_supervised: bool,
    /// Where a script wants a scheduler to crash.
    pub(crate) trap: Option<Trap>,
    /// What schedulers did since a script last looked, if one looks.
    pub(crate) deeds: Vec<String>,
    /// What happened, the newest last, bounded.
    pub(crate) story: std::collections::VecDeque<String>,
}

const STORY_LINES_MAX: usize = 400;
/// More steps than this at one time are a loop.
const STANDING_MAX: u32 = 2_000;

impl World {
    /// A world of some agents, in which nothing has happened; its chance comes from the seed.
    pub fn new(seed: u64, agents: usize, config: Config) -> World {
        let mut world = World::bare(seed, agents, config);
        world.coming.put(Timestamp(1), Coming::StartScheduler { place: 0 });
        world
    }

    /// A master and some agents, and no scheduler.
    pub(crate) fn bare(seed: u64, agents: usize, config: Config) -> World {
        let mut world = World {
            now: Timestamp::default(),
            standing: 0,
            rng: fastrand::Rng::with_seed(seed),
            coming: Queue::new(),
            config,
            store: Store::default(),
            schedulers: [None, None],
            clients: Clients::new(),
            next_process: 0,
            master: Master::default(),
            agents: (0..agents).map(Agent::new).collect(),
            executors: BTreeMap::new(),
            plain: BTreeMap::new(),
            next_executor: 0,
            patience: AGENT_PATIENCE,
            etcds: Etcds::default(),
            cut: BTreeSet::new(),
            faults: Faults::default(),
            ledger: Ledger::default(),
            is_supervised: true,
            trap: None,
            deeds: Vec::new(),
            story: std::collections::VecDeque::new(),
        };
        for agent in 0..agents {
            let at = world.soon(50);
            world.coming.put(at, Coming::Register { agent });
        }
        world
    }

    /// A world in which nothing goes wrong but what a script says.
    pub(crate) fn quiet(seed: u64, agents: usize, size: usize) -> World {
        let config = Config { size, ..crate::run::config() };
        World { is_supervised: false, ..World::new(seed, agents, config) }
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

    /// Writes down what a scheduler did: for the story, and for the script that asks.
    pub(crate) fn tell_deed(&mut self, deed: String) {
        if !self.is_supervised {
            self.deeds.push(deed.clone());
        }
        self.tell(|| deed);
    }

    /// When the next thing will happen.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        let wake = self.next_wake().map(|(at, _)| at.max(self.now));
        self.coming.next_at().into_iter().chain(wake).min()
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
            Coming::HangUp { connection } => self.hang_up(Some(connection)),
            Coming::Agent { agent, what } => self.agent_hears(agent, *what),
            Coming::Register { agent } => self.register(agent),
            Coming::Retry { agent, task, uuid, pause } => {
                self.retry(agent, &task, &uuid, pause);
            }
            Coming::GiveUp { agent } => self.give_up(agent),
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
