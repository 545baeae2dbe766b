//! What is to be done now, from the facts alone; in a fixed order.

use std::time::Duration;

use etcd_mesos_core::time::Timestamp;

use super::{
    Action, Agent, Etcd, EtcdSignal, InFlight, Member, Outcome, Stop, Supervisor, TaskState,
    earliest, order_grace, timing,
};

impl Supervisor {
    pub(super) fn plan(&mut self, now: Timestamp) {
        self.plan_orphanage(now);
        self.plan_preparation();
        self.plan_stop(now);
        self.plan_start(now);
        self.plan_look(now);
        self.plan_client_alone(now);
        self.plan_leave(now);
    }

    /// Without checkpointing the agent has already written this executor off when it comes back,
    /// so it ends; gracefully, and in the time that it would have had.
    ///
    /// With checkpointing nothing is done at all, and `MESOS_RECOVERY_TIMEOUT` is not obeyed: if
    /// every member ended 15 minutes after its agent went away, the rollout of a bad agent would
    /// end the whole cluster at once, while etcd itself needs no agent.
    fn plan_orphanage(&mut self, now: Timestamp) {
        let is_away = matches!(self.facts.agent, Agent::Away { .. });
        if !is_away || self.facts.settings.checkpoint {
            return;
        }
        if let Some(member) = &mut self.facts.member {
            let grace = order_grace(&member.order);
            if member.stop.is_none() {
                member.stop(now, "the agent is gone, and the framework does not checkpoint", grace);
            }
        }
    }

    fn plan_preparation(&mut self) {
        let Some(member) = &self.facts.member else { return };
        let Some(executor) = &self.facts.executor else { return };
        let is_due = matches!(member.etcd, Etcd::Unprepared) && member.stop.is_none();
        if is_due && !self.in_flight.prepare {
            self.in_flight.prepare = true;
            self.out.push(Action::Prepare(executor.binaries.clone()));
        }
    }

    fn plan_stop(&mut self, now: Timestamp) {
        let Some(member) = &mut self.facts.member else { return };
        let Some(stop) = &mut member.stop else { return };
        match &member.etcd {
            Etcd::Unprepared | Etcd::Down { .. } => {
                let verdict = format!("stopped ({}); no etcd was running", stop.why);
                member.end(TaskState::Killed, verdict, Vec::new());
            }
            // The answer to the start comes first; a process that cannot be named is not signalled.
            Etcd::Launching | Etcd::Ended { .. } => {}
            Etcd::Up { serving_since, .. } => {
                // An etcd that never served does not lead.
                if serving_since.is_none() {
                    stop.handed_over.get_or_insert_with(|| "it had not served yet".to_owned());
                }
                let client_url = member.order.member.client_url();
                let flying = &mut self.in_flight;
                self.out.extend(stop.next(now, client_url, flying));
            }
        }
    }

    fn plan_start(&mut self, now: Timestamp) {
        let Some(member) = &self.facts.member else { return };
        let Etcd::Down { start_at, .. } = member.etcd else { return };
        if member.stop.is_none() && now >= start_at && !self.in_flight.inspect {
            self.in_flight.inspect = true;
            self.out.push(Action::Inspect);
        }
    }

    fn plan_look(&mut self, now: Timestamp) {
        let Some(member) = &self.facts.member else { return };
        let (Some(pid), Some(due)) = (member.pid(), member.look_due()) else { return };
        if now >= due && !self.in_flight.look {
            self.in_flight.look = true;
            let client_url = member.order.member.client_url();
            self.out.push(Action::Look { pid, client_url, deadline: timing::LOOK_DEADLINE });
        }
    }

    /// The program ends when its work is done and the last update has arrived, or will not.
    fn plan_leave(&mut self, now: Timestamp) {
        let is_over = self.facts.member.as_ref().is_some_and(Member::is_over);
        if is_over && self.facts.leaving_since.is_none() {
            self.facts.leaving_since = Some(now);
            return; // The last update is only being written.
        }
        let is_due = self.leave_due().is_some_and(|due| now >= due);
        if is_due {
            let is_idle = self.facts.leaving_since.is_none();
            self.out.push(Action::Exit(if is_idle { Outcome::NoAgent } else { Outcome::Done }));
        }
    }

