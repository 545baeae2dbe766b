//! What a local master tells onlookers, and what an operator can do to it.
//!
//! `/master/frameworks`, `/health` and `/version` are Mesos's. `/local` is not: what there is, what
//! happened, and, by POST, what breaks.

use std::time::SystemTime;

use etcd_mesos_core::id::FrameworkId;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::http::uri::Authority;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::refusal::{Body, Refusal, accepted, empty, json as answer, text};
use crate::say::{VERSION, state_name};
use crate::world::{Shared, World};

/// The longest form that is read.
const FORM_BYTES_MAX: usize = 4096;

const HELP: &str = "\
a local Mesos master of etcd-mesos has
  GET  /master/frameworks, /health, /version    as genuine Mesos has them, in part
  GET  /local                                   agents, containers, what happened
  POST /master/teardown with frameworkId=ID     ends a framework and all that it runs
  POST /local/agents/a1/kill                    its daemon dies; what it runs goes on
  POST /local/agents/a1/lose                    its host dies, with all that it runs
  POST /local/agents/a1/start                   it is there again
  POST /local/master/fail-over                  another master leads, and knows no task
and POST /api/v1/scheduler; everything else is genuine Mesos's alone
";

pub(crate) fn look(shared: &Shared, path: &str) -> Result<Response<Body>, Refusal> {
    match path {
        "/master/frameworks" | "/frameworks" => Ok(answer(&shared.look(frameworks))),
        "/health" | "/master/health" => Ok(empty(StatusCode::OK)),
        "/version" => Ok(answer(&json!({ "version": VERSION }))),
        "/local" => Ok(answer(&shared.look(local))),
        "/" => Ok(text(StatusCode::OK, HELP.to_owned())),
        _ => Err(Refusal::new(StatusCode::NOT_FOUND, HELP)),
    }
}

pub(crate) async fn act(
    shared: &Shared,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, HELP));
    }
    check_host(&request)?;
    let path = request.uri().path().to_owned();
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["master", "teardown"] => {
            let form = Limited::new(request.into_body(), FORM_BYTES_MAX).collect().await;
            let form = form.map_err(|_| Refusal::bad("the form is too long, or broke off"))?;
            tear_down(shared, &form.to_bytes())
        }
        ["local", "master", "fail-over"] => {
            shared.fail_over();
            Ok(accepted())
        }
        ["local", "agents", name, deed] => hurt(shared, name, deed),
        _ => Err(Refusal::new(StatusCode::NOT_FOUND, HELP)),
    }
}

/// `POST /master/teardown` (`Master::Http::teardown`); a framework ID needs no decoding.
fn tear_down(shared: &Shared, form: &[u8]) -> Result<Response<Body>, Refusal> {
    let form = String::from_utf8_lossy(form);
    let id = form.trim().strip_prefix("frameworkId=").map(|id| FrameworkId(id.to_owned()));
    let id = id.ok_or_else(|| Refusal::bad("Missing 'frameworkId' query parameter"))?;
    let is_there =
        |world: &World| world.frameworks.contains_key(&id) && !world.mesos.is_removed(&id);
    if !shared.look(is_there) {
        return Err(Refusal::bad("No framework found with specified ID"));
    }
    shared.happen(|world, now| world.mesos.tear_down(now, &id));
    Ok(empty(StatusCode::OK))
}

/// Kills an agent, or starts it again.
fn hurt(shared: &Shared, name: &str, deed: &str) -> Result<Response<Body>, Refusal> {
    let agent = agent_called(shared, name)?;
    match deed {
        "kill" => shared.kill_agent(agent),
        "lose" => shared.lose_agent(agent),
        "start" => shared
            .start_agent(agent)
            .map_err(|error| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?,
        _ => return Err(Refusal::new(StatusCode::NOT_FOUND, HELP)),
    }
    Ok(accepted())
}

/// Only who speaks to a loopback address as such: a page in a browser that had a name resolved to one
/// says that name.
fn check_host(request: &Request<Incoming>) -> Result<(), Refusal> {
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    let address = host.and_then(|host| host.host().parse::<std::net::IpAddr>().ok());
    if address.is_some_and(|address| address.is_loopback()) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::FORBIDDEN, "the Host must be this master's address"))
}

