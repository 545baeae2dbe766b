//! A Mesos of a few agents, and what it said to whom.

#![allow(clippy::unwrap_used)]

use std::net::IpAddr;
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId, OfferId};
use etcd_mesos_core::offer::Milli;
use etcd_mesos_core::status::TaskState;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_model::{
    AGENT_PATIENCE, AgentSettings, Call, Connection, Container, Event, ExecutorEvent, Freight,
    Holding, Launch, Mesos, Offer, Output, Pace, Said, Settings, Subscribe, TaskLaunch, Update,
};

/// A task is the description of its executor.
#[derive(Clone, Copy, Debug)]
pub struct Words;

impl Freight for Words {
    type Task = &'static str;
    type Said = ();

    fn is_same_executor(one: &&'static str, other: &&'static str) -> bool {
        one == other
    }
}

pub fn cpus(cpus: u64) -> Holding {
    Holding::new(Milli::whole(cpus), Milli::whole(64 * cpus), Milli(0), &[])
}

pub const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// Mesos, its clock, and everything that it has said.
pub struct Scene {
    pub mesos: Mesos<Words>,
    pub now: Timestamp,
    heard: Vec<Output<Words>>,
}

impl Scene {
    /// Agents of ten CPUs each, that have registered.
    pub fn of(agents: usize) -> Scene {
        let agent = |n: usize| AgentSettings {
            hostname: format!("h{}", n + 1),
            ip: IpAddr::from([127, 0, 0, 1]),
            resources: cpus(10),
        };
        let agents = (0..agents).map(agent).collect();
        let settings = Settings { agents, patience: AGENT_PATIENCE, master_id: None };
        let mesos = Mesos::new(settings, Pace::Instant);
        let mut scene = Scene { mesos, now: Timestamp(0), heard: Vec::new() };
        scene.pass(Duration::ZERO);
        scene
    }

    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.mesos.next_wake().filter(|at| *at <= until) {
            self.mesos.wake(at);
            self.now = self.now.max(at);
        }
        self.now = until;
        self.heard.extend(self.mesos.take_outputs());
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Lets something happen now.
    pub fn tell<T>(&mut self, what: impl FnOnce(&mut Mesos<Words>, Timestamp) -> T) -> T {
        let outcome = what(&mut self.mesos, self.now);
        self.heard.extend(self.mesos.take_outputs());
        outcome
    }

    /// What was said since this was last asked.
    pub fn heard(&mut self) -> Vec<Output<Words>> {
        std::mem::take(&mut self.heard)
    }

    /// What a scheduler heard since anybody was last asked; the rest is forgotten.
    pub fn events(&mut self, of: Connection) -> Vec<Event<Words>> {
        let said = self.heard().into_iter().filter_map(|output| match output {
            Output::Scheduler { connection, event } if connection == of => Some(event),
            _ => None,
        });
        said.collect()
    }

    pub fn updates(&mut self, of: Connection) -> Vec<Update<Words>> {
        let said = self.events(of).into_iter().filter_map(|event| match event {
            Event::Update(update) => Some(*update),
            _ => None,
        });
        said.collect()
    }

    /// The states that a scheduler was told, with their tasks.
    pub fn states(&mut self, of: Connection) -> Vec<(String, TaskState)> {
        let all = self.updates(of).into_iter();
        all.map(|update| (update.status.task_id, update.status.state)).collect()
    }

    pub fn offers(&mut self, of: Connection) -> Vec<Offer> {
        let said = self.events(of).into_iter().filter_map(|event| match event {
            Event::Offers(offers) => Some(offers),
            _ => None,
        });
        said.flatten().collect()
    }

    /// What an executor heard, in words.
    pub fn told(&mut self, of: Container) -> Vec<String> {
        let said = self.heard().into_iter().filter_map(|output| match output {
            Output::Executor { container, event } if container == of => Some(match event {
                ExecutorEvent::Subscribed => "subscribed".to_owned(),
                ExecutorEvent::Launch { task, .. } => format!("launch {task}"),
                ExecutorEvent::Kill { task, .. } => format!("kill {task}"),
                ExecutorEvent::Acknowledged { task, .. } => format!("acknowledged {task}"),
                ExecutorEvent::Message(_) => "message".to_owned(),
                ExecutorEvent::Shutdown => "shutdown".to_owned(),
            }),
            Output::Destroy { container } if container == of => Some("destroy".to_owned()),
            _ => None,
        });
        said.collect()
    }

