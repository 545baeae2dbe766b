//! What is told to others: the task's state to Mesos, and beats to the scheduler.

use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{EtcdState, FromExecutor, WIRE_VERSION};

use super::{Action, Etcd, Member, Supervisor, TaskState, TaskUpdate, earliest, timing};
use crate::words::cut;

/// What the scheduler was told last, so that a change is told at once.
#[derive(Debug, Default)]
pub(super) struct Beat {
    said: Option<(Kind, bool)>,
    next_at: Timestamp,
    /// Orders that wait for their answer: the number, and why it was refused.
    answers: Vec<(u64, Option<String>)>,
}

/// What of a state makes it another one. A new look at the same serving process does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Preparing,
    Starting(u32),
    Serving(u32),
    Stalled(u32),
    Restarting,
    Stopping,
    Ended,
}

/// How much of etcd's output is sent with a verdict, in lines.
const TAIL_LINES_MAX: usize = 40;

impl Supervisor {
    pub(super) fn answer(&mut self, seq: u64, refused: Option<String>) {
        self.beat.answers.push((seq, refused));
    }

    pub(super) fn report(&mut self, now: Timestamp) {
        self.report_task(now);
        self.report_beat(now);
    }

    fn report_task(&mut self, now: Timestamp) {
        let may_say_killing = self.facts.may_say_killing;
        let Some(member) = &self.facts.member else { return };
        let Some(state) = member.task_state(now, may_say_killing).or(member.told) else { return };
        let message = member.task_message(state);
        // Its first line will do: the verdict, without etcd's output.
        let brief = message.as_deref().and_then(|words| words.lines().next()).map(str::to_owned);
        self.shadow(state, brief);
        self.report_member(state, message);
    }

    fn report_member(&mut self, state: TaskState, message: Option<String>) {
        let Some(member) = self.facts.member.as_mut().filter(|m| m.told != Some(state)) else {
            return;
        };
        let task_id = member.task.to_string();
        tracing::info!(task_id, state = ?state, "task state");
        member.told = Some(state);
        self.update(TaskUpdate { task_id, state, message });
    }

    fn report_beat(&mut self, now: Timestamp) {
        let answers = std::mem::take(&mut self.beat.answers);
        let Some(member) = &self.facts.member else { return };
        let said = Some((member.kind(now), member.formed.is_some()));
        if answers.is_empty() && said == self.beat.said && now < self.beat.next_at {
            return;
        }
        self.beat.said = said;
        self.beat.next_at = now + timing::BEAT_PAUSE;
        if answers.is_empty() {
            self.say(now, None, None);
        }
        for (seq, refused) in answers {
            self.say(now, Some(seq), refused);
        }
    }

    fn say(&mut self, now: Timestamp, re: Option<u64>, refused: Option<String>) {
        let Some(member) = &self.facts.member else { return };
        self.facts.seq += 1;
        self.out.push(Action::Say(Box::new(FromExecutor {
            v: WIRE_VERSION,
            epoch: self.facts.epoch,
            seq: self.facts.seq,
            re,
            refused,
            task_id: member.task.clone(),
            formed: member.formed.is_some(),
            etcd: member.etcd_state(now),
            starts: member.starts,
        })));
    }

    /// When there is something to report although nothing happens.
    pub(super) fn report_wake(&self) -> Option<Timestamp> {
        let member = self.facts.member.as_ref()?;
        let is_shown = member.told == Some(TaskState::Running)
            || matches!(self.beat.said, Some((Kind::Serving(_), _)));
        // While it is stopped, nothing is said of how it serves.
        let is_watched = is_shown && member.stop.is_none() && !member.is_over();
        let stall = member.served.as_ref().filter(|_| is_watched);
        earliest([Some(self.beat.next_at), stall.map(|served| served.at + timing::STALL_AFTER)])
    }
}

impl Member {
    /// The state that Mesos should know; none where the last one told still holds.
    fn task_state(&self, now: Timestamp, may_say_killing: bool) -> Option<TaskState> {
        if let Etcd::Ended { state, .. } = &self.etcd {
            return Some(*state);
        }
        if self.stop.is_some() {
            return may_say_killing.then_some(TaskState::Killing);
        }
        // RUNNING is what mesos-dns tells clients of: only a voter of the cluster that is stored
        // as formed, and only while it serves.
        let is_running = self
            .served_lately(now)
            .is_some_and(|seen| self.formed == Some(seen.cluster_id) && !seen.is_learner);
        Some(if is_running { TaskState::Running } else { TaskState::Starting })
    }

