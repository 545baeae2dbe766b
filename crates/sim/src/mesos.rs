//! The Mesos master and agents, as far as a scheduler and executors can tell.
//!
//! What is modelled, with its source in Mesos 1.11 (`master.cpp`, `slave.cpp`) or a trial on it:
//! - a second SUBSCRIBE with a framework ID ends the first with ERROR "Framework failed over", and
//!   calls of the former stream are refused (tried);
//! - a call goes over one connection in order; a lost master loses its memory, and learns tasks
//!   again from agents that register (`Master::reregisterSlave`);
//! - explicit reconciliation answers with the state that the master knows; of a task that a
//!   registered agent does not have: GONE; of an agent that does not answer: UNREACHABLE; of an
//!   agent that has not registered since a failover: nothing, until it is given up (tried);
//! - KILL of a task that is not known is answered as a reconciliation (`Master::kill`);
//! - an agent keeps a task's updates in order on its disk, sends the oldest again until it is
//!   acknowledged (`TaskStatusUpdateManager`), and acknowledges to the executor what it keeps;
//! - a launch whose container does not come up is FAILED by the agent; a kill before delivery is
//!   KILLED with REASON_TASK_KILLED_DURING_LAUNCH; a container that ends is FAILED with
//!   REASON_EXECUTOR_TERMINATED;
//! - MESSAGEs are best effort both ways.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, Epoch, FrameworkId, OfferId};
use etcd_mesos_core::offer::{Amount, Disk, Milli, Offer, Resource, Scalar};
use etcd_mesos_core::scheduler::{Action, Event, LivingFramework};
use etcd_mesos_core::status::{Evidence, Reason, Source, TaskState, TaskStatus};
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{FromExecutor, LaunchOrder};
use etcd_mesos_executor::supervisor;

use crate::world::{Coming, World};

/// What reaches the master from a scheduler.
#[derive(Debug)]
pub(crate) enum ToMaster {
    Subscribe { process: u64, framework_id: Option<FrameworkId>, suppressed: bool },
    Call { epoch: Epoch, action: Action },
}

/// What reaches an agent from the master.
#[derive(Debug)]
pub(crate) enum ToAgent {
    Run { framework: FrameworkId, task: String, order: Box<LaunchOrder> },
    Kill { task: String, grace: Duration },
    Acknowledge { task: String, uuid: Vec<u8> },
    Message { executor: String, bytes: Vec<u8> },
}

/// A master's memory of one task.
#[derive(Clone, Debug)]
struct KnownTask {
    agent: usize,
    framework: FrameworkId,
    state: TaskState,
}

/// The leading master; another one after each failover.
#[derive(Debug, Default)]
pub(crate) struct Master {
    pub(crate) is_down: bool,
    /// The stream that counts: connection, scheduler process, framework.
    stream: Option<(u64, u64, FrameworkId)>,
    suppressed: bool,
    connections: u64,
    frameworks: u32,
    offers: BTreeMap<OfferId, usize>,
    next_offer: u64,
    filters: BTreeMap<usize, Timestamp>,
    registered: BTreeSet<usize>,
    unreachable: BTreeSet<usize>,
    /// Agents of the registry that have not registered since the failover.
    awaited: BTreeSet<usize>,
    tasks: BTreeMap<String, KnownTask>,
    uuids: u64,
    is_offer_due: bool,
}

impl Master {
    pub(crate) fn new_connection(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }
}

/// An update that an agent keeps.
#[derive(Clone, Debug)]
struct KeptUpdate {
    status: TaskStatus,
    framework: FrameworkId,
}

/// A container between its launch and its executor.
#[derive(Debug)]
struct Fetching {
    task: String,
    order: LaunchOrder,
}