    /// A framework subscribes, with that number as its connection.
    pub fn subscribe(
        &mut self,
        connection: u64,
        id: Option<&str>,
        timeout: Duration,
    ) -> Connection {
        let connection = Connection(connection);
        let subscribe = Subscribe {
            framework_id: id.map(|id| FrameworkId(id.to_owned())),
            role: "*".to_owned(),
            suppressed: false,
            failover_timeout: timeout,
        };
        self.tell(|mesos, now| mesos.subscribe(now, connection, subscribe)).unwrap();
        connection
    }

    pub fn call(&mut self, connection: Connection, call: Call<Words>) {
        self.tell(|mesos, now| mesos.call(now, connection, call)).unwrap();
    }

    /// Launches tasks of one CPU each, in executors of one CPU; what is left is refused for an hour.
    pub fn launch(&mut self, of: Connection, offer: &Offer, tasks: &[(&str, &str, &'static str)]) {
        self.launch_refusing(of, offer, tasks, 3600);
    }

    pub fn launch_refusing(
        &mut self,
        of: Connection,
        offer: &Offer,
        tasks: &[(&str, &str, &'static str)],
        seconds: u64,
    ) {
        let agent_id = self.mesos.agent(offer.agent).id;
        let task = |(task, executor, freight): &(&str, &str, &'static str)| TaskLaunch {
            flaw: None,
            task: (*task).to_owned(),
            agent_id: agent_id.clone(),
            executor: (*executor).to_owned(),
            needs: cpus(1),
            executor_needs: cpus(1),
            shutdown_grace: Duration::from_secs(5),
            freight: *freight,
        };
        let (offers, tasks) = (vec![offer.id.clone()], tasks.iter().map(task).collect());
        let refuse_for = Duration::from_secs(seconds);
        self.call(of, Call::Accept(Launch { offers, tasks, refuse_for }));
    }

    pub fn decline(&mut self, of: Connection, offer: OfferId, seconds: u64) {
        let refuse_for = Duration::from_secs(seconds);
        self.call(of, Call::Decline { offers: vec![offer], refuse_for });
    }

    pub fn kill(&mut self, of: Connection, task: &str) {
        self.call(of, Call::Kill { task: task.to_owned(), agent_id: None, grace: None });
    }

    /// The container of an executor on the first agent.
    pub fn container(&self, executor: &str) -> Container {
        let all = self.mesos.containers();
        all.into_iter().find(|c| c.executor == executor).unwrap().container
    }

    /// An executor says a state, under a UUID that is made of both.
    pub fn say(&mut self, container: Container, task: &str, state: TaskState) {
        let (task, uuid) = (task.to_owned(), format!("{task} {state:?}").into_bytes());
        let said = Said { task, state, message: String::new(), uuid, said: () };
        self.tell(|mesos, now| mesos.executor_updates(now, container, said)).unwrap();
    }

    pub fn subscribes(&mut self, container: Container, unacknowledged: &[&str]) {
        let tasks: Vec<String> = unacknowledged.iter().map(|&task| task.to_owned()).collect();
        self.tell(|mesos, now| mesos.executor_subscribes(now, container, &tasks)).unwrap();
    }

    /// A scheduler acknowledges all that it hears now.
    pub fn acknowledge(&mut self, of: Connection) -> Vec<(String, TaskState)> {
        let updates = self.updates(of);
        for update in &updates {
            let (Some(agent_id), Some(uuid)) = (&update.status.agent_id, &update.status.uuid)
            else {
                continue;
            };
            let (agent_id, uuid) = (AgentId(agent_id.0.clone()), uuid.clone());
            let task = update.status.task_id.clone();
            self.call(of, Call::Acknowledge { agent_id, task, uuid });
        }
        updates.into_iter().map(|update| (update.status.task_id, update.status.state)).collect()
    }

    /// A framework of a week with one task `t` in executor `e` that runs on the first agent.
    pub fn with_a_task() -> (Scene, Connection, Container) {
        let mut scene = Scene::of(1);
        let scheduler = scene.subscribe(1, None, WEEK);
        let offer = scene.offers(scheduler).remove(0);
        scene.launch(scheduler, &offer, &[("t", "e", "one")]);
        let container = scene.container("e");
        scene.subscribes(container, &[]);
        scene.say(container, "t", TaskState::Running);
        scene.acknowledge(scheduler);
        scene.heard();
        (scene, scheduler, container)
    }
}
