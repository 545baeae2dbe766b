//! ACCEPT: offers that are used, and tasks that are refused.

use etcd_mesos_core::id::{FrameworkId, OfferId};
use etcd_mesos_core::status::{Reason, Source, TaskState, TaskStatus};

use crate::Mesos;
use crate::agent::ToAgent;
use crate::master::{ExecutorKey, KnownExecutor, KnownTask, Offered};
use crate::resources::Holding;
use crate::vocabulary::{Freight, Launch, Note, Output, TaskLaunch};

impl<F: Freight> Mesos<F> {
    /// An ACCEPT with a LAUNCH. Of an offer that is no more: DROPPED (`Master::accept`; tried:
    /// offer_used_twice).
    pub(crate) fn accept(&mut self, framework: &FrameworkId, launch: Launch<F>) {
        let Launch { offers, tasks, refuse_for } = launch;
        match self.take_offers(framework, &offers) {
            Err(why) => {
                let why = format!("Task launched with invalid offers: {why}");
                for launch in &tasks {
                    self.refuse(framework, launch, TaskState::Dropped, &why);
                }
            }
            Ok((agent, all)) => {
                let rest = self.launch_all(framework, agent, all, tasks);
                self.refuse_rest(framework, agent, rest, refuse_for);
            }
        }
    }

    /// Uses offers up. If any of them is not the framework's, or not of the same agent, the others
    /// are free again (`src/master/validation.cpp`).
    fn take_offers(
        &mut self,
        framework: &FrameworkId,
        offers: &[OfferId],
    ) -> Result<(usize, Holding), String> {
        let is_its = |id: &&OfferId| {
            self.master.offers.get(*id).is_some_and(|offered| offered.framework == *framework)
        };
        let (its, others): (Vec<&OfferId>, Vec<&OfferId>) = offers.iter().partition(is_its);
        let taken: Vec<Offered> =
            its.into_iter().filter_map(|id| self.master.offers.remove(id)).collect();
        let why = match (others.first(), taken.first()) {
            (Some(id), _) => format!("Offer {id} is no longer valid"),
            (None, None) => "No offers specified".to_owned(),
            (None, Some(first)) if taken.iter().any(|o| o.agent != first.agent) => {
                "Aggregated offers must belong to one single agent".to_owned()
            }
            (None, Some(first)) => {
                let parts = taken.iter().map(|offered| &offered.holding);
                let all = parts.fold(Holding::default(), |sum, part| sum.with(part));
                return Ok((first.agent, all));
            }
        };
        self.offer_soon();
        Err(why)
    }

    /// Launches what can be launched, and returns what is left.
    fn launch_all(
        &mut self,
        framework: &FrameworkId,
        agent: usize,
        all: Holding,
        tasks: Vec<TaskLaunch<F>>,
    ) -> Holding {
        let mut left = all;
        for launch in tasks {
            match self.check(framework, agent, &launch, &left) {
                Err(why) => self.refuse(framework, &launch, TaskState::Error, &why),
                Ok(taken) => {
                    left = left.without(&taken);
                    self.launch(framework, agent, launch);
                }
            }
        }
        left
    }

    /// What the task takes of what is left, or why it is refused (`src/master/validation.cpp`).
    fn check(
        &self,
        framework: &FrameworkId,
        agent: usize,
        launch: &TaskLaunch<F>,
        left: &Holding,
    ) -> Result<Holding, String> {
        let key = (framework.clone(), launch.task.clone());
        if let Some(flaw) = &launch.flaw {
            return Err(flaw.clone());
        }
        if launch.needs.is_empty() {
            return Err("Task uses no resources".to_owned());
        }
        if self.master.tasks.contains_key(&key) {
            return Err(format!("Task has duplicate ID: {}", launch.task));
        }
        if launch.agent_id != self.agent_id(agent) {
            return Err(format!(
                "Task uses invalid agent {} while agent {} is expected",
                launch.agent_id,
                self.agent_id(agent)
            ));
        }
        let executor = (agent, framework.clone(), launch.executor.clone());
        let taken = match self.master.executors.get(&executor) {
            None => launch.needs.with(&launch.executor_needs),
            Some(known) if F::is_same_executor(&known.freight, &launch.freight) => {
                launch.needs.clone()
            }
            Some(_) => {
                let why = "ExecutorInfo is not compatible with existing ExecutorInfo";
                return Err(format!("{why} with same ExecutorID"));
            }
        };
        if left.contains(&taken) {
            return Ok(taken);
        }
        let role = self.master.frameworks.get(framework).map_or("*", |known| known.role.as_str());
        Err(format!(
            "Total resources {} required by task and its executor is more than available {}",
            taken.asked_for(role),
            left.offered(role)
        ))
    }

    fn launch(&mut self, framework: &FrameworkId, agent: usize, launch: TaskLaunch<F>) {
        let note = Note::Launched { task: launch.task.clone(), agent };
        self.out.push(Output::Note(note));
        let executor = (agent, framework.clone(), launch.executor.clone());
        self.know_executor(executor, &launch);
        let known = KnownTask {
            agent,
            executor: Some(launch.executor.clone()),
            needs: launch.needs.clone(),
            state: TaskState::Staging,
            uuid: None,
            container: None,
        };
        self.master.tasks.insert((framework.clone(), launch.task.clone()), known);
        self.send_agent(agent, ToAgent::Run { framework: framework.clone(), launch });
    }

    /// The first task of an executor describes it.
    pub(crate) fn know_executor(&mut self, key: ExecutorKey, launch: &TaskLaunch<F>) {
        self.master.executors.entry(key).or_insert_with(|| KnownExecutor {
            needs: launch.executor_needs.clone(),
            freight: launch.freight.clone(),
        });
    }

    fn refuse(
        &mut self,
        framework: &FrameworkId,
        launch: &TaskLaunch<F>,
        state: TaskState,
        why: &str,
    ) {
        let reason = match state {
            TaskState::Dropped => Reason::InvalidOffers,
            _ => Reason::TaskInvalid,
        };
        let status = self.status(&launch.task, None, (state, Source::Master, reason), why);
        // As the task names it, even if there is none (tried: tasks_refused).
        let agent_id = Some(launch.agent_id.clone());
        self.say_update(framework, TaskStatus { agent_id, ..status }, None);
    }
}
