use std::time::Instant as Clock;

use axum::body::to_bytes;
use etcd_mesos_core::health::{Health, Verdict};
use etcd_mesos_core::record::Phase;
use etcd_mesos_core::view::{FullReport, Stats};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::*;
use crate::admin::{Snapshot, StoreReport, router};

const SECOND: Duration = Duration::from_secs(1);

fn entry(number: usize) -> MemberEntry {
    MemberEntry {
        name: etcd_mesos_core::id::MemberName::of(1, number),
        host: format!("10.0.0.{number}"),
        rpc_port: 31000,
        client_port: 31001,
        http_port: 0,
        kind: "new",
        agent_id: "S".into(),
    }
}

/// What the driver shows while there are members of these numbers.
fn snapshot(numbers: &[usize]) -> Arc<Snapshot> {
    let stats = Stats {
        running_servers: 0,
        launched_servers: 0,
        failed_servers: 0,
        cluster_livelocks: 0,
        cluster_reseeds: 0,
        healthy: 0,
    };
    let report = FullReport {
        cluster: "etcd".to_owned(),
        epoch: 1,
        framework_id: None,
        phase: Phase::None,
        health: Health::new(Verdict::Unknown, "a test"),
        members: Vec::new(),
        report: Default::default(),
    };
    let store = StoreReport { place: "nowhere".to_owned(), calls: Default::default() };
    let members = numbers.iter().map(|number| entry(*number)).collect();
    Arc::new(Snapshot { at: Clock::now(), members, stats, report, store })
}

struct Admin {
    show: watch::Sender<Arc<Snapshot>>,
    followed: Followed,
}

fn admin(held_max: usize) -> Admin {
    let (show, shown) = watch::channel(snapshot(&[1, 2, 3]));
    Admin { show, followed: Followed::new(shown, held_max) }
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    tag: String,
    body: String,
    after: Duration,
}

impl Admin {
    fn show(&self, numbers: &[usize]) {
        self.show.send_replace(snapshot(numbers));
    }

    async fn ask(&self, known: &[&str], wait: Duration) -> Answer {
        ask(self.followed.clone(), known, wait).await
    }

    async fn tag(&self) -> String {
        self.ask(&[], Duration::ZERO).await.tag
    }

    /// Asks beside the test, and lets that begin.
    async fn begin(&self, known: &str, wait: Duration) -> tokio::task::JoinHandle<Answer> {
        let (followed, known) = (self.followed.clone(), known.to_owned());
        let asking = tokio::spawn(async move { ask(followed, &[&known], wait).await });
        tokio::task::yield_now().await;
        asking
    }
}

async fn ask(followed: Followed, known: &[&str], wait: Duration) -> Answer {
    let known: Vec<String> = known.iter().map(|tag| (*tag).to_owned()).collect();
    let began = Instant::now();
    let response = followed.answer(&known, wait).await;
    let after = began.elapsed();
    let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer { status, tag, body: String::from_utf8(body.to_vec()).unwrap(), after }
}

#[tokio::test(start_paused = true)]
async fn a_tag_is_made_of_what_is_said_and_of_nothing_else() {
    let (one, other) = (admin(1), admin(1));
    let first = one.ask(&[], 30 * SECOND).await;
    assert_eq!((first.status, first.after), (200, Duration::ZERO));
    let list = [entry(1), entry(2), entry(3)];
    assert_eq!(first.body, serde_json::to_string(&list).unwrap());
    assert!(first.tag.starts_with('"') && first.tag.ends_with('"') && first.tag.len() == 34);
    assert_eq!(other.tag().await, first.tag, "another scheduler says the same");
    other.show(&[1, 2]);
    assert_ne!(other.tag().await, first.tag);
    other.show(&[1, 2, 3]);
    assert_eq!(other.tag().await, first.tag, "as before");
}

#[tokio::test(start_paused = true)]
async fn who_knows_the_members_is_told_that_they_hold() {
    let admin = admin(1);
    let tag = admin.tag().await;
    for known in [&[tag.as_str()][..], &["\"x\"", &tag], &["*"]] {
        let answer = admin.ask(known, Duration::ZERO).await;
        let expected = (304, tag.clone(), String::new());
        assert_eq!((answer.status, answer.tag, answer.body), expected, "{known:?}");
    }
    for known in [&[][..], &["\"x\""], &["x"], &[tag.trim_matches('"')]] {
        assert_eq!(admin.ask(known, 30 * SECOND).await.status, 200, "{known:?}");
    }
}

