//! `POST /api/v1/executor` of an agent (`Http::executor` in `src/slave/http.cpp`).

use std::time::Duration;

use etcd_mesos_core::id::FrameworkId;
use etcd_mesos_core::time::Timestamp;
use etcd_mesos_model::{Container, Refused};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};
use mesos_v1::proto::executor::{Call, call};
use mesos_v1::proto::{Source, TaskState, TaskStatus};

use crate::hear;
use crate::refusal::{Body, Refusal, accepted};
use crate::request::{check_accept, read_call};
use crate::say::{executor_heartbeat, unix_seconds};
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
    check(&call)?;
    if call.r#type() == call::Type::Subscribe {
        check_accept(&headers)?;
    }
    if call.r#type() == call::Type::Heartbeat {
        return Ok(accepted());
    }
    let container = shared.look(|world| find(world, agent, &call))?;
    match (call.r#type(), call.update, call.message) {
        (call::Type::Subscribe, ..) => {
            return subscribe(shared, container, call.subscribe.unwrap_or_default());
        }
        (call::Type::Update, Some(update), _) => {
            let said = hear::said(update.status, unix_seconds());
            shared.happen(|world, now| {
                world.remember_health(container, &said.said);
                world.mesos.executor_updates(now, container, said)
            })
        }
        (_, _, message) => {
            let bytes = message.unwrap_or_default().data.to_vec();
            shared.happen(|world, now| world.mesos.executor_messages(now, container, bytes))
        }
    }
    .map_err(refusal)?;
    Ok(accepted())
}

/// What Mesos asks of every call (`src/slave/validation.cpp`).
fn check(call: &Call) -> Result<(), Refusal> {
    // What the protocol demands is there in every call that can be read.
    if call.executor_id.value.is_empty() && call.framework_id.value.is_empty() {
        return Err(Refusal::bad(hear::NO_CALL));
    }
    let part = match call.r#type() {
        call::Type::Unknown => return Err(absent("type")),
        call::Type::Subscribe => call.subscribe.is_some(),
        call::Type::Update => call.update.is_some(),
        call::Type::Message => call.message.is_some(),
        call::Type::Heartbeat => true,
    };
    if !part {
        return Err(absent(&call.r#type().as_str_name().to_ascii_lowercase()));
    }
    call.update.as_ref().map_or(Ok(()), |update| check_status(call, &update.status))
}

fn check_status(call: &Call, status: &TaskStatus) -> Result<(), Refusal> {
    let from =
        || format!("executor {} of framework {}", call.executor_id.value, call.framework_id.value);
    match &status.uuid {
        None => return Err(absent("uuid")),
        Some(uuid) if uuid.len() != hear::UUID_BYTES => return Err(invalid("Not a valid UUID")),
        Some(_) => {}
    }
    if status.state() == TaskState::Staging {
        let why = format!("Received TASK_STAGING from {} which is not allowed", from());
        return Err(invalid(&why));
    }
    if status.source != Some(Source::Executor.into()) {
        let why = format!(
            "Received Call from {} with invalid source, expecting 'SOURCE_EXECUTOR'",
            from()
        );
        return Err(invalid(&why));
    }
    Ok(())
}

fn absent(field: &str) -> Refusal {
    invalid(&format!("Expecting '{field}' to be present"))
}

fn invalid(why: &str) -> Refusal {
    Refusal::bad(format!("Failed to validate Executor::Call: {why}"))
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
                world.mesos.executor_updates(
                    now,
                    container,
                    hear::said(update.status, unix_seconds()),
                )?;
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
