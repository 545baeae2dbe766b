//! Requests as no client of good manners makes them, and what onlookers ask.

use mesos_v1::executor;
use mesos_v1::proto::executor::call as executor_call;
use mesos_v1::proto::scheduler::call::{self, Type};
use mesos_v1::proto::{Source, TaskState, TaskStatus};
use mesos_v1::scheduler::Call;
use prost::Message;

use crate::more::{ANSWER_MAX, acknowledge_all, launch, subscribe};
use crate::rig::{Rig, task_on};
use crate::scheduler::{self, PATH};
use crate::wire::{Request, STREAM_ID};

const EXECUTOR_PATH: &str = "/api/v1/executor";
const UUID: [u8; 16] = [7, 7, 7, 7, 7, 7, 0x47, 7, 0x87, 7, 7, 7, 7, 7, 7, 7];

fn at_master(rig: &mut Rig, what: &str, request: &Request) {
    rig.step(what);
    let master = rig.place.master();
    rig.ask(&master, request);
}

fn at_agent(rig: &mut Rig, what: &str, request: &Request) {
    rig.step(what);
    let agent = rig.place.agent(1);
    rig.ask(&agent, request);
}

/// What is wrong with a request before anybody looks who makes it; the same for both APIs.
fn malformed(path: &str, fine: &Request) -> Vec<(&'static str, Request)> {
    let other = |method| Request { method, ..fine.clone() };
    let body = |body: &[u8]| Request { body: body.to_vec(), ..fine.clone() };
    vec![
        ("GET of the API", Request::new("GET", path, Vec::new())),
        ("PUT of a call", other("PUT")),
        ("a call without a Content-Type", fine.clone().without("Content-Type")),
        ("a call as text/plain", fine.clone().with("Content-Type", "text/plain")),
        ("a subscription that accepts text/html alone", fine.clone().with("Accept", "text/html")),
        ("a call that is garbage", body(b"\xff\xff\xffgarbage")),
        ("a call without a byte", body(b"")),
    ]
}

/// `POST /api/v1/scheduler`, from what is wrong with any call to what is wrong with one.
pub fn of_schedulers(rig: &mut Rig) {
    let fine = scheduler::request(&scheduler::info(None), true);
    for (what, request) in malformed(PATH, &fine) {
        at_master(rig, what, &request);
    }
    at_master(rig, "a call to a path that there is not", &Request::call("/api/v2", None, vec![]));
    at_master(rig, "a subscription with a stream ID", &fine.clone().with(STREAM_ID, "x"));
    let bare = |call: Call| Request::call(PATH, Some("x"), call.encode_to_vec());
    at_master(rig, "SUBSCRIBE without its part", &bare(of(Type::Subscribe)).without(STREAM_ID));
    let mut stranger = Call::decode(fine.body.as_slice()).unwrap();
    stranger.framework_id = Some("another".into());
    at_master(rig, "SUBSCRIBE under two IDs", &bare(stranger).without(STREAM_ID));
    at_master(rig, "TEARDOWN of nobody", &bare(Call::teardown()));
    let unknown = Call { framework_id: Some("nobody".into()), ..Call::teardown() };
    at_master(rig, "TEARDOWN of an unknown framework", &bare(unknown));
    subscribe(rig);
    let mine = rig.scheduler(1).stream_id.clone();
    for (what, call, stream_id) in calls(rig, &mine) {
        let framework_id = Some(rig.scheduler(1).framework.as_str().into());
        let body = Call { framework_id, ..call }.encode_to_vec();
        at_master(rig, &what, &Request::call(PATH, stream_id.as_deref(), body));
    }
    at_master(rig, "a call in JSON", &in_json(rig));
}

