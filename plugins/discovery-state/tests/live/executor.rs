//! An executor whose tasks do nothing but run. The harness's Mesos has none of its own, so this test program is it.

use std::time::{SystemTime, UNIX_EPOCH};

use mesos_v1::executor::{Call, Event, ExecutorClient, new_status_uuid};
use mesos_v1::proto::executor_info::Type;
use mesos_v1::proto::{CommandInfo, ExecutorInfo, Source, TaskId, TaskState, TaskStatus};

/// What an agent tells its executors, and nobody else.
const ID: &str = "MESOS_EXECUTOR_ID";

/// This program, as an executor: it runs the test below and no other one.
pub fn info() -> ExecutorInfo {
    let program = std::env::current_exe().unwrap().display().to_string();
    let arguments = ["--exact", "executor::of_an_agent_it_is_an_executor"].map(str::to_owned);
    ExecutorInfo {
        r#type: Some(Type::Custom.into()),
        executor_id: "etcd-1-0".into(),
        command: Some(CommandInfo {
            shell: Some(false),
            arguments: [vec![program.clone()], arguments.to_vec()].concat(),
            value: Some(program),
            ..CommandInfo::default()
        }),
        ..ExecutorInfo::default()
    }
}

#[tokio::test]
async fn of_an_agent_it_is_an_executor() {
    if std::env::var_os(ID).is_some() {
        serve().await;
    }
}

async fn serve() {
    let client = ExecutorClient::from_env().unwrap();
    let mut agent = client.subscribe(&[], &[]).await.unwrap();
    loop {
        match agent.next().await.unwrap() {
            Event::Launch(task) => {
                agent.calls().send(Call::update(running(task.task_id))).await.unwrap();
            }
            Event::Kill(_) | Event::Shutdown => return,
            _ => {}
        }
    }
}

fn running(task_id: TaskId) -> TaskStatus {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    TaskStatus {
        task_id,
        state: TaskState::Running.into(),
        source: Some(Source::Executor.into()),
        uuid: Some(new_status_uuid()),
        timestamp: Some(since.as_secs_f64()),
        ..TaskStatus::default()
    }
}
