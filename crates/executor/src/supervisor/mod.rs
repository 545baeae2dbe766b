//! The decisions of the executor: pure, without I/O and without a clock.
//!
//! [`Supervisor::step`] takes the time and an [`Event`] and returns [`Action`]s. Inside, facts are
//! absorbed first; then a fixed order of small functions plans from the facts alone, never from
//! the event that came; then what changed is reported. A plan that depends on facts alone is what
//! makes [`Supervisor::resume`] possible: after a panic the facts are taken up again, and the
//! same plan follows from them.

mod absorb;
mod client;
mod event;
mod exits;
mod launch;
mod orders;
mod plan;
mod report;
mod timing;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;

use std::path::PathBuf;
use std::time::Duration;

use etcd_mesos_core::id::{ClusterId, Epoch, TaskId};
use etcd_mesos_core::observation::Observation;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_core::wire::{ExecutorData, LaunchOrder};
use etcd_mesos_etcd::EtcdVersion;

pub use event::{Action, EtcdSignal, Event, Outcome, TaskState, TaskUpdate};

use crate::safety::History;

/// What holds for the executor's whole life.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether the executor is to outlive a restart of its agent (`MESOS_CHECKPOINT`).
    pub checkpoint: bool,
    /// The data directory, relative to the sandbox.
    pub data_directory: PathBuf,
}

/// Everything that must survive a panic of the logic: plain facts, no plan.
#[derive(Clone, Debug)]
pub struct Facts {
    settings: Settings,
    executor: Option<ExecutorData>,
    may_say_killing: bool,
    agent: Agent,
    /// The highest epoch that was heard.
    epoch: Epoch,
    /// The number of the last message to the scheduler.
    seq: u64,
    member: Option<Member>,
    client: Option<client::ClientTask>,
    /// How many status updates the agent has not acknowledged.
    unacknowledged: usize,
    /// Since when there is nothing left to do but to end.
    leaving_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agent {
    Here,
    Away { since: Timestamp },
}

/// The one task that is more than a name, and the etcd that it is.
#[derive(Clone, Debug)]
struct Member {
    task: TaskId,
    order: LaunchOrder,
    version: Option<EtcdVersion>,
    formed: Option<ClusterId>,
    history: History,
    etcd: Etcd,
    starts: u32,
    pace: Pace,
    /// The last look that proved that etcd serves, over all of its processes.
    served: Option<Look<Observation>>,
    /// The last look at the process that runs.
    looked: Option<Look<Result<Observation, String>>>,
    stop: Option<Stop>,
    told: Option<TaskState>,
}

#[derive(Clone, Debug)]
struct Look<T> {
    at: Timestamp,
    seen: T,
}

/// Where the etcd process is in its life. There is one at most, by construction.
#[derive(Clone, Debug)]
enum Etcd {
    /// The binaries are being checked.
    Unprepared,
    /// There is no process, and one is to be started.
    Down { why: String, start_at: Timestamp },
    /// A start was asked for and not yet answered.
    Launching,
    /// A process runs.
    Up { pid: u32, since: Timestamp, serving_since: Option<Timestamp> },
    /// There is no process, and none will be started.
    Ended { state: TaskState, verdict: String, tail: Vec<String> },
}

/// How often etcd died, and what kept it from running.
#[derive(Clone, Debug, Default)]
struct Pace {
    deaths: usize,
    corrupt_exits: u32,
    stubborn_since: Option<Timestamp>,
}

/// A stop that was asked for.
#[derive(Clone, Debug)]
struct Stop {
    why: &'static str,
    /// When the hand-over of the leadership must be over.
    terminate_at: Timestamp,
    kill_at: Timestamp,
    handed_over: Option<String>,
    is_terminated: bool,
    is_killed: bool,
}

/// What was asked of the driver and not yet answered. Forgotten by a panic, and then asked again.
#[derive(Clone, Copy, Debug, Default)]
struct InFlight {
    prepare: bool,
    inspect: bool,
    look: bool,
    hand_over: bool,
}

/// Supervises one etcd: see the module.
#[derive(Debug)]
pub struct Supervisor {
    facts: Facts,
    in_flight: InFlight,
    /// What the last beat said, and when the next one is due.
    beat: report::Beat,
    out: Vec<Action>,
}

impl Supervisor {
    /// A supervisor without a task, whose agent has not answered yet.
    pub fn new(settings: Settings, now: Timestamp) -> Self {
        Supervisor::of(Facts {
            settings,
            executor: None,
            may_say_killing: false,
            agent: Agent::Away { since: now },
            epoch: Epoch::default(),
            seq: 0,
            member: None,
            client: None,
            unacknowledged: 0,
            leaving_since: None,
        })
    }

