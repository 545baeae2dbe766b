//! Facts only: what an event says is written down. Nothing is decided but what a word means.

use std::time::Duration;

use etcd_mesos_core::cause::chain;
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{ExecutorData, LaunchOrder};
use etcd_mesos_etcd::EtcdVersion;

use super::launch::read_launch;
use super::{
    Action, Agent, Etcd, Event, Look, Member, Pace, Stop, Supervisor, TaskState, TaskUpdate,
    order_grace, timing,
};
use crate::safety::{DataDirectory, History};
use crate::words::cut;

impl Supervisor {
    pub(super) fn absorb(&mut self, now: Timestamp, event: Event) {
        match event {
            Event::Wake => {}
            Event::Subscribed { data, may_say_killing } => self.subscribed(&data, may_say_killing),
            Event::AgentAway => self.agent_away(now),
            Event::Launch { task_id, data } => self.launch(now, task_id, &data),
            Event::Kill { task_id, grace } => self.kill(now, &task_id, grace),
            Event::Shutdown { grace } => self.shut_down(now, grace),
            Event::Message(data) => self.message(&data),
            Event::Acknowledged { left } => self.facts.unacknowledged = left,
            Event::Prepared(found) => self.prepared(now, found),
            Event::Inspected(found) => self.inspected(now, &found),
            Event::DirectoryCreated(done) => self.directory_created(now, done),
            Event::Started { pid } => self.started(now, pid),
            Event::StartFailed(why) => self.start_failed(now, why),
            Event::Exited { exit, tail } => self.exited(now, &exit, tail),
            Event::Looked { pid, seen, directory } => self.looked(now, pid, seen, &directory),
            Event::HandedOver(how) => self.handed_over(how),
        }
    }

    fn subscribed(&mut self, data: &[u8], may_say_killing: bool) {
        self.facts.agent = Agent::Here;
        self.facts.may_say_killing = may_say_killing;
        match ExecutorData::from_bytes(data) {
            Ok(data) => self.facts.executor = Some(data),
            Err(error) => tracing::error!(error = chain(&error), "executor data cannot be read"),
        }
    }

    fn agent_away(&mut self, now: Timestamp) {
        if self.facts.agent == Agent::Here {
            self.facts.agent = Agent::Away { since: now };
            tracing::warn!(etcd_runs = self.facts.living().is_some(), "the agent is away");
        }
    }

    fn launch(&mut self, now: Timestamp, task_id: String, order: &[u8]) {
        match task_id.parse() {
            Ok(client) => self.launch_client(now, client),
            Err(_) => self.launch_member(now, task_id, order),
        }
    }

    fn launch_member(&mut self, now: Timestamp, task_id: String, order: &[u8]) {
        if let Some(member) = &self.facts.member {
            let known = member.task.to_string();
            if known != task_id {
                let why = format!(
                    "this executor runs task {known} already, and one executor never runs two etcds; \
                     launch the task with an executor ID of its own"
                );
                self.refuse_launch(task_id, why);
            }
            return;
        }
        if self.facts.leaving_since.is_some() {
            return self.refuse_launch(task_id, "this executor is about to end".to_owned());
        }
        match read_launch(&task_id, order, self.facts.executor.as_ref()) {
            Ok((task, order)) => {
                tracing::info!(task_id, epoch = %order.epoch, "task launched");
                self.facts.epoch = self.facts.epoch.max(order.epoch);
                self.meet_client(&task);
                self.facts.member = Some(Member::new(task, order));
            }
            Err(error) => {
                // An executor that was started for this launch alone is of no further use.
                self.facts.leaving_since = Some(now);
                let why = format!("launch refused: {}", chain(&error));
                self.shadow(
                    TaskState::Failed,
                    Some(cut(why.clone(), timing::STATUS_MESSAGE_BYTES_MAX)),
                );
                self.refuse_launch(task_id, why);
            }
        }
    }

    pub(super) fn refuse_launch(&mut self, task_id: String, why: String) {
        tracing::error!(task_id, why, "task refused");
        let message = Some(cut(why, timing::STATUS_MESSAGE_BYTES_MAX));
        self.update(TaskUpdate { task_id, state: TaskState::Failed, message });
    }

    pub(super) fn update(&mut self, update: TaskUpdate) {
        self.facts.unacknowledged += 1;
        self.out.push(Action::Update(update));
    }

