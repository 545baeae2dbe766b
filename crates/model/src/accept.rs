//! ACCEPT: offers that are used, and tasks that are refused.

use etcd_mesos_core::id::{FrameworkId, OfferId};
use etcd_mesos_core::status::{Reason, Source, TaskState};

use crate::Mesos;
use crate::agent::ToAgent;
use crate::master::{KnownTask, Offered};
use crate::resources::Holding;
use crate::vocabulary::{Freight, Launch, Note, Output, TaskLaunch};

impl<F: Freight> Mesos<F> {
    /// An ACCEPT with a LAUNCH. Of an offer that is no more: DROPPED (`Master::accept`; tried:
    /// offer_used_twice).
    pub(crate) fn accept(&mut self, framework: &FrameworkId, launch: Launch<F>) {
        let Launch { offers, tasks, refuse_for } = launch;
        let Some((agent, mut left)) = self.take_offers(framework, &offers) else {
            for launch in &tasks {
                self.refuse(framework, launch, TaskState::Dropped, "Invalid offers");
            }
            return;
        };
        for launch in tasks {
            match self.check(framework, agent, &launch, &left) {
                Err(why) => self.refuse(framework, &launch, TaskState::Error, &why),
                Ok(taken) => {
                    left = left.without(&taken);
                    self.launch(framework, agent, launch);
                }
            }
        }
        self.refuse_rest(framework, agent, left, refuse_for);
    }

    /// Uses offers up. None if any of them is not the framework's, or not of the same agent; the
    /// others are then free again.
    fn take_offers(
        &mut self,
        framework: &FrameworkId,
        offers: &[OfferId],
    ) -> Option<(usize, Holding)> {
        let is_its = |offered: &Offered| offered.framework == *framework;
        let are_whole = offers.iter().all(|id| self.master.offers.get(id).is_some_and(is_its));
        let taken: Vec<Offered> =
            offers.iter().filter_map(|id| self.master.offers.remove(id)).collect();
        let agent = taken.first()?.agent;
        if !are_whole || taken.iter().any(|offered| offered.agent != agent) {
            self.offer_soon();
            return None;
        }
        let all = taken.iter().fold(Holding::default(), |sum, offered| sum.with(&offered.holding));
        Some((agent, all))
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
        let is_new = !self.master.executors.contains_key(&executor);
        if !is_new && !self.agents[agent].fits_executor(framework, launch) {
            return Err(
                "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID"
                    .to_owned(),
            );
        }
        let taken = match is_new {
            true => launch.needs.with(&launch.executor_needs),
            false => launch.needs.clone(),
        };
        if left.contains(&taken) {
            return Ok(taken);
        }
        Err("Task and its executor use more resources than available".to_owned())
    }

    fn launch(&mut self, framework: &FrameworkId, agent: usize, launch: TaskLaunch<F>) {
        let note = Note::Launched { task: launch.task.clone(), agent };
        self.out.push(Output::Note(note));
        let executor = (agent, framework.clone(), launch.executor.clone());
        self.master.executors.entry(executor).or_insert_with(|| launch.executor_needs.clone());
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
        let agent = self.agent_number(&launch.agent_id);
        let status = self.status(&launch.task, agent, (state, Source::Master, reason), why);
        self.say_update(framework, status, None);
    }
}
