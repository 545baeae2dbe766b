//! Scheduler processes: started over the store, crashed before or after any action, paused.

use std::time::Duration;

use etcd_mesos_core::record::Record;
use etcd_mesos_core::scheduler::{Action, Event, SaveId, Scheduler};
use etcd_mesos_core::store::Version;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_model::Connection;

use crate::carrier::ToMaster;
use crate::clients::Word;
use crate::deed::deed;
use crate::freight::call_of;
use crate::world::{Coming, World};

/// A scheduler process.
#[derive(Debug)]
pub(crate) struct Process {
    /// Its number; no two processes have one.
    pub(crate) number: u64,
    pub(crate) core: Scheduler,
    /// How far its clock is ahead: a suspended machine's clock jumps.
    pub(crate) ahead: Duration,
    pub(crate) is_paused: bool,
    /// What it heard while it was paused.
    pub(crate) missed: Vec<Event>,
    /// The connection that it uses.
    pub(crate) connection: Option<Connection>,
    /// When the last call on it arrives: calls keep their order.
    pub(crate) calls_until: Timestamp,
}

/// Where a script wants a scheduler to crash: before or after an action whose text begins so.
#[derive(Debug)]
pub(crate) struct Trap {
    pub(crate) place: usize,
    pub(crate) is_before: bool,
    pub(crate) action: String,
}

impl Process {
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        let wake = self.core.next_wake().filter(|_| !self.is_paused)?;
        Some(Timestamp(wake.0.saturating_sub(self.ahead.as_millis() as u64)))
    }
}

impl World {
    pub(crate) fn start_scheduler(&mut self, place: usize) {
        if self.schedulers[place].is_some() || (place == 1 && self.faults.are_over) {
            return;
        }
        let loaded = self.store.load().map(|(bytes, version)| {
            let record = Record::parse(bytes, &self.config.cluster);
            (record.expect("what a scheduler stored can be read"), version)
        });
        let (record, version) = loaded.map_or((None, Version(0)), |(r, v)| (Some(r), v));
        self.next_process += 1;
        let number = self.next_process;
        let nonce = format!("n{number}");
        let config = etcd_mesos_core::config::Config { nonce, ..self.config.clone() };
        self.tell_deed(format!("scheduler {number} starts at version {}", version.0));
        self.schedulers[place] = Some(Process {
            number,
            core: Scheduler::new(config, record, version),
            ahead: Duration::ZERO,
            is_paused: false,
            missed: Vec::new(),
            connection: None,
            calls_until: Timestamp::default(),
        });
        self.scheduler_hears(number, Event::Wake);
    }

    pub(crate) fn place_of(&self, number: u64) -> Option<usize> {
        self.schedulers.iter().position(|p| p.as_ref().is_some_and(|p| p.number == number))
    }

    pub(crate) fn scheduler_hears(&mut self, number: u64, event: Event) {
        if let Some(client) = self.clients.get_mut(&number) {
            return client.heard.push_back(Word::Event(Box::new(event)));
        }
        let Some(place) = self.place_of(number) else { return };
        let Some(process) = &mut self.schedulers[place] else { return };
        if process.is_paused {
            return process.missed.push(event);
        }
        let step = process.core.step(self.now + process.ahead, event);
        for action in step.actions {
            if self.schedulers[place].is_none() {
                return;
            }
            let deed = deed(&action);
            if self.crashes(place, true, &deed) {
                self.tell_deed(format!("scheduler {number} crashes before it {deed}"));
                self.faults.note("scheduler crash before an action");
                return self.crash_scheduler(place);
            }
            self.tell_deed(format!("scheduler {number} {deed}"));
            self.perform(number, place, action);
            if self.crashes(place, false, &deed) {
                self.tell_deed(format!("scheduler {number} crashes after that"));
                self.faults.note("scheduler crash after an action");
                return self.crash_scheduler(place);
            }
        }
    }

    /// Whether a scheduler crashes at an action, by a script's word or by chance.
    fn crashes(&mut self, place: usize, is_before: bool, deed: &str) -> bool {
        let springs = |trap: &Trap| {
            trap.place == place && trap.is_before == is_before && deed.starts_with(&trap.action)
        };
        if self.trap.as_ref().is_some_and(springs) {
            self.trap = None;
            return true;
        }
        let chance = self.faults.scheduler_crash_per_mille;
        self.unlucky(if is_before { chance } else { chance.div_ceil(2) })
    }