fn agent_called(shared: &Shared, name: &str) -> Result<usize, Refusal> {
    let count = shared.look(|world| world.mesos.agent_count());
    let found = (0..count).find(|agent| World::name_of(*agent) == name);
    found.ok_or_else(|| {
        let words = format!("there is no agent {name}; there are a1 to a{count}");
        Refusal::new(StatusCode::NOT_FOUND, words)
    })
}

/// The answer to `GET /master/frameworks`, in the keys that this project and people look for.
fn frameworks(world: &World) -> Value {
    let (mut present, mut completed) = (Vec::new(), Vec::new());
    for (id, info) in &world.frameworks {
        let base = json!({ "id": id.as_str(), "name": info.name, "user": info.user });
        if world.mesos.is_removed(id) {
            completed.push(base);
            continue;
        }
        let mut framework = base;
        framework["active"] = json!(world.mesos.connection_of(id).is_some());
        framework["connected"] = framework["active"].clone();
        framework["tasks"] = tasks(world, id);
        framework["unreachable_tasks"] = unreachable(world, id);
        present.push(framework);
    }
    json!({ "frameworks": present, "completed_frameworks": completed })
}

fn tasks(world: &World, framework: &FrameworkId) -> Value {
    let its = world.mesos.tasks().into_iter().filter(|task| task.framework == *framework);
    let task = |task: etcd_mesos_model::TaskView| {
        json!({
            "id": task.task,
            "framework_id": task.framework.as_str(),
            "executor_id": task.executor.unwrap_or_default(),
            "slave_id": world.mesos.agent(task.agent).id.as_str(),
            "state": state_name(task.state),
        })
    };
    its.map(task).collect()
}

fn unreachable(world: &World, framework: &FrameworkId) -> Value {
    let living = world.mesos.living().into_iter().find(|living| living.id == *framework);
    let tasks = living.map(|living| living.unreachable_tasks).unwrap_or_default();
    let task = |(task, agent): (String, etcd_mesos_core::id::AgentId)| json!({ "id": task, "slave_id": agent.as_str(), "state": "TASK_UNREACHABLE" });
    tasks.into_iter().map(task).collect()
}

/// What there is, for the demo's screen and for people.
fn local(world: &World) -> Value {
    let agents: Vec<Value> = (0..world.mesos.agent_count()).map(|n| agent(world, n)).collect();
    let happened = world.happened.iter();
    let happened: Vec<Value> =
        happened.map(|h| json!({ "at_unix_ms": unix_ms(h.at), "what": h.what })).collect();
    json!({ "agents": agents, "frameworks": frameworks(world)["frameworks"], "happened": happened })
}

fn agent(world: &World, number: usize) -> Value {
    let view = world.mesos.agent(number);
    let at = world.settings.network.agent(number);
    let state = match (view.is_down, view.is_registered) {
        (true, true) => "down",
        (true, false) => "lost",
        (false, true) => "up",
        (false, false) => "away",
    };
    let its = world.containers.iter().filter(|(container, _)| container.agent == number);
    let containers: Vec<Value> = its
        .map(|(_, contained)| {
            let executor = contained.task.executor.as_ref();
            json!({
                "executor": executor.map(|executor| executor.executor_id.value.clone()),
                "framework": contained.framework.as_str(),
                "pid": contained.pid,
                "sandbox": contained.sandbox,
                "since_unix_ms": unix_ms(contained.since),
            })
        })
        .collect();
    json!({
        "name": World::name_of(number),
        "id": view.id.as_str(),
        "ip": at.ip().to_string(),
        "port": at.port(),
        "state": state,
        "containers": containers,
    })
}

fn unix_ms(at: SystemTime) -> u64 {
    let past = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(past.as_millis()).unwrap_or(u64::MAX)
}
