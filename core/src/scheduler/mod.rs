//! The scheduler as a pure state machine: told events, it returns actions and a report.
//!
//! [`Scheduler::step`] absorbs the event (facts only), then plans over all that is known, in a
//! fixed order of small functions that never look at which event came. It contains no I/O, and
//! it learns what became of its actions by further events; silence is an outcome too, because
//! every wait has a deadline that [`Scheduler::next_wake`] names.

mod absorb;
mod action;
mod action_text;
mod book;
mod event;
mod plan;
mod report;
mod safety;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use action::{Action, ExitCode};
pub use event::{Event, LinkFailure, LivingFramework, SaveFailure, SaveId};
pub use report::{Line, Report, Tone};
pub use safety::{FormPermit, KillPermit};

use crate::config::Config;
use crate::health::{
    self, Health, HealthPolicy, Judgement, LOOKS_KEPT, Look, Outlook, ProofAlone, Verdict,
};
use crate::id::{AgentId, MemberName, OfferId, TaskId};
use crate::observation::Observation;
use crate::offer::{Offer, Take};
use crate::placement::{PlacementPolicy, Spread};
use crate::record::Record;
use crate::status::{TaskState, TaskStatus};
use crate::store::Version;
use crate::time::Timestamp;
use crate::wire::FromExecutor;

use book::{Book, Mark};

/// What one step yields.
#[derive(Debug, Default)]
pub struct Step {
    /// What to do, in this order.
    pub actions: Vec<Action>,
    /// What the scheduler does, waits for, and why.
    pub report: Report,
}

/// Counters since the process started, in the predecessor's terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Launches that were sent.
    pub launched: u32,
    /// Tasks of members that provably ended.
    pub failed: u32,
}

/// How the connection to the leading master stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Link {
    /// Nothing was tried yet, or the last connection ended: for the reason given.
    Down { why: Option<LinkFailure> },
    /// A subscription was asked for.
    Subscribing { why: Option<LinkFailure> },
    /// Subscribed since then.
    Up { since: Timestamp },
}

/// What was last asked of the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Offers,
    Suppressed,
}

#[derive(Debug)]
struct HeldOffer {
    offer: Offer,
    since: Timestamp,
}

/// What was heard of a task since the process started.
#[derive(Debug)]
struct TaskView {
    state: TaskState,
    /// When this state was first told.
    since: Timestamp,
    message: String,
}

/// What was heard of tasks, by the member's task.
type TaskViews = BTreeMap<TaskId, TaskView>;

/// Keeps what a status says.
fn view(views: &mut TaskViews, task: &TaskId, status: &TaskStatus, now: Timestamp) {
    let same = views.get(task).filter(|known| known.state == status.state);
    let since = same.map_or(now, |known| known.since);
    let view = TaskView { state: status.state, since, message: status.message.clone() };
    views.insert(task.clone(), view);
}

#[derive(Debug)]
struct Unacknowledged {
    agent_id: AgentId,
    task_id: String,
    uuid: Vec<u8>,
    mark: Mark,
}

/// The explicit reconciliation of one subscription.
#[derive(Debug, Default)]
struct Reconciliation {
    /// Tasks that nobody has said anything of since the subscription.
    unanswered: BTreeSet<TaskId>,
    /// Tasks of which the last word was that nobody knows: their agents may be back without them, and then
    /// nobody says so without being asked.
    doubtful: BTreeSet<TaskId>,
    tries: u32,
    next_at: Timestamp,
    implicit_at: Timestamp,
}

#[derive(Debug)]
struct Beat {
    at: Timestamp,
    said: FromExecutor,
}

#[derive(Debug, Default)]
struct Probing {
    /// A look is under way since then.
    asked: Option<Timestamp>,
    next_at: Timestamp,
    /// What was seen, the newest last, bounded.
    looks: VecDeque<Look>,
}

impl Probing {
    fn keep(&mut self, look: Look) {
        if self.looks.len() == LOOKS_KEPT {
            self.looks.pop_front();
        }
        self.looks.push_back(look);
    }

