//! The model, and what is around it: streams, containers, the clock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_model::{Connection, Container, Event, Note, Pace};
use mesos_v1::proto;
use tokio::sync::{Notify, mpsc};

use crate::containers::{self, Contained};
use crate::freight::{Mesos, Output};
use crate::say::{Speaker, container_status, scheduler_heartbeat};
use crate::server::{Server, Who};
use crate::settings::Settings;

/// How many happenings are remembered for an onlooker.
const HAPPENED_MAX: usize = 200;

/// How many containers are remembered.
const STATUSES_MAX: usize = 1000;

/// Something that happened, for people.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) at: SystemTime,
    pub(crate) what: String,
}

/// A stream of events: records go in here, and out over a connection.
pub(crate) type Stream = mpsc::UnboundedSender<Bytes>;

/// A scheduler's stream.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) stream: Stream,
    /// What its calls must carry (`Mesos-Stream-Id`).
    pub(crate) stream_id: String,
}

/// Everything that is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) speaker: Speaker,
    pub(crate) mesos: Mesos,
    began: Instant,
    connections: u64,
    pub(crate) subscriptions: BTreeMap<Connection, Subscription>,
    /// What frameworks said of themselves, the last word of each.
    pub(crate) frameworks: BTreeMap<FrameworkId, proto::FrameworkInfo>,
    pub(crate) containers: BTreeMap<Container, Contained>,
    /// What updates tell of containers, also of those that ended: reconciliation repeats it.
    pub(crate) container_statuses: BTreeMap<Container, Bytes>,
    /// What executors said last of the health of their tasks.
    pub(crate) healthy: BTreeMap<(Container, String), bool>,
    pub(crate) happened: VecDeque<Happening>,
}

/// The world, for all who change it. Nothing holds it across an await.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    /// When it wakes by itself may have changed.
    changed: Arc<Notify>,
    /// Who listens now.
    servers: Arc<Mutex<BTreeMap<Who, Server>>>,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Shared {
        let master_id = uuid::Uuid::new_v4().to_string();
        let model = etcd_mesos_model::Settings {
            agents: settings.agent_settings(),
            patience: settings.patience,
            master_id: Some(master_id.clone()),
        };
        let world = World {
            speaker: Speaker::new(master_id, &settings),
            settings,
            mesos: Mesos::new(model, Pace::Instant),
            began: Instant::now(),
            connections: 0,
            subscriptions: BTreeMap::new(),
            frameworks: BTreeMap::new(),
            containers: BTreeMap::new(),
            container_statuses: BTreeMap::new(),
            healthy: BTreeMap::new(),
            happened: VecDeque::new(),
        };
        let world = Arc::new(Mutex::new(world));
        Shared { world, changed: Arc::default(), servers: Arc::default() }
    }

    pub(crate) fn serve(&self, who: Who, server: Server) {
        self.servers().insert(who, server);
    }

    /// Closes somebody's port and connections.
    pub(crate) fn hush(&self, who: Who) {
        self.servers().remove(&who);
    }

    pub(crate) fn hush_all(&self) {
        self.servers().clear();
    }

    fn servers(&self) -> MutexGuard<'_, BTreeMap<Who, Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets something happen now, and carries out what follows.
    pub(crate) fn happen<T>(&self, happen: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let mut world = self.lock();
        let now = world.now();
        let outcome = happen(&mut world, now);
        for output in world.mesos.take_outputs() {
            world.follow(output, self);
        }
        drop(world);
        self.changed.notify_one();
        outcome
    }

    /// Looks, and changes nothing.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A panic in between would have ended the program.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the model do what it does by itself, for ever.
    pub(crate) async fn keep_time(self) {
        loop {
            let next = self.look(|world| {
                let at = world.mesos.next_wake()?;
                Some(world.began + at.since(Timestamp::default()))
            });
            let due = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.happen(|world, now| world.mesos.wake(now)),
                () = self.changed.notified() => {}
            }
        }
    }
}

impl World {
    /// The model's clock counts from its beginning.
    pub(crate) fn now(&self) -> Timestamp {
        let past = self.began.elapsed().as_millis();
        Timestamp(u64::try_from(past).unwrap_or(u64::MAX))
    }

    pub(crate) fn new_connection(&mut self) -> Connection {
        self.connections += 1;
        Connection(self.connections)
    }

    /// What reconciliation repeats of an executor's word.
    pub(crate) fn remember_health(&mut self, container: Container, status: &proto::TaskStatus) {
        if let Some(healthy) = status.healthy {
            self.healthy.insert((container, status.task_id.value.clone()), healthy);
        }
    }

    /// An executor's process runs.
    pub(crate) fn process_started(&mut self, container: Container, pid: Option<u32>) {
        let ip = self.settings.network.agent(container.agent).ip();
        let Some(contained) = self.containers.get_mut(&container) else { return };
        contained.pid = pid;
        if self.container_statuses.len() == STATUSES_MAX
            && let Some((oldest, _)) = self.container_statuses.pop_first()
        {
            self.healthy.retain(|(of, _), _| *of != oldest);
        }
        self.container_statuses.insert(container, container_status(ip, &contained.id, pid));
    }

    pub(crate) fn tell(&mut self, what: String) {
        tracing::info!("local Mesos: {what}");
        if self.happened.len() == HAPPENED_MAX {
            self.happened.pop_front();
        }
        self.happened.push_back(Happening { at: SystemTime::now(), what });
    }

    /// The name of an agent for people, and in `/local`: they count from 1.
    pub(crate) fn name_of(agent: usize) -> String {
        format!("a{}", agent + 1)
    }

    fn follow(&mut self, output: Output, shared: &Shared) {
        match output {
            Output::Scheduler { connection, event } => {
                // Tried: a heartbeat comes behind SUBSCRIBED at once.
                let is_first = matches!(event, Event::Subscribed { .. });
                let record = self.speaker.to_scheduler(self, event, connection);
                let beat = is_first.then(scheduler_heartbeat);
                if let Some(subscription) = self.subscriptions.get(&connection) {
                    for record in [record].into_iter().chain(beat) {
                        // Whoever hung up hears no more.
                        let _ = subscription.stream.send(record);
                    }
                }
            }
            Output::Closed { connection } => {
                self.subscriptions.remove(&connection);
            }
            Output::Start { container, framework, executor, freight } => {
                self.tell(format!(
                    "{} starts executor {executor}",
                    World::name_of(container.agent)
                ));
                containers::start(self, shared, container, &framework, &executor, freight);
            }
            Output::Destroy { container } => {
                if let Some(contained) = self.containers.get(&container) {
                    contained.destroy.notify_one();
                }
            }
            Output::Executor { container, event } => {
                let record = self.speaker.to_executor(self, container, event);
                let stream = self.containers.get(&container).and_then(|c| c.stream.as_ref());
                if let (Some(record), Some(stream)) = (record, stream) {
                    let _ = stream.send(record);
                }
            }
            Output::Note(note) => self.note(note),
        }
    }

    fn note(&mut self, note: Note) {
        let what = match note {
            Note::Subscribed { framework, .. } => {
                let name = self.frameworks.get(&framework).map_or("", |info| info.name.as_str());
                format!("framework {name} subscribed as {framework}")
            }
            Note::Launched { task, agent } => {
                format!("task {task} goes to {}", World::name_of(agent))
            }
            Note::Registered { agent } => format!("{} registered", World::name_of(agent)),
            Note::Lost { agent } => {
                format!("the master gave {} up: its tasks are unreachable", World::name_of(agent))
            }
            Note::Acknowledged { .. } => return,
        };
        self.tell(what);
    }
}
