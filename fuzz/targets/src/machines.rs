//! The two state machines, fed with what others wrote. Both assert their own invariants at each step.
//!
//! Around them is the friendliest world: every save succeeds, every start works. What is hostile is what is
//! read.

use std::time::Duration;

use etcd_mesos_core::config::{Config, Timing};
use etcd_mesos_core::id::{AgentId, FrameworkId};
use etcd_mesos_core::offer::Offer;
use etcd_mesos_core::record::Record;
use etcd_mesos_core::scheduler::{Action, Event, LivingFramework, Scheduler};
use etcd_mesos_core::store::Version;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::FromExecutor;
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_executor::safety::DataDirectory;
use etcd_mesos_executor::supervisor::{self, Supervisor};

use crate::carriers::{ROLE, cluster, need};
use crate::pieces;

/// How many steps follow one piece at most: nothing may chase its own tail.
const STEPS_MAX: usize = 200;

/// Higher ones are not read; one that was just at the bound may be raised.
const EPOCH_MAX: u64 = u64::MAX / 2;
const ATTEMPTS_MAX: u32 = u32::MAX / 2;

/// A stored record, and then offers and messages of executors, with a zero byte between them.
pub fn scheduler(bytes: &[u8]) {
    let mut pieces = pieces(bytes);
    let loaded = pieces.next().and_then(|piece| Record::parse(piece, &cluster()).ok());
    let before = loaded.clone();
    let version = Version(u64::from(loaded.is_some()));
    let mut world = SchedulerWorld {
        scheduler: Scheduler::new(config(), loaded, version),
        now: Timestamp(0),
        saves: version,
        others: Vec::new(),
    };
    world.tell(Event::Wake);
    for piece in pieces.take(16) {
        world.now = world.now + Duration::from_secs(1);
        let offer = serde_json::from_slice::<Offer>(piece).ok();
        let event = offer.map_or_else(|| message(piece), |offer| Event::Offers(vec![offer]));
        world.tell(event);
    }
    world.now = world.now + Duration::from_secs(100);
    world.tell(Event::Wake);
    if let Some(before) = before {
        let after = world.scheduler.record();
        assert!(after.epoch > before.epoch, "a scheduler has an epoch of its own");
        assert!(after.is_formed() || !before.is_formed());
    }
}

fn config() -> Config {
    Config {
        cluster: cluster(),
        role: ROLE.to_owned(),
        size: 1,
        need: need(),
        etcd_flags: Vec::new(),
        nonce: "nonce".to_owned(),
        removed_framework: None,
        timing: Timing::default(),
    }
}

fn message(piece: &[u8]) -> Event {
    let body = FromExecutor::from_bytes(piece).map_err(|error| error.to_string());
    Event::Message { agent_id: AgentId("a0".to_owned()), body }
}

pub(crate) struct SchedulerWorld {
    scheduler: Scheduler,
    now: Timestamp,
    saves: Version,
    /// Who the master says has our name.
    others: Vec<LivingFramework>,
}

impl SchedulerWorld {
    /// A scheduler that has just subscribed, and knows of no cluster.
    pub(crate) fn without_a_cluster(others: Vec<LivingFramework>) -> Self {
        let scheduler = Scheduler::new(config(), None, Version(0));
        let mut world = Self { scheduler, now: Timestamp(0), saves: Version(0), others };
        world.tell(Event::Wake);
        world
    }

    /// Tells it, and lets time pass.
    pub(crate) fn goes_on_after(&mut self, event: Event) {
        self.now = self.now + Duration::from_secs(1);
        self.tell(event);
        self.now = self.now + Duration::from_secs(100);
        self.tell(Event::Wake);
    }

    fn tell(&mut self, event: Event) {
        let mut events = vec![event];
        let mut steps = 0;
        while let Some(event) = events.pop() {
            let step = self.scheduler.step(self.now, event);
            events.extend(step.actions.into_iter().filter_map(|action| self.answer(action)));
            steps += 1;
            assert!(steps < STEPS_MAX, "it does not come to rest");
        }
    }