    fn proven_at(&self) -> Option<Timestamp> {
        self.looks.iter().rev().find(|look| look.outcome.is_ok()).map(|look| look.at)
    }
}

/// The policies that a scheduler judges by; they are pure, and cannot do anything.
#[derive(Debug)]
pub struct Policies {
    /// Judges the cluster's health.
    pub health: Box<dyn HealthPolicy>,
    /// Ranks offers.
    pub placement: Box<dyn PlacementPolicy>,
}

impl Default for Policies {
    fn default() -> Policies {
        Policies { health: Box::new(ProofAlone), placement: Box::new(Spread) }
    }
}

/// Who else the master knows under our name.
#[derive(Debug, Default)]
enum Identity {
    #[default]
    Unasked,
    Asked {
        since: Timestamp,
    },
    Failed {
        why: String,
        again_at: Timestamp,
    },
    Alone,
    Living {
        frameworks: Vec<LivingFramework>,
        again_at: Timestamp,
        /// When the master is asked again of tasks on agents that it gave up.
        doubt_at: Timestamp,
    },
}

#[derive(Debug)]
struct SetAside {
    failures: u32,
    until: Timestamp,
    why: String,
}

/// The offers that the formation attempt, which is being stored, will use.
type Launching = BTreeMap<MemberName, (OfferId, Take)>;

/// The scheduler of one cluster.
#[derive(Debug)]
pub struct Scheduler {
    config: Config,
    policies: Policies,
    book: Book,
    link: Link,
    /// When the leading master, or an executor through it, last said anything.
    heard_at: Timestamp,
    flow: Flow,
    offers: BTreeMap<OfferId, HeldOffer>,
    surplus_offers: Vec<OfferId>,
    tasks: TaskViews,
    /// The client tasks beside them. Nothing but words of the report follows from what is heard of one.
    client_tasks: TaskViews,
    strangers: BTreeSet<String>,
    /// Tasks that are not ours to know, and that their registered agents do not have: the master said
    /// so since the subscription.
    gone: BTreeSet<String>,
    unacknowledged: Vec<Unacknowledged>,
    /// Tasks launched in this subscription that the master was not asked for since: what it answers of
    /// them, it was asked before.
    launched_unasked: BTreeSet<TaskId>,
    reconciliation: Reconciliation,
    identity: Identity,
    launching: Launching,
    attempt_since: Option<Timestamp>,
    set_aside: BTreeMap<AgentId, SetAside>,
    beats: BTreeMap<MemberName, Beat>,
    probes: BTreeMap<MemberName, Probing>,
    repeat_at: BTreeMap<(MemberName, Repeated), Timestamp>,
    message_seq: u64,
    counters: Counters,
    ending: Option<(ExitCode, String)>,
    is_ended: bool,
    wake: Option<Timestamp>,
    now: Timestamp,
    report: Report,
}

/// What is sent again until it shows its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Repeated {
    Beat,
    Formed,
    Kill,
}

