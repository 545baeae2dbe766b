//! What goes wrong, when, and how often: drawn from the world's chance.

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_mesos_core::time::Timestamp;
use etcd_mesos_etcd::exit::Exit;

use crate::store::Mood;
use crate::world::{Coming, World};

/// Something that goes wrong, or right again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The leading master dies; another one leads later.
    MasterDown,
    /// Another master leads.
    MasterUp,
    /// The scheduler's connection breaks.
    LinkBreaks,
    /// An agent's daemon dies; its executors live on.
    DaemonDown(usize),
    /// An agent's host dies, with all that runs on it.
    HostDown(usize),
    /// The agent is there again.
    AgentUp(usize),
    /// A host reaches nobody, and nobody reaches it.
    Cut(usize),
    /// The host is connected again.
    Joined(usize),
    /// An etcd dies.
    EtcdDies,
    /// An executor is killed.
    ExecutorDies,
    /// A client task is killed, and nothing else.
    ClientTaskKilled,
    /// The scheduler's process stands still.
    Pause,
    /// A second scheduler is started beside the first.
    SecondScheduler,
    /// The scheduler's machine sleeps: its clock jumps.
    ClockJumps,
    /// The store changes its mood.
    Store(u8),
    /// The store is well again.
    StoreWell,
    /// An agent's offers are rescinded.
    Rescinded(usize),
}

/// Which faults are on, and what struck.
#[derive(Debug, Default)]
pub struct Faults {
    /// Whether anything goes wrong at all.
    pub are_on: bool,
    /// Whether there were faults, and they are over: one supervisor keeps one scheduler running.
    pub are_over: bool,
    /// Until when it does.
    pub until: Timestamp,
    /// Of a thousand actions of a scheduler, before how many it crashes; after how many, too.
    pub scheduler_crash_per_mille: u32,
    /// Of a thousand actions of an executor, before how many it is killed; after how many, too.
    pub executor_crash_per_mille: u32,
    /// Of a thousand MESSAGEs, how many are lost.
    pub message_loss_per_mille: u32,
    /// Of a thousand MESSAGEs, how many come twice.
    pub message_double_per_mille: u32,
    /// Of a thousand fetches, how many fail.
    pub fetch_failure_per_mille: u32,
    /// What struck, and how often.
    pub struck: BTreeMap<&'static str, u64>,
}

impl Faults {
    /// Counts something that struck.
    pub(crate) fn note(&mut self, what: &'static str) {
        *self.struck.entry(what).or_default() += 1;
    }
}

impl World {
    /// Turns faults on until that time; how many of each kind is a matter of the seed too.
    pub fn with_faults(mut self, until: Timestamp) -> World {
        // Seeds differ in what they try: some crash often, some lose every other message.
        let scale = self.rng.u32(0..4);
        self.faults = Faults {
            are_on: true,
            are_over: false,
            until,
            scheduler_crash_per_mille: [0, 3, 15, 60][self.rng.usize(0..4)],
            executor_crash_per_mille: [0, 0, 1, 4][self.rng.usize(0..4)],
            message_loss_per_mille: scale * 150,
            message_double_per_mille: self.rng.u32(0..300),
            fetch_failure_per_mille: [0, 20, 100, 300][self.rng.usize(0..4)],
            struck: BTreeMap::new(),
        };
        self.coming.put(Timestamp(1), Coming::NextFault);
        self
    }

    pub(crate) fn next_fault(&mut self) {
        if self.now >= self.faults.until {
            return self.make_peace();
        }
        let fault = self.draw();
        self.coming.put(self.now, Coming::Fault(fault));
        // Early faults meet the formation, whose steps are milliseconds apart.
        let pause = if self.now.0 < 5_000 { 800 } else { 15_000 };
        let at = self.soon(pause);
        self.coming.put(at, Coming::NextFault);
    }

    fn draw(&mut self) -> Fault {
        let agent = self.rng.usize(0..self.mesos.agent_count());
        match self.rng.u32(0..17) {
            0 => Fault::MasterDown,
            1 | 2 => Fault::LinkBreaks,
            3 => Fault::DaemonDown(agent),
            4 => Fault::HostDown(agent),
            5 | 6 => Fault::Cut(agent),
            7 => Fault::EtcdDies,
            8 => Fault::ExecutorDies,
            9 | 15 => Fault::Pause,
            10 => Fault::SecondScheduler,
            11 => Fault::ClockJumps,
            12 | 13 => Fault::Store(self.rng.u8(0..2)),
            14 => Fault::ClientTaskKilled,
            _ => Fault::Rescinded(agent),
        }
    }

    /// All faults end, and what was broken is whole again.
    fn make_peace(&mut self) {
        self.tell(|| "peace".to_owned());
        self.faults.are_on = false;
        self.faults.are_over = true;
        self.store.mood = Mood::Well;
        self.cut.clear();
        for agent in 0..self.mesos.agent_count() {
            self.strike(Fault::Joined(agent));
            self.strike(Fault::AgentUp(agent));
        }
        if self.mesos.is_master_down() {
            self.strike(Fault::MasterUp);
        }
        for place in 0..self.schedulers.len() {
            self.resume_scheduler(place);
        }
        // One scheduler is what a supervisor keeps running.
        self.schedulers[1] = None;
        self.coming.put(self.now, Coming::StartScheduler { place: 0 });
    }