    fn answer(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Save { id, record, expected } => {
                assert_eq!(expected, self.saves);
                let is_raised = record.epoch.0 > EPOCH_MAX || record.attempts > ATTEMPTS_MAX;
                let again = Record::parse(&record.to_bytes(), &cluster()).ok();
                assert!(is_raised || again.as_ref() == Some(&*record), "what is saved is read");
                self.saves = Version(self.saves.0 + 1);
                Some(Event::Saved { id, outcome: Ok(self.saves) })
            }
            Action::Subscribe { framework_id, .. } => {
                let framework_id = framework_id.unwrap_or(FrameworkId("f".to_owned()));
                Some(Event::Subscribed { framework_id })
            }
            Action::AskFrameworks => Some(Event::Asked(Ok(self.others.clone()))),
            Action::Reconcile { .. }
            | Action::Acknowledge { .. }
            | Action::Launch { .. }
            | Action::Decline { .. }
            | Action::Suppress
            | Action::Revive
            | Action::Kill { .. }
            | Action::Message { .. }
            | Action::Probe { .. }
            | Action::Exit { .. } => None,
        }
    }
}

/// The executor's data, a task ID, a launch order, and then messages, with a zero byte between them.
pub fn supervisor(bytes: &[u8]) {
    use etcd_mesos_executor::supervisor::Event;

    let mut pieces = pieces(bytes).map(<[u8]>::to_vec);
    let data = pieces.next().unwrap_or_default();
    let Ok(task_id) = String::from_utf8(pieces.next().unwrap_or_default()) else { return };
    let order = pieces.next().unwrap_or_default();
    let settings = supervisor::Settings { checkpoint: true, data_directory: "etcd_data".into() };
    let mut world = SupervisorWorld {
        supervisor: Supervisor::new(settings, Timestamp(0)),
        now: Timestamp(0),
        starts: 0,
    };
    world.tell(Event::Subscribed { data, may_say_killing: true });
    world.tell(Event::Launch { task_id: format!("{task_id}.client"), data: Vec::new() });
    world.tell(Event::Launch { task_id: task_id.clone(), data: order });
    for message in pieces.take(16) {
        world.tell(Event::Message(message));
        world.tell(Event::Wake);
    }
    world.tell(Event::Kill { task_id: format!("{task_id}.client"), grace: None });
    world.tell(Event::Kill { task_id, grace: None });
    world.tell(Event::Shutdown { grace: Duration::MAX });
    world.now = Timestamp(u64::MAX);
    world.tell(Event::Wake);
}

struct SupervisorWorld {
    supervisor: Supervisor,
    now: Timestamp,
    starts: u32,
}

impl SupervisorWorld {
    fn tell(&mut self, event: supervisor::Event) {
        self.now = self.now + Duration::from_secs(1);
        let mut events = vec![event];
        let mut steps = 0;
        while let Some(event) = events.pop() {
            let actions = self.supervisor.step(self.now, event);
            events.extend(actions.into_iter().filter_map(|action| self.answer(action)));
            steps += 1;
            assert!(steps < STEPS_MAX, "it does not come to rest");
        }
    }

    fn answer(&mut self, action: supervisor::Action) -> Option<supervisor::Event> {
        use etcd_mesos_executor::supervisor::{Action, Event};

        match action {
            Action::Prepare(binaries) => {
                assert!(!binaries.is_empty());
                Some(Event::Prepared(EtcdVersion::new(3, 5, 16).map_err(|e| e.to_string())))
            }
            Action::Inspect => Some(Event::Inspected(DataDirectory::Missing)),
            Action::CreateDirectory => Some(Event::DirectoryCreated(Ok(()))),
            Action::Start { arguments } => {
                self.starts += 1;
                assert_eq!(self.starts, 1, "one executor never runs two etcds");
                check_arguments(&arguments);
                Some(Event::Started { pid: 7 })
            }
            Action::Look { pid, .. } => Some(Event::Looked {
                pid,
                seen: Err("it does not answer".to_owned()),
                directory: DataDirectory::NoWal,
            }),
            Action::HandOver { .. } => Some(Event::HandedOver("nobody took it".to_owned())),
            Action::Say(said) => {
                assert_eq!(FromExecutor::from_bytes(&said.to_bytes()).ok(), Some(*said));
                None
            }
            Action::Signal(_) | Action::Update(_) | Action::Exit(_) => None,
        }
    }
}

/// Whatever an order says, etcd is told nothing that can cost data.
fn check_arguments(arguments: &[String]) {
    let names: Vec<&str> =
        arguments.iter().map(|a| a.split_once('=').map_or(a.as_str(), |(name, _)| name)).collect();
    assert!(names.iter().all(|name| name.starts_with("--")), "{arguments:?}");
    for once in ["--name", "--data-dir", "--initial-cluster", "--initial-cluster-state"] {
        assert_eq!(names.iter().filter(|name| **name == once).count(), 1, "{once}");
    }
    for never in ["--force-new-cluster", "--unsafe-no-fsync", "--wal-dir", "--config-file"] {
        assert!(!names.contains(&never), "{never}");
    }
}