/// Something that can never be true was found to be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl Scheduler {
    /// A scheduler over the loaded record, or over a new one if the store has none.
    pub fn new(config: Config, loaded: Option<Record>, version: Version) -> Scheduler {
        let record = loaded.unwrap_or_else(|| Record::new(config.cluster.clone()));
        let mut book = Book::open(record, version);
        let removed = config.removed_framework.as_ref();
        if removed.is_some() && book.stored().framework_id.as_ref() == removed {
            book.change(Record::forget_framework);
        }
        Scheduler {
            config,
            policies: Policies::default(),
            book,
            link: Link::Down { why: None },
            heard_at: Timestamp::default(),
            flow: Flow::Suppressed,
            offers: BTreeMap::new(),
            surplus_offers: Vec::new(),
            tasks: BTreeMap::new(),
            client_tasks: BTreeMap::new(),
            strangers: BTreeSet::new(),
            gone: BTreeSet::new(),
            unacknowledged: Vec::new(),
            launched_unasked: BTreeSet::new(),
            reconciliation: Reconciliation::default(),
            identity: Identity::Unasked,
            launching: Launching::new(),
            attempt_since: None,
            set_aside: BTreeMap::new(),
            beats: BTreeMap::new(),
            probes: BTreeMap::new(),
            repeat_at: BTreeMap::new(),
            message_seq: 0,
            counters: Counters::default(),
            ending: None,
            is_ended: false,
            wake: None,
            now: Timestamp::default(),
            report: Report::default(),
        }
    }

    /// The same scheduler, judging by other policies.
    pub fn with_policies(mut self, policies: Policies) -> Scheduler {
        self.policies = policies;
        self
    }

    /// Takes one event, and says what to do now.
    ///
    /// # Panics
    /// When an invariant is broken: going on could cost data, and a restart reads the store anew.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Step {
        // A clock that jumps back must not make old proofs fresh.
        self.now = self.now.max(now);
        self.absorb(event);
        let step = self.plan();
        let violations = self.check();
        assert!(violations.is_empty(), "invariants are broken: {violations:?}");
        self.report = step.report.clone();
        step
    }

    /// When the scheduler wants [`Event::Wake`], if nothing else happens before.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.wake
    }

    /// The invariants: empty, always.
    pub fn check(&self) -> Vec<Violation> {
        let records = [self.book.stored(), self.book.next()];
        let mut found: Vec<Violation> =
            records.iter().flat_map(|r| r.check()).map(Violation).collect();
        if self.offers.len() > OFFERS_HELD_MAX {
            found.push(Violation(format!("{} offers are held", self.offers.len())));
        }
        if self.unacknowledged.len() > UNACKNOWLEDGED_MAX {
            found.push(Violation("too many updates wait for the store".to_owned()));
        }
        let forgets = self.book.stored().is_formed() && !self.book.next().is_formed();
        if forgets {
            found.push(Violation("a formed cluster would be forgotten".to_owned()));
        }
        found
    }

    /// The record that the store holds.
    pub fn record(&self) -> &Record {
        self.book.stored()
    }

    /// The newest report.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What was counted since the process started.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The state that Mesos last gave a member's task.
    pub fn task_state(&self, task: &TaskId) -> Option<TaskState> {
        self.tasks.get(task).map(|view| view.state)
    }

    /// The state that Mesos last gave the client task beside a member's.
    pub fn client_task_state(&self, member_task: &TaskId) -> Option<TaskState> {
        self.client_tasks.get(member_task).map(|view| view.state)
    }

    /// The newest message of a member's executor, and when it came.
    pub fn beat(&self, member: &MemberName) -> Option<(Timestamp, &FromExecutor)> {
        self.beats.get(member).map(|beat| (beat.at, &beat.said))
    }

    /// The newest look at a member, if it is fresh enough to prove anything.
    pub fn seen(&self, member: &MemberName) -> Option<&Observation> {
        health::fresh(&self.probes.get(member)?.looks, self.now, self.config.timing.proof_max)
    }

    /// The cluster's health, by proofs of the last seconds.
    pub fn health(&self) -> Health {
        self.judge().health
    }

    fn judge(&self) -> Judgement {
        let record = self.book.stored();
        if !record.is_formed() {
            return Judgement::new(Verdict::Unknown, "there is no cluster yet");
        }
        let nothing = VecDeque::new();
        let looks = |m: &MemberName| self.probes.get(m).map_or(&nothing, |probing| &probing.looks);
        let members = record.members.iter().map(|m| (m.name(), looks(m.name())));
        let outlook = Outlook::new(self.now, self.config.timing.proof_max, members);
        let judged = health::judge(&*self.policies.health, &outlook);
        let has_looked_at_all = outlook.members.iter().all(|member| !member.looks.is_empty());
        if judged.health.verdict != Verdict::Healthy && !has_looked_at_all {
            return Judgement::new(
                Verdict::Unknown,
                "the first looks at the members are under way",
            );
        }
        judged
    }

    /// Whether the scheduler is subscribed.
    pub fn is_subscribed(&self) -> bool {
        matches!(self.link, Link::Up { .. })
    }
}

/// How many offers are held at most; the others are declined at once.
const OFFERS_HELD_MAX: usize = 1000;
/// How many updates may wait for the store; Mesos holds back each task's next one by itself.
const UNACKNOWLEDGED_MAX: usize = 10_000;
