//! Executor processes: real supervisors, and what is around each: a sandbox, an etcd, its agent.

use etcd_mesos_core::id::{ClusterId, MemberId};
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{Binary, BinaryRole, ExecutorData, LaunchOrder, WIRE_VERSION};
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::exit::Exit;
use etcd_mesos_executor::safety::DataDirectory;
use etcd_mesos_executor::supervisor::{Action, Event, Settings, Supervisor, TaskUpdate};

use crate::etcd::{Disk, Identity, Process, Refused, Start};
use crate::world::{Coming, World};

/// An executor process: the agent that it is on, and a number that no two have.
pub(crate) type ExecutorKey = (usize, u64);

/// An executor process and its sandbox.
#[derive(Debug)]
pub(crate) struct Executor {
    pub(crate) id: String,
    pub(crate) supervisor: Supervisor,
    pub(crate) order: LaunchOrder,
    pub(crate) task: String,
    pub(crate) disk: Disk,
    pub(crate) pid: Option<u32>,
    /// Updates that its agent has not taken.
    pub(crate) unacknowledged: Vec<TaskUpdate>,
}

impl World {
    /// A container runs: its executor registers and is given its task.
    pub(crate) fn start_executor(&mut self, agent: usize, task: &str, order: LaunchOrder) {
        self.next_executor += 1;
        let key = (agent, self.next_executor);
        let settings = Settings { checkpoint: true, data_directory: "etcd_data".into() };
        let member = order.member.name.clone();
        let binary = |file: &str, role| Binary { file: file.into(), sha256: "0".repeat(64), role };
        let data = ExecutorData {
            v: WIRE_VERSION,
            cluster: self.config.cluster.clone(),
            member: member.clone(),
            binaries: vec![
                binary("etcd-mesos-executor", BinaryRole::Executor),
                binary("etcd", BinaryRole::Etcd),
            ],
        };
        let launch = Event::Launch { task_id: task.to_owned(), data: order.to_bytes() };
        self.executors.insert(
            key,
            Executor {
                id: member.to_string(),
                supervisor: Supervisor::new(settings, self.now),
                order,
                task: task.to_owned(),
                disk: Disk::default(),
                pid: None,
                unacknowledged: Vec::new(),
            },
        );
        self.tell(|| format!("executor {member} runs on agent {agent}"));
        self.executor_hears(
            key,
            Event::Subscribed { data: data.to_bytes(), may_say_killing: true },
        );
        self.executor_hears(key, launch);
    }

    pub(crate) fn client_url(&self, process: &Process) -> String {
        let port = process.client_port;
        format!("http://{}:{port}", self.agents[process.host].ip())
    }

    pub(crate) fn tell_executor(&mut self, key: ExecutorKey, within_ms: u64, event: Event) {
        let at = self.soon(within_ms);
        self.coming.put(at, Coming::Executor { key, event: Box::new(event) });
    }

    pub(crate) fn executor_hears(&mut self, key: ExecutorKey, event: Event) {
        let Some(executor) = self.executors.get_mut(&key) else { return };
        if let Event::Exited { .. } = event {
            executor.pid = None;
        }
        let actions = executor.supervisor.step(self.now, event);
        for action in actions {
            if self.unlucky(self.faults.executor_crash_per_mille) {
                self.tell(|| format!("executor {key:?} is killed before {action:?}"));
                self.faults.note("executor killed before an action");
                return self.end_executor(key);
            }
            self.perform_executor(key, action);
            if !self.executors.contains_key(&key) {
                return;
            }
            if self.unlucky(self.faults.executor_crash_per_mille / 2) {
                self.tell(|| format!("executor {key:?} is killed after that"));
                self.faults.note("executor killed after an action");
                return self.end_executor(key);
            }
        }
        if self.unlucky(self.faults.executor_crash_per_mille / 2) {
            self.panic_executor(key);
        }
    }

    /// A panic of the logic: the facts are taken up by another supervisor, etcd runs on.
    fn panic_executor(&mut self, key: ExecutorKey) {
        self.faults.note("executor panic");
        let now = self.now;
        let Some(executor) = self.executors.get_mut(&key) else { return };
        let facts = executor.supervisor.facts().clone();
        executor.supervisor = Supervisor::resume(facts, now, executor.pid);
        self.tell_executor(key, 5, Event::Wake);
    }

    /// An executor process ends, by whatever cause; its etcd dies with it, by the kernel's hand.
    pub(crate) fn end_executor(&mut self, key: ExecutorKey) {
        self.faults.note("executor end");
        let Some(executor) = self.executors.remove(&key) else { return };
        if let Some(pid) = executor.pid {
            self.etcds.running.remove(&pid);
        }
        self.container_ended(key.0, &executor.id, &executor.task);
    }

