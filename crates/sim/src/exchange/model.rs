//! The model of this crate as the Mesos of an exchange.

use std::collections::VecDeque;
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId, OfferId};
use etcd_mesos_core::offer::{Milli, Offer};
use etcd_mesos_core::scheduler::Event;
use etcd_mesos_core::status::{Reason, Source, TaskState, TaskStatus};
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_model::{Holding, TaskLaunch};

use super::{Act, Heard, Mesos, What};
use crate::clients::Word;
use crate::faults::Fault;
use crate::freight::{Call, Sim, Work, launch};
use crate::world::World;

/// A world of two agents, which an unanswered master gives up after 8 s, as the genuine one does
/// that recorded the exchanges.
pub struct Model {
    world: World,
    heard: VecDeque<Heard>,
}

impl Default for Model {
    fn default() -> Model {
        let world = World::bare(1, 2, crate::run::config(), Duration::from_secs(8));
        let mut model = Model { world, heard: VecDeque::new() };
        model.advance(Timestamp(5_000));
        model
    }
}

impl Model {
    fn advance(&mut self, until: Timestamp) {
        while self.world.next_at().is_some_and(|at| at <= until) {
            self.world.step().expect("a client breaks no promise of a scheduler");
        }
        self.world.now = until;
    }

    fn agent(&self, name: &str) -> Result<usize, String> {
        let found = self.world.mesos.find_agent(&AgentId(name.to_owned()));
        found.ok_or_else(|| format!("there is no agent {name}"))
    }

    fn next_word(&mut self) -> Option<Heard> {
        for (number, client) in &mut self.world.clients {
            let scheduler = (*number - FIRST_CLIENT) as usize;
            let all = client.heard.drain(..).flat_map(what);
            self.heard.extend(all.map(|what| Heard { scheduler, what }));
        }
        self.heard.pop_front()
    }

    fn disaster(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::KillExecutor { task } => {
                let key = self.world.plain_of(task).ok_or("it has no executor")?;
                self.world.end_plain(key);
            }
            Act::KillAgent { agent } => {
                let agent = self.agent(agent)?;
                self.world.strike(Fault::DaemonDown(agent));
            }
            Act::StartAgent { agent } => {
                let agent = self.agent(agent)?;
                self.world.strike(Fault::AgentUp(agent));
            }
            Act::FailOver => {
                self.world.strike(Fault::MasterDown);
                self.world.strike(Fault::MasterUp);
                self.advance(self.world.now() + Duration::from_secs(3));
            }
            other => return Err(format!("{other:?} is not known here")),
        }
        Ok(())
    }
}

/// `--executor_shutdown_grace_period`.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// Clients are numbered above all scheduler processes.
const FIRST_CLIENT: u64 = 1_000_000;

impl Mesos for Model {
    fn act(&mut self, act: &Act) -> Result<(), String> {
        let id = |agent: &String| AgentId(agent.clone());
        let (scheduler, call) = match act {
            Act::Subscribe { scheduler, framework, suppressed } => {
                let framework = framework.clone().map(FrameworkId);
                let number = FIRST_CLIENT + *scheduler as u64;
                self.world.client_subscribes(number, framework, *suppressed);
                return Ok(());
            }
            Act::HangUp { scheduler } => {
                self.world.client_hangs_up(FIRST_CLIENT + *scheduler as u64);
                return Ok(());
            }
            Act::Launch { scheduler, offer, agent, task, is_fetchable } => {
                let launched = plain_task(task, id(agent), *is_fetchable);
                (scheduler, Call::Accept(launch(OfferId(offer.clone()), vec![launched])))
            }
            Act::Acknowledge { scheduler, agent, task, uuid } => {
                let (agent_id, task, uuid) = (id(agent), task.clone(), uuid.clone());
                (scheduler, Call::Acknowledge { agent_id, task, uuid })
            }
            Act::Reconcile { scheduler, tasks } => {
                let tasks = tasks.iter().map(|(task, a)| (task.clone(), a.as_ref().map(id)));
                (scheduler, Call::Reconcile(tasks.collect()))
            }
            Act::Kill { scheduler, task, agent } => {
                let (task, agent_id) = (task.clone(), agent.as_ref().map(id));
                (scheduler, Call::Kill { task, agent_id, grace: None })
            }
            Act::Decline { scheduler, offer, refuse_for } => {
                let (offers, refuse_for) = (vec![OfferId(offer.clone())], *refuse_for);
                (scheduler, Call::Decline { offers, refuse_for })
            }
            Act::Suppress { scheduler } => (scheduler, Call::Suppress),
            Act::Revive { scheduler } => (scheduler, Call::Revive),
            Act::Message { scheduler, task, agent } => {
                let (executor, agent_id) = (format!("e-{task}"), id(agent));
                (scheduler, Call::Message { executor, agent_id, bytes: b"well?".to_vec() })
            }
            Act::Teardown { scheduler } => (scheduler, Call::Teardown),
            Act::KillExecutor { .. }
            | Act::KillAgent { .. }
            | Act::StartAgent { .. }
            | Act::FailOver => return self.disaster(act),
        };
        self.world.client_calls(FIRST_CLIENT + *scheduler as u64, call);
        Ok(())
    }

