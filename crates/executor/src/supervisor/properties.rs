//! Whatever happens, in whatever order: what must never be.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use etcd_mesos_core::id::ClusterId;
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::Order;
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::exit::Exit;
use proptest::prelude::*;

use super::scenarios::{CLUSTER, TASK, executor_data, formed, message, order, seen, settings};
use super::{Action, Event, Supervisor, TaskState};
use crate::safety::DataDirectory;

const CLIENT: &str = "etcd.prod.0.etcd-1-0.1.client";

/// One thing that may happen; the numbers choose among variants.
#[derive(Clone, Debug)]
enum Happening {
    Wait(u64),
    Answer,
    Exit(u8),
    Look(u8),
    Subscribed,
    Away,
    Launch(bool),
    LaunchClient(bool),
    KillClient,
    Kill,
    Shutdown,
    Formed(bool),
    Beat(u64),
    Acknowledged,
    WalWritten,
    DirectoryLost(bool),
    Panic,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (1u64..15_000).prop_map(Happening::Wait),
        12 => Just(Happening::Answer),
        3 => any::<u8>().prop_map(Happening::Exit),
        6 => any::<u8>().prop_map(Happening::Look),
        1 => Just(Happening::Subscribed),
        1 => Just(Happening::Away),
        1 => any::<bool>().prop_map(Happening::Launch),
        2 => any::<bool>().prop_map(Happening::LaunchClient),
        1 => Just(Happening::KillClient),
        1 => Just(Happening::Kill),
        1 => Just(Happening::Shutdown),
        2 => any::<bool>().prop_map(Happening::Formed),
        1 => (0u64..9).prop_map(Happening::Beat),
        1 => Just(Happening::Acknowledged),
        3 => Just(Happening::WalWritten),
        1 => any::<bool>().prop_map(Happening::DirectoryLost),
        2 => Just(Happening::Panic),
    ]
}

/// The world around a supervisor, as it truly is, and what was ever seen in it.
struct World {
    supervisor: Supervisor,
    now: Timestamp,
    asked: Vec<Action>,
    pid: Option<u32>,
    pids: u32,
    directory: DataDirectory,
    wal_was_shown: bool,
    served: Option<(Timestamp, ClusterId)>,
    formed: Vec<ClusterId>,
    is_terminal: bool,
    is_over: bool,
    /// What was told of the member's task, and of the client task beside it.
    told: Option<TaskState>,
    client_told: Option<TaskState>,
}

impl World {
    fn new(client_first: bool) -> Self {
        let now = Timestamp(0);
        let mut world = World {
            supervisor: Supervisor::new(settings(true), now),
            now,
            asked: Vec::new(),
            pid: None,
            pids: 0,
            directory: DataDirectory::Missing,
            wal_was_shown: false,
            served: None,
            formed: Vec::new(),
            is_terminal: false,
            is_over: false,
            told: None,
            client_told: None,
        };
        world.hear(Event::Subscribed { data: executor_data(), may_say_killing: true });
        if client_first {
            world.hear(Event::Launch { task_id: CLIENT.into(), data: Vec::new() });
        }
        world.hear(Event::Launch { task_id: TASK.into(), data: order().to_bytes() });
        world
    }

    fn hear(&mut self, event: Event) {
        if self.is_over {
            return;
        }
        for action in self.supervisor.step(self.now, event) {
            self.check(&action);
            match action {
                Action::Exit(_) => self.is_over = true,
                Action::Update(_) | Action::Say(_) | Action::Signal(_) => {}
                asked => self.asked.push(asked),
            }
        }
        if let Some(told) = self.client_told.filter(|told| !told.is_terminal()) {
            assert_eq!(Some(told), self.told, "the client task is not the member's shadow");
        }
    }

    /// A client task says nothing after its end, and says a new state before the member's does.
    fn check_client(&mut self, state: TaskState) {
        let is_over = self.client_told.is_some_and(TaskState::is_terminal);
        // A launch that comes when all is over is refused, also again.
        assert!(!is_over || state == TaskState::Failed, "{state:?} after the end");
        self.client_told = Some(state);
    }

