//! Plays exchanges on a place, and writes down all that is heard.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use etcd_mesos_sim::exchange::{Act, Heard, Mesos, What};
use etcd_mesos_testkit::{processes, wait};
use mesos_v1::proto::{
    AgentId, CommandInfo, ExecutorInfo, Filters, FrameworkInfo, Offer, Operation, TaskInfo,
    TaskStatus, Uri, executor_info,
};
use mesos_v1::resource::{ResourceView, take_scalar};
use mesos_v1::scheduler::{Call, Event};
use prost::Message;

use crate::executor;
use crate::place::{AGENTS, Place, Run, SOON};
use crate::scheduler::{self, Said, Scheduler, what};
use crate::told::{self, Told};
use crate::wire::{self, Request};

/// What comes later than this belongs to another command.
const SETTLE: Duration = Duration::from_millis(300);

pub struct Rig {
    pub place: Box<dyn Place>,
    schedulers: BTreeMap<usize, Scheduler>,
    subscriptions: usize,
    /// All frameworks that there were.
    frameworks: BTreeSet<String>,
    offers: BTreeMap<String, Offer>,
    to: Sender<Said>,
    from: Receiver<Said>,
    heard: VecDeque<Heard>,
    told: Told,
    /// The newest update of each task that is to be acknowledged.
    unacknowledged: BTreeMap<String, Bytes>,
    pub heartbeats: usize,
    /// The commands of a text that are still to come.
    commands: VecDeque<String>,
    /// Whether the last command has its answer.
    is_over: bool,
    /// The sandboxes of exchanges before.
    former: BTreeSet<String>,
    began: Instant,
}

impl Rig {
    pub fn new(place: Box<dyn Place>) -> Rig {
        let (to, from) = channel();
        Rig {
            place,
            schedulers: BTreeMap::new(),
            subscriptions: 0,
            frameworks: BTreeSet::new(),
            offers: BTreeMap::new(),
            to,
            from,
            heard: VecDeque::new(),
            told: Told::default(),
            unacknowledged: BTreeMap::new(),
            heartbeats: 0,
            commands: VecDeque::new(),
            is_over: false,
            former: BTreeSet::new(),
            began: Instant::now(),
        }
    }

    /// Prepares for a text with these commands.
    pub fn expect(&mut self, commands: Vec<String>) {
        self.commands = commands.into();
    }

    /// Ends what an exchange left, for the next one, and returns all that was heard.
    pub fn clear(&mut self) -> String {
        self.place.mend().unwrap();
        self.schedulers.clear();
        for framework in std::mem::take(&mut self.frameworks) {
            if !framework.is_empty() {
                self.tear_down(&framework);
            }
        }
        let runs = Run::all(&*self.place);
        let own: Vec<Run> =
            runs.into_iter().filter(|run| !self.former.contains(&run.container)).collect();
        let is_idle = || {
            let is_one = |run: &Run| !processes::find_inside(&run.sandbox).is_empty();
            (!own.iter().any(is_one)).then_some(())
        };
        wait::wait_for("the end of all executors", SOON, is_idle).unwrap();
        let text = self.told.text(&*self.place, &own);
        self.former.extend(own.into_iter().map(|run| run.container));
        (self.to, self.from) = channel();
        self.told = Told::default();
        self.heard.clear();
        self.offers.clear();
        self.unacknowledged.clear();
        self.heartbeats = 0;
        self.is_over = false;
        text
    }

    /// A new scheduler tears the framework down, if it was not before.
    fn tear_down(&self, framework: &str) {
        let (to, from) = channel();
        let info = scheduler::info(Some(framework));
        let master = self.place.master();
        let heir = Scheduler::subscribe(&master, &info, true, 0, to).unwrap();
        let first = from.recv().unwrap().record.map(|record| Event::decode(record).unwrap());
        if matches!(first, Some(Event::Subscribed(_))) {
            let answer = heir.call(&master, Call::teardown());
            assert!(answer.head.status.starts_with("202"), "{answer:?}");
        }
    }

    fn agent_number(agent: &str) -> usize {
        agent.trim_start_matches('a').parse().unwrap()
    }

    pub fn agent_id(&self, agent: &str) -> AgentId {
        match agent.strip_prefix('a').and_then(|n| n.parse().ok()) {
            Some(n) if (1..=AGENTS).contains(&n) => self.place.agent_id(n).as_str().into(),
            // One that there never was, too.
            _ => agent.into(),
        }
    }

    /// Begins a step that no text has.
    pub fn step(&mut self, command: &str) {
        self.told.step(command);
    }

    /// Writes down what the test itself found.
    pub fn note(&mut self, words: &str) {
        self.told.say(None, told::Said::Note(words.to_owned()));
    }

    /// Tasks, and the updates of them that are to be acknowledged now.
    pub fn unacknowledged(&mut self) -> BTreeMap<String, Bytes> {
        std::mem::take(&mut self.unacknowledged)
    }