    /// A process is gone at once; its supervisor starts another. What it had sent arrives, because
    /// the kernel closes a dead process's connections behind their data; unless it had not left.
    pub(crate) fn crash_scheduler(&mut self, place: usize) {
        let Some(process) = self.schedulers[place].take() else { return };
        if self.unlucky(300) {
            self.hang_up(process.connection);
        } else if let Some(connection) = process.connection {
            let at = process.calls_until.max(self.now);
            self.coming.put(at, Coming::HangUp { connection });
        }
        let at = self.soon(5_000);
        self.coming.put(at, Coming::StartScheduler { place });
    }

    pub(crate) fn resume_scheduler(&mut self, place: usize) {
        let Some(process) = &mut self.schedulers[place] else { return };
        process.is_paused = false;
        let (number, missed) = (process.number, std::mem::take(&mut process.missed));
        self.tell(|| format!("scheduler {number} goes on"));
        for event in missed {
            self.scheduler_hears(number, event);
        }
    }

    fn perform(&mut self, number: u64, place: usize, action: Action) {
        match action {
            Action::Save { id, record, expected } => self.save(number, id, &record, expected),
            Action::Subscribe { framework_id, suppressed } => {
                self.subscribe(place, framework_id, suppressed);
            }
            Action::Probe { member, client_url } => {
                let outcome = self.probe(&client_url);
                self.later(number, 40, Event::Probed { member, outcome });
            }
            Action::Exit { .. } => self.end_scheduler(place),
            other => self.call(place, other),
        }
    }

    /// A scheduler ended by itself, and closed its connection.
    fn end_scheduler(&mut self, place: usize) {
        self.faults.note("scheduler ended by itself");
        let process = self.schedulers[place].take();
        self.hang_up(process.and_then(|p| p.connection));
        if self.is_supervised {
            let at = self.soon(5_000);
            self.coming.put(at, Coming::StartScheduler { place });
        }
    }

    fn save(&mut self, number: u64, id: SaveId, record: &Record, expected: Version) {
        let before = self.store.load().map(|(_, version)| version);
        let outcome = self.store.save(record.to_bytes(), expected);
        if self.store.load().map(|(_, version)| version) != before {
            self.ledger.stored(record);
        }
        let within = if self.unlucky(20) { 3_000 } else { 4 };
        self.later(number, within, Event::Saved { id, outcome });
    }

    pub(crate) fn later(&mut self, process: u64, within_ms: u64, event: Event) {
        let at = self.soon(within_ms);
        self.coming.put(at, Coming::Scheduler { process, event: Box::new(event) });
    }

    fn subscribe(
        &mut self,
        place: usize,
        framework_id: Option<etcd_mesos_core::id::FrameworkId>,
        suppressed: bool,
    ) {
        let old = self.schedulers[place].as_mut().and_then(|p| p.connection.take());
        self.hang_up(old);
        let connection = self.new_connection();
        let at = self.soon(300);
        if let Some(process) = &mut self.schedulers[place] {
            process.connection = Some(connection);
            process.calls_until = at;
        }
        let call = ToMaster::Subscribe { framework_id, suppressed };
        self.coming.put(at, Coming::Master { connection, call: Box::new(call) });
    }

    /// A call goes out on the process's connection, after those before it.
    fn call(&mut self, place: usize, action: Action) {
        let Some(process) = &self.schedulers[place] else { return };
        let epoch = process.core.record().epoch;
        let call = match action {
            Action::AskFrameworks => Some(ToMaster::AskFrameworks),
            action => call_of(action).map(|call| ToMaster::Call { epoch, call }),
        };
        let Some(call) = call else { return };
        let latest = self.soon(5);
        let Some(process) = &mut self.schedulers[place] else { return };
        let Some(connection) = process.connection else { return };
        let at = latest.max(process.calls_until);
        process.calls_until = at;
        self.coming.put(at, Coming::Master { connection, call: Box::new(call) });
    }

    fn probe(
        &mut self,
        client_url: &str,
    ) -> Result<etcd_mesos_core::observation::Observation, String> {
        let found = self.etcds.running.values().find(|p| self.client_url(p) == client_url);
        let Some((pid, host)) = found.map(|p| (p.pid, p.host)) else {
            return Err("connection refused".to_owned());
        };
        if self.cut.contains(&host) {
            return Err("no answer in time".to_owned());
        }
        let (now, cut) = (self.now, self.cut.clone());
        self.etcds.look(now, pid, &cut).ok_or_else(|| "no answer".to_owned())
    }
}