    fn kill_client(&mut self) {
        let before = self.told;
        self.hear(Event::Kill { task_id: CLIENT.into(), grace: None });
        let is_stopped = |told| matches!(told, Some(TaskState::Killing | TaskState::Killed));
        assert!(is_stopped(before) || !is_stopped(self.told), "it stops the member");
    }

    fn check(&mut self, action: &Action) {
        match action {
            Action::Start { arguments } => {
                assert_eq!(self.pid, None, "a second etcd");
                assert!(!self.is_terminal, "a start after the end");
                assert!(
                    !self.asked.iter().any(|a| matches!(a, Action::Start { .. })),
                    "two starts"
                );
                let is_new = arguments.iter().any(|a| a == "--initial-cluster-state=new");
                assert!(!(is_new && self.wal_was_shown), "`new` after a WAL was seen");
            }
            Action::Update(update) if update.task_id == CLIENT => self.check_client(update.state),
            Action::Update(update) if update.task_id == TASK => {
                if let Some(client) = self.client_told.filter(|told| !told.is_terminal()) {
                    assert_eq!(client, update.state, "the member's state is told first");
                }
                self.told = Some(update.state);
                assert!(!self.is_terminal, "{:?} after the end", update.state);
                if update.state == TaskState::Running {
                    let (at, cluster) = self.served.expect("RUNNING without a read");
                    assert!(self.formed.contains(&cluster), "RUNNING before the cluster is formed");
                    assert!(self.now.since(at) < Duration::from_secs(5), "RUNNING on an old read");
                }
                self.is_terminal |= update.state.is_terminal();
                if self.is_terminal {
                    assert_eq!(self.pid, None, "a terminal state while etcd runs");
                }
            }
            _ => {}
        }
    }

    fn show_directory(&mut self) -> DataDirectory {
        self.wal_was_shown |= self.directory == DataDirectory::Wal;
        self.directory.clone()
    }

    /// Answers the oldest question.
    fn answer(&mut self) {
        if self.asked.is_empty() {
            return;
        }
        match self.asked.remove(0) {
            Action::Prepare(_) => {
                self.hear(Event::Prepared(Ok(EtcdVersion::new(3, 5, 1).unwrap())))
            }
            Action::Inspect => {
                let found = self.show_directory();
                self.hear(Event::Inspected(found));
            }
            Action::CreateDirectory => {
                let done = self.directory == DataDirectory::Missing;
                if done {
                    self.directory = DataDirectory::NoWal;
                }
                self.hear(Event::DirectoryCreated(if done {
                    Ok(())
                } else {
                    Err("it exists".into())
                }));
            }
            Action::Start { .. } => {
                self.pids += 1;
                self.pid = Some(self.pids);
                self.hear(Event::Started { pid: self.pids });
            }
            Action::Look { .. } => self.look(0),
            Action::HandOver { .. } => self.hear(Event::HandedOver("done".into())),
            Action::Signal(_) | Action::Update(_) | Action::Say(_) | Action::Exit(_) => {}
        }
    }

    fn look(&mut self, kind: u8) {
        let Some(pid) = self.pid else { return };
        self.asked.retain(|asked| !matches!(asked, Action::Look { .. }));
        let other = Observation { cluster_id: ClusterId(9), ..seen(Some(1)) };
        let result = match kind % 5 {
            0 | 1 => Ok(seen(Some(1))),
            2 => Ok(seen(None)),
            3 => Ok(other),
            _ => Err("no answer".to_owned()),
        };
        if result.is_ok() {
            self.directory = DataDirectory::Wal;
        }
        if let Some(seen) = result.as_ref().ok().filter(|seen| seen.is_serving()) {
            self.served = Some((self.now, seen.cluster_id));
        }
        let directory = self.show_directory();
        self.hear(Event::Looked { pid, seen: result, directory });
    }