#[test]
fn tags_are_read_from_every_header_weak_ones_included() {
    let mut headers = HeaderMap::new();
    headers.append(header::IF_NONE_MATCH, "\"a\", W/\"b\"".parse().unwrap());
    headers.append(header::IF_NONE_MATCH, "\"c\"".parse().unwrap());
    assert_eq!(known(&headers), ["\"a\"", "\"b\"", "\"c\""]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_held_until_the_members_change() {
    let admin = admin(1);
    let tag = admin.tag().await;
    let asking = admin.begin(&tag, 30 * SECOND).await;
    sleep(10 * SECOND).await;
    // The driver shows something after each step; the members are the same.
    admin.show(&[1, 2, 3]);
    sleep(SECOND).await;
    assert!(!asking.is_finished());
    admin.show(&[1, 2, 4]);
    let answer = asking.await.unwrap();
    assert_eq!((answer.status, answer.after), (200, 11 * SECOND));
    assert_eq!(answer.body, serde_json::to_string(&[entry(1), entry(2), entry(4)]).unwrap());
    assert_eq!(answer.tag, admin.tag().await);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_its_time_and_at_last_after_a_minute() {
    let admin = admin(1);
    let tag = admin.tag().await;
    for (wait, after) in [(30, 30), (60, 60), (3600, 60)] {
        let answer = admin.ask(&[&tag], SECOND * wait).await;
        assert_eq!((answer.status, answer.after), (304, SECOND * after), "{wait} s");
    }
}

#[tokio::test(start_paused = true)]
async fn beyond_the_bound_nobody_is_held() {
    let admin = admin(1);
    let tag = admin.tag().await;
    let held = admin.begin(&tag, 30 * SECOND).await;
    assert_eq!(admin.ask(&[&tag], 30 * SECOND).await.after, Duration::ZERO);
    held.abort();
    held.await.unwrap_err();
    assert_eq!(admin.ask(&[&tag], 30 * SECOND).await.after, 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_scheduler_that_ends_holds_nobody() {
    let Admin { show, followed } = admin(1);
    let tag = ask(followed.clone(), &[], Duration::ZERO).await.tag;
    drop(show);
    assert_eq!(ask(followed, &[&tag], 30 * SECOND).await.after, Duration::ZERO);
}

/// The admin server as it runs, and what it shows.
async fn serving() -> (String, watch::Sender<Arc<Snapshot>>) {
    let (show, shown) = watch::channel(snapshot(&[1, 2, 3]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router(shown)).await });
    (address, show)
}

async fn send(address: &str, path: &str, tag: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-None-Match: {tag}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn get(address: &str, path: &str, tag: &str) -> String {
    let mut answer = String::new();
    send(address, path, tag).await.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_wire_has_the_status_the_tag_and_the_waiting() {
    let (address, show) = serving().await;
    let first = get(&address, "/members", "\"?\"").await;
    assert!(first.starts_with("HTTP/1.1 200 OK"), "{first}");
    assert!(first.contains("content-type: application/json"), "{first}");
    let tag = first.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let same = get(&address, "/members?wait=0.01", tag).await;
    assert!(same.starts_with("HTTP/1.1 304 Not Modified") && same.contains(tag), "{same}");
    let wrong = get(&address, "/members?wait=soon", tag).await;
    assert!(wrong.starts_with("HTTP/1.1 400"), "{wrong}");
    let mut held = send(&address, "/members?wait=60s", tag).await;
    show.send_replace(snapshot(&[4]));
    let mut answer = String::new();
    held.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("200 OK") && answer.contains("etcd-1-4"), "{answer}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let (show, shown) = watch::channel(snapshot(&[1]));
    let followed = Followed::new(shown, 1);
    let free = Arc::clone(&followed.free);
    let tag = ask(followed.clone(), &[], Duration::ZERO).await.tag;
    let routes = axum::Router::new().route("/", axum::routing::get(members)).with_state(followed);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let client = send(&address, "/?wait=60s", &tag).await;
    becomes(&free, 0).await;
    drop(client);
    becomes(&free, 1).await;
    assert_eq!(show.receiver_count(), 1, "the handler's, and not that of the one who left");
}

async fn becomes(free: &Semaphore, permits: usize) {
    let seen = async {
        while free.available_permits() != permits {
            tokio::task::yield_now().await;
        }
    };
    timeout(SECOND * 10, seen).await.expect("the number of answers that are held back");
}
