//! `POST /api/v1/executor` of an agent (`Http::executor` in `src/slave/http.cpp`).

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_model::{Container, Refused};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};
use mesos_v1::proto::executor::{Call, call};

use crate::hear;
use crate::refusal::{Body, Refusal, accepted};
use crate::request::{check_accept, read_call};
use crate::say::executor_heartbeat;
use crate::stream;
use crate::world::{Shared, World};

/// Between heartbeats (`DEFAULT_EXECUTOR_HEARTBEAT_INTERVAL`).
const HEARTBEAT: Duration = Duration::from_secs(30 * 60);

pub(crate) async fn serve(
    shared: &Shared,
    agent: usize,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let (call, headers): (Call, HeaderMap) = read_call(request).await?;
    let container = shared.look(|world| find(world, agent, &call))?;
    match call.r#type() {
        call::Type::Unknown => Err(Refusal::bad(validation("Expecting 'type' to be present"))),
        call::Type::Subscribe => {
            check_accept(&headers)?;
            subscribe(shared, container, call.subscribe.unwrap_or_default())
        }
        call::Type::Update => {
            let update = call.update;
            let update = update
                .ok_or_else(|| Refusal::bad(validation("Expecting 'update' to be present")))?;
            check_status(&update)?;
            let said = hear::said(update.status);
            shared
                .happen(|world, now| world.mesos.executor_updates(now, container, said))
                .map_err(refusal)?;
            Ok(accepted())
        }
        call::Type::Message => {
            let message = call.message;
            let message = message
                .ok_or_else(|| Refusal::bad(validation("Expecting 'message' to be present")))?;
            let bytes = message.data.to_vec();
            shared
                .happen(|world, now| world.mesos.executor_messages(now, container, bytes))
                .map_err(refusal)?;
            Ok(accepted())
        }
        call::Type::Heartbeat => Ok(accepted()),
    }
}

fn validation(why: &str) -> String {
    format!("Failed to validate Executor::Call: {why}")
}

fn find(world: &World, agent: usize, call: &Call) -> Result<Container, Refusal> {
    let framework = FrameworkId(call.framework_id.value.clone());
    let found = world.mesos.find_container(agent, &framework, &call.executor_id.value);
    found.ok_or_else(|| match world.containers.values().any(|c| c.framework == framework) {
        false => Refusal::bad("Framework cannot be found"),
        true => Refusal::bad("Executor cannot be found"),
    })
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Down => {
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "Agent has not finished recovery")
        }
        Refused::Unknown => Refusal::bad("Executor cannot be found"),
        Refused::NotSubscribed => Refusal::new(StatusCode::FORBIDDEN, "Executor is not subscribed"),
    }
}

/// What Mesos wants of an update (`src/slave/validation.cpp`).
fn check_status(update: &call::Update) -> Result<(), Refusal> {
    let status = &update.status;
    if status.uuid.as_ref().is_none_or(|uuid| uuid.len() != 16) {
        return Err(Refusal::bad(validation("Not a valid UUID")));
    }
    let is_own = status.source == Some(mesos_v1::proto::Source::Executor.into());
    if is_own {
        return Ok(());
    }
    Err(Refusal::bad(validation(
        "Received Call from executor with source other than SOURCE_EXECUTOR",
    )))
}

fn subscribe(
    shared: &Shared,
    container: Container,
    subscribe: call::Subscribe,
) -> Result<Response<Body>, Refusal> {
    let number = shared.happen(|world, _| world.count_stream(container));
    let at_end = shared.clone();
    let goodbye = move || at_end.happen(|world, now| world.stream_ended(now, container, number));
    let (stream, body) = stream::open(HEARTBEAT, executor_heartbeat(), goodbye);
    let tasks = subscribe.unacknowledged_tasks.iter().map(|task| task.task_id.value.clone());
    let tasks: Vec<String> = tasks.collect();
    shared
        .happen(|world, now| {
            if let Some(contained) = world.containers.get_mut(&container) {
                contained.stream = Some(stream);
            }
            world.mesos.executor_subscribes(now, container, &tasks)?;
            for update in subscribe.unacknowledged_updates {
                world.mesos.executor_updates(now, container, hear::said(update.status))?;
            }
            Ok(())
        })
        .map_err(refusal)?;
    let mut answer = Response::new(body);
    let kind = HeaderValue::from_static("application/x-protobuf");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(answer)
}

impl World {
    /// The number of an executor's next stream.
    fn count_stream(&mut self, container: Container) -> u64 {
        let Some(contained) = self.containers.get_mut(&container) else { return 0 };
        contained.streams += 1;
        contained.streams
    }

    /// A stream of an executor ended, which counts if it was the newest.
    fn stream_ended(&mut self, now: Timestamp, container: Container, number: u64) {
        let Some(contained) = self.containers.get_mut(&container) else { return };
        if contained.streams == number {
            contained.stream = None;
            self.mesos.executor_hangs_up(now, container);
        }
    }
}