fn of(kind: Type) -> Call {
    Call { r#type: Some(kind.into()), ..Call::default() }
}

/// Calls of a framework that is subscribed, with their stream IDs.
fn calls(rig: &Rig, mine: &str) -> Vec<(String, Call, Option<String>)> {
    let mut calls = vec![
        ("a call without a stream ID".to_owned(), Call::revive(Vec::new()), None),
        (
            "a call with another's stream ID".to_owned(),
            Call::revive(Vec::new()),
            Some("x".to_owned()),
        ),
    ];
    let mut add = |what: String, call: Call| calls.push((what, call, Some(mine.to_owned())));
    add("a call without a type".to_owned(), Call::default());
    add("a call of an unknown type".to_owned(), Call { r#type: Some(999), ..Call::default() });
    let with_parts = [
        Type::Accept,
        Type::Decline,
        Type::Kill,
        Type::Shutdown,
        Type::Acknowledge,
        Type::Reconcile,
        Type::Message,
        Type::AcceptInverseOffers,
        Type::DeclineInverseOffers,
        Type::AcknowledgeOperationStatus,
        Type::ReconcileOperations,
        Type::Request,
        Type::UpdateFramework,
    ];
    for kind in with_parts {
        add(format!("{} without its part", kind.as_str_name()), of(kind));
    }
    let agent = rig.agent_id("a1");
    let acknowledge =
        |uuid: &'static [u8]| crate::rig::acknowledge(agent.clone(), "t9", uuid.into());
    add("ACKNOWLEDGE with a bad UUID".to_owned(), acknowledge(b"bad"));
    add("ACKNOWLEDGE of an unknown task".to_owned(), acknowledge(&UUID));
    add("DECLINE of an unknown offer".to_owned(), Call::decline(vec!["o9".into()], None));
    add(
        "ACCEPT of an unknown offer for nothing".to_owned(),
        Call::accept(vec!["o9".into()], Vec::new(), None),
    );
    add("SUPPRESS of a role that it has not".to_owned(), Call::suppress(vec!["other".to_owned()]));
    add("REVIVE of a role that it has not".to_owned(), Call::revive(vec!["other".to_owned()]));
    add("SHUTDOWN of an unknown executor".to_owned(), Call::shutdown("e-t9".into(), agent.clone()));
    add(
        "MESSAGE over an unknown agent".to_owned(),
        Call::message("a9".into(), "e-t9".into(), "well?".into()),
    );
    let operations = Some(call::ReconcileOperations::default());
    let kind = of(Type::ReconcileOperations);
    add("RECONCILE_OPERATIONS".to_owned(), Call { reconcile_operations: operations, ..kind });
    let info = scheduler::info(Some(&rig.scheduler(1).framework));
    add("UPDATE_FRAMEWORK".to_owned(), Call::update_framework(info, vec!["*".to_owned()]));
    calls
}

fn in_json(rig: &Rig) -> Request {
    let scheduler = rig.scheduler(1);
    let body = serde_json::json!({
        "type": "REVIVE", "framework_id": { "value": scheduler.framework },
    });
    Request::call(PATH, Some(&scheduler.stream_id), body.to_string().into_bytes())
        .with("Content-Type", "application/json")
}

/// `POST /api/v1/executor` of an agent.
pub fn of_executors(rig: &mut Rig) {
    let call = |framework: &str, kind: executor_call::Type| executor::Call {
        framework_id: framework.into(),
        executor_id: "e-t9".into(),
        r#type: Some(kind.into()),
        ..executor::Call::default()
    };
    let request = |call: executor::Call| Request::call(EXECUTOR_PATH, None, call.encode_to_vec());
    let subscribe_call = |framework: &str| executor::Call {
        subscribe: Some(executor_call::Subscribe::default()),
        ..call(framework, executor_call::Type::Subscribe)
    };
    for (what, request) in malformed(EXECUTOR_PATH, &request(subscribe_call("nobody"))) {
        at_agent(rig, what, &request);
    }
    let bare = executor::Call { r#type: None, ..call("nobody", executor_call::Type::Subscribe) };
    at_agent(rig, "a call without a type", &request(bare));
    use executor_call::Type as Kind;
    for kind in [Kind::Subscribe, Kind::Update, Kind::Message] {
        let what = format!("{} without its part", kind.as_str_name());
        at_agent(rig, &what, &request(call("nobody", kind)));
    }
    at_agent(rig, "HEARTBEAT of nobody", &request(call("nobody", Kind::Heartbeat)));
    at_agent(rig, "SUBSCRIBE for an unknown framework", &request(subscribe_call("nobody")));
    subscribe(rig);
    run_one(rig);
    let framework = rig.scheduler(1).framework.clone();
    at_agent(rig, "SUBSCRIBE of an unknown executor", &request(subscribe_call(&framework)));
    let message = executor::Call::message("well?".into());
    let ids = executor::Call { framework_id: framework.as_str().into(), ..call("", Kind::Message) };
    let said = executor::Call { message: message.message, ..ids };
    at_agent(rig, "MESSAGE of an unknown executor", &request(said));
    for (what, status) in statuses() {
        let known = executor::Call { executor_id: "e-t1".into(), ..call(&framework, Kind::Update) };
        let update = Some(executor_call::Update { status });
        at_agent(rig, what, &request(executor::Call { update, ..known }));
    }
    rig.listen(1, ANSWER_MAX);
}

/// A framework's one task, which goes on.
fn run_one(rig: &mut Rig) {
    launch(rig, "s1 launches t1 on a1", 2, |offer| vec![task_on(offer, "t1")]);
    acknowledge_all(rig);
}

/// Updates that an executor must not make, and one of a task that it has not.
fn statuses() -> Vec<(&'static str, TaskStatus)> {
    let fine = TaskStatus {
        task_id: "t9".into(),
        state: TaskState::Running.into(),
        source: Some(Source::Executor.into()),
        uuid: Some(bytes::Bytes::from_static(&UUID)),
        ..TaskStatus::default()
    };
    vec![
        ("UPDATE without a UUID", TaskStatus { uuid: None, ..fine.clone() }),
        ("UPDATE with a bad UUID", TaskStatus { uuid: Some("bad".into()), ..fine.clone() }),
        ("UPDATE to TASK_STAGING", TaskStatus { state: TaskState::Staging.into(), ..fine.clone() }),
        ("UPDATE without a source", TaskStatus { source: None, ..fine.clone() }),
        (
            "UPDATE from SOURCE_MASTER",
            TaskStatus { source: Some(Source::Master.into()), ..fine.clone() },
        ),
        ("UPDATE of an unknown task", fine),
    ]
}

/// What an operator asks the master, while a task runs.
pub fn of_operators(rig: &mut Rig) {
    subscribe(rig);
    run_one(rig);
    for path in ["/health", "/version", "/master/frameworks", "/redirect", "/nothing"] {
        at_master(rig, &format!("GET {path}"), &Request::new("GET", path, Vec::new()));
    }
    let body = b"frameworkId=nobody".to_vec();
    let teardown = Request::new("POST", "/master/teardown", body)
        .with("Content-Type", "application/x-www-form-urlencoded");
    at_master(rig, "POST /master/teardown of an unknown framework", &teardown);
    at_agent(rig, "GET /health of an agent", &Request::new("GET", "/health", Vec::new()));
    rig.step("s1 tears down");
    rig.call(1, Call::teardown()).unwrap();
    rig.listen(1, ANSWER_MAX);
    let frameworks = Request::new("GET", "/master/frameworks", Vec::new());
    at_master(rig, "GET /master/frameworks after the end", &frameworks);
}
