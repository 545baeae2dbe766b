//! Sessions with a genuine ZooKeeper 3.8, and everything that may happen to them.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use etcd_mesos_testkit::proxy::{Mode, Proxy};
use etcd_mesos_testkit::zookeeper::Server;
use etcd_mesos_zk::{
    Detected, Follow, Lifetime, MasterDetector, Seen, Sight, Version, ZkConfig, ZkError, ZkSession,
};
use tokio::time::timeout;

const SESSION: Duration = Duration::from_secs(2);
const OPERATION: Duration = Duration::from_millis(1500);
/// Nothing waits that long when all is well.
const SOON: Duration = Duration::from_secs(20);

fn config(place: &str) -> ZkConfig {
    let url = format!("zk://{place}").parse().unwrap();
    ZkConfig { session_timeout: SESSION, operation_timeout: OPERATION, ..ZkConfig::new(url) }
}

async fn open(place: &str) -> ZkSession {
    ZkSession::open(&config(place)).await.unwrap()
}

async fn is_there(server: &Server, path: &str) -> bool {
    match open(&server.addr()).await.get(path).await {
        Ok(_) => true,
        Err(ZkError::NoNode { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

/// Asks until it succeeds; what is lost on the way says so.
async fn get_at_last(session: &ZkSession, path: &str) -> Vec<u8> {
    let asked = async {
        loop {
            match session.get(path).await {
                Ok(node) => return node.data,
                Err(error) => assert!(error.is_unknown(), "{error}"),
            }
        }
    };
    timeout(SOON, asked).await.unwrap()
}

async fn next(follow: &mut Follow) -> Seen {
    timeout(SOON, follow.next()).await.unwrap()
}

async fn next_data(follow: &mut Follow) -> Vec<u8> {
    loop {
        match next(follow).await {
            Seen::Now(Sight::There { data, .. }) => return data,
            Seen::Now(Sight::Absent) => panic!("the node is there"),
            Seen::Away(_) => {}
        }
    }
}

#[tokio::test]
async fn nodes_are_written_read_and_refused_below_the_urls_path() {
    let server = Server::start().unwrap();
    let root = open(&server.addr()).await;
    let deep = open(&server.place("/any/depth")).await;
    let error = deep.create("/", b"", Lifetime::Persistent).await.unwrap_err();
    let words = format!("ZooKeeper {}: create /any/depth: there is no such node", server.addr());
    assert_eq!(error.to_string(), words, "the parent is missing");

    root.create("/any", b"", Lifetime::Persistent).await.unwrap();
    deep.create("/", b"", Lifetime::Persistent).await.unwrap();
    deep.create("/b", b"1", Lifetime::Persistent).await.unwrap();
    deep.create("/a", b"", Lifetime::Session).await.unwrap();
    assert_eq!(deep.children("/").await.unwrap(), ["a", "b"]);
    assert_eq!(root.get("/any/depth/b").await.unwrap().data, b"1");

    assert_eq!(deep.set("/b", b"2", Some(Version(0))).await.unwrap(), Version(1));
    let conflict = deep.set("/b", b"3", Some(Version(0))).await.unwrap_err();
    assert!(matches!(conflict, ZkError::WrongVersion { .. }), "{conflict}");
    assert_eq!(deep.set("/b", b"4", None).await.unwrap(), Version(2));
    assert_eq!(deep.get("/b").await.unwrap().version, Version(2));
    let again = deep.create("/b", b"", Lifetime::Persistent).await.unwrap_err();
    assert!(matches!(again, ZkError::NodeExists { .. }), "{again}");
    let full = deep.delete("/", None).await.unwrap_err();
    assert!(matches!(full, ZkError::NotEmpty { .. }), "{full}");
    let stale = deep.delete("/b", Some(Version(1))).await.unwrap_err();
    assert!(matches!(stale, ZkError::WrongVersion { .. }), "{stale}");
    deep.delete("/b", Some(Version(2))).await.unwrap();
    drop(deep);
    let gone = async {
        while is_there(&server, "/any/depth/a").await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SESSION / 2, gone).await.expect("a session ends with its handle, not with its timeout");
}

#[tokio::test]
async fn a_dropped_connection_costs_neither_session_nor_watch_nor_credentials() {
    let server = Server::start().unwrap();
    let proxy = Proxy::start(&server.addr()).unwrap();
    let ours = open(&format!("etcd:secret@{}", proxy.addr())).await;
    ours.create("/ours", b"1", Lifetime::Session).await.unwrap();
    let stranger = open(&server.addr()).await;
    let refused = stranger.get("/ours").await.unwrap_err();
    assert!(refused.to_string().contains("not allowed; credentials are given as"), "{refused}");

    let mut follow = Follow::new(config(&format!("etcd:secret@{}", proxy.addr())), "/ours");
    assert_eq!(next_data(&mut follow).await, b"1");
    proxy.drop_connections();
    let same = open(&format!("etcd:secret@{}", server.addr())).await;
    same.set("/ours", b"2", None).await.unwrap();
    let started = Instant::now();
    assert_eq!(next_data(&mut follow).await, b"2", "seen although it was written meanwhile");
    assert!(started.elapsed() < Duration::from_secs(1), "by the watch: {:?}", started.elapsed());
    assert_eq!(get_at_last(&ours, "/ours").await, b"2", "allowed, on the new connection too");
    assert_eq!(proxy.accepted(), 4, "two sessions with two connections each");
}

#[tokio::test]
async fn where_nothing_listens_it_is_said_of_each_server_at_once() {
    let nobody = |host: &str| {
        let listener = std::net::TcpListener::bind((host, 0)).unwrap();
        format!("{host}:{}", listener.local_addr().unwrap().port())
    };
    let (one, other) = (nobody("127.0.0.1"), nobody("127.0.0.2"));
    let started = Instant::now();
    let all = config(&format!("u:secret@{one},{other},no.such.invalid:1/mesos"));
    let error = ZkSession::open(&all).await.unwrap_err().to_string();
    assert!(started.elapsed() < SESSION, "{:?}", started.elapsed());
    for part in [
        format!("{one} refuses connections; "),
        format!("{other} refuses connections; "),
        "no.such.invalid:1 has a name that cannot be resolved".to_owned(),
        "open a session for /mesos".to_owned(),
    ] {
        assert!(error.contains(&part), "{part:?} is not in {error}");
    }
    assert!(!error.contains("secret"));

    let mut follow = Follow::new(config(&one), "/");
    let Seen::Away(error) = next(&mut follow).await else { panic!("there is nobody") };
    assert!(matches!(error, ZkError::Unreachable { .. }), "{error}");
    assert!(timeout(Duration::from_millis(500), follow.next()).await.is_err(), "told once");
}

#[tokio::test]
async fn a_black_hole_is_noticed_and_the_session_moves_to_a_healthy_server() {
    let server = Server::start().unwrap();
    let proxies = [0, 1].map(|_| Proxy::start(&server.addr()).unwrap());
    let both = format!("{},{}", proxies[0].addr(), proxies[1].addr());
    let session = open(&both).await;
    session.create("/mine", b"1", Lifetime::Session).await.unwrap();
    let used = proxies.iter().find(|proxy| proxy.accepted() > 0).unwrap();

    used.set(Mode::Hole);
    let started = Instant::now();
    assert_eq!(get_at_last(&session, "/mine").await, b"1");
    let moved = started.elapsed();
    assert!(moved < SESSION, "before the session could expire: {moved:?}");
    assert!(proxies.iter().all(|proxy| proxy.accepted() > 0), "over the other one");
    assert!(is_there(&server, "/mine").await, "the session was kept");

    proxies.iter().for_each(|proxy| proxy.set(Mode::Hole));
    let started = Instant::now();
    let error = session.get("/mine").await.unwrap_err();
    assert!(error.is_unknown(), "{error}");
    assert!(started.elapsed() < OPERATION + Duration::from_secs(1), "{:?}", started.elapsed());
    let started = Instant::now();
    let error = ZkSession::open(&config(&both)).await.unwrap_err();
    assert!(started.elapsed() < SESSION + Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(error.to_string().contains("but does not serve"), "{error}");
}

#[tokio::test]
async fn a_killed_server_that_comes_back_has_the_session_and_the_data() {
    let server = Server::start().unwrap();
    // Long enough for a busy machine to start a server in.
    let patient = ZkConfig { session_timeout: SESSION * 5, ..config(&server.addr()) };
    let session = ZkSession::open(&patient).await.unwrap();
    session.create("/kept", b"1", Lifetime::Persistent).await.unwrap();
    session.create("/mine", b"", Lifetime::Session).await.unwrap();
    let mut follow = Follow::new(patient, "/kept");
    assert_eq!(next_data(&mut follow).await, b"1");

    server.kill();
    let (lost, away) = tokio::join!(session.get("/kept"), next(&mut follow));
    let lost = lost.unwrap_err();
    assert!(lost.is_unknown(), "{lost}");
    let Seen::Away(error) = away else { panic!("there is nobody") };
    assert!(error.to_string().contains(&format!("{}: watch /kept", server.addr())), "{error}");

    server.start_again().unwrap();
    assert_eq!(get_at_last(&session, "/kept").await, b"1");
    assert_eq!(session.set("/kept", b"2", Some(Version(0))).await.unwrap(), Version(1));
    let told = [next_data(&mut follow).await, b"2".to_vec()];
    assert!(
        told[0] == told[1] || next_data(&mut follow).await == told[1],
        "told after it was away"
    );
    assert!(is_there(&server, "/mine").await, "the session was kept");
}

#[tokio::test]
async fn an_expired_session_is_told_to_writers_and_replaced_for_followers() {
    let server = Server::start().unwrap();
    let proxy = Proxy::start(&server.addr()).unwrap();
    let session = open(&proxy.addr()).await;
    session.create("/mine", b"1", Lifetime::Session).await.unwrap();
    let mut follow = Follow::new(config(&proxy.addr()), "/mine");
    assert_eq!(next_data(&mut follow).await, b"1");

    proxy.set(Mode::Cut);
    timeout(SOON, session.over()).await.expect("it is told while the link is still down");
    let error = session.set("/mine", b"2", None).await.unwrap_err();
    assert!(error.is_end_of_session(), "{error}");
    let gone = async {
        while is_there(&server, "/mine").await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, gone).await.unwrap();

    proxy.set(Mode::Pass);
    loop {
        match next(&mut follow).await {
            Seen::Now(sight) => break assert_eq!(sight, Sight::Absent),
            Seen::Away(error) => assert!(!error.is_end_of_session(), "{error}"),
        }
    }
    let error = session.get("/mine").await.unwrap_err();
    assert!(error.is_end_of_session(), "never replaced in silence: {error}");
    open(&server.addr()).await.create("/mine", b"3", Lifetime::Persistent).await.unwrap();
    assert_eq!(next_data(&mut follow).await, b"3", "a node that comes into being is seen");
}

#[tokio::test]
async fn what_no_watch_tells_a_poll_finds() {
    let server = Server::start().unwrap();
    let proxy = Proxy::start(&server.addr()).unwrap();
    let writer = open(&server.addr()).await;
    writer.create("/n", b"1", Lifetime::Persistent).await.unwrap();
    let period = Duration::from_millis(200);
    let mut follow = Follow::new(config(&proxy.addr()), "/n").poll_every(period);
    assert_eq!(next_data(&mut follow).await, b"1");
    let received = |answer: &str| {
        let line = answer.lines().find_map(|line| line.strip_prefix("Received: "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let before = received(&server.ask("srvr").unwrap());
    // Dropped in the middle of its wait, it goes on where it was.
    for _ in 0..10 {
        assert!(timeout(period / 2, follow.next()).await.is_err(), "nothing has changed");
    }
    let asked = received(&server.ask("srvr").unwrap()) - before;
    assert!((8..40).contains(&asked), "five looks of two questions each, not {asked}");
}

const M1: &[u8] = br#"{"address":{"hostname":"m1","ip":"10.0.0.1","port":5050},"id":"one"}"#;
const M2: &[u8] = br#"{"address":{"hostname":"m2","ip":"10.0.0.2","port":5051},"id":"two"}"#;

async fn detect(detector: &mut MasterDetector) -> String {
    match timeout(SOON, detector.next()).await.unwrap() {
        Detected::Leader(m) => format!("{} {}:{}", m.sequence, m.host, m.port),
        Detected::Nobody(why) => why.to_string(),
        Detected::Away(error) => format!("away: {error}"),
    }
}

#[tokio::test]
async fn the_leading_master_is_detected_and_its_lack_is_explained() {
    let server = Server::start().unwrap();
    let root = open(&server.addr()).await;
    let mut detector = MasterDetector::new(config(&server.place("/mesos")));
    let words = detect(&mut detector).await;
    assert!(words.contains(&server.url("/mesos")) && words.contains("does not exist"), "{words}");

    root.create("/mesos", b"", Lifetime::Persistent).await.unwrap();
    assert!(detect(&mut detector).await.contains("no entry json.info_*"));
    root.create("/mesos/info_0000000001", b"\x08", Lifetime::Persistent).await.unwrap();
    assert!(detect(&mut detector).await.contains("masters before 0.24"));

    let first = open(&server.addr()).await;
    root.create("/mesos/log_replicas", b"", Lifetime::Persistent).await.unwrap();
    first.create("/mesos/json.info_0000000003", M1, Lifetime::Session).await.unwrap();
    assert_eq!(detect(&mut detector).await, "3 10.0.0.1:5050");
    root.create("/mesos/json.info_0000000004", M2, Lifetime::Persistent).await.unwrap();
    let waits = timeout(Duration::from_millis(300), detector.next()).await;
    assert!(waits.is_err(), "who stands in line is no news");
    let started = Instant::now();
    drop(first);
    assert_eq!(detect(&mut detector).await, "4 10.0.0.2:5051");
    assert!(started.elapsed() < Duration::from_secs(1), "by the watch: {:?}", started.elapsed());

    root.delete("/mesos/json.info_0000000004", None).await.unwrap();
    assert!(detect(&mut detector).await.contains("masters before 0.24"));
    root.create("/mesos/json.info_0000000005", b"{", Lifetime::Persistent).await.unwrap();
    assert!(detect(&mut detector).await.contains("json.info_0000000005 cannot be read"));
    root.delete("/mesos/json.info_0000000005", None).await.unwrap();
    detect(&mut detector).await;
    root.create("/mesos/json.info_0000000006", M2, Lifetime::Persistent).await.unwrap();
    assert_eq!(detect(&mut detector).await, "6 10.0.0.2:5051");

    server.stop().unwrap();
    assert!(detect(&mut detector).await.starts_with("away: ZooKeeper"));
    server.cont();
    loop {
        let words = detect(&mut detector).await;
        if !words.starts_with("away: ") {
            break assert_eq!(words, "6 10.0.0.2:5051", "told again after it was away");
        }
    }
}
