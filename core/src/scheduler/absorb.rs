//! Absorbing: what an event says becomes a fact. Nothing is decided here.

use crate::health::Look;
use crate::id::{AgentId, ClientTaskId, OurTaskId, TaskId};
use crate::observation::Observation;
use crate::offer::Offer;
use crate::record::{Member, Phase, TaskPhase};
use crate::status::{Evidence, Proof, Reason, Source, TaskState, TaskStatus};
use crate::wire::{EtcdState, FromExecutor};

use super::*;

/// How many tasks that are not ours are remembered for the report.
const STRANGERS_MAX: usize = 100;

impl Scheduler {
    pub(super) fn absorb(&mut self, event: Event) {
        if event.is_of_the_master() {
            self.heard_at = self.now;
        }
        match event {
            Event::Wake => {}
            Event::Saved { id, outcome } => self.absorb_saved(id, outcome),
            Event::Subscribed { framework_id } => self.absorb_subscribed(framework_id),
            Event::Disconnected(why) => self.absorb_disconnected(why),
            Event::MesosError { message } => self.absorb_error(message),
            Event::Offers(offers) => offers.into_iter().for_each(|o| self.absorb_offer(o)),
            Event::Rescinded(id) => {
                self.offers.remove(&id);
            }
            Event::Update(status) => self.absorb_update(status),
            Event::Message { body, .. } => self.absorb_message(body),
            // Unreliable by Mesos's own word: the tasks' updates and reconciliation tell the same.
            Event::Failure { .. } => {}
            Event::Asked(answer) => self.absorb_answer(answer),
            Event::NotLaunched { task_id, why } => {
                let never = TaskPhase::ended(Proof::NeverStarted, &why);
                self.advance(&task_id, never, false);
            }
            Event::Probed { member, outcome } => self.absorb_probe(member, outcome),
        }
    }

    fn absorb_saved(&mut self, id: SaveId, outcome: Result<Version, SaveFailure>) {
        let retry_at = self.now + self.config.timing.save_retry;
        match self.book.saved(id, outcome, retry_at) {
            Ok(()) | Err(SaveFailure::Unavailable(_)) => {}
            Err(SaveFailure::Conflict(found)) => self.end(
                ExitCode::Deposed,
                format!(
                    "another scheduler has written to the store since ({found}). This one does \
                     nothing more; etcd runs on. Run exactly one scheduler for a cluster."
                ),
            ),
            Err(SaveFailure::Corrupt(found)) => self.end(ExitCode::Config, found),
        }
    }

    pub(super) fn end(&mut self, code: ExitCode, why: String) {
        self.ending.get_or_insert((code, why));
    }

    fn absorb_subscribed(&mut self, framework_id: crate::id::FrameworkId) {
        self.gone.clear();
        self.launched_unasked.clear();
        let known = self.book.next().framework_id.clone();
        if known.as_ref().is_some_and(|known| *known != framework_id) {
            let why = format!("Mesos subscribed us as {framework_id}, and we asked for {known:?}");
            return self.end(ExitCode::Bug, why);
        }
        self.book.change(|record| record.framework_id = Some(framework_id));
        // A subscription that was late may have pushed out a scheduler that knows more. Nothing is
        // acknowledged or done on it before the store has said again that it is our turn.
        self.book.raise_epoch();
        self.link = Link::Up { since: self.now };
        let open = self.open_tasks();
        self.reconciliation = Reconciliation {
            unanswered: open.into_iter().map(|(task, _)| task).collect(),
            doubtful: BTreeSet::new(),
            tries: 0,
            next_at: self.now,
            implicit_at: self.now,
        };
    }

    /// The tasks of the record that have not provably ended.
    pub(super) fn open_tasks(&self) -> Vec<(TaskId, AgentId)> {
        let members = self.book.next().members.iter().filter(|m| !m.is_ended());
        members.map(|m| (m.task_id.clone(), m.agent_id.clone())).collect()
    }

