//! What the master knows of tasks, and how it answers for them.

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId};
use etcd_mesos_core::scheduler::{Event, LivingFramework};
use etcd_mesos_core::status::{Reason, Source, TaskState, TaskStatus};

use super::agent::ToAgent;
use crate::world::World;

impl World {
    /// The frameworks with tasks that live, or may (`GET /master/frameworks`, where what ended is
    /// left out by who asks).
    pub(super) fn living(&self) -> Vec<LivingFramework> {
        let mut living: BTreeMap<FrameworkId, LivingFramework> = BTreeMap::new();
        let empty = |id: &FrameworkId| LivingFramework {
            id: id.clone(),
            live_tasks: Vec::new(),
            unreachable_tasks: Vec::new(),
        };
        for (task, known) in self.master.tasks.iter().filter(|(_, t)| !t.state.is_terminal()) {
            let id = &known.framework;
            let framework = living.entry(id.clone()).or_insert_with(|| empty(id));
            framework.live_tasks.push(task.clone());
        }
        for (task, (agent, id)) in &self.master.unreachable_tasks {
            let framework = living.entry(id.clone()).or_insert_with(|| empty(id));
            framework.unreachable_tasks.push((task.clone(), self.agents[*agent].id()));
        }
        living.into_values().collect()
    }

    /// Explicit reconciliation, or implicit where no task is named, which leaves out tasks of
    /// agents that do not answer (`Master::reconcile`; tried: reconcile_unknown, agent_lost).
    pub(super) fn reconcile(
        &mut self,
        framework: &FrameworkId,
        tasks: Vec<(String, Option<AgentId>)>,
    ) {
        if tasks.is_empty() {
            let ours = self.master.tasks.iter().filter(|(_, known)| known.framework == *framework);
            let ours: Vec<String> = ours.map(|(task, _)| task.clone()).collect();
            ours.iter().for_each(|task| self.answer(task, None));
        }
        for (task, agent) in tasks {
            self.answer(&task, agent);
        }
    }

    /// Answers for a task; the agent is what the question named. The six cases of
    /// `Master::reconcile`, without agents that are gone for good.
    fn answer(&mut self, task: &str, asked: Option<AgentId>) {
        let agent = asked.as_ref().and_then(|id| self.agent_number(id));
        let (agent_id, state) = match (self.master.tasks.get(task), agent) {
            (Some(known), _) => (Some(self.agents[known.agent].id()), known.state),
            (None, Some(n)) if self.master.awaited.contains(&n) => return,
            (None, None) if asked.is_none() && !self.master.awaited.is_empty() => return,
            (None, Some(n)) if self.master.registered.contains(&n) => (asked, TaskState::Gone),
            (None, Some(n)) if self.master.unreachable.contains(&n) => {
                (asked, TaskState::Unreachable)
            }
            (None, Some(_) | None) => (asked, TaskState::Unknown),
        };
        let status = self.status(task, None, (state, Source::Master, Reason::Reconciliation));
        self.say(Event::Update(TaskStatus { agent_id, ..status }));
    }

    pub(super) fn status(
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

    /// A KILL goes to the task's agent, now or when that registers again; of a task that is not
    /// known it is answered as a reconciliation (`Master::kill`; tried: kill_unknown,
    /// agent_restarted).
    pub(super) fn kill(&mut self, task: &str, agent: Option<AgentId>, grace: Duration) {
        let Some(known) = self.master.tasks.get(task).map(|known| known.agent) else {
            return self.answer(task, agent);
        };
        if agent.is_some_and(|id| id != self.agents[known].id()) {
            return;
        }
        self.master.killed.entry(known).or_default().insert(task.to_owned());
        if !self.agents[known].is_down {
            self.send_agent(known, ToAgent::Kill { task: task.to_owned(), grace });
        }
    }
}