    /// Asks the master, or an agent, and writes the answer down.
    pub fn ask(&mut self, at: &str, request: &Request) {
        let answer = wire::ask(at, request).unwrap();
        self.told.say(None, told::Said::Answer(answer));
    }

    pub fn subscribe(&mut self, scheduler: usize, info: &FrameworkInfo, is_suppressed: bool) {
        self.subscriptions += 1;
        let (number, to) = (self.subscriptions, self.to.clone());
        let master = self.place.master();
        match Scheduler::subscribe(&master, info, is_suppressed, number, to) {
            Ok(subscribed) => {
                self.told.say(Some(scheduler), told::Said::Head(subscribed.head.clone()));
                self.frameworks.insert(subscribed.framework.clone());
                self.schedulers.insert(scheduler, subscribed);
            }
            Err(answer) => self.told.say(Some(scheduler), told::Said::Answer(answer)),
        }
    }

    pub fn scheduler(&self, scheduler: usize) -> &Scheduler {
        &self.schedulers[&scheduler]
    }

    pub fn call(&mut self, scheduler: usize, call: Call) -> Result<(), String> {
        let sender = self.schedulers.get(&scheduler).ok_or("it never subscribed")?;
        let answer = sender.call(&self.place.master(), call);
        if !answer.head.status.starts_with("202") {
            let status = answer.head.status.split(' ').next().unwrap_or_default().to_owned();
            self.heard.push_back(Heard { scheduler, what: What::Refused(status) });
        }
        self.told.say(Some(scheduler), told::Said::Answer(answer));
        Ok(())
    }

    /// Listens until so many events were heard, or a call was refused, and a moment longer.
    pub fn listen(&mut self, count: usize, within: Duration) {
        let until = Instant::now() + within;
        let mut missing = count;
        loop {
            let left = match missing {
                0 => SETTLE,
                _ => until.saturating_duration_since(Instant::now()),
            };
            match self.hear(left).map(|heard| heard.what) {
                Some(What::Refused(_)) => missing = 0,
                Some(_) => missing = missing.saturating_sub(1),
                None => return,
            }
        }
    }

    /// The newest offer of an agent.
    pub fn offer_of(&self, agent: &str) -> Offer {
        let id = self.agent_id(agent);
        let its = self.offers.values().filter(|offer| offer.agent_id == id);
        // Their IDs end with a number that grows.
        let number =
            |offer: &&Offer| offer.id.value.rsplit_once('O').unwrap().1.parse::<u64>().unwrap();
        its.max_by_key(number).unwrap().clone()
    }

    fn take(&mut self, said: Said) {
        let is_it = |(_, known): &(&usize, &Scheduler)| known.subscription == said.subscription;
        // Who hung up hears no more.
        let Some((&scheduler, _)) = self.schedulers.iter().find(is_it) else { return };
        let Some(record) = said.record else {
            self.told.say(Some(scheduler), told::Said::End);
            return self.heard.push_back(Heard { scheduler, what: What::Closed });
        };
        let event = Event::decode(record.clone()).unwrap();
        match &event {
            Event::Heartbeat => {
                self.heartbeats += 1;
                return check_heartbeat(&record);
            }
            Event::Update(status) => {
                let task = status.task_id.value.clone();
                self.unacknowledged.extend(status.uuid.clone().map(|uuid| (task, uuid)));
            }
            Event::Offers(offers) => {
                self.offers.extend(offers.iter().map(|o| (o.id.value.clone(), o.clone())));
            }
            _ => {}
        }
        self.told.say(Some(scheduler), told::Said::Record(record));
        let name = |id: &str| {
            let found = (1..=AGENTS).find(|n| self.place.agent_id(*n) == id);
            found.map_or(id.to_owned(), |n| format!("a{n}"))
        };
        let all: Vec<What> = what(event, name);
        self.heard.extend(all.into_iter().map(|what| Heard { scheduler, what }));
    }

    fn launch(&self, offer: &str, task: &str, is_fetchable: bool) -> Call {
        let offer = &self.offers[offer];
        let mut task = task_on(offer, task);
        if !is_fetchable {
            let uri = Uri { value: "/nothing/is/here".to_owned(), ..Uri::default() };
            task.executor.as_mut().unwrap().command.as_mut().unwrap().uris = vec![uri];
        }
        let rest = Filters::refuse_for(Duration::from_secs(3600));
        Call::accept(vec![offer.id.clone()], vec![Operation::launch(vec![task])], Some(rest))
    }

    fn kill_executor(&self, task: &str) -> Result<(), String> {
        let executor = format!("e-{task}");
        let runs = Run::all(&*self.place);
        let run = runs.iter().rfind(|run| run.executor == executor);
        run.ok_or("it has no sandbox")?.kill()
    }

