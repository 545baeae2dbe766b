//! Reconciliation: after each subscription every open task is asked for, until each is answered by more than
//! that its agent is away. Client tasks are not: nothing waits for what they are, and the answers for all
//! tasks tell of them too.

use std::time::Duration;

use super::{Action, Go, Pass, Scheduler};
use crate::id::{AgentId, TaskId};
use crate::scheduler::Reconciliation;
use crate::status::TaskState;

impl Reconciliation {
    /// Something was said of a task. That an agent does not answer, or that nobody knows the task, is no
    /// answer that lasts: a launch that was lost with its agent is never spoken of again unless it is asked
    /// for.
    pub(in crate::scheduler) fn heard(&mut self, task: &TaskId, state: TaskState) {
        use TaskState::*;
        self.unanswered.remove(task);
        match state {
            Unreachable | Lost | Unknown => self.doubtful.insert(task.clone()),
            Staging | Starting | Running | Killing | Finished | Failed | Killed | Error
            | Dropped | Gone | GoneByOperator => self.doubtful.remove(task),
        };
    }

    fn asks_for(&self, task: &TaskId) -> bool {
        self.unanswered.contains(task) || self.doubtful.contains(task)
    }
}

impl Scheduler {
    pub(super) fn plan_reconcile(&mut self, pass: &mut Pass) -> Go {
        if pass.is_due(self.reconciliation.implicit_at) {
            self.reconciliation.implicit_at = pass.now + self.config.timing.reconcile_implicit;
            pass.wake_at(self.reconciliation.implicit_at);
            pass.act(Action::Reconcile { tasks: Vec::new() });
        }
        let mut open = self.open_tasks();
        open.retain(|(task, _)| self.reconciliation.asks_for(task));
        if open.is_empty() {
            self.reconciliation.tries = 0;
            return Go::On;
        }
        self.say_unanswered(pass, &open);
        self.ask_again(pass, open);
        Go::On
    }

    fn say_unanswered(&self, pass: &mut Pass, open: &[(TaskId, AgentId)]) {
        let unanswered = open.iter().map(|(task, _)| task);
        let unanswered = unanswered.filter(|task| self.reconciliation.unanswered.contains(*task));
        let names: Vec<String> = unanswered.map(ToString::to_string).collect();
        if names.is_empty() {
            return; // What is doubtful is said of each member.
        }
        pass.waiting(
            "reconcile",
            format!(
                "the master has not answered about {}: it does not before the agent has \
                 registered again, or is given up (10 minutes, by default)",
                names.join(", ")
            ),
        );
    }

    fn ask_again(&mut self, pass: &mut Pass, tasks: Vec<(TaskId, AgentId)>) {
        if !pass.is_due(self.reconciliation.next_at) {
            return;
        }
        let wait = self.reconcile_pause();
        self.reconciliation.tries += 1;
        self.reconciliation.next_at = pass.now + wait;
        pass.wake_at(self.reconciliation.next_at);
        for (task, _) in &tasks {
            self.launched_unasked.remove(task);
        }
        let tasks = tasks.into_iter().map(|(task, agent)| (task.into(), agent)).collect();
        pass.act(Action::Reconcile { tasks });
    }

    fn reconcile_pause(&self) -> Duration {
        let timing = &self.config.timing;
        let doubled = 2u32.saturating_pow(self.reconciliation.tries.min(16));
        (timing.reconcile_min * doubled).min(timing.reconcile_max)
    }
}
