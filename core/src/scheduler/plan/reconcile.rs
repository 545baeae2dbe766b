//! Reconciliation: after each subscription every open task is asked for, until each is answered. Client
//! tasks are not: nothing waits for what they are, and the answers for all tasks tell of them too.

use std::time::Duration;

use super::{Action, Go, Pass, Scheduler};
use crate::id::{AgentId, TaskId};

impl Scheduler {
    pub(super) fn plan_reconcile(&mut self, pass: &mut Pass) -> Go {
        if pass.is_due(self.reconciliation.implicit_at) {
            self.reconciliation.implicit_at = pass.now + self.config.timing.reconcile_implicit;
            pass.wake_at(self.reconciliation.implicit_at);
            pass.act(Action::Reconcile { tasks: Vec::new() });
        }
        let open: Vec<(TaskId, AgentId)> = self
            .open_tasks()
            .into_iter()
            .filter(|(task, _)| self.reconciliation.unanswered.contains(task))
            .collect();
        if open.is_empty() {
            return Go::On;
        }
        let names: Vec<String> = open.iter().map(|(task, _)| task.to_string()).collect();
        pass.waiting(
            "reconcile",
            format!(
                "the master has not answered about {}: it does not before the agent has \
                 registered again, or is given up (10 minutes, by default)",
                names.join(", ")
            ),
        );
        self.ask_again(pass, open);
        Go::On
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
