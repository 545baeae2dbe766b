//! What is not modelled is refused with words, and nothing of it is done.

#![allow(clippy::unwrap_used, reason = "these are tests; clippy knows only #[test] functions")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use etcd_mesos_local::{Local, Network, Settings};
use mesos_v1::Masters;
use mesos_v1::proto::framework_capability::Type as Capability;
use mesos_v1::proto::operation::Type as OperationType;
use mesos_v1::proto::scheduler::{Call, call};
use mesos_v1::proto::{
    CommandInfo, Environment, ExecutorInfo, FrameworkInfo, Offer, Operation, TaskInfo, Uri,
    Variable, executor_info,
};
use mesos_v1::resource::{ResourceView, take_scalar};
use mesos_v1::scheduler::{Event, SchedulerClient, SchedulerConfig, Subscription};
use prost::Message;

/// A local Mesos of one agent, on a share of the network that no other test of this file has.
fn local(number: u8) -> (Local, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let [_, _, _, low] = std::process::id().to_be_bytes();
    let settings = Settings::new(1, Network::new(240 + number, low), dir.path().join("mesos"));
    (Local::start(settings).unwrap(), dir)
}

/// What is asked for in vain, and the change that asks for it.
type Case<T> = (&'static str, fn(&mut T));

fn info() -> FrameworkInfo {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    let capabilities = [Capability::PartitionAware, Capability::MultiRole];
    FrameworkInfo {
        user,
        name: "refused".to_owned(),
        failover_timeout: Some(3600.0),
        checkpoint: Some(true),
        roles: vec!["*".to_owned()],
        capabilities: capabilities.map(Into::into).to_vec(),
        ..FrameworkInfo::default()
    }
}

async fn subscribed(local: &Local) -> (Subscription, Offer) {
    let masters = Masters::parse(&local.master().to_string()).unwrap();
    let mut client = SchedulerClient::new(SchedulerConfig::new(masters));
    let mut subscription = client.subscribe(&info(), &[]).await.unwrap();
    loop {
        if let Event::Offers(mut offers) = subscription.next().await.unwrap() {
            return (subscription, offers.remove(0));
        }
    }
}

/// Posts bytes, and yields the status and the words.
fn post(to: SocketAddr, content_type: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "POST /api/v1/scheduler HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, words) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), words.to_owned())
}

fn subscribe(info: FrameworkInfo) -> Vec<u8> {
    Call {
        framework_id: info.id.clone(),
        r#type: Some(call::Type::Subscribe.into()),
        subscribe: Some(call::Subscribe { framework_info: info, ..call::Subscribe::default() }),
        ..Call::default()
    }
    .encode_to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn frameworks_that_are_treated_otherwise_are_not_subscribed() {
    let (local, _dir) = local(0);
    let master = local.master();
    let cases: [Case<FrameworkInfo>; 7] = [
        ("does not checkpoint", |info| info.checkpoint = Some(false)),
        ("PARTITION_AWARE", |info| info.capabilities.truncate(0)),
        ("several roles", |info| info.roles.push("b".to_owned())),
        ("roles without MULTI_ROLE", |info| info.roles.clear()),
        ("role beside roles", |info| info.role = Some("*".to_owned())),
        ("another user", |info| info.user = "nobody-here".to_owned()),
        ("offer_filters", |info| info.offer_filters = vec![vec![1].into()]),
    ];
    for (words, change) in cases {
        let mut info = info();
        change(&mut info);
        let (status, said) = post(master, "application/x-protobuf", &subscribe(info));
        assert_eq!(status, 501, "{words}: {said}");
        assert!(said.contains(words) && said.contains("nothing was done"), "{words}: {said}");
    }
    let (status, said) = post(master, "application/json", b"{\"type\":\"SUBSCRIBE\"}");
    assert!(status == 501 && said.contains("JSON"), "{status} {said}");
}

/// A task that would be launched, but for what a case changes.
fn task(offer: &Offer) -> TaskInfo {
    let take = |name: &str, amount: f64| {
        let is_it = |raw: &&bytes::Bytes| ResourceView::of(raw).unwrap().name == name;
        take_scalar(offer.resources.iter().find(is_it).unwrap(), amount).unwrap()
    };
    let command = CommandInfo {
        shell: Some(false),
        value: Some("/bin/true".to_owned()),
        arguments: vec!["/bin/true".to_owned()],
        ..CommandInfo::default()
    };
    TaskInfo {
        name: "t".to_owned(),
        task_id: "t".into(),
        agent_id: offer.agent_id.clone(),
        resources: vec![take("cpus", 0.1), take("mem", 32.0)],
        executor: Some(ExecutorInfo {
            r#type: Some(executor_info::Type::Custom.into()),
            executor_id: "e".into(),
            command: Some(command),
            ..ExecutorInfo::default()
        }),
        ..TaskInfo::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn launches_that_ask_for_more_than_there_is_use_no_offer() {
    let (local, dir) = local(1);
    let (mut subscription, offer) = subscribed(&local).await;
    let calls = subscription.calls();
    let cases: [Case<TaskInfo>; 10] = [
        ("a command in place of an executor", |task| {
            task.command = task.executor.take().and_then(|executor| executor.command);
        }),
        ("a container", |task| task.container = Some(Default::default())),
        ("a health check", |task| task.health_check = Some(Default::default())),
        ("a check", |task| task.check = Some(Default::default())),
        ("limits", |task| task.limits = vec![Default::default()]),
        ("the default executor", |task| {
            executor(task).r#type = Some(executor_info::Type::Default.into());
        }),
        ("an executor's container", |task| executor(task).container = Some(Default::default())),
        ("an archive", |task| uri(task, "http://127.0.0.1/a.tgz")),
        ("another scheme", |task| uri(task, "hdfs://127.0.0.1/a")),
        ("a secret", |task| {
            let variable = Variable { secret: Some(Default::default()), ..Variable::default() };
            let variables = vec![variable];
            command(task).environment = Some(Environment { variables });
        }),
    ];
    for (what, change) in cases {
        let mut task = task(&offer);
        change(&mut task);
        let operation = Operation::launch(vec![task]);
        let refused = calls.send(Call::accept(vec![offer.id.clone()], vec![operation], None)).await;
        let refused = refused.expect_err(what).to_string();
        assert!(refused.contains("501"), "{what}: {refused}");
    }
    for kind in [OperationType::LaunchGroup, OperationType::Reserve, OperationType::Create] {
        let operation = Operation { r#type: Some(kind.into()), ..Operation::default() };
        let accept = Call::accept(vec![offer.id.clone()], vec![operation], None);
        let refused = calls.send(accept).await.expect_err("an operation").to_string();
        assert!(refused.contains("501"), "{kind:?}: {refused}");
    }
    // The offer that all of them named is as good as new.
    let operation = Operation::launch(vec![task(&offer)]);
    calls.send(Call::accept(vec![offer.id], vec![operation], None)).await.unwrap();
    let update = loop {
        if let Event::Update(update) = subscription.next().await.unwrap() {
            break update;
        }
    };
    assert_eq!(update.task_id, "t".into());
    assert_eq!(update.message(), "Executor terminated", "/bin/true is no executor, but it was run");
    drop(local);
    assert!(!dir.path().join("mesos").exists(), "the work directory was not there before");
}

fn executor(task: &mut TaskInfo) -> &mut ExecutorInfo {
    task.executor.as_mut().unwrap()
}

fn command(task: &mut TaskInfo) -> &mut CommandInfo {
    executor(task).command.as_mut().unwrap()
}

fn uri(task: &mut TaskInfo, value: &str) {
    command(task).uris.push(Uri { value: value.to_owned(), ..Uri::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_says_where_to() {
    let (local, _dir) = local(2);
    let ask = |request: String| {
        let mut stream = TcpStream::connect(local.master()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let to = |host: &str, path: &str| {
        ask(format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let here = local.master().to_string();
    // A page in a browser that had its own name resolved to a loopback address says that name.
    assert!(to("evil.example", "/local/agents/a1/lose").starts_with("HTTP/1.1 403"));
    assert!(to(&here, "/local/agents/a9/kill").contains("there are a1 to a1"));
    assert!(to(&here, "/local/agents/a1/paint").starts_with("HTTP/1.1 404"));
    assert!(to(&here, "/local/agents/a1/kill").starts_with("HTTP/1.1 202"));
    assert!(to(&here, "/local/agents/a1/start").starts_with("HTTP/1.1 202"));
}