    fn task_message(&self, state: TaskState) -> Option<String> {
        let words = match (&self.etcd, state, self.told) {
            (Etcd::Ended { verdict, tail, .. }, _, _) => with_tail(verdict, tail),
            (_, TaskState::Starting, Some(TaskState::Running)) => {
                format!("etcd has not served for {} s", timing::STALL_AFTER.as_secs())
            }
            _ => return None,
        };
        Some(cut(words, timing::STATUS_MESSAGE_BYTES_MAX))
    }

    fn kind(&self, now: Timestamp) -> Kind {
        match self.etcd_state(now) {
            EtcdState::Preparing => Kind::Preparing,
            EtcdState::Starting { pid } => Kind::Starting(pid),
            EtcdState::Serving { pid, .. } => Kind::Serving(pid),
            EtcdState::Stalled { pid, .. } => Kind::Stalled(pid),
            EtcdState::Restarting { .. } => Kind::Restarting,
            EtcdState::Stopping => Kind::Stopping,
            EtcdState::Ended { .. } => Kind::Ended,
        }
    }

    fn etcd_state(&self, now: Timestamp) -> EtcdState {
        match &self.etcd {
            Etcd::Ended { verdict, .. } => EtcdState::Ended { verdict: verdict.clone() },
            _ if self.stop.is_some() => EtcdState::Stopping,
            Etcd::Unprepared => EtcdState::Preparing,
            // Nothing has fallen yet.
            Etcd::Down { .. } | Etcd::Launching if self.pace.deaths == 0 => EtcdState::Preparing,
            Etcd::Down { why, .. } => EtcdState::Restarting { why: why.clone() },
            Etcd::Launching => EtcdState::Restarting { why: "it is being started".to_owned() },
            Etcd::Up { pid, serving_since, .. } => {
                self.process_state(now, *pid, serving_since.is_some())
            }
        }
    }

    fn process_state(&self, now: Timestamp, pid: u32, has_served: bool) -> EtcdState {
        let seen = self.looked.as_ref().and_then(|look| look.seen.as_ref().ok());
        if let Some((formed, found)) = self.wrong_cluster() {
            let why = format!(
                "its cluster ID is {found}, and the cluster that is stored as formed has {formed}: \
                 it belongs to another cluster, and is told to nobody"
            );
            return EtcdState::Stalled { pid, seen: seen.cloned(), why };
        }
        match (has_served, self.served_lately(now)) {
            (false, _) => EtcdState::Starting { pid },
            (true, Some(served)) => {
                let newest = seen.filter(|seen| seen.is_serving()).unwrap_or(served);
                EtcdState::Serving { pid, seen: newest.clone() }
            }
            (true, None) => {
                EtcdState::Stalled { pid, seen: seen.cloned(), why: self.why_stalled() }
            }
        }
    }

    fn why_stalled(&self) -> String {
        match self.looked.as_ref().map(|look| &look.seen) {
            Some(Err(why)) => why.clone(),
            Some(Ok(seen)) if seen.leader.is_none() => "it knows no leader".to_owned(),
            Some(Ok(_)) | None => "it does not answer a linearizable read in time".to_owned(),
        }
    }
}

/// A verdict with etcd's last words, the newest of them in any case.
fn with_tail(verdict: &str, tail: &[String]) -> String {
    let mut room = timing::STATUS_MESSAGE_BYTES_MAX.saturating_sub(verdict.len() + 64);
    let mut lines: Vec<&str> = Vec::new();
    for line in tail.iter().rev().take(TAIL_LINES_MAX) {
        let Some(left) = room.checked_sub(line.len() + 1) else { break };
        room = left;
        lines.push(line);
    }
    if lines.is_empty() {
        return verdict.to_owned();
    }
    lines.reverse();
    format!("{verdict}\nThe last lines of its output:\n{}", lines.join("\n"))
}
