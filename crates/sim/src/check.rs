//! What must never be, asked after every step; and what must come about once the faults stop.

use std::collections::{BTreeMap, BTreeSet};

use etcd_mesos_core::id::{ClusterId, Epoch, TaskId};
use etcd_mesos_core::record::{Phase, Record};
use etcd_mesos_core::status::{Evidence, TaskStatus};
use etcd_mesos_core::view;
use etcd_mesos_executor::supervisor;

use crate::world::World;

/// What happened, as far as a checker must remember it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Every cluster ID that was ever stored as formed.
    formed: BTreeSet<ClusterId>,
    /// The highest epoch that was ever stored.
    epoch: Epoch,
    /// The highest epoch whose scheduler subscribed.
    subscribed: Epoch,
    /// The tasks of members of a formed cluster.
    protected: BTreeSet<String>,
    launched: BTreeMap<String, u32>,
    /// What executors told last of their tasks.
    told: BTreeMap<String, supervisor::TaskState>,
    /// What the store holds.
    record: Option<Record>,
    /// Somebody deleted the record or put an old one back: what it forgets is not a scheduler's fault.
    is_store_changed: bool,
    broken: Vec<String>,
}

impl Ledger {
    pub(crate) fn store_was_changed(&mut self) {
        self.is_store_changed = true;
    }

    pub(crate) fn stored(&mut self, record: &Record) {
        if record.epoch < self.epoch && !self.is_store_changed {
            self.broken.push(format!("epoch {} was stored after {}", record.epoch, self.epoch));
        }
        self.epoch = self.epoch.max(record.epoch);
        self.record = Some(record.clone());
        match record.phase {
            Phase::Formed { cluster_id, .. } => {
                self.formed.insert(cluster_id);
                self.protected.extend(record.members.iter().map(|m| m.task_id.to_string()));
            }
            Phase::None | Phase::Forming { .. }
                if !self.formed.is_empty() && !self.is_store_changed =>
            {
                self.broken.push("a formed cluster was forgotten".to_owned());
            }
            Phase::None | Phase::Forming { .. } => {}
        }
        if self.formed.len() > 1 {
            self.broken.push(format!("two clusters were formed: {:?}", self.formed));
        }
    }

    /// The master took the subscription of a scheduler of that epoch.
    pub(crate) fn subscribed(&mut self, epoch: Epoch) {
        self.subscribed = self.subscribed.max(epoch);
    }

    /// The master accepted a launch of a scheduler of that epoch. One that was sent before the
    /// next scheduler subscribed is known to the master when that one reconciles.
    pub(crate) fn launched(&mut self, epoch: Epoch, task: &str) {
        if epoch < self.subscribed && !self.is_store_changed {
            let highest = self.subscribed;
            let what = format!("epoch {epoch} launched {task} after epoch {highest} subscribed");
            self.broken.push(what);
        }
        if !self.formed.is_empty() {
            self.broken.push(format!("{task} was launched to form, after a cluster was formed"));
        }
        let times = self.launched.entry(task.to_owned()).or_default();
        *times += 1;
        if *times > 1 {
            self.broken.push(format!("{task} was launched twice"));
        }
    }

    pub(crate) fn kill(&mut self, task: &str) {
        if self.protected.contains(task) {
            self.broken.push(format!("{task} of a formed cluster was killed"));
        }
    }

    /// What was last told of a task.
    pub(crate) fn told(&self, task: &str) -> Option<supervisor::TaskState> {
        self.told.get(task).copied()
    }

    /// A client task was killed: whatever was told of its member's task, it is not stopped.
    pub(crate) fn client_killed(
        &mut self,
        member_task: &str,
        before: Option<supervisor::TaskState>,
    ) {
        use supervisor::TaskState::{Failed, Killed, Killing};
        let is_stopped = |told| matches!(told, Some(Killing | Killed | Failed));
        if !is_stopped(before) && is_stopped(self.told(member_task)) {
            self.broken.push(format!("the end of its client task ended {member_task}"));
        }
    }