    fn absorb_disconnected(&mut self, why: LinkFailure) {
        if self.is_subscribed() {
            self.book.raise_epoch();
        }
        self.link = Link::Down { why: Some(why) };
        // A connection's offers end with it, and its unsent acknowledgements are asked for again.
        self.offers.clear();
        self.surplus_offers.clear();
        self.unacknowledged.clear();
        if matches!(self.identity, Identity::Asked { .. }) {
            self.identity = Identity::Unasked;
        }
    }

    fn absorb_error(&mut self, message: String) {
        if message.contains("Framework failed over") {
            let why = "another scheduler has subscribed with this framework ID. This one does \
                       nothing more; etcd runs on. Run exactly one scheduler for a cluster.";
            return self.end(ExitCode::Deposed, why.to_owned());
        }
        // Before 0.24 Mesos said "Completed framework attempted to re-register".
        if message.contains("has been removed") || message.contains("Completed framework") {
            return self.end(ExitCode::Removed, self.explain_removal(&message));
        }
        self.absorb_disconnected(LinkFailure::Temporary(format!("the master says: {message}")));
    }

    fn explain_removal(&self, message: &str) -> String {
        let record = self.book.stored();
        let id = record.framework_id.as_ref().map_or("(unknown)", |id| id.as_str());
        let what_is_left = if record.is_formed() {
            let agents: Vec<&str> = record.members.iter().map(|m| m.hostname.as_str()).collect();
            format!(
                "Mesos stopped its tasks, and so the cluster's members. Their data directories \
                 are in the sandboxes on {}, until Mesos collects them (after a week, by \
                 default): copy them away now. With --new-framework={id} this scheduler goes on \
                 under a new framework ID, and launches nothing: the record says that a cluster \
                 was formed, and no second, empty one takes its place.",
                agents.join(", ")
            )
        } else {
            format!(
                "No cluster was ever formed under it, so no data is lost. To form one, start with \
                 --new-framework={id}."
            )
        };
        format!("Mesos has removed the framework {id} ({message}). {what_is_left}")
    }

    fn absorb_offer(&mut self, offer: Offer) {
        if self.offers.len() >= OFFERS_HELD_MAX {
            self.surplus_offers.push(offer.id);
            return;
        }
        self.offers.insert(offer.id.clone(), HeldOffer { offer, since: self.now });
    }

    fn absorb_update(&mut self, status: TaskStatus) {
        let record = self.book.next();
        let mark = match status.task_id.parse::<OurTaskId>() {
            Ok(OurTaskId::Member(task)) if record.member_of(&task).is_some() => {
                self.absorb_member_status(&task, &status)
            }
            Ok(OurTaskId::Client(client)) if record.member_of(client.member_task()).is_some() => {
                self.absorb_client_status(&client, &status)
            }
            // It is about to end, or its agent is away: either may take longer than the next attempt.
            Ok(OurTaskId::Client(client)) if record.is_of_the_past(&client) => {
                self.book.change(|_| {})
            }
            Ok(_) | Err(_) => self.absorb_stranger(&status),
        };
        let (Some(uuid), Some(agent_id)) = (status.uuid, status.agent_id) else { return };
        self.unacknowledged.push(Unacknowledged { agent_id, task_id: status.task_id, uuid, mark });
    }

    fn absorb_stranger(&mut self, status: &TaskStatus) -> Mark {
        let is_answer = status.source == Source::Master && status.reason == Reason::Reconciliation;
        if status.state == TaskState::Gone && is_answer && self.gone.len() < STRANGERS_MAX {
            self.gone.insert(status.task_id.clone());
        }
        let lives = status.assess() == Evidence::Alive;
        if !lives {
            self.strangers.remove(&status.task_id);
        } else if self.strangers.len() < STRANGERS_MAX {
            self.strangers.insert(status.task_id.clone());
        }
        self.book.change(|_| {})
    }

