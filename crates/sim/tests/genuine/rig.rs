//! One genuine Mesos for all exchanges: a master with a registry on disk, and two agents.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use etcd_mesos_sim::exchange::{Act, Heard, Mesos, What};
use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::processes;
use mesos_v1::proto::{
    AgentId, CommandInfo, ExecutorInfo, Filters, Offer, Operation, TaskInfo, Uri, executor_info,
};
use mesos_v1::resource::{ResourceView, take_scalar};
use mesos_v1::scheduler::{Call, Event};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::executor;
use crate::scheduler::{Said, Scheduler, what};

const AGENTS: usize = 2;
const SOON: Duration = Duration::from_secs(30);

pub struct Rig {
    cluster: Cluster,
    runtime: Runtime,
    schedulers: BTreeMap<usize, Scheduler>,
    offers: BTreeMap<String, Offer>,
    /// Agent IDs by the agents' names.
    agents: BTreeMap<String, String>,
    to: UnboundedSender<(usize, Said)>,
    from: UnboundedReceiver<(usize, Said)>,
    heard: VecDeque<Heard>,
    began: Instant,
}

impl Rig {
    pub fn start() -> Rig {
        // A registry in memory would not know, after a failover, which agents there were; and an
        // agent is given up after 8 pings of 1 s, where 5 of 15 s are usual.
        let cluster = Cluster::builder()
            .agents(AGENTS)
            .env("MESOS_REGISTRY", "replicated_log")
            .env("MESOS_AGENT_PING_TIMEOUT", "1secs")
            .env("MESOS_MAX_AGENT_PING_TIMEOUTS", "8")
            .start()
            .unwrap();
        let id = |n| cluster.agent(n).unwrap().unwrap()["id"].as_str().unwrap().to_owned();
        let agents = (1..=AGENTS).map(|n| (format!("a{n}"), id(n))).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (to, from) = unbounded_channel();
        Rig {
            cluster,
            runtime,
            schedulers: BTreeMap::new(),
            offers: BTreeMap::new(),
            agents,
            to,
            from,
            heard: VecDeque::new(),
            began: Instant::now(),
        }
    }

    /// Ends what an exchange left, for the next one.
    pub fn clear(&mut self) {
        for n in 1..=AGENTS {
            if self.cluster.agent_pid(n).is_err() {
                self.cluster.start_agent(n).unwrap();
            }
        }
        self.cluster.wait_agents(AGENTS, SOON).unwrap();
        self.schedulers.clear();
        for framework in self.cluster.frameworks().unwrap() {
            self.cluster.teardown(framework["id"].as_str().unwrap()).unwrap();
        }
        let own = std::env::current_exe().unwrap();
        let is_idle = || {
            let inside = processes::find_inside(self.cluster.dir());
            let executors = inside.iter().filter(|p| p.cmdline.iter().any(|a| a == executor::FLAG));
            (executors.count() == 0).then_some(())
        };
        self.cluster.wait_for(&format!("the end of {}", own.display()), SOON, is_idle).unwrap();
        let (to, from) = unbounded_channel();
        (self.to, self.from) = (to, from);
        self.heard.clear();
        self.offers.clear();
    }

    fn agent_number(agent: &str) -> usize {
        agent.trim_start_matches('a').parse().unwrap()
    }

    fn agent_id(&self, agent: &str) -> AgentId {
        // One that there never was, too.
        self.agents.get(agent).map_or(agent, String::as_str).into()
    }

    fn send(&mut self, scheduler: usize, call: Call) -> Result<(), String> {
        let sender = self.schedulers.get(&scheduler).ok_or("it never subscribed")?;
        if let Some(how) = self.runtime.block_on(sender.send(call)) {
            self.heard.push_back(Heard { scheduler, what: What::Refused(how) });
        }
        Ok(())
    }

    fn take(&mut self, scheduler: usize, said: Said) {
        let Some(event) = said else {
            return self.heard.push_back(Heard { scheduler, what: What::Closed });
        };
        if let Event::Offers(offers) = &event {
            self.offers.extend(offers.iter().map(|o| (o.id.value.clone(), o.clone())));
        }
        let name = |id: &str| {
            let found = self.agents.iter().find(|(_, known)| *known == id);
            found.map_or(id.to_owned(), |(name, _)| name.clone())
        };
        let all = what(event, name).into_iter().map(|what| Heard { scheduler, what });
        self.heard.extend(all);
    }

