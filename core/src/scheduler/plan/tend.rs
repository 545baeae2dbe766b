//! Tending a cluster: telling executors that it is formed, looking at members, saying how they are.

use super::{Action, Go, Pass, Scheduler};
use crate::health::Verdict;
use crate::record::{Member, Phase, TaskPhase};
use crate::scheduler::Repeated;
use crate::status::TaskState;
use crate::wire::{EtcdState, Order, ToExecutor, WIRE_VERSION};

impl Scheduler {
    /// Looks at each member of a formed cluster, one look at a time each.
    pub(super) fn plan_probes(&mut self, pass: &mut Pass) -> Go {
        if !self.book.stored().is_formed() {
            self.probes.clear();
            return Go::On;
        }
        for member in self.book.stored().members.clone() {
            self.probe(pass, &member);
        }
        Go::On
    }

    fn probe(&mut self, pass: &mut Pass, member: &Member) {
        let proof_max = self.config.timing.proof_max;
        let probing = self.probes.entry(member.name().clone()).or_default();
        if let Some(at) = probing.proven_at() {
            // The report must not go on calling healthy what nobody has seen for a while.
            let stale_at = at + proof_max;
            if pass.now <= stale_at {
                pass.wake_at(stale_at + std::time::Duration::from_millis(1));
            }
        }
        let due_at = probing.asked.map_or(probing.next_at, |asked| asked + proof_max);
        if !pass.is_due(due_at) {
            return;
        }
        probing.asked = Some(pass.now);
        pass.wake_at(pass.now + proof_max);
        let client_url = member.peer.client_url();
        pass.act(Action::Probe { member: member.name().clone(), client_url });
    }

    /// Tells each executor that the cluster is formed, until its beat shows that it knows.
    pub(super) fn plan_tell_formed(&mut self, pass: &mut Pass) -> Go {
        let Phase::Formed { cluster_id, .. } = self.book.stored().phase else { return Go::On };
        for member in self.book.stored().members.clone() {
            if member.is_ended() || self.knows_formed(&member) {
                self.repeat_at.remove(&(member.name().clone(), Repeated::Formed));
            } else if self.is_repeat_due(pass, &member, Repeated::Formed) {
                self.order(pass, &member, Order::Formed { cluster_id });
            }
        }
        Go::On
    }

    fn knows_formed(&self, member: &Member) -> bool {
        let beat = self.beats.get(member.name());
        let epoch = self.book.epoch();
        beat.is_some_and(|b| {
            b.said.task_id == member.task_id && b.said.formed && b.said.epoch >= epoch
        })
    }

    pub(super) fn is_repeat_due(
        &mut self,
        pass: &mut Pass,
        member: &Member,
        what: Repeated,
    ) -> bool {
        let key = (member.name().clone(), what);
        let due = self.repeat_at.get(&key).is_none_or(|&at| pass.is_due(at));
        if due {
            let again = pass.now + self.config.timing.repeat;
            self.repeat_at.insert(key, again);
            pass.wake_at(again);
        }
        due
    }

    pub(super) fn order(&mut self, pass: &mut Pass, member: &Member, order: Order) {
        self.message_seq += 1;
        let (epoch, seq) = (self.book.epoch(), self.message_seq);
        pass.act(Action::Message {
            member: member.name().clone(),
            agent_id: member.agent_id.clone(),
            message: ToExecutor { v: WIRE_VERSION, epoch, seq, order },
        });
    }

    /// Says how a formed cluster's members are.
    pub(super) fn plan_members(&mut self, pass: &mut Pass) -> Go {
        if !self.book.stored().is_formed() {
            return Go::On;
        }
        let judged = self.judge();
        if let Some(at) = judged.review_at.filter(|at| *at > pass.now) {
            pass.wake_at(at);
        }
        let health = judged.health;
        match health.verdict {
            Verdict::Healthy => pass.fine("health", health.because),
            Verdict::Degraded | Verdict::Unknown => pass.waiting("health", health.because),
            Verdict::Unhealthy => pass.trouble("health", health.because),
        }
        for member in &self.book.stored().members {
            self.say_member(pass, member);
            self.say_client_task(pass, member);
        }
        for stranger in &self.strangers {
            pass.trouble(
                "strangers",
                format!("task {stranger} is not in the record; it is left alone"),
            );
        }
        Go::On
    }

    fn say_member(&self, pass: &mut Pass, member: &Member) {
        let name = member.name();
        let place = format!("{name} on {}", member.hostname);
        if let TaskPhase::Ended { why, .. } = &member.task {
            let text = format!(
                "{place}: its task has ended: {why}. It needs a replacement, which this version \
                 does not start yet; the cluster serves for as long as a majority does."
            );
            return pass.trouble("member", text);
        }
        let state = self.task_state(&member.task_id);
        let view = self.tasks.get(&member.task_id);
        match (state, self.beats.get(name).map(|b| &b.said.etcd)) {
            (Some(TaskState::Running), _) => pass.fine("member", format!("{place}: running")),
            (Some(TaskState::Unreachable | TaskState::Lost), _) => pass.waiting(
                "member",
                format!("{place}: its agent does not answer the master; its etcd may well run"),
            ),
            (Some(TaskState::Starting | TaskState::Staging), Some(etcd)) => {
                pass.waiting("member", format!("{place}: {}", describe(etcd)));
            }
            (Some(state @ (TaskState::Staging | TaskState::Starting | TaskState::Killing)), _) => {
                pass.waiting("member", format!("{place}: Mesos says {state:?}"));
            }
            (
                Some(
                    state @ (TaskState::Gone
                    | TaskState::Unknown
                    | TaskState::Dropped
                    | TaskState::Finished
                    | TaskState::Failed
                    | TaskState::Killed
                    | TaskState::Error
                    | TaskState::GoneByOperator),
                ),
                _,
            ) => {
                let message = view.map(|v| v.message.as_str()).filter(|m| !m.is_empty());
                let said = message.map_or_else(String::new, |message| format!(" ({message})"));
                let text = format!(
                    "{place}: Mesos says {state:?}{said}: it has no such task, or it has ended, and \
                     nothing proves that its etcd has. Unless it comes back, the member needs a \
                     replacement, which this version does not start yet"
                );
                pass.trouble("member", text);
            }
            (None, _) => pass.waiting("member", format!("{place}: Mesos has not answered yet")),
        }
    }
}

/// What an executor says of its etcd, in one line.
pub(super) fn describe(etcd: &EtcdState) -> String {
    match etcd {
        EtcdState::Preparing => "its binaries are being checked".to_owned(),
        EtcdState::Starting { pid } => format!("etcd starts (process {pid})"),
        EtcdState::Serving { pid, .. } => format!("etcd serves (process {pid})"),
        EtcdState::Stalled { pid, why, .. } => {
            format!("etcd runs (process {pid}) and does not serve: {why}")
        }
        EtcdState::Restarting { why } => format!("etcd is restarted: {why}"),
        EtcdState::Stopping => "etcd is being stopped".to_owned(),
        EtcdState::Ended { verdict } => format!("etcd has ended: {verdict}"),
    }
}