    /// A client task is a name: its end proves nothing of the member, fails nothing, and is nobody's fault.
    fn absorb_client_status(&mut self, client: &ClientTaskId, status: &TaskStatus) -> Mark {
        view(&mut self.client_tasks, client.member_task(), status, self.now);
        self.book.change(|_| {})
    }

    fn absorb_member_status(&mut self, task: &TaskId, status: &TaskStatus) -> Mark {
        self.reconciliation.heard(task, status.state);
        view(&mut self.tasks, task, status, self.now);
        let Some(phase) = self.proven_phase(task, status) else { return self.book.change(|_| {}) };
        let ends = matches!(phase, TaskPhase::Ended { .. });
        let was_open = self.book.next().member_of(task).is_some_and(|m| !m.is_ended());
        if ends && was_open {
            self.counters.failed += 1;
            self.blame_agent(task, status);
        }
        self.advance(task, phase, status.state == TaskState::Running)
    }

    /// What a status adds to what is known for certain of a task.
    fn proven_phase(&self, task: &TaskId, status: &TaskStatus) -> Option<TaskPhase> {
        let record = self.book.next();
        let member = record.member_of(task)?;
        match status.assess() {
            Evidence::Ended(proof) => Some(TaskPhase::ended(proof, &describe(status))),
            // STAGING is also what a master answers of a launch that no agent has seen yet.
            Evidence::Alive if status.state == TaskState::Staging => None,
            Evidence::Alive => Some(TaskPhase::Seen),
            // The agent is registered and has no such task, nothing was ever heard of it, and a
            // launch of a former connection can no longer arrive: the master refuses its stream
            // ID, and agents ignore masters that do not lead.
            // An agent says DROPPED in the same case, when it registers again.
            Evidence::Silent if self.never_arrived(member, status) => {
                Some(TaskPhase::ended(Proof::NeverStarted, "the launch never arrived"))
            }
            Evidence::Silent => None,
        }
    }

    /// Whether a launch of which nothing was ever heard provably reached no executor. What the master
    /// answers of a task that was launched after it was asked says nothing.
    fn never_arrived(&self, member: &Member, status: &TaskStatus) -> bool {
        let is_late_answer = self.launched_unasked.contains(&member.task_id);
        let is_gone = status.state == TaskState::Gone && !is_late_answer;
        member.task == TaskPhase::Planned && (is_gone || is_dropped_by_agent(status))
    }

    /// Moves a task's phase on; it never moves back, and nobody is announced before `formed`.
    fn advance(&mut self, task: &TaskId, phase: TaskPhase, is_running: bool) -> Mark {
        self.book.change(|record| {
            let is_formed = record.is_formed();
            let Some(member) = record.members.iter_mut().find(|m| m.task_id == *task) else {
                return;
            };
            member.announced |= is_running && is_formed;
            if member.task < phase && !member.is_ended() {
                member.task = phase;
            }
        })
    }

    /// An agent where a task failed by itself is left alone for a while.
    fn blame_agent(&mut self, task: &TaskId, status: &TaskStatus) {
        let asked_for = matches!(self.book.next().phase, Phase::Forming { abandoned: Some(_), .. });
        let member = self.book.next().member_of(task);
        let Some(agent_id) = member.map(|m| m.agent_id.clone()) else { return };
        if asked_for || !is_fault_of_agent(status) {
            return;
        }
        let timing = self.config.timing;
        let failures = self.set_aside.get(&agent_id).map_or(0, |s| s.failures) + 1;
        let wait = timing.set_aside_min * 2u32.saturating_pow((failures - 1).min(16));
        let until = self.now + wait.min(timing.set_aside_max);
        self.set_aside.insert(agent_id, SetAside { failures, until, why: describe(status) });
    }

