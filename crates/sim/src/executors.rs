//! Executor processes: real supervisors, and what is around each: a sandbox, an etcd, its agent.

use etcd_mesos_core::id::{ClusterId, MemberId};
use etcd_mesos_core::status::TaskState;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::LaunchOrder;
use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::exit::Exit;
use etcd_mesos_executor::safety::DataDirectory;
use etcd_mesos_executor::supervisor::{self, Action, Event, Settings, Supervisor, TaskUpdate};
use etcd_mesos_model::Container;

use crate::etcd::{Disk, Identity, Process, Refused, Start};
use crate::world::{Coming, World};

/// An executor process and its sandbox.
#[derive(Debug)]
pub(crate) struct Executor {
    pub(crate) supervisor: Supervisor,
    pub(crate) order: LaunchOrder,
    /// Empty until it is told.
    pub(crate) task: String,
    pub(crate) disk: Disk,
    pub(crate) pid: Option<u32>,
}

impl World {
    /// A container runs, and its executor subscribes.
    pub(crate) fn start_executor(&mut self, container: Container, order: LaunchOrder) {
        let settings = Settings { checkpoint: true, data_directory: "etcd_data".into() };
        let member = order.member.name.clone();
        self.executors.insert(
            container,
            Executor {
                supervisor: Supervisor::new(settings, self.now),
                order,
                task: String::new(),
                disk: Disk::default(),
                pid: None,
            },
        );
        self.tell(|| format!("executor {member} runs on agent {}", container.agent));
        self.link(container);
    }

    pub(crate) fn client_url(&self, process: &Process) -> String {
        let port = process.client_port;
        format!("http://{}:{port}", self.mesos.settings_of(process.host).ip)
    }

    pub(crate) fn tell_executor(&mut self, container: Container, within_ms: u64, event: Event) {
        let at = self.soon(within_ms);
        self.coming.put(at, Coming::Executor { container, event: Box::new(event) });
    }

    pub(crate) fn executor_hears(&mut self, container: Container, event: Event) {
        let Some(executor) = self.executors.get_mut(&container) else { return };
        if let Event::Exited { .. } = event {
            executor.pid = None;
        }
        let actions = executor.supervisor.step(self.now, event);
        for action in actions {
            if self.unlucky(self.faults.executor_crash_per_mille) {
                self.tell(|| format!("executor {container:?} is killed before {action:?}"));
                self.faults.note("executor killed before an action");
                return self.end_executor(container);
            }
            self.perform_executor(container, action);
            if !self.executors.contains_key(&container) {
                return;
            }
            if self.unlucky(self.faults.executor_crash_per_mille / 2) {
                self.tell(|| format!("executor {container:?} is killed after that"));
                self.faults.note("executor killed after an action");
                return self.end_executor(container);
            }
        }
        if self.unlucky(self.faults.executor_crash_per_mille / 2) {
            self.panic_executor(container);
        }
    }

    /// A panic of the logic: the facts are taken up by another supervisor, etcd runs on.
    fn panic_executor(&mut self, container: Container) {
        self.faults.note("executor panic");
        let now = self.now;
        let Some(executor) = self.executors.get_mut(&container) else { return };
        let facts = executor.supervisor.facts().clone();
        executor.supervisor = Supervisor::resume(facts, now, executor.pid);
        self.tell_executor(container, 5, Event::Wake);
    }

    /// An executor process ends, by whatever cause; its etcd dies with it, by the kernel's hand.
    pub(crate) fn end_executor(&mut self, container: Container) {
        self.faults.note("executor end");
        let Some(executor) = self.executors.remove(&container) else { return };
        if let Some(pid) = executor.pid {
            self.etcds.running.remove(&pid);
        }
        self.container_ended(container);
    }

    /// Somebody kills an executor's client task alone, which costs nothing else.
    pub(crate) fn kill_client_task(&mut self, container: Container) {
        let Some(executor) = self.executors.get(&container) else { return };
        let member_task = executor.task.clone();
        let before = self.ledger.told(&member_task);
        let kill = Event::Kill { task_id: format!("{member_task}.client"), grace: None };
        self.executor_hears(container, kill);
        self.ledger.client_killed(&member_task, before);
    }

