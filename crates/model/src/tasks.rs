//! What the master knows of tasks, and how it answers for them.

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_mesos_core::id::{AgentId, FrameworkId};
use etcd_mesos_core::scheduler::LivingFramework;
use etcd_mesos_core::status::{Reason, Source, TaskState, TaskStatus};

use crate::agent::ToAgent;
use crate::vocabulary::{Event, Freight, Update};
use crate::{Mesos, TaskKey};

/// Who says it, and why.
pub(crate) type Word = (TaskState, Source, Reason);

impl<F: Freight> Mesos<F> {
    /// The frameworks with tasks that live, or may (`GET /master/frameworks`, where what ended is
    /// left out by who asks).
    pub fn living(&self) -> Vec<LivingFramework> {
        let mut living: BTreeMap<&FrameworkId, LivingFramework> = BTreeMap::new();
        let empty = |id: &FrameworkId| LivingFramework {
            id: id.clone(),
            live_tasks: Vec::new(),
            unreachable_tasks: Vec::new(),
        };
        let live = self.master.tasks.iter().filter(|(_, t)| !t.state.is_terminal());
        for ((id, task), _) in live {
            living.entry(id).or_insert_with(|| empty(id)).live_tasks.push(task.clone());
        }
        for ((id, task), agent) in &self.master.unreachable_tasks {
            let framework = living.entry(id).or_insert_with(|| empty(id));
            framework.unreachable_tasks.push((task.clone(), self.agent_id(*agent)));
        }
        living.into_values().collect()
    }

    /// Explicit reconciliation, or implicit where no task is named, which leaves out tasks of
    /// agents that do not answer (`Master::reconcile`; tried: reconcile_unknown, agent_lost).
    pub(crate) fn reconcile(
        &mut self,
        framework: &FrameworkId,
        tasks: Vec<(String, Option<AgentId>)>,
    ) {
        if tasks.is_empty() {
            let all = self.master.tasks.keys().filter(|(of, _)| of == framework);
            let all: Vec<TaskKey> = all.cloned().collect();
            all.into_iter().for_each(|task| self.answer(task, None));
        }
        for (task, agent) in tasks {
            self.answer((framework.clone(), task), agent);
        }
    }

    /// Answers for a task; the agent is what the question named. The six cases of
    /// `Master::reconcile`, without agents that are gone for good.
    fn answer(&mut self, task: TaskKey, asked: Option<AgentId>) {
        let agent = asked.as_ref().and_then(|id| self.agent_number(id));
        let known = self.master.tasks.get(&task);
        let (agent_id, state, message) = match (known, agent) {
            (Some(known), _) => {
                (Some(self.agent_id(known.agent)), known.state, "Reconciliation: Latest task state")
            }
            (None, Some(n)) if self.master.awaited.contains(&n) => return,
            (None, None) if asked.is_none() && !self.master.awaited.is_empty() => return,
            (None, Some(n)) if self.master.registered.contains(&n) => {
                (asked, TaskState::Gone, "Reconciliation: Task is unknown to the agent")
            }
            (None, Some(n)) if self.master.unreachable.contains(&n) => {
                (asked, TaskState::Unreachable, "Reconciliation: Task is unreachable")
            }
            (None, Some(_) | None) => {
                (asked, TaskState::Unknown, "Reconciliation: Task is unknown")
            }
        };
        let executor = known.and_then(|known| known.executor.clone());
        let container = known.and_then(|known| known.container);
        let word = (state, Source::Master, Reason::Reconciliation);
        let status = TaskStatus { agent_id, ..self.status(&task.1, None, word, message) };
        let update = Update { status, executor, container, said: None };
        self.say(&task.0, Event::Update(Box::new(update)));
    }

    pub(crate) fn status(
        &self,
        task: &str,
        agent: Option<usize>,
        (state, source, reason): Word,
        message: &str,
    ) -> TaskStatus {
        TaskStatus {
            task_id: task.to_owned(),
            agent_id: agent.map(|n| self.agent_id(n)),
            state,
            source,
            reason,
            message: message.to_owned(),
            uuid: None,
        }
    }

    /// The master's own word of a task.
    pub(crate) fn say_update(
        &mut self,
        framework: &FrameworkId,
        status: TaskStatus,
        executor: Option<String>,
    ) {
        let update = Update { status, executor, container: None, said: None };
        self.say(framework, Event::Update(Box::new(update)));
    }

    /// A KILL goes to the task's agent, now or when that registers again; of a task that is not
    /// known it is answered as a reconciliation (`Master::kill`; tried: kill_unknown,
    /// agent_restarted).
    pub(crate) fn kill(
        &mut self,
        framework: &FrameworkId,
        task: String,
        agent: Option<AgentId>,
        grace: Option<Duration>,
    ) {
        let task = (framework.clone(), task);
        let Some(known) = self.master.tasks.get(&task).map(|known| known.agent) else {
            return self.answer(task, agent);
        };
        if agent.is_some_and(|id| id != self.agent_id(known)) {
            return;
        }
        self.master.killed.entry(known).or_default().insert(task.clone());
        if self.is_connected(known) {
            self.send_agent(known, ToAgent::Kill { task, grace });
        }
    }
}