    fn perform_executor(&mut self, key: ExecutorKey, action: Action) {
        match action {
            Action::Prepare(_) => {
                let version = EtcdVersion::new(3, 4, 23).map_err(|error| error.to_string());
                self.tell_executor(key, 60, Event::Prepared(version));
            }
            Action::Inspect => {
                let found = self.inspect(key);
                self.tell_executor(key, 2, Event::Inspected(found));
            }
            Action::CreateDirectory => {
                if let Some(executor) = self.executors.get_mut(&key) {
                    executor.disk.exists = true;
                }
                self.tell_executor(key, 2, Event::DirectoryCreated(Ok(())));
            }
            Action::Start { arguments } => self.start_etcd(key, &arguments),
            Action::Look { pid, .. } => self.look(key, pid),
            Action::HandOver { .. } => {
                self.tell_executor(key, 30, Event::HandedOver("it did not lead".to_owned()));
            }
            Action::Signal(_) => self.end_etcd(key, Exit::Signal(15)),
            Action::Update(update) => self.update(key, update),
            Action::Say(message) => {
                self.say_to_scheduler(key.0, &message.to_bytes());
            }
            Action::Exit(_) => self.end_executor(key),
        }
    }

    fn inspect(&self, key: ExecutorKey) -> DataDirectory {
        match self.executors.get(&key).map(|e| &e.disk) {
            Some(Disk { wal: Some(_), .. }) => DataDirectory::Wal,
            Some(Disk { exists: true, .. }) => DataDirectory::NoWal,
            Some(_) | None => DataDirectory::Missing,
        }
    }

    fn look(&mut self, key: ExecutorKey, pid: u32) {
        let (now, cut) = (self.now, self.cut.clone());
        let seen = self.etcds.look(now, pid, &cut).ok_or_else(|| "no answer".to_owned());
        let directory = self.inspect(key);
        self.tell_executor(key, 10, Event::Looked { pid, seen, directory });
    }

    fn start_etcd(&mut self, key: ExecutorKey, arguments: &[String]) {
        let now = self.now;
        let is_new = arguments.iter().any(|a| a == "--initial-cluster-state=new");
        let fixed = |name: &str| arguments.iter().find(|a| a.starts_with(name)).cloned();
        let cluster = ClusterId(hash(&[
            fixed("--initial-cluster-token=").unwrap_or_default(),
            fixed("--initial-cluster=").unwrap_or_default(),
        ]));
        let Some(executor) = self.executors.get_mut(&key) else { return };
        let name = executor.order.member.name.clone();
        let member = MemberId(hash(&[cluster.to_string(), name.to_string()]));
        let start = Start {
            name: name.clone(),
            described: Identity { cluster, member },
            size: executor.order.initial_cluster.len(),
            client_port: executor.order.member.client_port,
            is_new,
        };
        match self.etcds.start(now, key.0, &mut executor.disk, start) {
            Ok(pid) => {
                executor.pid = Some(pid);
                self.tell_executor(key, 2, Event::Started { pid });
            }
            Err(refused) => {
                let exit = match refused {
                    Refused::PortTaken => Exit::PortTaken("the port".to_owned()),
                    Refused::NoWal => Exit::Code(1),
                };
                self.tell(|| format!("etcd {name} does not start: {refused:?}"));
                let (at, pid) = (self.soon(2), u32::MAX);
                let started = Box::new(Event::Started { pid });
                self.coming.put(at, Coming::Executor { key, event: started });
                let exited = Box::new(Event::Exited { exit, tail: Vec::new() });
                let later = Timestamp(at.0 + 5);
                self.coming.put(later, Coming::Executor { key, event: exited });
            }
        }
    }

    /// An etcd process ends, and its executor, which waits for it, hears so.
    pub(crate) fn end_etcd(&mut self, key: ExecutorKey, exit: Exit) {
        let Some(pid) = self.executors.get_mut(&key).and_then(|e| e.pid.take()) else { return };
        if self.etcds.running.remove(&pid).is_some() {
            self.tell_executor(key, 3, Event::Exited { exit, tail: Vec::new() });
        }
    }

    fn update(&mut self, key: ExecutorKey, update: TaskUpdate) {
        self.ledger.updated(&update);
        if let Some(executor) = self.executors.get_mut(&key) {
            executor.unacknowledged.push(update);
        }
        self.take_updates(key);
    }
}

/// FNV-1a: it only has to tell texts apart, and must be the same in every run.
fn hash(texts: &[String]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}