/// An agent: a daemon, its host, and what it keeps on disk.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) number: usize,
    pub(crate) is_down: bool,
    /// Since when the master does not reach it.
    pub(crate) cut_since: Option<Timestamp>,
    fetching: BTreeMap<String, Fetching>,
    /// The tasks that it was given and that have not ended, and their frameworks.
    pub(crate) tasks: BTreeMap<String, FrameworkId>,
    updates: BTreeMap<String, VecDeque<KeptUpdate>>,
}

impl Agent {
    pub(crate) fn new(number: usize) -> Agent {
        Agent {
            number,
            is_down: false,
            cut_since: None,
            fetching: BTreeMap::new(),
            tasks: BTreeMap::new(),
            updates: BTreeMap::new(),
        }
    }

    pub(crate) fn ip(&self) -> IpAddr {
        IpAddr::from([127, 0, 1, self.number as u8 + 1])
    }

    fn id(&self) -> AgentId {
        AgentId(format!("a{}", self.number))
    }
}

/// How long a master waits for an agent that does not answer: 5 pings of 15 s.
const AGENT_PATIENCE: Duration = Duration::from_secs(75);
/// How often an agent sends an update again (`STATUS_UPDATE_RETRY_INTERVAL_MIN`).
const UPDATE_RETRY: Duration = Duration::from_secs(10);
/// How long an executor has to register (`EXECUTOR_REGISTRATION_TIMEOUT`).
const REGISTRATION_MAX: Duration = Duration::from_secs(60);

impl World {
    fn reaches(&self, agent: usize) -> bool {
        let there = &self.agents[agent];
        !self.master.is_down
            && !there.is_down
            && there.cut_since.is_none()
            && !self.cut.contains(&agent)
    }

    fn agent_number(&self, id: &AgentId) -> Option<usize> {
        self.agents.iter().position(|agent| agent.id() == *id)
    }

    // ---- the master and schedulers

    pub(crate) fn master_hears(&mut self, connection: u64, call: ToMaster) {
        match call {
            ToMaster::Subscribe { process, framework_id, suppressed } => {
                self.subscribed(connection, process, framework_id, suppressed);
            }
            ToMaster::Call { epoch, action } => {
                let current = self.master.stream.as_ref().filter(|(c, _, _)| *c == connection);
                let (false, Some((_, process, framework))) =
                    (self.master.is_down, current.cloned())
                else {
                    return;
                };
                self.carry_out(process, &framework, epoch, action);
            }
        }
    }

    fn subscribed(
        &mut self,
        connection: u64,
        process: u64,
        framework_id: Option<FrameworkId>,
        suppressed: bool,
    ) {
        let asking = self.place_of(process).and_then(|place| self.schedulers[place].as_ref());
        let Some(asking) = asking.filter(|p| p.connection == Some(connection)) else { return };
        let epoch = asking.core.record().epoch;
        if self.master.is_down || self.unlucky(50) {
            return self.disconnected(process, "no master answers");
        }
        let id = framework_id.unwrap_or_else(|| {
            self.master.frameworks += 1;
            FrameworkId(format!("f{}", self.master.frameworks))
        });
        if let Some((_, old, framework)) = self.master.stream.take()
            && framework == id
            && old != process
        {
            let message = "Framework failed over".to_owned();
            self.later(old, 5, Event::MesosError { message });
        }
        self.master.offers.clear();
        self.master.filters.clear();
        self.ledger.subscribed(epoch);
        self.master.stream = Some((connection, process, id.clone()));
        self.master.suppressed = suppressed;
        self.say(Event::Subscribed { framework_id: id });
        self.offer_soon();
    }

    /// A process's connection is gone.
    pub(crate) fn hang_up(&mut self, connection: Option<u64>) {
        if self.master.stream.as_ref().is_some_and(|(c, _, _)| Some(*c) == connection) {
            self.master.stream = None;
            self.master.offers.clear();
        }
    }

    /// Events keep their order on a stream: all of them take one millisecond.
    fn say(&mut self, event: Event) {
        let Some((_, process, _)) = &self.master.stream else { return };
        let at = self.now + Duration::from_millis(1);
        let event = Box::new(event);
        self.coming.put(at, Coming::Scheduler { process: *process, event });
    }

