//! The client task: the second task of this executor, which is there for its name alone.
//!
//! mesos-dns makes SRV names of tasks' names, and `_etcd-client._tcp` needs a task called so. It is the
//! shadow of the member's task: told each state of it, and told it first, so that the member's end, which
//! proves that etcd has ended, is the last word. Nothing here decides anything about etcd.

use etcd_mesos_core::id::{ClientTaskId, TaskId};
use etcd_mesos_core::time::Timestamp;

use super::{Supervisor, TaskState, TaskUpdate, timing};

/// The client task.
#[derive(Clone, Debug)]
pub(super) struct ClientTask {
    task: ClientTaskId,
    since: Timestamp,
    told: Option<TaskState>,
}

impl ClientTask {
    fn is_over(&self) -> bool {
        self.told.is_some_and(TaskState::is_terminal)
    }
}

impl Supervisor {
    /// It may come before the member's task or after it.
    pub(super) fn launch_client(&mut self, now: Timestamp, client: ClientTaskId) {
        if self.facts.client.as_ref().is_some_and(|known| known.task == client) {
            return;
        }
        match self.why_not(&client) {
            Some(why) => self.refuse_launch(client.to_string(), why),
            None => self.facts.client = Some(ClientTask { task: client, since: now, told: None }),
        }
    }

    fn why_not(&self, client: &ClientTaskId) -> Option<String> {
        let facts = &self.facts;
        if facts.leaving_since.is_some() {
            return Some("this executor is about to end".to_owned());
        }
        if let Some(known) = &facts.client {
            return Some(format!("this executor has client task {} already", known.task));
        }
        let of = client.member_task();
        let is_ours = match (&facts.member, &facts.executor) {
            (Some(member), _) => member.task == *of,
            (None, Some(executor)) => {
                executor.member == of.member && executor.cluster == of.cluster
            }
            // Nothing runs before the member's task is there and has been checked.
            (None, None) => true,
        };
        (!is_ours).then(|| format!("this executor does not run task {of}"))
    }

    /// The member's task is taken: a client task that came first and is another's goes.
    pub(super) fn meet_client(&mut self, task: &TaskId) {
        let of_another = |client: &mut ClientTask| client.task.member_task() != task;
        if let Some(client) = self.facts.client.take_if(of_another) {
            let why = format!("this executor runs task {task}");
            self.refuse_launch(client.task.to_string(), why);
        }
    }

    /// Tells of the client task what is about to be told of the member's, unless it has ended.
    pub(super) fn shadow(&mut self, state: TaskState, message: Option<String>) {
        let news = |client: &&mut ClientTask| !client.is_over() && client.told != Some(state);
        let Some(client) = self.facts.client.as_mut().filter(news) else { return };
        client.told = Some(state);
        let task_id = client.task.to_string();
        tracing::info!(task_id, state = ?state, "task state");
        self.update(TaskUpdate { task_id, state, message });
    }

    /// A KILL of the client task alone takes the name away, and touches no etcd. Whether it was one.
    pub(super) fn kill_client(&mut self, task_id: &str) -> bool {
        let is_it = self.facts.client.as_ref().is_some_and(|c| c.task.to_string() == task_id);
        if is_it {
            let words = "it was killed alone; the member's task goes on".to_owned();
            self.shadow(TaskState::Killed, Some(words));
        }
        is_it
    }

    /// Without the member's task the client task is a name of nothing, and holds the executor up.
    pub(super) fn plan_client_alone(&mut self, now: Timestamp) {
        if self.client_alone_due().is_some_and(|due| now >= due) {
            let words = "the member's task did not come with it".to_owned();
            self.shadow(TaskState::Failed, Some(words));
            self.facts.leaving_since = Some(now);
        }
    }

    pub(super) fn client_alone_due(&self) -> Option<Timestamp> {
        let facts = &self.facts;
        let is_alone = facts.member.is_none() && facts.leaving_since.is_none();
        let client = facts.client.as_ref().filter(|_| is_alone)?;
        Some(client.since + timing::CLIENT_ALONE_MAX)
    }
}