    fn perform_executor(&mut self, container: Container, action: Action) {
        match action {
            Action::Prepare(_) => {
                let version = EtcdVersion::new(3, 4, 23).map_err(|error| error.to_string());
                self.tell_executor(container, 60, Event::Prepared(version));
            }
            Action::Inspect => {
                let found = self.inspect(container);
                self.tell_executor(container, 2, Event::Inspected(found));
            }
            Action::CreateDirectory => {
                if let Some(executor) = self.executors.get_mut(&container) {
                    executor.disk.exists = true;
                }
                self.tell_executor(container, 2, Event::DirectoryCreated(Ok(())));
            }
            Action::Start { arguments } => self.start_etcd(container, &arguments),
            Action::Look { pid, .. } => self.look(container, pid),
            Action::HandOver { .. } => {
                self.tell_executor(container, 30, Event::HandedOver("it did not lead".to_owned()));
            }
            Action::Signal(_) => self.end_etcd(container, Exit::Signal(15)),
            Action::Update(update) => self.update(container, update),
            Action::Say(message) => self.say_message(container, message.to_bytes()),
            Action::Exit(_) => self.end_executor(container),
        }
    }

    fn inspect(&self, container: Container) -> DataDirectory {
        match self.executors.get(&container).map(|e| &e.disk) {
            Some(Disk { wal: Some(_), .. }) => DataDirectory::Wal,
            Some(Disk { exists: true, .. }) => DataDirectory::NoWal,
            Some(_) | None => DataDirectory::Missing,
        }
    }

    fn look(&mut self, container: Container, pid: u32) {
        let (now, cut) = (self.now, self.cut.clone());
        let seen = self.etcds.look(now, pid, &cut).ok_or_else(|| "no answer".to_owned());
        let directory = self.inspect(container);
        self.tell_executor(container, 10, Event::Looked { pid, seen, directory });
    }

    fn start_etcd(&mut self, container: Container, arguments: &[String]) {
        let now = self.now;
        let is_new = arguments.iter().any(|a| a == "--initial-cluster-state=new");
        let fixed = |name: &str| arguments.iter().find(|a| a.starts_with(name)).cloned();
        let cluster = ClusterId(hash(&[
            fixed("--initial-cluster-token=").unwrap_or_default(),
            fixed("--initial-cluster=").unwrap_or_default(),
        ]));
        let Some(executor) = self.executors.get_mut(&container) else { return };
        let name = executor.order.member.name.clone();
        let member = MemberId(hash(&[cluster.to_string(), name.to_string()]));
        let start = Start {
            name: name.clone(),
            described: Identity { cluster, member },
            size: executor.order.initial_cluster.len(),
            client_port: executor.order.member.client_port,
            is_new,
        };
        match self.etcds.start(now, container.agent, &mut executor.disk, start) {
            Ok(pid) => {
                executor.pid = Some(pid);
                self.tell_executor(container, 2, Event::Started { pid });
            }
            Err(refused) => {
                let exit = match refused {
                    Refused::PortTaken => Exit::PortTaken("the port".to_owned()),
                    Refused::NoWal => Exit::Code(1),
                };
                self.tell(|| format!("etcd {name} does not start: {refused:?}"));
                let (at, pid) = (self.soon(2), u32::MAX);
                let started = Box::new(Event::Started { pid });
                self.coming.put(at, Coming::Executor { container, event: started });
                let exited = Box::new(Event::Exited { exit, tail: Vec::new() });
                let later = Timestamp(at.0 + 5);
                self.coming.put(later, Coming::Executor { container, event: exited });
            }
        }
    }

    /// An etcd process ends, and its executor, which waits for it, hears so.
    pub(crate) fn end_etcd(&mut self, container: Container, exit: Exit) {
        let Some(pid) = self.executors.get_mut(&container).and_then(|e| e.pid.take()) else {
            return;
        };
        if self.etcds.running.remove(&pid).is_some() {
            self.tell_executor(container, 3, Event::Exited { exit, tail: Vec::new() });
        }
    }

    fn update(&mut self, container: Container, update: TaskUpdate) {
        self.ledger.updated(&update);
        let state = match update.state {
            supervisor::TaskState::Starting => TaskState::Starting,
            supervisor::TaskState::Running => TaskState::Running,
            supervisor::TaskState::Killing => TaskState::Killing,
            supervisor::TaskState::Failed => TaskState::Failed,
            supervisor::TaskState::Killed => TaskState::Killed,
        };
        let message = update.message.unwrap_or_default();
        self.say_state(container, update.task_id, state, message);
    }
}

/// FNV-1a: it only has to tell texts apart, and must be the same in every run.
fn hash(texts: &[String]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}