    fn carry_out(&mut self, process: u64, framework: &FrameworkId, epoch: Epoch, action: Action) {
        match action {
            Action::AskFrameworks => {
                let living = self.living();
                self.later(process, 5, Event::Asked(Ok(living)));
            }
            Action::Reconcile { tasks } if tasks.is_empty() => {
                let known: Vec<String> = self.tasks_of(framework);
                known.iter().for_each(|task| self.answer(task, None));
            }
            Action::Reconcile { tasks } => {
                for (task, agent) in tasks {
                    let agent = self.agent_number(&agent);
                    self.answer(&task.to_string(), agent);
                }
            }
            Action::Acknowledge { agent_id, task_id, uuid } => {
                let Some(agent) = self.agent_number(&agent_id) else { return };
                self.send_agent(agent, ToAgent::Acknowledge { task: task_id, uuid });
            }
            Action::Launch { offer_id, agent_id, task_id, order, .. } => {
                let agent = self.agent_number(&agent_id);
                self.accept(framework, epoch, &offer_id, agent, task_id.to_string(), *order);
            }
            Action::Decline { offers, refuse_for } => self.decline(&offers, refuse_for),
            Action::Suppress => self.master.suppressed = true,
            Action::Revive => {
                self.master.suppressed = false;
                self.master.filters.clear();
                self.offer_soon();
            }
            Action::Kill { task_id, agent_id, grace, .. } => {
                self.ledger.kill(&task_id.to_string());
                let agent = self.agent_number(&agent_id);
                self.kill(&task_id.to_string(), agent, grace);
            }
            Action::Message { member, agent_id, message } => {
                let Some(agent) = self.agent_number(&agent_id) else { return };
                if self.unlucky(self.faults.message_loss_per_mille) {
                    return;
                }
                let (executor, bytes) = (member.to_string(), message.to_bytes());
                self.send_agent(agent, ToAgent::Message { executor, bytes });
            }
            Action::Save { .. }
            | Action::Subscribe { .. }
            | Action::Probe { .. }
            | Action::Exit { .. } => {}
        }
    }

    fn living(&self) -> Vec<LivingFramework> {
        let mut living: BTreeMap<&FrameworkId, Vec<String>> = BTreeMap::new();
        for (task, known) in &self.master.tasks {
            living.entry(&known.framework).or_default().push(task.clone());
        }
        let framework =
            |(id, live_tasks): (&FrameworkId, _)| LivingFramework { id: id.clone(), live_tasks };
        living.into_iter().map(framework).collect()
    }

    fn tasks_of(&self, framework: &FrameworkId) -> Vec<String> {
        let ours = self.master.tasks.iter().filter(|(_, known)| known.framework == *framework);
        ours.map(|(task, _)| task.clone()).collect()
    }

    /// Answers a reconciliation; the agent is what the question named.
    fn answer(&mut self, task: &str, agent: Option<usize>) {
        let state = match self.master.tasks.get(task) {
            Some(known) if self.master.unreachable.contains(&known.agent) => TaskState::Unreachable,
            Some(known) => known.state,
            None => match agent {
                Some(n) if self.master.registered.contains(&n) => TaskState::Gone,
                Some(n) if self.master.awaited.contains(&n) => return,
                Some(n) if self.master.unreachable.contains(&n) => TaskState::Unreachable,
                Some(_) | None => TaskState::Unknown,
            },
        };
        let agent = self.master.tasks.get(task).map(|known| known.agent).or(agent);
        let status = self.status(task, agent, (state, Source::Master, Reason::Reconciliation));
        self.say(Event::Update(status));
    }

    fn status(
        &self,
        task: &str,
        agent: Option<usize>,
        (state, source, reason): (TaskState, Source, Reason),
    ) -> TaskStatus {
        TaskStatus {
            task_id: task.to_owned(),
            agent_id: agent.map(|n| self.agents[n].id()),
            state,
            source,
            reason,
            message: String::new(),
            uuid: None,
        }
    }

