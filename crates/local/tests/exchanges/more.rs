//! Exchanges that have no text in `crates/sim/exchanges`: what the simulator's world has no words for.

use std::time::{Duration, Instant};

use bytes::Bytes;
use mesos_v1::proto::{
    CommandInfo, Filters, FrameworkInfo, Offer, Operation, Range, Ranges, Scalar, TaskInfo,
    ValueType, operation,
};
use mesos_v1::resource::ResourceView;
use mesos_v1::scheduler::Call;
use prost::Message;

use crate::executor::{EXIT, TELL_ALL};
use crate::requests;
use crate::rig::{Rig, acknowledge, out_of, task_on};
use crate::scheduler::info;

/// An answer that is there takes no longer.
pub const ANSWER_MAX: Duration = Duration::from_secs(15);

type Exchange = fn(&mut Rig);
type Task = fn(&Offer) -> TaskInfo;

/// Each with the name of its file.
pub const ALL: [(&str, Exchange); 9] = [
    ("requests_of_executors", requests::of_executors),
    ("requests_of_operators", requests::of_operators),
    ("requests_of_schedulers", requests::of_schedulers),
    ("executor_exits", executor_exits),
    ("executor_shared", executor_shared),
    ("heartbeats", heartbeats),
    ("operations", operations),
    ("subscriptions", subscriptions),
    ("tasks_refused", tasks_refused),
];

/// Scheduler s1 subscribes, and is offered both agents.
pub fn subscribe(rig: &mut Rig) {
    rig.step("s1 subscribes");
    rig.subscribe(1, &info(None), false);
    rig.listen(3, ANSWER_MAX);
}

/// Launches on a1, and wants the rest of the offer again at once; waits for so many events.
pub fn launch(
    rig: &mut Rig,
    command: &str,
    events: usize,
    tasks: impl FnOnce(&Offer) -> Vec<TaskInfo>,
) {
    let offer = rig.offer_of("a1");
    let operations = vec![Operation::launch(tasks(&offer))];
    rig.step(command);
    let at_once = Some(Filters::refuse_for(Duration::ZERO));
    rig.call(1, Call::accept(vec![offer.id], operations, at_once)).unwrap();
    rig.listen(events, ANSWER_MAX);
}

/// Acknowledges the newest update of each task.
pub fn acknowledge_all(rig: &mut Rig) {
    for (task, uuid) in rig.unacknowledged() {
        rig.step(&format!("s1 acknowledges {task}"));
        let agent = rig.agent_id("a1");
        rig.call(1, acknowledge(agent, &task, uuid)).unwrap();
    }
}

fn call(rig: &mut Rig, command: &str, call: Call, events: usize) {
    rig.step(command);
    rig.call(1, call).unwrap();
    rig.listen(events, ANSWER_MAX);
}

fn say(rig: &mut Rig, words: &str, events: usize) {
    let said = Call::message(rig.agent_id("a1"), "e-t1".into(), words.to_owned().into());
    call(rig, &format!("s1 messages {words:?} to e-t1"), said, events);
}

/// All that an executor can say of a task reaches its scheduler; then the executor ends by itself.
fn executor_exits(rig: &mut Rig) {
    subscribe(rig);
    launch(rig, "s1 launches t1 on a1", 2, |offer| vec![task_on(offer, "t1")]);
    call(rig, "s1 suppresses", Call::suppress(Vec::new()), 0);
    acknowledge_all(rig);
    say(rig, TELL_ALL, 1);
    acknowledge_all(rig);
    call(rig, "s1 reconciles", Call::reconcile(Vec::new()), 1);
    say(rig, &format!("{EXIT}3"), 2);
    acknowledge_all(rig);
}

/// Two tasks in one executor, which is then told to end.
fn executor_shared(rig: &mut Rig) {
    subscribe(rig);
    launch(rig, "s1 launches t1 and t2 in e-t1 on a1", 3, |offer| {
        let first = task_on(offer, "t1");
        let second = TaskInfo { executor: first.executor.clone(), ..task_on(offer, "t2") };
        vec![first, second]
    });
    acknowledge_all(rig);
    launch(rig, "s1 launches t3 in e-t1 on a1", 2, |offer| {
        let executor = task_on(offer, "t1").executor;
        vec![TaskInfo { executor, ..task_on(offer, "t3") }]
    });
    call(rig, "s1 suppresses", Call::suppress(Vec::new()), 0);
    acknowledge_all(rig);
    let end = Call::shutdown("e-t1".into(), rig.agent_id("a1"));
    call(rig, "s1 shuts e-t1 down", end, 4);
    acknowledge_all(rig);
}

/// How often a master says that it is there.
fn heartbeats(rig: &mut Rig) {
    rig.step("s1 subscribes, and listens for 17 s");
    rig.subscribe(1, &info(None), true);
    let began = Instant::now();
    rig.listen(1, ANSWER_MAX);
    rig.listen(usize::MAX, Duration::from_secs(2));
    let early = rig.heartbeats;
    rig.listen(usize::MAX, Duration::from_secs(17).saturating_sub(began.elapsed()));
    let all = rig.heartbeats;
    rig.note(&format!("{early} HEARTBEATs within 2 s, {all} within 17 s"));
}

/// Operations beside LAUNCH.
fn operations(rig: &mut Rig) {
    subscribe(rig);
    let offer = rig.offer_of("a1");
    let reserve = Operation {
        r#type: Some(operation::Type::Reserve.into()),
        // It reserves nothing, and so is refused; a refusal has no words.
        reserve: Some(Bytes::new()),
        ..Operation::default()
    };
    let rest = Some(Filters::refuse_for(Duration::from_secs(3600)));
    call(rig, "s1 reserves nothing of a1", Call::accept(vec![offer.id], vec![reserve], rest), 0);
}