    /// A supervisor that takes up where another one panicked. `pid` is the process that runs now.
    pub fn resume(mut facts: Facts, now: Timestamp, pid: Option<u32>) -> Self {
        if let Some(member) = &mut facts.member {
            member.meet(now, pid);
        }
        Supervisor::of(facts)
    }

    fn of(facts: Facts) -> Self {
        Supervisor {
            facts,
            in_flight: InFlight::default(),
            beat: report::Beat::default(),
            out: Vec::new(),
        }
    }

    /// The facts, to be kept outside of what can panic.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes in one event and says what is to be done, in this order.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        self.absorb(now, event);
        self.plan(now);
        self.report(now);
        std::mem::take(&mut self.out)
    }

    /// When [`Event::Wake`] is due, if nothing else happens before.
    pub fn next_wake(&self) -> Option<Timestamp> {
        [self.plan_wake(), self.report_wake()].into_iter().flatten().min()
    }
}

impl Facts {
    /// The member, while its task has not ended.
    fn living(&self) -> Option<&Member> {
        self.member.as_ref().filter(|member| !member.is_over())
    }
}

impl Member {
    fn is_over(&self) -> bool {
        matches!(self.etcd, Etcd::Ended { .. })
    }

    fn pid(&self) -> Option<u32> {
        match self.etcd {
            Etcd::Up { pid, .. } => Some(pid),
            Etcd::Unprepared | Etcd::Down { .. } | Etcd::Launching | Etcd::Ended { .. } => None,
        }
    }

    /// Whether a linearizable read succeeded lately, and what was seen then.
    fn served_lately(&self, now: Timestamp) -> Option<&Observation> {
        let served = self.served.as_ref()?;
        (now.since(served.at) < timing::STALL_AFTER).then_some(&served.seen)
    }

    /// The cluster that etcd is in, where that is not the one that is stored as formed.
    fn wrong_cluster(&self) -> Option<(ClusterId, ClusterId)> {
        let (formed, seen) = (self.formed?, self.served.as_ref()?.seen.cluster_id);
        (formed != seen).then_some((formed, seen))
    }

    /// Agrees with the process that the driver has, where a panic came between.
    fn meet(&mut self, now: Timestamp, pid: Option<u32>) {
        match (&self.etcd, pid) {
            (Etcd::Up { pid: known, .. }, Some(pid)) if *known == pid => {}
            (Etcd::Up { .. } | Etcd::Launching | Etcd::Down { .. }, Some(pid)) => {
                self.etcd = Etcd::Up { pid, since: now, serving_since: None };
            }
            (Etcd::Up { .. } | Etcd::Launching, None) => {
                let why = "it ended while the executor's logic was restarted".to_owned();
                self.etcd = Etcd::Down { why, start_at: now };
            }
            (Etcd::Unprepared | Etcd::Ended { .. } | Etcd::Down { .. }, _) => {}
        }
    }
}

/// The earlier of a time and what is there already.
fn earliest(times: impl IntoIterator<Item = Option<Timestamp>>) -> Option<Timestamp> {
    times.into_iter().flatten().min()
}

/// The most that a stop may take when nobody says anything about it.
fn order_grace(order: &LaunchOrder) -> Duration {
    Duration::from_millis(order.stop_grace_ms)
}