    // ---- offers

    fn offer_soon(&mut self) {
        if !std::mem::replace(&mut self.master.is_offer_due, true) {
            let at = self.soon(10);
            self.coming.put(at, Coming::Offer);
        }
    }

    pub(crate) fn offer(&mut self) {
        self.master.is_offer_due = false;
        if self.master.is_down || self.master.stream.is_none() || self.master.suppressed {
            return;
        }
        let mut offers = Vec::new();
        for agent in self.master.registered.clone() {
            let is_filtered = self.master.filters.get(&agent).is_some_and(|at| self.now < *at);
            let is_offered = self.master.offers.values().any(|n| *n == agent);
            if is_filtered || is_offered || self.master.unreachable.contains(&agent) {
                continue;
            }
            self.master.next_offer += 1;
            let id = OfferId(format!("o{}", self.master.next_offer));
            self.master.offers.insert(id.clone(), agent);
            offers.push(self.offer_of(id, agent));
        }
        if !offers.is_empty() {
            self.say(Event::Offers(offers));
        }
    }

    fn offer_of(&self, id: OfferId, agent: usize) -> Offer {
        let there = &self.agents[agent];
        let plain = |index, amount| Resource {
            index,
            amount,
            reserved_for: None,
            disk: Disk::Root,
            is_weak: false,
        };
        Offer {
            id,
            agent_id: there.id(),
            hostname: format!("h{agent}"),
            ip: Some(there.ip()),
            resources: vec![
                plain(0, Amount::Scalar(Scalar::Cpus, Milli::whole(4))),
                plain(1, Amount::Scalar(Scalar::Mem, Milli::whole(4096))),
                plain(2, Amount::Scalar(Scalar::Disk, Milli::whole(8192))),
                plain(3, Amount::Ports(vec![(1026, 1028), (1038, 2180)])),
            ],
        }
    }

    fn decline(&mut self, offers: &[OfferId], refuse_for: Duration) {
        let until = self.now + refuse_for;
        for id in offers {
            if let Some(agent) = self.master.offers.remove(id) {
                self.master.filters.insert(agent, until);
            }
        }
        self.coming.put(until, Coming::Offer);
    }