    fn launch(&self, offer: &str, task: &str, is_fetchable: bool) -> Call {
        let offer = &self.offers[offer];
        let take = |name: &str, amount: f64| {
            let is_it = |raw: &&bytes::Bytes| ResourceView::of(raw).unwrap().name == name;
            take_scalar(offer.resources.iter().find(is_it).unwrap(), amount).unwrap()
        };
        let uri = || Uri { value: "/nothing/is/here".to_owned(), ..Uri::default() };
        let program = std::env::current_exe().unwrap().to_string_lossy().into_owned();
        let command = CommandInfo {
            uris: if is_fetchable { Vec::new() } else { vec![uri()] },
            shell: Some(false),
            value: Some(program.clone()),
            arguments: vec![program, executor::FLAG.to_owned()],
            ..CommandInfo::default()
        };
        let executor = ExecutorInfo {
            r#type: Some(executor_info::Type::Custom.into()),
            executor_id: format!("e-{task}").as_str().into(),
            command: Some(command),
            resources: vec![take("cpus", 0.1), take("mem", 32.0)],
            ..ExecutorInfo::default()
        };
        let task = TaskInfo {
            name: task.to_owned(),
            task_id: task.into(),
            agent_id: offer.agent_id.clone(),
            resources: vec![take("cpus", 0.1), take("mem", 32.0)],
            executor: Some(executor),
            ..TaskInfo::default()
        };
        let rest = Filters::refuse_for(Duration::from_secs(3600));
        Call::accept(vec![offer.id.clone()], vec![Operation::launch(vec![task])], Some(rest))
    }

    fn kill_executor(&self, task: &str) -> Result<(), String> {
        let sandboxes =
            (1..=AGENTS).filter_map(|n| self.cluster.sandbox(n, &format!("e-{task}")).ok()?);
        let sandbox = sandboxes.last().ok_or("it has no sandbox")?;
        processes::kill_inside(&sandbox).map_err(|error| error.to_string())
    }

    fn disaster(&mut self, act: &Act) -> Result<(), String> {
        let done = match act {
            Act::KillExecutor { task } => return self.kill_executor(task),
            Act::KillAgent { agent } => self.cluster.kill_agent(Self::agent_number(agent)),
            Act::StartAgent { agent } => self.cluster.start_agent(Self::agent_number(agent)),
            Act::FailOver => {
                let running = (1..=AGENTS).filter(|n| self.cluster.agent_pid(*n).is_ok()).count();
                let (killed, started) =
                    (self.cluster.kill_master(1), || self.cluster.start_master(1));
                // Agents notice only by the lack of pings.
                killed
                    .and_then(|()| started())
                    .and_then(|()| self.cluster.wait_agents(running, SOON))
            }
            other => return Err(format!("{other:?} is not known here")),
        };
        done.map_err(|error| error.to_string())
    }
}

impl Mesos for Rig {
    fn act(&mut self, act: &Act) -> Result<(), String> {
        let (scheduler, call) = match act {
            Act::Subscribe { scheduler, framework, suppressed } => {
                let master = self.cluster.master_addr();
                let to = (*scheduler, self.to.clone());
                let subscribing =
                    Scheduler::subscribe(&master, framework.as_ref(), *suppressed, to);
                let subscribed = self.runtime.block_on(subscribing);
                self.schedulers.insert(*scheduler, subscribed);
                return Ok(());
            }
            Act::HangUp { scheduler } => {
                self.schedulers.remove(scheduler);
                // The task that reads must be given the time to drop its connection.
                self.runtime.block_on(tokio::task::yield_now());
                return Ok(());
            }
            Act::Launch { scheduler, offer, agent: _, task, is_fetchable } => {
                (*scheduler, self.launch(offer, task, *is_fetchable))
            }
            Act::Acknowledge { scheduler, agent, task, uuid } => {
                let status = mesos_v1::proto::TaskStatus {
                    task_id: task.as_str().into(),
                    agent_id: Some(self.agent_id(agent)),
                    uuid: Some(uuid.clone().into()),
                    ..mesos_v1::proto::TaskStatus::default()
                };
                (*scheduler, Call::acknowledge(&status).unwrap())
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
            Act::KillExecutor { .. }
            | Act::KillAgent { .. }
            | Act::StartAgent { .. }
            | Act::FailOver => return self.disaster(act),
        };
        self.send(scheduler, call)
    }

    fn hear(&mut self, within: Duration) -> Option<Heard> {
        if self.heard.is_empty() {
            let next =
                async { tokio::time::timeout(within, self.from.recv()).await.ok().flatten() };
            let (scheduler, said) = self.runtime.block_on(next)?;
            self.take(scheduler, said);
        }
        self.heard.pop_front()
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}