    fn exit(&mut self, kind: u8) {
        if self.pid.take().is_none() {
            return;
        }
        let exit = match kind % 12 {
            0 => Exit::MemberRemoved,
            1 => Exit::Corrupt("crc".into()),
            2 => Exit::PortTaken("x".into()),
            3 => Exit::DiskFull,
            4 => Exit::BadFlags("x".into()),
            5 => Exit::ClusterIdMismatch,
            6 => Exit::AlreadyBootstrapped,
            7 => Exit::NoSuchAddress("x".into()),
            8 => Exit::Code(0),
            9 => Exit::Code(2),
            _ => Exit::Signal(9),
        };
        self.hear(Event::Exited { exit, tail: vec![] });
    }

    fn happens(&mut self, what: Happening) {
        match what {
            Happening::Wait(millis) => self.wait(millis),
            Happening::Answer => self.answer(),
            Happening::Exit(kind) => self.exit(kind),
            Happening::Look(kind) => self.look(kind),
            Happening::Subscribed => {
                self.hear(Event::Subscribed { data: executor_data(), may_say_killing: false });
            }
            Happening::Away => self.hear(Event::AgentAway),
            Happening::Launch(same) => {
                let task_id = if same { TASK.into() } else { "etcd.prod.0.etcd-1-0.2".into() };
                self.hear(Event::Launch { task_id, data: order().to_bytes() });
            }
            Happening::LaunchClient(same) => {
                let other = "etcd.prod.0.etcd-1-0.2.client";
                let task_id = if same { CLIENT } else { other }.to_owned();
                self.hear(Event::Launch { task_id, data: Vec::new() });
            }
            Happening::KillClient => self.kill_client(),
            Happening::Kill => self.hear(Event::Kill { task_id: TASK.into(), grace: None }),
            Happening::Shutdown => self.hear(Event::Shutdown { grace: Duration::from_secs(4) }),
            Happening::Formed(same) => {
                let id = if same { CLUSTER } else { ClusterId(9) };
                self.formed.push(id);
                self.hear(message(5, 1, formed(id)));
            }
            Happening::Beat(epoch) => self.hear(message(epoch, 2, Order::Beat)),
            Happening::Acknowledged => self.hear(Event::Acknowledged { left: 0 }),
            Happening::WalWritten if self.pid.is_some() => self.directory = DataDirectory::Wal,
            Happening::WalWritten => {}
            Happening::DirectoryLost(all) if self.directory != DataDirectory::Missing => {
                self.directory = if all { DataDirectory::Missing } else { DataDirectory::NoWal };
            }
            Happening::DirectoryLost(_) => {}
            Happening::Panic => self.panic(),
        }
    }

    /// As the guard does it: the facts of the last good step, and the process that is there.
    fn panic(&mut self) {
        // The driver starts etcd before anything else can happen, so no start is in the air.
        while self.asked.iter().any(|asked| matches!(asked, Action::Start { .. })) {
            self.answer();
        }
        let facts = self.supervisor.facts().clone();
        self.supervisor = Supervisor::resume(facts, self.now, self.pid);
    }

    fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while let Some(at) = self.supervisor.next_wake().filter(|at| *at <= end && !self.is_over) {
            self.now = self.now.max(at);
            self.hear(Event::Wake);
            let next = self.supervisor.next_wake();
            assert!(self.is_over || next.is_none_or(|next| next > self.now), "it spins: {next:?}");
        }
        self.now = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(client_first: bool, story in proptest::collection::vec(happening(), 1..120)) {
        let mut world = World::new(client_first);
        for what in story {
            world.happens(what);
        }
    }

    #[test]
    fn a_kill_always_ends_the_task(client_first: bool, story in proptest::collection::vec(happening(), 1..60)) {
        let mut world = World::new(client_first);
        for what in story {
            world.happens(what);
        }
        world.hear(Event::Kill { task_id: TASK.into(), grace: None });
        for _ in 0..20 {
            world.answer();
            world.wait(10_000);
            world.exit(11);
        }
        prop_assert!(world.is_terminal && world.is_over);
    }
}