/// What a framework must not say of itself, and frameworks that were or never were.
fn subscriptions(rig: &mut Rig) {
    let fine = || info(None);
    let roles = |roles: &[&str]| roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>();
    let infos = [
        ("with a role twice", FrameworkInfo { roles: roles(&["a", "a"]), ..fine() }),
        ("with a bad role", FrameworkInfo { roles: roles(&["/a"]), ..fine() }),
        ("with a role in the old form", FrameworkInfo { role: Some("a".to_owned()), ..fine() }),
        ("with roles but not MULTI_ROLE", FrameworkInfo { capabilities: Vec::new(), ..fine() }),
    ];
    for (what, info) in infos {
        rig.step(&format!("s1 subscribes {what}"));
        rig.subscribe(1, &info, true);
        rig.listen(2, Duration::from_secs(2));
    }
    rig.step("s1 subscribes as a framework that never was");
    rig.subscribe(1, &info(Some("i-never-was")), true);
    rig.listen(1, ANSWER_MAX);
    call(rig, "s1 tears down", Call::teardown(), 1);
    rig.step("s2 subscribes as that framework");
    rig.subscribe(2, &info(Some("i-never-was")), true);
    rig.listen(2, ANSWER_MAX);
}

fn resource(name: &str, fill: impl FnOnce(&mut ResourceView)) -> Bytes {
    let mut view = ResourceView { name: name.to_owned(), ..ResourceView::default() };
    view.role = Some("*".to_owned());
    fill(&mut view);
    view.encode_to_vec().into()
}

fn amount(name: &str, value: f64) -> Bytes {
    resource(name, |view| {
        view.r#type = ValueType::Scalar.into();
        view.scalar = Some(Scalar { value });
    })
}

fn ports(begin: u64, end: u64) -> Bytes {
    resource("ports", |view| {
        view.r#type = ValueType::Ranges.into();
        view.ranges = Some(Ranges { range: vec![Range { begin, end }] });
    })
}

fn task_with(offer: &Offer, task: &str, more: Vec<Bytes>) -> TaskInfo {
    let resources = [out_of(offer, 0.1, 32.0), more].concat();
    TaskInfo { resources, ..task_on(offer, task) }
}

/// Tasks that are not launched, and why; in between some that are.
fn tasks_refused(rig: &mut Rig) {
    subscribe(rig);
    let refused: [(&str, Task); 7] = [
        ("with 99 cpus", |offer| TaskInfo {
            resources: vec![amount("cpus", 99.0), amount("mem", 32.0)],
            ..task_on(offer, "t9")
        }),
        ("without resources", |offer| TaskInfo { resources: vec![], ..task_on(offer, "t9") }),
        ("with less than no cpus", |offer| TaskInfo {
            resources: vec![amount("cpus", -1.0)],
            ..task_on(offer, "t9")
        }),
        ("for another agent", |offer| TaskInfo {
            agent_id: "nobody".into(),
            ..task_on(offer, "t9")
        }),
        ("under a bad ID", |offer| task_on(offer, "t/9")),
        ("without an executor", |offer| TaskInfo { executor: None, ..task_on(offer, "t9") }),
        ("with an executor and a command", |offer| TaskInfo {
            command: Some(CommandInfo { value: Some("true".to_owned()), ..CommandInfo::default() }),
            ..task_on(offer, "t9")
        }),
    ];
    for (how, task) in refused {
        launch(rig, &format!("s1 launches t9 on a1 {how}"), 2, |offer| vec![task(offer)]);
    }
    launch(rig, "s1 launches t1 on a1 with two ports", 2, |offer| {
        vec![task_with(offer, "t1", vec![ports(31_003, 31_004)])]
    });
    acknowledge_all(rig);
    launch(rig, "s1 launches t1 on a1 again", 2, |offer| vec![task_on(offer, "t1")]);
    launch(rig, "s1 launches t2 on a1 with one of those ports", 2, |offer| {
        vec![task_with(offer, "t2", vec![ports(31_004, 31_005)])]
    });
    launch(rig, "s1 launches t3 in e-t1 on a1, with another ExecutorInfo", 2, |offer| {
        let executor = task_on(offer, "t1").executor.map(|executor| {
            mesos_v1::proto::ExecutorInfo { resources: out_of(offer, 0.2, 32.0), ..executor }
        });
        vec![TaskInfo { executor, ..task_on(offer, "t3") }]
    });
    launch(rig, "s1 launches t4 and t5 on a1, for both of which there is not enough", 3, |offer| {
        let resources = || vec![amount("cpus", 3.0), amount("mem", 32.0)];
        let with = |task| TaskInfo { resources: resources(), ..task_on(offer, task) };
        vec![with("t4"), with("t5")]
    });
    acknowledge_all(rig);
    launch_nothing(rig);
    launch(rig, "s1 launches t9 on a1 with what there is not", 2, |offer| {
        vec![task_with(offer, "t9", vec![amount("gpus", 1.0)])]
    });
}

/// An ACCEPT without an operation is a DECLINE.
fn launch_nothing(rig: &mut Rig) {
    let offer = rig.offer_of("a1");
    let at_once = Some(Filters::refuse_for(Duration::ZERO));
    call(
        rig,
        "s1 accepts the offer of a1 for nothing",
        Call::accept(vec![offer.id], vec![], at_once),
        1,
    );
}
