//! The executor of the exchanges: says RUNNING, answers each MESSAGE with one, says KILLED when it
//! is asked to, and subscribes again when its agent comes back. It writes down what it hears.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use mesos_v1::executor::{Call, Event, new_status_uuid};
use mesos_v1::proto::executor::call::{Subscribe, Type, Update};
use mesos_v1::proto::{Reason, Source, TaskId, TaskInfo, TaskState, TaskStatus};
use prost::Message;

use crate::transcript::{self, Entry};
use crate::wire::{self, Answer, Request};

pub const FLAG: &str = "--be-the-executor";
/// A MESSAGE that lets it say all that a status can carry.
pub const TELL_ALL: &str = "tell all";
/// A MESSAGE that ends it, with the exit status that follows.
pub const EXIT: &str = "exit ";

const PATH: &str = "/api/v1/executor";
const TRY_EVERY: Duration = Duration::from_millis(200);

struct Executor {
    agent: String,
    framework: String,
    id: String,
    sandbox: PathBuf,
    /// What its agent does not know for certain.
    tasks: BTreeMap<String, TaskInfo>,
    updates: BTreeMap<Bytes, Update>,
}

pub fn main() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let mut executor = Executor {
        agent: variable("MESOS_AGENT_ENDPOINT"),
        framework: variable("MESOS_FRAMEWORK_ID"),
        id: variable("MESOS_EXECUTOR_ID"),
        sandbox: variable("MESOS_SANDBOX").into(),
        tasks: BTreeMap::new(),
        updates: BTreeMap::new(),
    };
    let is_mesoss = |name: &str| name.starts_with("MESOS_") || name.starts_with("LIBPROCESS_");
    executor.note(Entry::Variables(std::env::vars().filter(|(name, _)| is_mesoss(name)).collect()));
    loop {
        if executor.serve().is_some() {
            return;
        }
        std::thread::sleep(TRY_EVERY);
    }
}

impl Executor {
    fn note(&self, entry: Entry) {
        transcript::write(&self.sandbox, &entry);
    }

    /// Something if that was the end.
    fn serve(&mut self) -> Option<()> {
        let subscribe = Subscribe {
            unacknowledged_tasks: self.tasks.values().cloned().collect(),
            unacknowledged_updates: self.updates.values().cloned().collect(),
        };
        let kind = Some(Type::Subscribe.into());
        let call = Call { r#type: kind, subscribe: Some(subscribe), ..Call::default() };
        let mut stream = wire::open(&self.agent, &self.request(call)).ok()?.ok()?;
        let answer = Answer { head: stream.head.clone(), body: Vec::new() };
        self.note(Entry::Answer("SUBSCRIBE".to_owned(), answer));
        while let Some(record) = stream.next() {
            self.note(Entry::Record(record.clone()));
            if self.hear(Event::decode(record).unwrap()) {
                return Some(());
            }
        }
        self.note(Entry::End);
        None
    }

    /// Whether that was the end.
    fn hear(&mut self, event: Event) -> bool {
        match event {
            Event::Launch(task) => {
                let id = task.task_id.clone();
                self.tasks.insert(id.value.clone(), *task);
                self.say(status(TaskState::Running, &id));
            }
            Event::Kill(kill) => self.say(status(TaskState::Killed, &kill.task_id)),
            Event::Message(data) => self.answer(&data),
            Event::Acknowledged(acknowledged) => {
                let update = self.updates.remove(&acknowledged.uuid);
                self.tasks.remove(&acknowledged.task_id.value);
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

    fn answer(&mut self, data: &Bytes) {
        let words = String::from_utf8_lossy(data).into_owned();
        if let Some(status) = words.strip_prefix(EXIT) {
            std::process::exit(status.parse().unwrap());
        }
        match words == TELL_ALL {
            true => self.say(everything(&self.id)),
            false => self.call("MESSAGE", Call::message(data.clone())),
        }
    }

    fn say(&mut self, status: TaskStatus) {
        let uuid = status.uuid.clone().unwrap();
        self.updates.insert(uuid, Update { status: status.clone() });
        self.call("UPDATE", Call::update(status));
    }

    /// An agent that is away is told at the next subscription.
    fn call(&self, name: &str, call: Call) {
        if let Ok(answer) = wire::ask(&self.agent, &self.request(call)) {
            self.note(Entry::Answer(name.to_owned(), answer));
        }
    }

    fn request(&self, call: Call) -> Request {
        let (framework_id, executor_id) = (self.framework.as_str().into(), self.id.as_str().into());
        let call = Call { framework_id, executor_id, ..call };
        Request::call(PATH, None, call.encode_to_vec())
    }
}

fn status(state: TaskState, task: &TaskId) -> TaskStatus {
    TaskStatus {
        task_id: task.clone(),
        state: state.into(),
        source: Some(Source::Executor.into()),
        uuid: Some(new_status_uuid()),
        ..TaskStatus::default()
    }
}

/// All that an executor can say of its task; it is called after the executor.
fn everything(executor: &str) -> TaskStatus {
    TaskStatus {
        message: Some("all is well".to_owned()),
        reason: Some(Reason::TaskHealthCheckStatusUpdated.into()),
        data: Some(Bytes::from_static(b"some data")),
        healthy: Some(true),
        labels: Some([("colour", "blue")].into_iter().collect()),
        ..status(TaskState::Running, &executor.trim_start_matches("e-").into())
    }
}
