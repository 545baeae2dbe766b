//! Planning: over all that is known, in a fixed order, without a look at the event that came.
//!
//! Each step adds actions and says in the report what it does or waits for. A step that returns
//! [`Go::Stop`] lets nothing below it run, and has said why.

mod client;
mod form;
mod identity;
mod link;
mod offers;
mod pending;
mod reconcile;
mod store;
mod tend;

use crate::time::Timestamp;

use super::report::{Report, Tone};
use super::{Action, Scheduler, Step};

/// Whether the steps below may run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Go {
    On,
    Stop,
}

/// One pass over the plan.
struct Pass {
    now: Timestamp,
    actions: Vec<Action>,
    report: Report,
    wake: Option<Timestamp>,
}

impl Pass {
    fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn fine(&mut self, step: &'static str, text: impl Into<String>) {
        self.report.say(step, Tone::Fine, text);
    }

    fn waiting(&mut self, step: &'static str, text: impl Into<String>) {
        self.report.say(step, Tone::Waiting, text);
    }

    fn trouble(&mut self, step: &'static str, text: impl Into<String>) {
        self.report.say(step, Tone::Trouble, text);
    }

    /// Asks to be woken at that time at the latest.
    fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |earlier| earlier.min(at)));
    }

    /// Whether the time has come; asks to be woken then if it has not.
    fn is_due(&mut self, at: Timestamp) -> bool {
        let due = self.now >= at;
        if !due {
            self.wake_at(at);
        }
        due
    }
}

const STEPS: &[fn(&mut Scheduler, &mut Pass) -> Go] = &[
    Scheduler::plan_end,
    Scheduler::plan_store,
    Scheduler::plan_epoch,
    Scheduler::plan_probes,
    Scheduler::plan_link,
    Scheduler::plan_behind,
    Scheduler::plan_acknowledge,
    Scheduler::plan_reconcile,
    Scheduler::plan_tell_formed,
    Scheduler::plan_members,
    Scheduler::plan_pending,
    Scheduler::plan_launch,
    Scheduler::plan_identity,
    Scheduler::plan_form,
];

impl Scheduler {
    pub(super) fn plan(&mut self) -> Step {
        let mut pass =
            Pass { now: self.now, actions: Vec::new(), report: Report::default(), wake: None };
        for step in STEPS {
            if step(self, &mut pass) == Go::Stop {
                break;
            }
        }
        // These run however far the others came: what was decided above is stored, and no offer is
        // held that nothing wants.
        self.plan_offers(&mut pass);
        self.plan_save(&mut pass);
        self.wake = pass.wake;
        Step { actions: pass.actions, report: pass.report }
    }

    /// A scheduler that has decided to end does nothing else, ever.
    fn plan_end(&mut self, pass: &mut Pass) -> Go {
        let Some((code, why)) = self.ending.clone() else { return Go::On };
        pass.trouble("end", why.clone());
        if !self.is_ended {
            self.is_ended = true;
            pass.act(Action::Exit { code, why });
        }
        Go::Stop
    }
}
