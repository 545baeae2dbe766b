//! The executor of the exchanges: says RUNNING, answers each MESSAGE with one, says KILLED when it
//! is asked to, and subscribes again when its agent comes back.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use mesos_v1::executor::calls::Update;
use mesos_v1::executor::{Call, Calls, Event, ExecutorClient, new_status_uuid};
use mesos_v1::proto::{Source, TaskId, TaskInfo, TaskState, TaskStatus};

pub const FLAG: &str = "--be-the-executor";

/// What its agent does not know for certain.
#[derive(Default)]
struct Unacknowledged {
    tasks: BTreeMap<String, TaskInfo>,
    updates: BTreeMap<Bytes, Update>,
}

pub fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(serve());
}

async fn serve() {
    let client = ExecutorClient::from_env().unwrap();
    let mut left = Unacknowledged::default();
    loop {
        let tasks: Vec<TaskInfo> = left.tasks.values().cloned().collect();
        let updates: Vec<Update> = left.updates.values().cloned().collect();
        if let Ok(mut subscription) = client.subscribe(&tasks, &updates).await {
            let calls = subscription.calls();
            while let Ok(event) = subscription.next().await {
                if hear(event, &calls, &mut left).await {
                    return;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Whether that was the end.
async fn hear(event: Event, calls: &Calls, left: &mut Unacknowledged) -> bool {
    match event {
        Event::Launch(task) => {
            let id = task.task_id.clone();
            left.tasks.insert(id.value.clone(), *task);
            say(TaskState::Running, &id, calls, left).await;
        }
        Event::Kill(kill) => say(TaskState::Killed, &kill.task_id, calls, left).await,
        Event::Message(data) => {
            // Best effort, both ways.
            let _ = calls.send(Call::message(data)).await;
        }
        Event::Acknowledged(acknowledged) => {
            let update = left.updates.remove(&acknowledged.uuid);
            left.tasks.remove(&acknowledged.task_id.value);
            return update.is_some_and(|u| u.status.state == i32::from(TaskState::Killed));
        }
        Event::Shutdown => return true,
        Event::Subscribed(_)
        | Event::LaunchGroup(_)
        | Event::Error(_)
        | Event::Heartbeat
        | Event::Other(_) => {}
    }
    false
}

async fn say(state: TaskState, task: &TaskId, calls: &Calls, left: &mut Unacknowledged) {
    let uuid = new_status_uuid();
    let status = TaskStatus {
        task_id: task.clone(),
        state: state.into(),
        source: Some(Source::Executor.into()),
        uuid: Some(uuid.clone()),
        ..TaskStatus::default()
    };
    left.updates.insert(uuid, Update { status: status.clone() });
    // An agent that is away is told at the next subscription.
    let _ = calls.send(Call::update(status)).await;
}