    fn disaster(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::KillExecutor { task } => self.kill_executor(task),
            Act::KillAgent { agent } => self.place.kill_agent(Self::agent_number(agent)),
            Act::StartAgent { agent } => self.place.start_agent(Self::agent_number(agent)),
            Act::FailOver => self.place.fail_over(),
            other => Err(format!("{other:?} is not known here")),
        }
    }

    /// The call that an exchange names, and who makes it.
    fn call_of(&self, act: &Act) -> Option<(usize, Call)> {
        let call = match act {
            Act::Launch { scheduler, offer, agent: _, task, is_fetchable } => {
                (*scheduler, self.launch(offer, task, *is_fetchable))
            }
            Act::Acknowledge { scheduler, agent, task, uuid } => {
                (*scheduler, acknowledge(self.agent_id(agent), task, uuid.clone().into()))
            }
            Act::Reconcile { scheduler, tasks } => {
                let task = |(task, agent): &(String, Option<String>)| {
                    (task.as_str().into(), agent.as_ref().map(|agent| self.agent_id(agent)))
                };
                (*scheduler, Call::reconcile(tasks.iter().map(task).collect()))
            }
            Act::Kill { scheduler, task, agent } => {
                let agent = agent.as_ref().map(|agent| self.agent_id(agent));
                (*scheduler, Call::kill(task.as_str().into(), agent, None))
            }
            Act::Decline { scheduler, offer, refuse_for } => {
                let filters = Filters::refuse_for(*refuse_for);
                (*scheduler, Call::decline(vec![offer.as_str().into()], Some(filters)))
            }
            Act::Suppress { scheduler } => (*scheduler, Call::suppress(Vec::new())),
            Act::Revive { scheduler } => (*scheduler, Call::revive(Vec::new())),
            Act::Message { scheduler, task, agent } => {
                let executor = format!("e-{task}").as_str().into();
                (*scheduler, Call::message(self.agent_id(agent), executor, "well?".into()))
            }
            Act::Teardown { scheduler } => (*scheduler, Call::teardown()),
            _ => return None,
        };
        Some(call)
    }
}

pub fn acknowledge(agent: AgentId, task: &str, uuid: Bytes) -> Call {
    let status = TaskStatus {
        task_id: task.into(),
        agent_id: Some(agent),
        uuid: Some(uuid),
        ..TaskStatus::default()
    };
    Call::acknowledge(&status).unwrap()
}

/// A task in an executor of its own, out of an offer.
pub fn task_on(offer: &Offer, task: &str) -> TaskInfo {
    let program = std::env::current_exe().unwrap().to_string_lossy().into_owned();
    let command = CommandInfo {
        shell: Some(false),
        value: Some(program.clone()),
        arguments: vec![program, executor::FLAG.to_owned()],
        ..CommandInfo::default()
    };
    let executor = ExecutorInfo {
        r#type: Some(executor_info::Type::Custom.into()),
        executor_id: format!("e-{task}").as_str().into(),
        command: Some(command),
        resources: out_of(offer, 0.1, 32.0),
        ..ExecutorInfo::default()
    };
    TaskInfo {
        name: task.to_owned(),
        task_id: task.into(),
        agent_id: offer.agent_id.clone(),
        resources: out_of(offer, 0.1, 32.0),
        executor: Some(executor),
        ..TaskInfo::default()
    }
}

pub fn out_of(offer: &Offer, cpus: f64, mem: f64) -> Vec<Bytes> {
    let take = |name: &str, amount: f64| {
        let is_it = |raw: &&Bytes| ResourceView::of(raw).unwrap().name == name;
        take_scalar(offer.resources.iter().find(is_it).unwrap(), amount).unwrap()
    };
    vec![take("cpus", cpus), take("mem", mem)]
}

/// The other events are written down; this one comes by the clock.
fn check_heartbeat(record: &Bytes) {
    let heartbeat = mesos_v1::proto::scheduler::Event {
        r#type: Some(mesos_v1::proto::scheduler::event::Type::Heartbeat.into()),
        ..mesos_v1::proto::scheduler::Event::default()
    };
    assert_eq!(*record, heartbeat.encode_to_vec(), "a HEARTBEAT is its type alone");
}

impl Mesos for Rig {
    fn act(&mut self, act: &Act) -> Result<(), String> {
        if let Some(command) = self.commands.pop_front() {
            self.step(&command);
        }
        self.is_over = false;
        match act {
            Act::Subscribe { scheduler, framework, suppressed } => {
                let info = scheduler::info(framework.as_deref());
                self.subscribe(*scheduler, &info, *suppressed);
                Ok(())
            }
            Act::HangUp { scheduler } => {
                self.schedulers.remove(scheduler);
                Ok(())
            }
            act => match self.call_of(act) {
                Some((scheduler, call)) => self.call(scheduler, call),
                None => self.disaster(act),
            },
        }
    }

    fn hear(&mut self, within: Duration) -> Option<Heard> {
        // A command to wait is no act.
        if self.is_over && self.commands.front().is_some_and(|next| next.starts_with("wait")) {
            let command = self.commands.pop_front().unwrap();
            self.step(&command);
            self.is_over = false;
        }
        let until = Instant::now() + within;
        while self.heard.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            match self.from.recv_timeout(left) {
                Ok(said) => self.take(said),
                Err(_) => {
                    self.is_over = true;
                    return None;
                }
            }
        }
        self.heard.pop_front()
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}
