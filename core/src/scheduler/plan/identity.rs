//! Who we are: before a cluster is formed, and only then, is there another of our name?

use super::{Action, Go, Pass, Scheduler};
use crate::id::{AgentId, FrameworkId, OurTaskId, is_predecessor_task_id};
use crate::record::Phase;
use crate::scheduler::{Identity, LivingFramework};

impl Scheduler {
    /// Stops unless the master knows no living cluster of our name beside the record's.
    pub(super) fn plan_identity(&mut self, pass: &mut Pass) -> Go {
        if self.book.stored().phase != Phase::None {
            return Go::On;
        }
        if let Some(stranger) = self.strangers.first() {
            pass.trouble("identity", unknown_task(stranger));
            return Go::Stop;
        }
        self.ask_if_due(pass);
        match &self.identity {
            Identity::Alone => Go::On,
            Identity::Unasked | Identity::Asked { .. } => {
                pass.waiting("identity", "asking the master whether our name is in use");
                Go::Stop
            }
            Identity::Failed { why, .. } => {
                pass.trouble("identity", format!("cannot ask whether our name is in use: {why}"));
                Go::Stop
            }
            Identity::Living { frameworks, .. } => {
                let present: Vec<LivingFramework> =
                    frameworks.iter().map(|living| self.without_the_past(living)).collect();
                self.weigh(pass, &present)
            }
        }
    }

    /// What lives of a framework, without our own client tasks of attempts that have ended. Any other task of
    /// ours, also a client task, is a cluster that the record does not know.
    fn without_the_past(&self, living: &LivingFramework) -> LivingFramework {
        let stored = self.book.stored();
        let is_ours = stored.framework_id.as_ref() == Some(&living.id);
        let is_past =
            |task: &str| is_ours && task.parse().is_ok_and(|client| stored.is_of_the_past(&client));
        let mut present = living.clone();
        present.live_tasks.retain(|task| !is_past(task));
        present.unreachable_tasks.retain(|(task, _)| !is_past(task));
        present
    }

    /// Says what lives under our name. Tasks of our own framework whose agents were given up are asked
    /// for by name first: Mesos goes on listing a launch that never reached its agent.
    fn weigh(&mut self, pass: &mut Pass, frameworks: &[LivingFramework]) -> Go {
        let ours = self.book.stored().framework_id.clone();
        let mut doubtful = Vec::new();
        let mut go = Go::On;
        for living in frameworks {
            let open =
                living.unreachable_tasks.iter().filter(|(task, _)| !self.gone.contains(task));
            let asked: Option<Vec<(OurTaskId, AgentId)>> =
                open.map(|(task, agent)| Some((task.parse().ok()?, agent.clone()))).collect();
            match asked
                .filter(|_| Some(&living.id) == ours.as_ref() && living.live_tasks.is_empty())
            {
                Some(asked) => doubtful.extend(asked),
                None => {
                    pass.trouble("identity", living_cluster(living, ours.as_ref()));
                    go = Go::Stop;
                }
            }
        }
        if doubtful.is_empty() {
            return go;
        }
        self.ask_for_doubtful(pass, doubtful);
        Go::Stop
    }

    fn ask_for_doubtful(&mut self, pass: &mut Pass, tasks: Vec<(OurTaskId, AgentId)>) {
        for (task, agent) in &tasks {
            pass.waiting(
                "identity",
                format!(
                    "this framework has task {task}, which the record does not know, on agent {agent}, \
                     which the master gave up; nothing is formed until that agent is back and does not \
                     have it"
                ),
            );
        }
        let again_at = pass.now + self.config.timing.reconcile_max;
        let Identity::Living { doubt_at, .. } = &mut self.identity else { return };
        if pass.is_due(*doubt_at) {
            *doubt_at = again_at;
            pass.wake_at(again_at);
            pass.act(Action::Reconcile { tasks });
        }
    }

    fn ask_if_due(&mut self, pass: &mut Pass) {
        let due = match self.identity {
            Identity::Unasked => true,
            Identity::Alone => false,
            Identity::Asked { since } => pass.is_due(since + self.config.timing.proof_max),
            Identity::Failed { again_at, .. } | Identity::Living { again_at, .. } => {
                pass.is_due(again_at)
            }
        };
        if !due {
            return;
        }
        if matches!(self.identity, Identity::Unasked | Identity::Asked { .. }) {
            self.identity = Identity::Asked { since: pass.now };
        } else {
            // What was found stays in the report until the new answer is there.
            let again_at = pass.now + self.config.timing.reconcile_max;
            match &mut self.identity {
                Identity::Failed { again_at: at, .. } | Identity::Living { again_at: at, .. } => {
                    *at = again_at;
                }
                Identity::Unasked | Identity::Asked { .. } | Identity::Alone => {}
            }
        }
        pass.wake_at(pass.now + self.config.timing.proof_max);
        pass.act(Action::AskFrameworks);
    }
}

fn unknown_task(task: &str) -> String {
    if is_predecessor_task_id(task) {
        return format!(
            "this framework runs task {task:?} of the Go predecessor's form: its cluster exists \
             already. Nothing is formed and nothing is killed. This version cannot take its members \
             over yet: stop this scheduler and start the predecessor's, which keeps the same framework \
             ID; or run this one with another --framework-name beside it."
        );
    }
    format!(
        "this framework runs task {task}, and the record knows of no cluster: the state was rolled \
         back or replaced. Nothing is formed and nothing is killed. Stop this scheduler, and put \
         the newest copy of the state file (--state-file) back."
    )
}

fn living_cluster(living: &LivingFramework, ours: Option<&FrameworkId>) -> String {
    let id = &living.id;
    let task = living.tasks().next().unwrap_or_default();
    if Some(id) == ours {
        return unknown_task(task);
    }
    let whose = if is_predecessor_task_id(task) { " of the Go predecessor's form" } else { "" };
    format!(
        "framework {id} has our name and {} live tasks{whose} ({task:?} …): a cluster exists \
         already. Nothing is formed and nothing is killed. Give this cluster another \
         --framework-name, or start with the state file (--state-file) of that one.",
        living.tasks().count()
    )
}