    fn kill(&mut self, now: Timestamp, task_id: &str, grace: Option<Duration>) {
        if self.kill_client(task_id) {
            return;
        }
        let ours = self.facts.member.as_mut().filter(|member| member.task.to_string() == task_id);
        let Some(member) = ours else {
            // To answer for a task that we do not know would be a guess about its process.
            tracing::warn!(task_id, "told to kill a task that this executor does not run");
            return;
        };
        let grace = grace.unwrap_or(order_grace(&member.order));
        member.stop(now, "KILL", grace);
    }

    fn shut_down(&mut self, now: Timestamp, grace: Duration) {
        match &mut self.facts.member {
            Some(member) => member.stop(now, "shutdown of the executor", grace),
            None => {
                self.shadow(TaskState::Killed, Some("shutdown of the executor".to_owned()));
                self.facts.leaving_since = self.facts.leaving_since.or(Some(now));
            }
        }
    }

    fn prepared(&mut self, now: Timestamp, found: Result<EtcdVersion, String>) {
        self.in_flight.prepare = false;
        let Some(member) = &mut self.facts.member else { return };
        if !matches!(member.etcd, Etcd::Unprepared) {
            return;
        }
        match found {
            Ok(version) => {
                member.version = Some(version);
                member.etcd = Etcd::Down { why: "first start".to_owned(), start_at: now };
            }
            Err(why) => member.end(TaskState::Failed, why, Vec::new()),
        }
    }

    fn started(&mut self, now: Timestamp, pid: u32) {
        let Some(member) = &mut self.facts.member else { return };
        if matches!(member.etcd, Etcd::Launching) {
            member.etcd = Etcd::Up { pid, since: now, serving_since: None };
            member.looked = None;
            self.in_flight.look = false;
        }
    }

    fn looked(
        &mut self,
        now: Timestamp,
        pid: u32,
        seen: Result<Observation, String>,
        directory: &DataDirectory,
    ) {
        let Some(member) = &mut self.facts.member else { return };
        if member.pid() != Some(pid) {
            return; // It was a look at a process that is gone.
        }
        self.in_flight.look = false;
        member.history.looked(directory);
        if let Ok(seen) = &seen {
            member.answered(now, seen);
        }
        member.looked = Some(Look { at: now, seen });
    }

    fn handed_over(&mut self, how: String) {
        self.in_flight.hand_over = false;
        if let Some(stop) = self.facts.member.as_mut().and_then(|member| member.stop.as_mut()) {
            tracing::info!(how, "leadership");
            stop.handed_over.get_or_insert(how);
        }
    }
}

impl Member {
    fn new(task: etcd_mesos_core::id::TaskId, order: LaunchOrder) -> Self {
        Member {
            task,
            order,
            version: None,
            formed: None,
            history: History::default(),
            etcd: Etcd::Unprepared,
            starts: 0,
            pace: Pace::default(),
            served: None,
            looked: None,
            stop: None,
            told: None,
        }
    }

    /// A stop that is asked for again can only become shorter.
    pub(super) fn stop(&mut self, now: Timestamp, why: &'static str, grace: Duration) {
        let hand_over = timing::HAND_OVER_DEADLINE_MAX.min(grace / 2);
        let (terminate_at, kill_at) = (now + hand_over, now + grace);
        if let Some(stop) = &mut self.stop {
            stop.terminate_at = stop.terminate_at.min(terminate_at);
            stop.kill_at = stop.kill_at.min(kill_at);
            return;
        }
        if self.is_over() {
            return;
        }
        tracing::info!(task_id = %self.task, why, grace_ms = grace.as_millis(), "stopping");
        let handed_over = None;
        let (is_terminated, is_killed) = (false, false);
        self.stop =
            Some(Stop { why, terminate_at, kill_at, handed_over, is_terminated, is_killed });
    }

    fn answered(&mut self, now: Timestamp, seen: &Observation) {
        self.history.answered();
        if !seen.is_serving() {
            return;
        }
        self.served = Some(Look { at: now, seen: seen.clone() });
        self.pace.corrupt_exits = 0;
        self.pace.stubborn_since = None;
        if let Etcd::Up { serving_since, .. } = &mut self.etcd {
            serving_since.get_or_insert(now);
        }
    }

    pub(super) fn end(&mut self, state: TaskState, verdict: String, tail: Vec<String>) {
        tracing::info!(task_id = %self.task, verdict, "task over");
        self.etcd = Etcd::Ended { state, verdict, tail };
    }
}