    pub(crate) fn strike(&mut self, fault: Fault) {
        self.tell(|| format!("{fault:?}"));
        self.faults.note(kind(fault));
        match fault {
            Fault::MasterDown if !self.mesos.is_master_down() => {
                self.tell_mesos(|mesos, now| mesos.crash_master(now));
                self.undo(Fault::MasterUp, 8_000);
            }
            Fault::MasterUp if self.mesos.is_master_down() => {
                self.tell_mesos(|mesos, now| mesos.start_master(now));
            }
            Fault::LinkBreaks => self.break_link(),
            Fault::DaemonDown(agent) if !self.mesos.is_down(agent) => {
                self.tell_mesos(|mesos, now| mesos.crash_daemon(now, agent));
                self.break_links(agent);
                self.undo(Fault::AgentUp(agent), 100_000);
            }
            Fault::HostDown(agent) if !self.mesos.is_down(agent) => {
                self.tell_mesos(|mesos, now| mesos.crash_host(now, agent));
                self.undo(Fault::AgentUp(agent), 100_000);
            }
            Fault::AgentUp(agent) if self.mesos.is_down(agent) => {
                self.tell_mesos(|mesos, now| mesos.start_agent(now, agent));
                self.mend_links(agent);
            }
            Fault::Cut(agent) if self.cut.insert(agent) => {
                self.tell_mesos(|mesos, now| mesos.cut(now, agent));
                self.undo(Fault::Joined(agent), 120_000);
            }
            Fault::Joined(agent) => {
                self.cut.remove(&agent);
                self.tell_mesos(|mesos, now| mesos.join(now, agent));
            }
            Fault::EtcdDies => self.kill_an_etcd(),
            Fault::ExecutorDies => self.kill_an_executor(),
            Fault::ClientTaskKilled => self.kill_a_client_task(),
            Fault::Pause => self.pause(),
            Fault::SecondScheduler => self.start_scheduler(1),
            Fault::ClockJumps => self.jump(),
            Fault::Store(mood) => {
                self.store.mood = if mood == 0 { Mood::Away } else { Mood::Forgetful };
                self.undo(Fault::StoreWell, 6_000);
            }
            Fault::StoreWell => self.store.mood = Mood::Well,
            Fault::Rescinded(agent) => self.tell_mesos(|mesos, now| mesos.rescind(now, agent)),
            Fault::MasterDown
            | Fault::MasterUp
            | Fault::DaemonDown(_)
            | Fault::HostDown(_)
            | Fault::AgentUp(_)
            | Fault::Cut(_) => {}
        }
    }

    /// What struck by chance ends by chance; a script says itself when.
    fn undo(&mut self, fault: Fault, within_ms: u64) {
        if !self.faults.are_on {
            return;
        }
        let at = self.soon(within_ms);
        self.coming.put(at, Coming::Fault(fault));
    }

    fn break_link(&mut self) {
        let Some(process) = self.schedulers.iter().flatten().next() else { return };
        let Some(connection) = process.connection else { return };
        self.hang_up(Some(connection));
        self.disconnected(connection, 5, "the connection broke");
    }

    fn kill_an_etcd(&mut self) {
        let keys: Vec<_> =
            self.executors.iter().filter(|(_, e)| e.pid.is_some()).map(|(key, _)| *key).collect();
        if let Some(key) = self.rng.choice(keys) {
            self.end_etcd(key, Exit::Signal(9));
        }
    }

    fn kill_an_executor(&mut self) {
        let keys: Vec<_> = self.executors.keys().copied().collect();
        if let Some(key) = self.rng.choice(keys) {
            self.end_executor(key);
        }
    }

    fn kill_a_client_task(&mut self) {
        let keys: Vec<_> = self.executors.keys().copied().collect();
        if let Some(key) = self.rng.choice(keys) {
            self.kill_client_task(key);
        }
    }

    fn pause(&mut self) {
        let place = self.rng.usize(0..2);
        let Some(process) = &mut self.schedulers[place] else { return };
        process.is_paused = true;
        let at = self.soon(20_000);
        self.coming.put(at, Coming::Resume { place });
    }

    fn jump(&mut self) {
        let by = Duration::from_secs(self.rng.u64(1..7200));
        for process in self.schedulers.iter_mut().flatten() {
            process.ahead += by;
        }
    }
}

fn kind(fault: Fault) -> &'static str {
    match fault {
        Fault::MasterDown => "master down",
        Fault::MasterUp => "master up",
        Fault::LinkBreaks => "link breaks",
        Fault::DaemonDown(_) => "agent daemon down",
        Fault::HostDown(_) => "agent host down",
        Fault::AgentUp(_) => "agent up",
        Fault::Cut(_) => "host cut off",
        Fault::Joined(_) => "host joined",
        Fault::EtcdDies => "etcd dies",
        Fault::ExecutorDies => "executor dies",
        Fault::ClientTaskKilled => "client task killed",
        Fault::Pause => "scheduler paused",
        Fault::SecondScheduler => "second scheduler",
        Fault::ClockJumps => "clock jumps",
        Fault::Store(0) => "store away",
        Fault::Store(_) => "store forgetful",
        Fault::StoreWell => "store well",
        Fault::Rescinded(_) => "offers rescinded",
    }
}