    /// When the program ends, if the agent says nothing until then.
    fn leave_due(&self) -> Option<Timestamp> {
        let facts = &self.facts;
        match (facts.leaving_since, facts.agent) {
            (Some(since), _) if facts.unacknowledged == 0 => Some(since),
            (Some(since), Agent::Here) => Some(since + timing::LAST_ACK_WAIT),
            // A framework without checkpointing has no agent to wait for.
            (Some(since), Agent::Away { .. }) if !facts.settings.checkpoint => {
                Some(since + timing::LAST_ACK_WAIT)
            }
            (Some(since), Agent::Away { .. }) => Some(since + timing::LAST_ACK_WAIT_AWAY),
            (None, Agent::Away { since }) if facts.member.is_none() => {
                Some(since + timing::IDLE_AWAY_MAX)
            }
            (None, Agent::Here | Agent::Away { .. }) => None,
        }
    }

    /// When the plan has something new to do.
    pub(super) fn plan_wake(&self) -> Option<Timestamp> {
        let member = self.facts.living();
        let start = member.filter(|_| !self.in_flight.inspect).and_then(Member::start_due);
        let look = member.filter(|_| !self.in_flight.look).and_then(Member::look_due);
        let stop = member.and_then(Member::stop_due);
        earliest([start, look, stop, self.client_alone_due(), self.leave_due()])
    }
}

impl Member {
    fn start_due(&self) -> Option<Timestamp> {
        match self.etcd {
            Etcd::Down { start_at, .. } => Some(start_at),
            Etcd::Unprepared | Etcd::Launching | Etcd::Up { .. } | Etcd::Ended { .. } => None,
        }
    }

    /// When the process that runs is to be looked at next.
    fn look_due(&self) -> Option<Timestamp> {
        let Etcd::Up { since, .. } = self.etcd else { return None };
        if self.stop.is_some() {
            return None; // How it serves is of no interest any more.
        }
        let Some(last) = &self.looked else { return Some(since) };
        let is_serving = last.seen.as_ref().is_ok_and(|seen| seen.is_serving());
        let pause =
            if is_serving { timing::LOOK_PAUSE_SERVING } else { timing::LOOK_PAUSE_STARTING };
        Some(last.at + self.quiet_down(pause, last.at))
    }

    /// A member that has not served for long is looked at less often: nobody waits for it.
    fn quiet_down(&self, pause: Duration, at: Timestamp) -> Duration {
        let Etcd::Up { since, .. } = self.etcd else { return pause };
        let reference = self.served.as_ref().map_or(since, |served| served.at.max(since));
        if at.since(reference) > timing::SETTLED_AFTER { timing::LOOK_PAUSE_SERVING } else { pause }
    }

    fn stop_due(&self) -> Option<Timestamp> {
        let stop = self.stop.as_ref().filter(|_| self.pid().is_some())?;
        match (stop.is_terminated, stop.is_killed) {
            (false, _) => Some(stop.terminate_at),
            (true, false) => Some(stop.kill_at),
            (true, true) => None,
        }
    }
}

impl Stop {
    /// The next step towards the end of a process: hand over, terminate, kill; each once.
    fn next(&mut self, now: Timestamp, client_url: String, flying: &mut InFlight) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.handed_over.is_none() && now < self.terminate_at {
            if !flying.hand_over {
                flying.hand_over = true;
                let deadline = self.terminate_at.since(now);
                actions.push(Action::HandOver { client_url, deadline });
            }
            return actions;
        }
        if !self.is_terminated {
            self.is_terminated = true;
            actions.push(Action::Signal(EtcdSignal::Terminate));
        }
        if now >= self.kill_at && !self.is_killed {
            self.is_killed = true;
            actions.push(Action::Signal(EtcdSignal::Kill));
        }
        actions
    }
}
