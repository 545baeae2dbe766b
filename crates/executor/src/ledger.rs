//! What the agent has not acknowledged: it outlives the agent, and any panic here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use mesos_v1::executor::calls::Update;
use mesos_v1::executor::new_status_uuid;
use mesos_v1::proto::{self, KillPolicy, TaskInfo, TaskStatus};

use crate::supervisor::{TaskState, TaskUpdate};

/// The tasks and status updates that an agent that comes back must be told of again, in order.
///
/// An executor has one member's task and its client task, so each list is short: the longest has one update
/// of each for each change of state while the agent is away.
#[derive(Debug, Default)]
pub struct Ledger {
    tasks: Vec<TaskInfo>,
    updates: Vec<Update>,
    kill_grace: Option<Duration>,
}

impl Ledger {
    /// A task was handed over, and nothing of it was acknowledged yet.
    pub fn launched(&mut self, task: TaskInfo) {
        self.kill_grace = self.kill_grace.or(grace(task.kill_policy.as_ref()));
        self.tasks.push(task);
    }

    /// The grace period that the task was launched with.
    pub fn kill_grace(&self) -> Option<Duration> {
        self.kill_grace
    }

    /// Makes a status of a task's new state, and keeps it until it is acknowledged.
    pub fn record(&mut self, update: TaskUpdate) -> TaskStatus {
        let status = status(update);
        self.updates.push(Update { status: status.clone() });
        status
    }

    /// An update arrived. Returns how many have not.
    pub fn acknowledged(&mut self, task_id: &str, uuid: &Bytes) -> usize {
        self.tasks.retain(|task| task.task_id.value != task_id);
        self.updates.retain(|update| update.status.uuid.as_ref() != Some(uuid));
        self.updates.len()
    }

    /// What a subscription has to tell.
    pub fn unacknowledged(&self) -> (Vec<TaskInfo>, Vec<Update>) {
        (self.tasks.clone(), self.updates.clone())
    }
}

/// The grace period of a kill policy.
pub fn grace(policy: Option<&KillPolicy>) -> Option<Duration> {
    let period = policy?.grace_period.as_ref()?;
    u64::try_from(period.nanoseconds).ok().map(Duration::from_nanos)
}

/// `container_status` is left out: the agent adds its own.
fn status(update: TaskUpdate) -> TaskStatus {
    let state = match update.state {
        TaskState::Starting => proto::TaskState::Starting,
        TaskState::Running => proto::TaskState::Running,
        TaskState::Killing => proto::TaskState::Killing,
        TaskState::Failed => proto::TaskState::Failed,
        TaskState::Killed => proto::TaskState::Killed,
    };
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TaskStatus {
        task_id: update.task_id.into(),
        state: state.into(),
        message: update.message,
        source: Some(proto::Source::Executor.into()),
        timestamp: Some(since_1970.as_secs_f64()),
        uuid: Some(new_status_uuid()),
        ..TaskStatus::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn update(state: TaskState) -> TaskUpdate {
        TaskUpdate { task_id: "etcd.prod.0.a.1".into(), state, message: None }
    }

    #[test]
    fn each_task_is_kept_until_an_update_of_its_own_is_acknowledged() {
        let ids = ["etcd.prod.0.a.1.client", "etcd.prod.0.a.1"];
        let mut ledger = Ledger::default();
        let mut uuids = Vec::new();
        for id in ids {
            ledger.launched(TaskInfo { task_id: id.to_owned().into(), ..TaskInfo::default() });
            let update =
                TaskUpdate { task_id: id.into(), state: TaskState::Starting, message: None };
            uuids.push(ledger.record(update).uuid.unwrap());
        }
        let told = |ledger: &Ledger| -> Vec<String> {
            let (tasks, updates) = ledger.unacknowledged();
            let updates = updates.into_iter().map(|update| update.status.task_id.value);
            tasks.into_iter().map(|task| task.task_id.value).chain(updates).collect()
        };
        assert_eq!(told(&ledger), [ids, ids].concat(), "in the order in which they were told");
        assert_eq!(ledger.acknowledged(ids[0], &uuids[0]), 1);
        assert_eq!(told(&ledger), [ids[1], ids[1]]);
        assert_eq!(ledger.acknowledged(ids[1], &uuids[1]), 0);
    }

    #[test]
    fn an_update_is_kept_until_its_own_acknowledgement() {
        let mut ledger = Ledger::default();
        ledger.launched(TaskInfo {
            task_id: "etcd.prod.0.a.1".to_owned().into(),
            ..TaskInfo::default()
        });
        let first = ledger.record(update(TaskState::Starting));
        let second = ledger.record(update(TaskState::Running));
        assert_eq!((first.source, first.uuid.as_ref().unwrap().len()), (Some(2), 16));
        assert_ne!(first.uuid, second.uuid);
        assert_eq!(ledger.acknowledged("etcd.prod.0.a.1", &first.uuid.unwrap()), 1);
        let (tasks, updates) = ledger.unacknowledged();
        assert!(tasks.is_empty());
        assert_eq!(updates, [Update { status: second.clone() }]);
        assert_eq!(ledger.acknowledged("etcd.prod.0.a.1", &Bytes::from_static(b"another")), 1);
        assert_eq!(ledger.acknowledged("etcd.prod.0.a.1", &second.uuid.unwrap()), 0);
    }
}