    /// An executor told Mesos a state of a task of its.
    pub(crate) fn updated(&mut self, update: &supervisor::TaskUpdate) {
        self.told.insert(update.task_id.clone(), update.state);
        if update.state == supervisor::TaskState::Running && self.formed.is_empty() {
            self.broken.push(format!("{} was RUNNING before formed was stored", update.task_id));
        }
    }

    /// A scheduler acknowledged an update: what it proved must be stored, because nobody will ever
    /// say it again.
    pub(crate) fn acknowledged(&mut self, status: &TaskStatus) {
        let is_end = matches!(status.assess(), Evidence::Ended(_));
        let record = self.record.as_ref().filter(|_| is_end);
        let member = record.and_then(|r| r.member_of(&status.task_id.parse().ok()?));
        if member.is_some_and(|m| !m.is_ended()) {
            let task = &status.task_id;
            self.broken.push(format!("the end of {task} was acknowledged before it was stored"));
        }
    }
}

impl World {
    /// # Errors
    /// The first thing that must never be, and is.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(broken) = self.ledger.broken.first() {
            return Err(broken.clone());
        }
        self.check_etcds()?;
        self.check_client_tasks()?;
        self.check_addresses()
    }

    /// A client task that has not ended is what its member's task is: RUNNING while that is, above all.
    fn check_client_tasks(&self) -> Result<(), String> {
        for executor in self.executors.values() {
            let Ok(task) = executor.task.parse::<TaskId>() else { continue };
            let client = self.ledger.told(&task.client_task().to_string());
            let (Some(client), told) = (client, self.ledger.told(&executor.task)) else { continue };
            if !client.is_terminal() && Some(client) != told {
                return Err(format!("the client task is {client:?}, and {task} is {told:?}"));
            }
        }
        Ok(())
    }

    fn check_etcds(&self) -> Result<(), String> {
        if let Some((identity, times)) = self.etcds.begun.iter().find(|(_, times)| **times > 1) {
            return Err(format!("{identity:?} was bootstrapped {times} times"));
        }
        let mut agents = BTreeSet::new();
        for process in self.etcds.running.values() {
            if !agents.insert((process.host, process.identity.cluster)) {
                return Err(format!("two members of one cluster on agent {}", process.host));
            }
        }
        Ok(())
    }

    /// No client is told of a member before `formed` is stored.
    fn check_addresses(&self) -> Result<(), String> {
        for process in self.schedulers.iter().flatten() {
            let told = !view::members(&process.core).is_empty();
            if told && self.ledger.formed.is_empty() {
                return Err("/members told of a cluster before formed was stored".to_owned());
            }
        }
        Ok(())
    }

    /// Whether the world has come to rest as it should, some time after the faults stopped: a
    /// healthy cluster, or a formed one whose report names what is missing.
    ///
    /// # Errors
    /// What is not as it should be.
    pub fn check_rest(&self) -> Result<&'static str, String> {
        let Some(process) = self.schedulers.iter().flatten().next() else {
            return Err("no scheduler runs".to_owned());
        };
        let report = process.core.report().to_string();
        let record = process.core.record();
        if !record.is_formed() {
            return Err(format!("no cluster was formed:\n{report}"));
        }
        let ended = record.members.iter().filter(|m| m.is_ended()).count();
        let told = view::members(&process.core).len();
        let live = record.members.len() - ended;
        if ended > 0 && !report.contains("needs a replacement") {
            return Err(format!(
                "{ended} members ended, and the report does not say so:\n{report}"
            ));
        }
        if ended > 0 {
            return Ok("formed, and members need a replacement");
        }
        if told != live || !process.core.health().serves() {
            return Err(format!("{told} of {live} members are told, not all well:\n{report}"));
        }
        Ok("formed and healthy")
    }
}