    fn hear(&mut self, within: Duration) -> Option<Heard> {
        let until = self.world.now() + within;
        loop {
            if let Some(heard) = self.next_word() {
                return Some(heard);
            }
            match self.world.next_at().filter(|at| *at <= until) {
                Some(at) => self.advance(at),
                None => {
                    self.world.now = until;
                    return None;
                }
            }
        }
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.world.now().0)
    }
}

/// A task as `crates/local/tests/exchanges/rig.rs` launches it.
fn plain_task(task: &str, agent_id: AgentId, is_fetchable: bool) -> TaskLaunch<Sim> {
    let a_little = Holding::new(Milli(100), Milli::whole(32), Milli(0), &[]);
    TaskLaunch {
        flaw: None,
        task: task.to_owned(),
        agent_id,
        executor: format!("e-{task}"),
        needs: a_little.clone(),
        executor_needs: a_little,
        shutdown_grace: SHUTDOWN_GRACE,
        freight: Work::Plain { is_fetchable },
    }
}

/// What an exchange says of a word, if it says anything.
fn what(word: Word) -> Vec<What> {
    let event = match word {
        Word::Refused => return vec![What::Refused("400".to_owned())],
        Word::Event(event) => *event,
    };
    vec![match event {
        Event::Subscribed { framework_id } => What::Subscribed { framework: framework_id.0 },
        Event::MesosError { message } => What::Error(message),
        Event::Disconnected(_) => What::Closed,
        Event::Offers(offers) => {
            let offer = |o: Offer| What::Offer { offer: o.id.0, agent: o.agent_id.0 };
            return offers.into_iter().map(offer).collect();
        }
        Event::Rescinded(id) => What::Rescind { offer: id.0 },
        Event::Update(status) => update(status),
        Event::Message { agent_id, .. } => What::Message { agent: agent_id.0 },
        Event::Failure { agent_id, executor_id } => {
            What::Failure { agent: agent_id.map(|id| id.0), executor: executor_id }
        }
        _ => return Vec::new(),
    }]
}

fn update(status: TaskStatus) -> What {
    What::Update {
        task: status.task_id,
        agent: status.agent_id.map(|id| id.0),
        state: state(status.state).to_owned(),
        source: source(status.source).to_owned(),
        reason: reason(status.reason),
        uuid: status.uuid,
    }
}

fn state(state: TaskState) -> &'static str {
    match state {
        TaskState::Staging => "TASK_STAGING",
        TaskState::Starting => "TASK_STARTING",
        TaskState::Running => "TASK_RUNNING",
        TaskState::Killing => "TASK_KILLING",
        TaskState::Finished => "TASK_FINISHED",
        TaskState::Failed => "TASK_FAILED",
        TaskState::Killed => "TASK_KILLED",
        TaskState::Error => "TASK_ERROR",
        TaskState::Lost => "TASK_LOST",
        TaskState::Dropped => "TASK_DROPPED",
        TaskState::Unreachable => "TASK_UNREACHABLE",
        TaskState::Gone => "TASK_GONE",
        TaskState::GoneByOperator => "TASK_GONE_BY_OPERATOR",
        TaskState::Unknown => "TASK_UNKNOWN",
    }
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Master => "SOURCE_MASTER",
        Source::Agent => "SOURCE_AGENT",
        Source::Executor => "SOURCE_EXECUTOR",
    }
}

/// The core keeps apart only what changes its judgement; here each has the name that the model means.
fn reason(reason: Reason) -> Option<String> {
    let name = match reason {
        Reason::None => return None,
        Reason::InvalidOffers => "REASON_INVALID_OFFERS",
        Reason::TaskInvalid => "REASON_TASK_INVALID",
        Reason::ContainerLaunchFailed => "REASON_CONTAINER_LAUNCH_FAILED",
        Reason::ExecutorRegistrationTimeout => "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
        Reason::KilledDuringLaunch => "REASON_TASK_KILLED_DURING_LAUNCH",
        Reason::ExecutorTerminated => "REASON_EXECUTOR_TERMINATED",
        Reason::AgentDraining => "REASON_AGENT_DRAINING",
        Reason::Reconciliation => "REASON_RECONCILIATION",
        Reason::Other(11) => "REASON_AGENT_REMOVED",
        Reason::Other(32) => "REASON_AGENT_REREGISTERED",
        Reason::Other(number) => return Some(format!("REASON {number}")),
    };
    Some(name.to_owned())
}