    fn absorb_message(&mut self, body: Result<FromExecutor, String>) {
        let Ok(said) = body else { return };
        let record = self.book.next();
        let Some(member) = record.member_of(&said.task_id) else { return };
        let name = member.name().clone();
        // Mesos may deliver messages late and out of order; the newest counts.
        if self
            .beats
            .get(&name)
            .is_some_and(|old| old.said.task_id == said.task_id && old.said.seq >= said.seq)
        {
            return;
        }
        self.learn_member_id(&name, &said);
        self.beats.insert(name, Beat { at: self.now, said });
    }

    /// A member that served later than `formed` was stored has told nobody its ID yet.
    fn learn_member_id(&mut self, name: &MemberName, said: &FromExecutor) {
        let EtcdState::Serving { seen, .. } = &said.etcd else { return };
        self.book.change(|record| {
            let Phase::Formed { cluster_id, .. } = record.phase else { return };
            let member = record.members.iter_mut().find(|m| m.name() == name);
            if let Some(member) = member.filter(|_| cluster_id == seen.cluster_id) {
                member.member_id.get_or_insert(seen.member_id);
            }
        });
    }

    fn absorb_answer(&mut self, answer: Result<Vec<LivingFramework>, String>) {
        let again_at = self.now + self.config.timing.reconcile_max;
        self.identity = match answer {
            Ok(frameworks) if frameworks.is_empty() => Identity::Alone,
            Ok(frameworks) => Identity::Living { frameworks, again_at, doubt_at: self.now },
            Err(why) => Identity::Failed { why, again_at: self.now + self.config.timing.repeat },
        };
    }

    fn absorb_probe(&mut self, member: MemberName, outcome: Result<Observation, String>) {
        let (now, pause) = (self.now, self.config.timing.probe);
        let Some(probing) = self.probes.get_mut(&member) else { return };
        let serves = outcome.as_ref().is_ok_and(Observation::is_serving);
        probing.asked = None;
        // What does not serve is looked at again sooner: it may serve in a moment.
        probing.next_at = now + if serves { pause } else { pause / 4 };
        probing.keep(Look::new(now, outcome));
    }
}

/// Whether the task's own agent, or the master for it, says that it does not have it.
fn has_no_such_task(status: &TaskStatus) -> bool {
    status.state == TaskState::Gone || is_dropped_by_agent(status)
}

/// An agent that registers again is told by the master what it should have, and says so of what it
/// does not have.
fn is_dropped_by_agent(status: &TaskStatus) -> bool {
    status.state == TaskState::Dropped
        && status.source == Source::Agent
        && status.reason == Reason::Reconciliation
}

/// Whether the task failed where it was, rather than on the way there.
fn is_fault_of_agent(status: &TaskStatus) -> bool {
    let never_arrived = matches!(status.reason, Reason::InvalidOffers | Reason::KilledDuringLaunch);
    !has_no_such_task(status) && !never_arrived
}

/// A status in one line, with the way out where the reason is known.
fn describe(status: &TaskStatus) -> String {
    let said = status.message.lines().next().unwrap_or_default();
    let what = match status.reason {
        Reason::None => {
            return if said.is_empty() { format!("{:?}", status.state) } else { said.to_owned() };
        }
        Reason::ExecutorRegistrationTimeout => FETCH_TOO_SLOW.to_owned(),
        // The agent ends a fetch that is still running when the executor should have registered.
        Reason::ContainerLaunchFailed
            if said.contains("fetch") && said.contains("signal Killed") =>
        {
            FETCH_TOO_SLOW.to_owned()
        }
        Reason::ContainerLaunchFailed if said.contains("fetch") => FETCH_FAILED.to_owned(),
        other => format!("{other:?}"),
    };
    if said.is_empty() { what } else { format!("{what} (Mesos says: {said})") }
}

const FETCH_TOO_SLOW: &str = "fetch too slow: the agent waits a minute, by default, for the fetch \
     and the start of an executor; raise its --executor_registration_timeout, or look at the \
     network between it and this scheduler";
const FETCH_FAILED: &str = "the agent cannot fetch the binaries from this scheduler: is the \
     --address that agents are told reachable from there, and --artifact-port?";
