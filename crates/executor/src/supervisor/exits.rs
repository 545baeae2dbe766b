//! What is made of an end of etcd, and of a start that does not succeed: again, and when; or never.

use std::time::Duration;

use etcd_mesos_core::time::Timestamp;
use etcd_mesos_etcd::exit::Exit;

use super::{Action, Etcd, Member, Pace, Supervisor, TaskState, timing};
use crate::safety::{Assessment, DataDirectory, StartRefusal, assess_start};

/// What follows from an end of etcd.
enum Consequence {
    /// It is started again.
    Restart,
    /// The task is over, for this reason.
    Over(String),
}

impl Supervisor {
    pub(super) fn exited(&mut self, now: Timestamp, exit: &Exit, tail: Vec<String>) {
        self.in_flight.look = false;
        let Some(member) = &mut self.facts.member else { return };
        if matches!(member.etcd, Etcd::Up { .. } | Etcd::Launching) {
            member.fell(now, exit, tail);
        }
    }

    pub(super) fn start_failed(&mut self, now: Timestamp, why: String) {
        let Some(member) = &mut self.facts.member else { return };
        if matches!(member.etcd, Etcd::Launching) {
            member.could_not_start(now, why);
        }
    }

    pub(super) fn inspected(&mut self, now: Timestamp, found: &DataDirectory) {
        self.in_flight.inspect = false;
        let directory = self.facts.settings.data_directory.clone();
        let Some(member) = &mut self.facts.member else { return };
        let (Etcd::Down { .. }, None, Some(version)) = (&member.etcd, &member.stop, member.version)
        else {
            return;
        };
        // Seen is seen, whatever is decided on it.
        let history = member.history;
        member.history.looked(found);
        match assess_start(member.order.start, history, &directory, found) {
            Ok(Assessment::Create) => {
                self.in_flight.inspect = true;
                self.out.push(Action::CreateDirectory);
            }
            Ok(Assessment::Start(permit)) => {
                member.starts += 1;
                member.etcd = Etcd::Launching;
                let arguments = permit.arguments(version, &member.order, &directory);
                self.out.push(Action::Start { arguments });
            }
            Err(refusal) => member.refused(now, &refusal),
        }
    }

    pub(super) fn directory_created(&mut self, now: Timestamp, done: Result<(), String>) {
        self.in_flight.inspect = false;
        let Some(member) = &mut self.facts.member else { return };
        match done {
            Ok(()) => member.history.created(),
            Err(why) if matches!(member.etcd, Etcd::Down { .. }) => {
                member.could_not_start(now, why)
            }
            Err(_) => {} // A late answer, to a question from before a panic.
        }
    }
}

impl Member {
    fn fell(&mut self, now: Timestamp, exit: &Exit, tail: Vec<String>) {
        if let Some(stop) = &self.stop {
            let how = stop.handed_over.as_deref().unwrap_or("the leadership was not handed over");
            let verdict = format!("etcd was stopped ({}): {exit}; {how}", stop.why);
            return self.end(TaskState::Killed, verdict, Vec::new());
        }
        self.settle(now);
        match self.consequence(now, exit) {
            Consequence::Over(verdict) => self.end(TaskState::Failed, verdict, tail),
            Consequence::Restart => self.fall_back(now, format!("etcd ended: {exit}"), exit),
        }
    }

    /// An etcd that served for long enough died of something new.
    fn settle(&mut self, now: Timestamp) {
        if let Etcd::Up { serving_since: Some(since), .. } = self.etcd
            && now.since(since) >= timing::SETTLED_AFTER
        {
            self.pace = Pace::default();
        }
    }

    fn fall_back(&mut self, now: Timestamp, why: String, exit: &Exit) {
        let mut pause = self.pace.pause();
        if is_stubborn(exit) {
            pause = pause.min(timing::STUBBORN_PAUSE_MAX);
        }
        tracing::warn!(task_id = %self.task, why, pause_ms = pause.as_millis(), "etcd is started again");
        self.etcd = Etcd::Down { why, start_at: now + pause };
    }

    /// Every end is judged by what etcd said; none by how often it died.
    fn consequence(&mut self, now: Timestamp, exit: &Exit) -> Consequence {
        match exit {
            Exit::MemberRemoved => Consequence::Over(format!("etcd ended: {exit}")),
            Exit::AlreadyBootstrapped => Consequence::Over(format!(
                "etcd ended: {exit}; the member must be removed from the cluster and replaced"
            )),
            Exit::Corrupt(_) => self.corrupt(exit),
            Exit::BadFlags(_) if self.served.is_none() => {
                Consequence::Over(format!("etcd ended: {exit}"))
            }
            Exit::PortTaken(_) | Exit::NoSuchAddress(_) => self.stubborn(now, exit),
            Exit::BadFlags(_)
            | Exit::DiskFull
            | Exit::ClusterIdMismatch
            | Exit::Signal(_)
            | Exit::Code(_) => Consequence::Restart,
        }
    }

    /// One read of a bad sector can fail and the next succeed; what is corrupt stays so.
    fn corrupt(&mut self, exit: &Exit) -> Consequence {
        self.pace.corrupt_exits += 1;
        if self.pace.corrupt_exits < timing::CORRUPT_EXITS_MAX {
            return Consequence::Restart;
        }
        Consequence::Over(format!(
            "etcd ended: {exit}; the data directory is kept as it is, and the member must be \
             removed from the cluster and replaced"
        ))
    }

    fn stubborn(&mut self, now: Timestamp, exit: &Exit) -> Consequence {
        let since = *self.pace.stubborn_since.get_or_insert(now);
        let lasted = now.since(since);
        if lasted < timing::STUBBORN_AFTER {
            return Consequence::Restart;
        }
        let seconds = lasted.as_secs();
        Consequence::Over(format!("etcd could not start for {seconds} s: {exit}"))
    }

    /// The system refused what comes before etcd's first instruction.
    fn could_not_start(&mut self, now: Timestamp, why: String) {
        if let Some(stop) = &self.stop {
            let verdict = format!("stopped ({}); no etcd was running", stop.why);
            return self.end(TaskState::Killed, verdict, Vec::new());
        }
        let since = *self.pace.stubborn_since.get_or_insert(now);
        if now.since(since) >= timing::STUBBORN_AFTER {
            return self.end(TaskState::Failed, why, Vec::new());
        }
        let pause = self.pace.pause().min(timing::STUBBORN_PAUSE_MAX);
        self.etcd = Etcd::Down { why, start_at: now + pause };
    }

    fn refused(&mut self, now: Timestamp, refusal: &StartRefusal) {
        match refusal {
            StartRefusal::Foreign(_) | StartRefusal::Vanished(_) => {
                self.end(TaskState::Failed, refusal.to_string(), Vec::new());
            }
            StartRefusal::Unreadable { .. } => self.could_not_start(now, refusal.to_string()),
        }
    }
}

/// Whether an end is of the kind that is waited out for a while, and then taken for final.
fn is_stubborn(exit: &Exit) -> bool {
    matches!(exit, Exit::PortTaken(_) | Exit::NoSuchAddress(_))
}

impl Pace {
    /// The pause before the next start; each is longer than the one before.
    fn pause(&mut self) -> Duration {
        let last = timing::RESTART_PAUSES_MS.len() - 1;
        let millis = timing::RESTART_PAUSES_MS[self.deaths.min(last)];
        self.deaths = self.deaths.saturating_add(1);
        Duration::from_millis(millis)
    }
}
