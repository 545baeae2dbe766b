//! A panic in the executor's logic restarts that logic, and not etcd.

use std::panic::{AssertUnwindSafe, catch_unwind};

use etcd_mesos_core::time::Timestamp;

use crate::supervisor::{Action, Event, Facts, Settings, Supervisor};

/// What decides. There is one, [`Supervisor`]; the tests have others, that panic.
pub trait Logic {
    /// See [`Supervisor::new`].
    fn new(settings: Settings, now: Timestamp) -> Self;
    /// See [`Supervisor::resume`].
    fn resume(facts: Facts, now: Timestamp, pid: Option<u32>) -> Self;
    /// See [`Supervisor::facts`].
    fn facts(&self) -> &Facts;
    /// See [`Supervisor::step`].
    fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action>;
    /// See [`Supervisor::next_wake`].
    fn next_wake(&self) -> Option<Timestamp>;
}

impl Logic for Supervisor {
    fn new(settings: Settings, now: Timestamp) -> Self {
        Supervisor::new(settings, now)
    }
    fn resume(facts: Facts, now: Timestamp, pid: Option<u32>) -> Self {
        Supervisor::resume(facts, now, pid)
    }
    fn facts(&self) -> &Facts {
        Supervisor::facts(self)
    }
    fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        Supervisor::step(self, now, event)
    }
    fn next_wake(&self) -> Option<Timestamp> {
        Supervisor::next_wake(self)
    }
}

/// Holds the logic, and beside it the facts of its last good step.
#[derive(Debug)]
pub struct Guard<L> {
    logic: L,
    facts: Facts,
    next_wake: Option<Timestamp>,
    panics: u64,
}

impl<L: Logic> Guard<L> {
    /// Makes the logic, and guards it.
    pub fn new(settings: Settings, now: Timestamp) -> Self {
        let logic = L::new(settings, now);
        let (facts, next_wake) = (logic.facts().clone(), logic.next_wake());
        Guard { logic, facts, next_wake, panics: 0 }
    }

    /// Lets the logic take one step. After a panic the logic is made anew from the facts of its
    /// last good step and is given the event once more; if it panics again the event is dropped.
    pub fn step(&mut self, now: Timestamp, event: Event, pid: Option<u32>) -> Vec<Action> {
        for _ in 0..2 {
            match self.try_step(now, event.clone()) {
                Some(actions) => return actions,
                None => self.restart(now, pid),
            }
        }
        tracing::error!(?event, "an event was dropped: the executor's logic panicked on it twice");
        Vec::new()
    }

    fn try_step(&mut self, now: Timestamp, event: Event) -> Option<Vec<Action>> {
        // What a panic leaves half done is thrown away with the logic.
        let logic = AssertUnwindSafe(&mut self.logic);
        let stepped = catch_unwind(move || {
            let AssertUnwindSafe(logic) = { logic };
            let actions = logic.step(now, event);
            (actions, logic.facts().clone(), logic.next_wake())
        });
        let (actions, facts, next_wake) = stepped.ok()?;
        self.facts = facts;
        self.next_wake = next_wake;
        Some(actions)
    }

    fn restart(&mut self, now: Timestamp, pid: Option<u32>) {
        self.panics += 1;
        tracing::error!(
            panics = self.panics,
            etcd_pid = pid,
            "the executor's logic panicked and is restarted"
        );
        self.logic = L::resume(self.facts.clone(), now, pid);
        // Soon, and not at once: a logic that panics on every event must not take the processor.
        self.next_wake = Some(now + std::time::Duration::from_secs(1));
    }

    /// When the logic wants to be woken.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.next_wake
    }

    /// How often the logic panicked.
    pub fn panics(&self) -> u64 {
        self.panics
    }
}