    pub(crate) fn rescind(&mut self, agent: usize) {
        let gone: Vec<OfferId> = self
            .master
            .offers
            .iter()
            .filter(|(_, n)| **n == agent)
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            self.master.offers.remove(&id);
            self.say(Event::Rescinded(id));
        }
    }

    fn accept(
        &mut self,
        framework: &FrameworkId,
        epoch: Epoch,
        offer: &OfferId,
        agent: Option<usize>,
        task: String,
        order: LaunchOrder,
    ) {
        let Some(agent) = self.master.offers.remove(offer).filter(|n| Some(*n) == agent) else {
            let dropped = (TaskState::Dropped, Source::Master, Reason::InvalidOffers);
            let status = self.status(&task, agent, dropped);
            return self.say(Event::Update(status));
        };
        self.ledger.launched(epoch, &task);
        let known = KnownTask { agent, framework: framework.clone(), state: TaskState::Staging };
        self.master.tasks.insert(task.clone(), known);
        let framework = framework.clone();
        self.send_agent(agent, ToAgent::Run { framework, task, order: Box::new(order) });
    }

    fn kill(&mut self, task: &str, agent: Option<usize>, grace: Duration) {
        match self.master.tasks.get(task).map(|known| known.agent) {
            Some(n) => self.send_agent(n, ToAgent::Kill { task: task.to_owned(), grace }),
            None => self.answer(task, agent),
        }
    }

    // ---- agents

    fn send_agent(&mut self, agent: usize, what: ToAgent) {
        let at = self.now + Duration::from_millis(2);
        self.coming.put(at, Coming::Agent { agent, what: Box::new(what) });
    }

    pub(crate) fn agent_hears(&mut self, agent: usize, what: ToAgent) {
        // What a connection that breaks has not delivered is lost.
        if !self.reaches(agent) {
            return;
        }
        match what {
            ToAgent::Run { framework, task, order } => {
                self.run_task(agent, framework, task, *order)
            }
            ToAgent::Kill { task, grace } => self.kill_task(agent, &task, grace),
            ToAgent::Acknowledge { task, uuid } => self.acknowledged(agent, &task, &uuid),
            ToAgent::Message { executor, bytes } => {
                let found =
                    self.executors.iter().find(|(key, e)| key.0 == agent && e.id == executor);
                if let Some(key) = found.map(|(key, _)| *key) {
                    self.tell_executor(key, 5, supervisor::Event::Message(bytes));
                }
            }
        }
    }

    fn run_task(&mut self, agent: usize, framework: FrameworkId, task: String, order: LaunchOrder) {
        let executor = order.member.name.to_string();
        let there = &mut self.agents[agent];
        there.tasks.insert(task.clone(), framework);
        there.fetching.insert(executor.clone(), Fetching { task, order });
        let is_good = !self.unlucky(self.faults.fetch_failure_per_mille);
        let is_slow = self.unlucky(20);
        let at = if is_slow { self.now + REGISTRATION_MAX } else { self.soon(500) };
        let is_good = is_good && !is_slow;
        self.coming.put(at, Coming::Fetched { agent, executor, is_good });
    }

    pub(crate) fn fetched(&mut self, agent: usize, executor: &str, is_good: bool) {
        let there = &mut self.agents[agent];
        let Some(fetching) = there.fetching.remove(executor) else { return };
        if is_good && !there.is_down {
            return self.start_executor(agent, &fetching.task, fetching.order);
        }
        let failed = (TaskState::Failed, Source::Agent, Reason::ContainerLaunchFailed);
        self.keep(agent, &fetching.task, failed);
    }

    fn kill_task(&mut self, agent: usize, task: &str, grace: Duration) {
        let queued = self.agents[agent].fetching.iter().find(|(_, f)| f.task == task);
        if let Some(executor) = queued.map(|(executor, _)| executor.clone()) {
            self.agents[agent].fetching.remove(&executor);
            let killed = (TaskState::Killed, Source::Agent, Reason::KilledDuringLaunch);
            return self.keep(agent, task, killed);
        }
        let found = self.executors.iter().find(|(key, e)| key.0 == agent && e.task == task);
        if let Some(key) = found.map(|(key, _)| *key) {
            let event = supervisor::Event::Kill { task_id: task.to_owned(), grace: Some(grace) };
            self.tell_executor(key, 5, event);
        }
    }

    /// A container ended; what its executor had not said of its task, the agent says.
    pub(crate) fn container_ended(&mut self, agent: usize, task: &str) {
        if self.agents[agent].tasks.contains_key(task) {
            let failed = (TaskState::Failed, Source::Agent, Reason::ExecutorTerminated);
            self.keep(agent, task, failed);
        }
    }

    /// Takes what an executor has to say, if the daemon is there to take it.
    pub(crate) fn take_updates(&mut self, key: (usize, u64)) {
        if self.agents[key.0].is_down {
            return;
        }
        let Some(executor) = self.executors.get_mut(&key) else { return };
        let updates = std::mem::take(&mut executor.unacknowledged);
        if updates.is_empty() {
            return;
        }
        for update in updates {
            let state = match update.state {
                supervisor::TaskState::Starting => TaskState::Starting,
                supervisor::TaskState::Running => TaskState::Running,
                supervisor::TaskState::Killing => TaskState::Killing,
                supervisor::TaskState::Failed => TaskState::Failed,
                supervisor::TaskState::Killed => TaskState::Killed,
            };
            self.keep(key.0, &update.task_id, (state, Source::Executor, Reason::None));
        }
        self.tell_executor(key, 3, supervisor::Event::Acknowledged { left: 0 });
    }

    /// An agent keeps an update on its disk, and sends it when it is the oldest.
    fn keep(&mut self, agent: usize, task: &str, what: (TaskState, Source, Reason)) {
        self.master.uuids += 1;
        let uuid = self.master.uuids.to_be_bytes().to_vec();
        let status = TaskStatus { uuid: Some(uuid), ..self.status(task, Some(agent), what) };
        let is_end = matches!(status.assess(), Evidence::Ended(_));
        let there = &mut self.agents[agent];
        let Some(framework) = there.tasks.get(task).cloned() else { return };
        if is_end {
            there.tasks.remove(task);
        }
        let queue = there.updates.entry(task.to_owned()).or_default();
        queue.push_back(KeptUpdate { status, framework });
        if queue.len() == 1 {
            self.retry(agent, task);
        }
    }

    pub(crate) fn retry(&mut self, agent: usize, task: &str) {
        let head = self.agents[agent].updates.get(task).and_then(|queue| queue.front()).cloned();
        let Some(update) = head else { return };
        let at = self.now + UPDATE_RETRY;
        self.coming.put(at, Coming::Retry { agent, task: task.to_owned() });
        if self.reaches(agent) && self.master.registered.contains(&agent) {
            self.forward(agent, update);
        }
    }

    fn forward(&mut self, agent: usize, update: KeptUpdate) {
        let KeptUpdate { status, framework } = update;
        let task = status.task_id.clone();
        if matches!(status.assess(), Evidence::Ended(_)) {
            self.master.tasks.remove(&task);
        } else if let Some(known) = self.master.tasks.get_mut(&task) {
            known.state = status.state;
        }
        let is_ours = self.master.stream.as_ref().is_some_and(|(_, _, id)| *id == framework);
        if is_ours {
            self.say(Event::Update(status));
        }
        self.offer_after_end(agent);
    }

    fn offer_after_end(&mut self, agent: usize) {
        if self.agents[agent].tasks.is_empty() {
            self.offer_soon();
        }
    }

    fn acknowledged(&mut self, agent: usize, task: &str, uuid: &[u8]) {
        let Some(queue) = self.agents[agent].updates.get_mut(task) else { return };
        let is_head = queue.front().is_some_and(|u| u.status.uuid.as_deref() == Some(uuid));
        if !is_head {
            return;
        }
        if let Some(update) = queue.pop_front() {
            self.ledger.acknowledged(&update.status);
        }
        if queue.is_empty() {
            self.agents[agent].updates.remove(task);
        } else {
            self.retry(agent, task);
        }
    }

    /// A MESSAGE of an executor goes to the scheduler: best effort.
    pub(crate) fn say_to_scheduler(&mut self, agent: usize, bytes: &[u8]) {
        if !self.reaches(agent) || self.unlucky(self.faults.message_loss_per_mille) {
            return;
        }
        let Some((_, process, _)) = self.master.stream.clone() else { return };
        let agent_id = self.agents[agent].id();
        let times = if self.unlucky(self.faults.message_double_per_mille) { 2 } else { 1 };
        for _ in 0..times {
            let body = FromExecutor::from_bytes(bytes).map_err(|error| error.to_string());
            let within = if self.unlucky(100) { 20_000 } else { 5 };
            let event = Event::Message { agent_id: agent_id.clone(), body };
            self.later(process, within, event);
        }
    }

    // ---- agents come and go

    pub(crate) fn register(&mut self, agent: usize) {
        if !self.reaches(agent) {
            if !self.agents[agent].is_down {
                let at = self.soon(2_000);
                self.coming.put(at, Coming::Register { agent });
            }
            return;
        }
        self.master.registered.insert(agent);
        self.master.awaited.remove(&agent);
        self.master.unreachable.remove(&agent);
        self.rescind(agent);
        self.relearn(agent);
        self.offer_soon();
        let waiting: Vec<String> = self.agents[agent].updates.keys().cloned().collect();
        waiting.iter().for_each(|task| self.retry(agent, task));
    }

    /// The master takes an agent's word for its tasks, and forgets what the agent does not have.
    fn relearn(&mut self, agent: usize) {
        let there = &self.agents[agent];
        let tasks = there.tasks.clone();
        let lost: Vec<String> = self
            .master
            .tasks
            .iter()
            .filter(|(task, known)| known.agent == agent && !tasks.contains_key(*task))
            .map(|(task, _)| task.clone())
            .collect();
        for task in lost {
            self.master.tasks.remove(&task);
            // A launch that was lost on its way to an agent that re-registers (`Master::reconcile`).
            let gone = (TaskState::Gone, Source::Master, Reason::Reconciliation);
            let status = self.status(&task, Some(agent), gone);
            self.say(Event::Update(status));
        }
        for (task, framework) in tasks {
            let state = self.master.tasks.get(&task).map_or(TaskState::Starting, |t| t.state);
            self.master.tasks.insert(task, KnownTask { agent, framework, state });
        }
    }

    pub(crate) fn lose_later(&mut self, agent: usize) {
        let cut_since = self.now;
        self.coming.put(self.now + AGENT_PATIENCE, Coming::Lose { agent, cut_since });
    }

    pub(crate) fn lose(&mut self, agent: usize, cut_since: Timestamp) {
        let is_back = self.reaches(agent)
            || self.agents[agent].cut_since.is_some_and(|since| since > cut_since);
        if is_back || self.master.is_down {
            return;
        }
        self.master.registered.remove(&agent);
        self.master.unreachable.insert(agent);
        self.rescind(agent);
        let tasks: Vec<String> = self
            .master
            .tasks
            .iter()
            .filter(|(_, known)| known.agent == agent)
            .map(|(task, _)| task.clone())
            .collect();
        for task in tasks {
            let lost = (TaskState::Unreachable, Source::Master, Reason::Other(11));
            let status = self.status(&task, Some(agent), lost);
            self.say(Event::Update(status));
        }
    }

    /// The host of an agent dies: its executors end with it; its disk keeps what the agent kept.
    pub(crate) fn crash_host(&mut self, agent: usize) {
        self.agents[agent].is_down = true;
        let keys: Vec<_> = self.executors.keys().filter(|key| key.0 == agent).copied().collect();
        keys.into_iter().for_each(|key| self.end_executor(key));
        let queued = std::mem::take(&mut self.agents[agent].fetching);
        for (_, fetching) in queued {
            let failed = (TaskState::Failed, Source::Agent, Reason::ExecutorTerminated);
            self.keep(agent, &fetching.task, failed);
        }
        self.lose_later(agent);
    }

    pub(crate) fn start_agent(&mut self, agent: usize) {
        self.agents[agent].is_down = false;
        let at = self.soon(1_000);
        self.coming.put(at, Coming::Register { agent });
        let keys: Vec<_> = self.executors.keys().filter(|key| key.0 == agent).copied().collect();
        keys.into_iter().for_each(|key| self.take_updates(key));
    }

    pub(crate) fn crash_master(&mut self) {
        self.master.is_down = true;
        if let Some((_, process, _)) = self.master.stream.take() {
            self.disconnected(process, "the master is gone");
        }
        let registry: BTreeSet<usize> =
            self.master.registered.union(&self.master.unreachable).copied().collect();
        let (frameworks, connections) = (self.master.frameworks, self.master.connections);
        let (uuids, next_offer) = (self.master.uuids, self.master.next_offer);
        self.master = Master {
            is_down: true,
            awaited: registry,
            frameworks,
            connections,
            uuids,
            next_offer,
            ..Master::default()
        };
    }

    pub(crate) fn start_master(&mut self) {
        self.master.is_down = false;
        for agent in 0..self.agents.len() {
            let at = self.soon(2_000);
            self.coming.put(at, Coming::Register { agent });
            self.lose_later(agent);
        }
    }
}
