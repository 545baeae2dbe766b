//! The world: everything that is, and the clock that moves it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use etcd_mesos_core::config::Config;
use etcd_mesos_core::id::Epoch;
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_executor::supervisor;
use etcd_mesos_model::{
    AGENT_PATIENCE, Connection, Container, ExecutorEvent, Output, Pace, Queue, Settings,
};

use crate::carrier::ToMaster;
use crate::check::Ledger;
use crate::clients::Clients;
use crate::etcd::Etcds;
use crate::executors::Executor;
use crate::faults::{Fault, Faults};
use crate::freight::{Mesos, Sim, Work, agent_settings};
use crate::link::Link;
use crate::plain::Plain;
use crate::schedulers::{Process, Trap};
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
    Master { connection: Connection, call: Box<ToMaster> },
    /// What the master says over a stream reaches whoever uses it.
    Stream { connection: Connection, event: Box<Event> },
    /// The connection of a process that is gone is closed, after what it had sent.
    HangUp { connection: Connection },
    /// A container's fetch is over.
    Fetched { container: Container, is_good: bool },
    /// An executor tries to subscribe again.
    Subscribe { container: Container },
    /// What an agent says to an executor arrives.
    Agent { container: Container, stream: u64, event: Box<ExecutorEvent<Sim>> },
    /// An executor hears something from its own host, unless it is gone by then.
    Executor { container: Container, event: Box<supervisor::Event> },
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
    pub(crate) connections: u64,
    pub(crate) mesos: Mesos,
    /// What Mesos said and nobody has carried on yet.
    pub(crate) outputs: VecDeque<Output<Sim>>,
    pub(crate) is_carrying: bool,
    /// The epoch of the scheduler whose call the master takes just now.
    pub(crate) calling: Epoch,
    pub(crate) fetching: BTreeMap<Container, Work>,
    pub(crate) links: BTreeMap<Container, Link>,
    pub(crate) executors: BTreeMap<Container, Executor>,
    /// Executors without etcd, which only exchanges launch.
    pub(crate) plain: BTreeMap<Container, Plain>,
    pub(crate) next_uuid: u64,
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
    pub(crate) story: VecDeque<String>,
}

const STORY_LINES_MAX: usize = 400;
/// More steps than this at one time are a loop.
const STANDING_MAX: u32 = 2_000;

impl World {
    /// A world of some agents, in which nothing has happened; its chance comes from the seed.
    pub fn new(seed: u64, agents: usize, config: Config) -> World {
        let mut world = World::bare(seed, agents, config, AGENT_PATIENCE);
        world.coming.put(Timestamp(1), Coming::StartScheduler { place: 0 });
        world
    }

    /// A master and some agents, and no scheduler.
    pub(crate) fn bare(seed: u64, agents: usize, config: Config, patience: Duration) -> World {
        let mut rng = fastrand::Rng::with_seed(seed);
        let pace = Pace::Chance(rng.fork());
        let agents = (0..agents).map(agent_settings).collect();
        World {
            now: Timestamp::default(),
            standing: 0,
            rng,
            coming: Queue::new(),
            config,
            store: Store::default(),
            schedulers: [None, None],
            clients: Clients::new(),
            next_process: 0,
            connections: 0,
            mesos: Mesos::new(Settings { agents, patience, master_id: None }, pace),
            outputs: VecDeque::new(),
            is_carrying: false,
            calling: Epoch::default(),
            fetching: BTreeMap::new(),
            links: BTreeMap::new(),
            executors: BTreeMap::new(),
            plain: BTreeMap::new(),
            next_uuid: 0,
            etcds: Etcds::default(),
            cut: BTreeSet::new(),
            faults: Faults::default(),
            ledger: Ledger::default(),
            is_supervised: true,
            trap: None,
            deeds: Vec::new(),
            story: VecDeque::new(),
        }
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
            Coming::Stream { connection, event } => self.stream_says(connection, *event),
            Coming::HangUp { connection } => self.hang_up(Some(connection)),
            Coming::Fetched { container, is_good } => self.fetched(container, is_good),
            Coming::Subscribe { container } => self.subscribe_executor(container),
            Coming::Agent { container, stream, event } => {
                self.agent_says(container, stream, *event);
            }
            Coming::Executor { container, event } => self.executor_hears(container, *event),
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
        let mesos = self.mesos.next_wake().map(|at| (at, Sleeper::Mesos));
        mesos.into_iter().chain(schedulers).chain(executors).min()
    }

    fn wake(&mut self, who: Sleeper) {
        match who {
            Sleeper::Mesos => self.tell_mesos(|mesos, now| mesos.wake(now)),
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
    Mesos,
    Scheduler(usize),
    Executor(Container),
}
