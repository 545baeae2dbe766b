//! The clients against a server that plays bytes: everything that a genuine Mesos seldom does.

#![allow(clippy::unwrap_used)]

mod server;

use std::{error::Error, time::Duration};

use bytes::Bytes;
use mesos_v1::{
    CallError, ConnectError, Credentials, Elected, Election, Endpoint, Masters, NotMesos,
    RedirectError, Retry, StreamError,
    executor::{self, ExecutorClient, ExecutorEnvironment},
    proto::{
        TaskInfo, TaskState, TaskStatus,
        executor::{Event as ExecutorWire, event as executor_event},
        scheduler::call,
    },
    recordio,
    scheduler::{Call, Event, SchedulerClient, SchedulerConfig},
};
use prost::Message;
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{sleep, timeout},
};

use crate::server::{
    Play, SUBSCRIBED, Server, accepted, chunk, config, error_event, framed, framework, heartbeat,
    nobody, redirection, refused, status, stream, subscribe, subscribed,
};

#[tokio::test]
async fn a_subscription_gives_its_events_and_its_calls_carry_its_ids() {
    let server = Server::start(vec![stream(&[subscribed(15.0), heartbeat()]), accepted()]).await;
    let credentials = Credentials::new("etcd", "secret").unwrap();
    let config = SchedulerConfig { credentials: Some(credentials), ..config(&[&server.endpoint]) };
    let roles = ["etcd".to_owned()];
    let mut subscription =
        SchedulerClient::new(config).subscribe(&framework(), &roles).await.unwrap();
    assert_eq!(subscription.master, server.endpoint);
    assert_eq!(subscription.stream_id, "stream-1");
    assert!(subscription.local_addr.ip().is_loopback());
    assert!(matches!(subscription.next().await.unwrap(), Event::Subscribed(_)));
    assert_eq!(subscription.next().await.unwrap(), Event::Heartbeat);

    let calls = subscription.calls();
    calls.send(Call::revive(vec![])).await.unwrap();
    calls.clone().send(Call::suppress(vec!["etcd".to_owned()])).await.unwrap();

    let [subscribe, revive, suppress] = &server.seen()[..] else { panic!("three requests") };
    assert!(subscribe.head.starts_with("post /api/v1/scheduler http/1.1"));
    assert!(subscribe.head.contains("accept: application/x-protobuf"));
    assert!(subscribe.head.contains("content-type: application/x-protobuf"));
    assert!(!subscribe.head.contains("mesos-stream-id"), "a SUBSCRIBE must not have one");
    assert_eq!(subscribe.call().subscribe.unwrap().suppressed_roles, roles);
    for call in [revive, suppress] {
        assert!(call.head.contains("mesos-stream-id: stream-1"));
        assert_eq!(call.call().framework_id, Some("f-1".into()));
        assert_eq!(call.connection, 1, "calls share a connection, which is not the stream's");
    }
    for request in server.seen() {
        assert!(request.head.contains(&format!("host: {}", server.endpoint)));
        assert!(request.head.contains("authorization: basic zxrjzdpzzwnyzxq="));
    }
    assert_eq!(suppress.call().r#type(), call::Type::Suppress);
}

#[tokio::test]
async fn events_split_at_every_byte_are_whole() {
    let body = framed(&[subscribed(15.0), heartbeat(), error_event("x\ny")]);
    let pieces = body.iter().map(|byte| chunk(&[*byte]));
    let pieces = std::iter::once(SUBSCRIBED.as_bytes().to_vec()).chain(pieces).collect();
    let server = Server::start(vec![Play::Pieces(pieces)]).await;
    let mut config = config(&[&server.endpoint]);
    config.call_timeout = Duration::from_secs(5);
    let mut client = SchedulerClient::new(config);
    let mut subscription = client.subscribe(&framework(), &[]).await.unwrap();
    // Cancelled again and again in the middle of a record, nothing is lost.
    let mut events = Vec::new();
    while events.len() < 3 {
        if let Ok(event) = timeout(Duration::from_millis(2), subscription.next()).await {
            events.push(event.unwrap());
        }
    }
    assert!(matches!(events[0], Event::Subscribed(_)));
    assert_eq!(events[1..], [Event::Heartbeat, Event::Error("x\ny".into())]);
}

#[tokio::test]
async fn an_error_instead_of_subscribed_is_an_event() {
    let server = Server::start(vec![stream(&[error_event("Framework has been removed")])]).await;
    let mut subscription = subscribe(&server).await.unwrap();
    let first = subscription.next().await.unwrap();
    assert_eq!(first, Event::Error("Framework has been removed".into()));
    assert_eq!(subscription.framework_id, None);
}

#[tokio::test]
async fn another_first_event_is_no_subscription() {
    let error = refused(stream(&[heartbeat()])).await;
    assert!(matches!(error, CallError::Stream { source: StreamError::NotSubscribed(8), .. }));
}

#[tokio::test]
async fn every_status_is_told_apart() {
    macro_rules! check {
        ($line:literal, $variant:pat $(if $guard:expr)?, $retry:ident) => {
            let error = refused(status($line, "why")).await;
            assert!(matches!(error, $variant $(if $guard)?), "{}: {error:?}", $line);
            assert_eq!(error.retry(), Retry::$retry, "{}", $line);
        };
    }
    check!("400 Bad Request", CallError::BadRequest { ref body, .. } if body == "why", Never);
    check!("401 Unauthorized", CallError::Unauthorized { .. }, Never);
    check!("403 Forbidden", CallError::Forbidden { ref body, .. } if body == "why", Later);
    check!("404 Not Found", CallError::NotFound { .. }, Later);
    check!("405 Method Not Allowed", CallError::MethodNotAllowed { .. }, Never);
    check!("406 Not Acceptable", CallError::NotAcceptable { .. }, Never);
    check!("415 Unsupported Media Type", CallError::UnsupportedMediaType { .. }, Never);
    check!("501 Not Implemented", CallError::NotImplemented { .. }, Never);
    check!("503 Service Unavailable", CallError::Unavailable { ref body, .. } if body == "why", Later);
    check!("418 I'm a teapot", CallError::UnexpectedStatus { status: 418, .. }, Never);
    check!("500 Internal Server Error", CallError::UnexpectedStatus { status: 500, .. }, Later);
}

#[tokio::test]
async fn the_body_of_a_refusal_is_cut() {
    let error = refused(status("400 Bad Request", &"x".repeat(100_000))).await;
    let CallError::BadRequest { body, .. } = error else { panic!("{error:?}") };
    assert_eq!(body.len(), 4096);
}

#[tokio::test]
async fn what_is_not_mesos_is_told_so() {
    let html = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n";
    let no_id =
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
    for (bytes, expected) in [
        ("SSH-2.0-OpenSSH_9.6\r\n", "it is not HTTP"),
        (html, "the content type is `text/html`"),
        (no_id, "a subscription without a Mesos-Stream-Id"),
        ("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n", "the status is 202"),
    ] {
        let error = refused(Play::Bytes(bytes.into())).await;
        assert!(matches!(error, CallError::NotMesos { .. }), "{error:?}");
        assert_eq!(error.source().unwrap().to_string(), expected);
        assert!(!error.to_string().contains(expected), "the cause is not in the text");
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn a_silent_server_and_one_that_hangs_up() {
    let error = refused(Play::Silence).await;
    assert!(matches!(error, CallError::Timeout { .. }), "{error:?}");
    let error = refused(Play::Bytes(SUBSCRIBED.into())).await;
    assert!(matches!(error, CallError::Timeout { .. }), "no first event: {error:?}");
    let error = refused(Play::BytesAndClose(vec![])).await;
    assert!(matches!(error, CallError::Broken { .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_listens_or_nobody_has_that_name() {
    let subscribe = async |endpoint: &Endpoint| {
        let mut config = config(&[endpoint]);
        config.connect_timeout = Duration::from_secs(20);
        config.call_timeout = Duration::from_secs(20);
        SchedulerClient::new(config).subscribe(&framework(), &[]).await.unwrap_err()
    };
    let error = subscribe(&nobody().await).await;
    assert!(matches!(error, CallError::Connect { source: ConnectError::Io(_), .. }), "{error:?}");
    let error = subscribe(&Endpoint::new("no-such-master.invalid", 5050)).await;
    assert!(
        matches!(&error, CallError::Connect { source: ConnectError::Resolve { name, .. }, .. } if name == "no-such-master.invalid"),
        "{error:?}"
    );
    assert_eq!(error.retry(), Retry::Later);
}

#[tokio::test]
async fn a_redirection_leads_to_the_leader() {
    let leader =
        Server::start(vec![stream(&[subscribed(15.0)]), accepted(), stream(&[subscribed(15.0)])])
            .await;
    let to = format!("//{}/api/v1/scheduler", leader.endpoint);
    let follower = Server::start(vec![redirection(&to)]).await;
    let mut client = SchedulerClient::new(config(&[&follower.endpoint]));
    let subscription = client.subscribe(&framework(), &[]).await.unwrap();
    assert_eq!(subscription.master, leader.endpoint);
    subscription.calls().send(Call::revive(vec![])).await.unwrap();
    assert_eq!((follower.seen().len(), leader.seen().len()), (1, 2));

    client.subscribe(&framework(), &[]).await.unwrap();
    assert_eq!(follower.seen().len(), 1, "who led before is asked first");
}

#[tokio::test]
async fn a_call_follows_a_redirection_too() {
    let other = Server::start(vec![accepted()]).await;
    let to = format!("http://{}/api/v1/scheduler", other.endpoint);
    let server = Server::start(vec![stream(&[subscribed(15.0)]), redirection(&to)]).await;
    let subscription = subscribe(&server).await.unwrap();
    subscription.calls().send(Call::revive(vec![])).await.unwrap();
    subscription.calls().send(Call::revive(vec![])).await.unwrap();
    assert_eq!((server.seen().len(), other.seen().len()), (2, 2));
}

#[tokio::test]
async fn redirections_that_lead_nowhere_are_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let itself = format!("//{}", listener.local_addr().unwrap());
    let circle = Server::on(listener, vec![redirection(&itself)]);
    let error = subscribe(&circle).await.unwrap_err();
    let CallError::Redirect { source, .. } = &error else { panic!("{error:?}") };
    assert!(matches!(source, RedirectError::TooMany(8, _)), "{source:?}");
    assert_eq!(circle.seen().len(), 9);

    let error = refused(redirection("ftp://m2:5050/")).await;
    assert!(matches!(error, CallError::Redirect { source: RedirectError::Location(_), .. }));
    let error = refused(status("302 Found", "")).await;
    assert!(matches!(error, CallError::Redirect { source: RedirectError::NoLocation, .. }));
}

#[tokio::test]
async fn every_master_is_asked_unless_one_refuses_for_all() {
    let recovering = Server::start(vec![status("503 Service Unavailable", "recovering")]).await;
    let leader = Server::start(vec![stream(&[subscribed(15.0)])]).await;
    let all = [&nobody().await, &recovering.endpoint, &leader.endpoint];
    let subscription = SchedulerClient::new(config(&all)).subscribe(&framework(), &[]).await;
    assert_eq!(subscription.unwrap().master, leader.endpoint);

    let strict = Server::start(vec![status("401 Unauthorized", "")]).await;
    let all = [&strict.endpoint, &leader.endpoint];
    let error = SchedulerClient::new(config(&all)).subscribe(&framework(), &[]).await.unwrap_err();
    assert!(matches!(error, CallError::Unauthorized { .. }));
    assert_eq!(error.target().unwrap().endpoint, strict.endpoint);
}

fn led_by(server: &Server, term: u64) -> Election {
    Election { leader: Some(Elected { endpoint: server.endpoint.clone(), term }), trouble: None }
}

#[tokio::test]
async fn an_election_ends_a_subscription_and_an_attempt_at_once() {
    let first = Server::start(vec![stream(&[subscribed(15.0)])]).await;
    let silent = Server::start(vec![Play::Bytes(Vec::new())]).await;
    let last = Server::start(vec![stream(&[subscribed(15.0)])]).await;
    let (say, election) = watch::channel(led_by(&first, 1));
    let patient = Duration::from_secs(60);
    let config = SchedulerConfig {
        call_timeout: patient,
        ..SchedulerConfig::new(Masters::Watched(election))
    };
    let mut client = SchedulerClient::new(config);
    let mut subscription = client.subscribe(&framework(), &[]).await.unwrap();
    subscription.next().await.unwrap();

    let (over, ()) = tokio::join!(subscription.next(), async {
        say.send_replace(led_by(&silent, 2));
    });
    let CallError::Stream { source: StreamError::Deposed(by), .. } = over.unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(by, silent.endpoint);
    let framework = framework();
    let (again, ()) = tokio::join!(client.subscribe(&framework, &[]), async {
        while silent.seen().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
        say.send_replace(led_by(&last, 3));
    });
    assert_eq!(again.unwrap().master, last.endpoint);
    let news = timeout(Duration::from_millis(20), client.another_elected()).await;
    assert!(news.is_err(), "it has asked this one");
    say.send_replace(led_by(&first, 4));
    timeout(patient, client.another_elected()).await.unwrap();
}

#[tokio::test]
async fn heartbeats_that_do_not_come_end_the_stream() {
    let server = Server::start(vec![stream(&[subscribed(0.05)])]).await;
    let mut subscription = subscribe(&server).await.unwrap();
    subscription.next().await.unwrap();
    // Short looks, as `select!` takes them, add up.
    let ended = timeout(Duration::from_secs(5), async {
        loop {
            if let Ok(Err(error)) = timeout(Duration::from_millis(20), subscription.next()).await {
                return error;
            }
        }
    });
    let error = ended.await.unwrap();
    let CallError::Stream { source: StreamError::HeartbeatsMissing(after), .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*after, Duration::from_millis(250));
    assert_eq!(error.retry(), Retry::Now);
}

#[tokio::test]
async fn the_end_of_a_stream_is_told_apart() {
    let begin = [SUBSCRIBED.as_bytes(), &chunk(&framed(&[subscribed(15.0)]))].concat();
    let ended = async |rest: &[u8]| {
        let play = Play::BytesAndClose([&begin[..], rest].concat());
        let mut subscription = subscribe(&Server::start(vec![play]).await).await.unwrap();
        subscription.next().await.unwrap();
        match subscription.next().await.unwrap_err() {
            CallError::Stream { source, .. } => source,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(ended(b"0\r\n\r\n").await, StreamError::Closed));
    assert!(matches!(ended(b"2\r\n20\r\n0\r\n\r\n").await, StreamError::Truncated));
    assert!(matches!(ended(b"").await, StreamError::Broken(_)));
    assert!(matches!(ended(&chunk(b"abc")).await, StreamError::RecordIo(_)));
    assert!(matches!(ended(&chunk(b"99999999999\n")).await, StreamError::RecordIo(_)));
    assert!(matches!(ended(&chunk(b"3\n\xff\xff\xff")).await, StreamError::Decode(_)));
}

#[tokio::test]
async fn a_call_is_never_sent_twice() {
    let hang_up = Play::BytesAndClose(vec![]);
    let server = Server::start(vec![stream(&[subscribed(15.0)]), hang_up, accepted()]).await;
    let subscription = subscribe(&server).await.unwrap();
    let error = subscription.calls().send(Call::revive(vec![])).await.unwrap_err();
    assert!(matches!(error, CallError::Broken { .. }), "{error:?}");
    assert_eq!(server.seen().len(), 2);
    subscription.calls().send(Call::suppress(vec![])).await.unwrap();
    assert_eq!(server.seen()[2].call().r#type(), call::Type::Suppress);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_opened_again() {
    let once = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_vec();
    let plays = vec![stream(&[subscribed(15.0)]), Play::BytesAndClose(once), accepted()];
    let server = Server::start(plays).await;
    let calls = subscribe(&server).await.unwrap().calls();
    calls.send(Call::revive(vec![])).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    calls.send(Call::revive(vec![])).await.unwrap();
    let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
}

#[tokio::test]
async fn a_cancelled_call_leaves_no_answer_behind() {
    let slow = Play::Pieces(vec![vec![], vec![], vec![], b"HTTP/1.1 400 Bad".to_vec()]);
    let server = Server::start(vec![stream(&[subscribed(15.0)]), slow, accepted()]).await;
    let calls = subscribe(&server).await.unwrap().calls();
    let cancelled = timeout(Duration::from_millis(10), calls.send(Call::revive(vec![]))).await;
    assert!(cancelled.is_err());
    calls.send(Call::suppress(vec![])).await.unwrap();
}

#[tokio::test]
async fn calls_arrive_in_the_order_in_which_they_were_begun() {
    let server = Server::start(vec![stream(&[subscribed(15.0)]), accepted()]).await;
    let calls = subscribe(&server).await.unwrap().calls();
    let send = |n: usize| {
        let calls = calls.clone();
        async move { calls.send(Call::revive(vec![n.to_string()])).await.unwrap() }
    };
    tokio::join!(send(0), send(1), send(2), send(3), send(4));
    let roles: Vec<_> = server.seen()[1..]
        .iter()
        .map(|seen| seen.call().revive.unwrap().roles[0].clone())
        .collect();
    assert_eq!(roles, ["0", "1", "2", "3", "4"]);
    assert!(server.seen()[1..].iter().all(|seen| seen.connection == 1));
}

#[tokio::test]
async fn a_deposed_scheduler_is_told_so() {
    for (line, body) in [
        ("403 Forbidden", "Framework is not subscribed"),
        ("400 Bad Request", "The stream ID 'a' included in this request didn't match"),
        ("400 Bad Request", "Framework cannot be found"),
    ] {
        let server = Server::start(vec![stream(&[subscribed(15.0)]), status(line, body)]).await;
        let calls = subscribe(&server).await.unwrap().calls();
        assert!(calls.send(Call::revive(vec![])).await.unwrap_err().is_not_subscribed(), "{body}");
    }
    assert!(!refused(status("400 Bad Request", "Failed to validate")).await.is_not_subscribed());
}

#[tokio::test]
async fn a_call_that_is_answered_by_200_was_not_answered_by_mesos() {
    let server = Server::start(vec![stream(&[subscribed(15.0)]), status("200 OK", "hello")]).await;
    let calls = subscribe(&server).await.unwrap().calls();
    let error = calls.send(Call::revive(vec![])).await.unwrap_err();
    assert!(matches!(error, CallError::NotMesos { source: NotMesos::Status(200), .. }));
}

#[tokio::test]
async fn documents_are_fetched_from_the_leader_within_a_bound() {
    let leader = Server::start(vec![status("200 OK", "{\"frameworks\":[]}")]).await;
    let to = format!("//{}/master/frameworks", leader.endpoint);
    let follower = Server::start(vec![redirection(&to)]).await;
    let client = SchedulerClient::new(config(&[&follower.endpoint]));
    let document = client.get("/master/frameworks", 100).await.unwrap();
    let parsed: serde_json::Value = serde_json::from_slice(&document).unwrap();
    assert!(parsed["frameworks"].is_array());
    assert!(leader.seen()[0].head.starts_with("get /master/frameworks http/1.1"));
    let error = client.get("/master/frameworks", 10).await.unwrap_err();
    assert!(matches!(error, CallError::TooLong { body_max: 10, .. }));
}

#[tokio::test]
async fn a_document_may_take_longer_than_a_call_and_comes_in_pieces() {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let pieces = (0..100).map(|_| chunk(b"0123456789"));
    let pieces = std::iter::once(head.as_bytes().to_vec()).chain(pieces).chain([chunk(b"")]);
    let leader = Server::start(vec![Play::Pieces(pieces.collect())]).await;
    let to = format!("//{}/state", leader.endpoint);
    let follower = Server::start(vec![redirection(&to)]).await;
    let client = SchedulerClient::new(config(&[&follower.endpoint]));
    let mut document = client.open_document("/state").await.unwrap();
    assert_eq!(document.target().endpoint, leader.endpoint);
    let mut read = Vec::new();
    while let Some(piece) = document.next().await.unwrap() {
        read.extend_from_slice(&piece);
    }
    assert_eq!(read, b"0123456789".repeat(100));
}

#[tokio::test]
async fn a_document_that_is_cut_short_and_a_refusal_are_told() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec();
    let plays = vec![Play::BytesAndClose(cut), status("503 Service Unavailable", "why")];
    let server = Server::start(plays).await;
    let client = SchedulerClient::new(config(&[&server.endpoint]));
    let mut document = client.open_document("/state").await.unwrap();
    assert_eq!(document.next().await.unwrap().unwrap(), "{");
    assert!(matches!(document.next().await, Err(CallError::Broken { .. })));
    let refused = client.open_document("/state").await.unwrap_err();
    assert!(matches!(refused, CallError::Unavailable { .. }));
}

fn executor_environment(agent: &Endpoint) -> ExecutorEnvironment {
    let agent = agent.to_string();
    let given = |name: &str| match name {
        "MESOS_AGENT_ENDPOINT" => Some(agent.clone()),
        "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD" => Some("5secs".to_owned()),
        "MESOS_EXECUTOR_AUTHENTICATION_TOKEN" => Some("token".to_owned()),
        "MESOS_FRAMEWORK_ID" | "MESOS_EXECUTOR_ID" | "MESOS_SANDBOX" => Some(name.to_owned()),
        _ => None,
    };
    ExecutorEnvironment::parse(given).unwrap()
}

#[tokio::test]
async fn an_executor_subscribes_with_what_is_not_acknowledged() {
    let event = ExecutorWire {
        r#type: Some(executor_event::Type::Subscribed.into()),
        subscribed: Some(executor_event::Subscribed::default()),
        ..ExecutorWire::default()
    };
    let head = SUBSCRIBED.replace("mesos-stream-id: stream-1\r\n", "");
    let body = chunk(&recordio::encode(&event.encode_to_vec()));
    let plays = vec![Play::Bytes([head.as_bytes(), &body].concat()), accepted()];
    let server = Server::start(plays).await;
    let client = ExecutorClient::new(executor_environment(&server.endpoint));
    let task = TaskInfo { task_id: "t-1".into(), ..TaskInfo::default() };
    let state = TaskState::Running.into();
    let update = TaskStatus { task_id: "t-1".into(), state, ..TaskStatus::default() };
    let updates = [executor::calls::Update { status: update.clone() }];
    let mut subscription = client.subscribe(&[task], &updates).await.unwrap();
    let first = subscription.next().await.unwrap();
    assert!(matches!(first, executor::Event::Subscribed(_)));
    subscription.calls().send(executor::Call::update(update.clone())).await.unwrap();
    subscription.calls().send(executor::Call::message(Bytes::from_static(b"hi"))).await.unwrap();

    let seen = server.seen();
    for request in &seen {
        assert!(request.head.starts_with("post /api/v1/executor http/1.1"));
        assert!(request.head.contains("authorization: bearer token"));
        let call = executor::Call::decode(&request.body[..]).unwrap();
        assert_eq!(call.framework_id, "MESOS_FRAMEWORK_ID".into());
        assert_eq!(call.executor_id, "MESOS_EXECUTOR_ID".into());
    }
    let call = executor::Call::decode(&seen[0].body[..]).unwrap().subscribe.unwrap();
    assert_eq!(call.unacknowledged_tasks[0].task_id, "t-1".into());
    assert_eq!(call.unacknowledged_updates, updates);
    let call = executor::Call::decode(&seen[1].body[..]).unwrap();
    assert_eq!(call.update.unwrap().status, update);
}

#[tokio::test]
async fn an_agent_in_recovery_is_not_available_yet() {
    let body = "Agent has not finished recovery";
    let server = Server::start(vec![status("503 Service Unavailable", body)]).await;
    let client = ExecutorClient::new(executor_environment(&server.endpoint));
    let error = client.subscribe(&[], &[]).await.unwrap_err();
    assert!(matches!(error, CallError::Unavailable { .. }));
    assert_eq!(error.retry(), Retry::Later);
}
