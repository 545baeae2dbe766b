//! Clients that behave badly, many of them, and too few descriptors. Each of these tests has a process of
//! its own, which is the test itself again, because it measures or limits the whole process.

use std::process::Command;
use std::slice::from_ref;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use etcd_mesos_proxy::gateway::{self, Gateway};
use etcd_mesos_testkit::process::Proc;
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::time::{TimeVal, TimeValLike};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fake::Fake;
use crate::passing::{PATIENCE, ask, before, connect};
use crate::until;

/// Names, in the environment, the test that is to be played in this process.
const ALONE: &str = "ETCD_MESOS_TEST_ALONE";

/// Plays this test in a process of its own; whether this is that process.
fn is_alone(name: &str) -> bool {
    if std::env::var(ALONE).is_ok_and(|alone| alone == name) {
        return true;
    }
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env(ALONE, name);
    let child = Proc::start(command, home.path().join("output")).unwrap();
    let status = child.wait_exit(Duration::from_secs(60)).unwrap();
    assert!(status.success() && child.log().contains("1 passed"), "{}", child.log());
    eprintln!("{}", child.log());
    false
}

/// The largest memory that this process has had, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

async fn until_open(gateway: &Gateway, count: usize) {
    until(&format!("{count} open connections"), PATIENCE * 2, || async {
        (gateway.view().open == count).then_some(())
    })
    .await;
}

/// Who says nothing, ends one direction at once or breaks off costs nobody else anything.
#[tokio::test]
async fn bad_manners_do_not_disturb_the_others() {
    let echo = Fake::echo("").await;
    let (gateway, _listed) = before(from_ref(&echo.url), |_| {}).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(connect(&gateway).await);
        connect(&gateway).await.shutdown().await.unwrap();
        let broken = connect(&gateway).await;
        broken.set_zero_linger().unwrap();
        drop(broken);
    }
    assert_eq!(ask(&mut connect(&gateway).await, "hello", 5).await, "hello");
    until_open(&gateway, 50).await;
    drop(silent);
    until_open(&gateway, 0).await;
    assert_eq!(gateway.view().members[0].open, 0);
}

/// Forty clients that do not read, with 100 MB to come for each: the members are slowed down.
#[tokio::test]
async fn clients_that_do_not_read_cost_no_memory() {
    if !is_alone("hostile::clients_that_do_not_read_cost_no_memory") {
        return;
    }
    let source = Fake::that(|mut stream| async move {
        let mut byte = [0];
        let part = vec![7; 1_000_000];
        if stream.read_exact(&mut byte).await.is_ok() {
            for _ in 0..100 {
                if stream.write_all(&part).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let (gateway, _listed) = before(from_ref(&source.url), |_| {}).await;
    let mut clients = Vec::new();
    for _ in 0..40 {
        let mut client = connect(&gateway).await;
        client.write_all(b"?").await.unwrap();
        clients.push(client);
    }
    // The sockets are full when nothing moves any more.
    let mut before = 0;
    until("everything to stand still", PATIENCE * 2, || {
        let now = gateway.view().members[0].bytes_from_member;
        let stands_still = now > 0 && std::mem::replace(&mut before, now) == now;
        async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            stands_still.then_some(())
        }
    })
    .await;
    let held = gateway.view().held_bytes;
    assert!(held > 0 && held < 5_000_000, "{held} bytes are held");
    // The part that each member holds is its own, 40 MB together.
    assert!(peak_mib() < 90, "{} MiB", peak_mib());
    let mut first = clients.swap_remove(0);
    let mut rest = Vec::new();
    timeout(PATIENCE, first.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert_eq!(rest.len(), 100_000_000, "and whoever reads gets it all");
    drop((first, clients));
    until_open(&gateway, 0).await;
    assert_eq!(gateway.view().held_bytes, 0);
}

/// Both ends of each are in this process too, so that it has 20,000 sockets.
#[tokio::test]
async fn thousands_of_idle_connections_are_nothing_special() {
    if !is_alone("hostile::thousands_of_idle_connections_are_nothing_special") {
        return;
    }
    let limit = gateway::raise_limit().unwrap();
    let count = 5_000.min(usize::try_from(limit).unwrap() / 4 - 100);
    let echo = Fake::that(|mut stream| async move {
        let mut byte = [0];
        while let Ok(1) = stream.read(&mut byte).await {
            if stream.write_all(&byte).await.is_err() {
                return;
            }
        }
    })
    .await;
    let (gateway, _listed) = before(from_ref(&echo.url), |_| {}).await;
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = connect(&gateway).await;
        assert_eq!(ask(&mut client, "x", 1).await, "x");
        clients.push(client);
    }
    assert_eq!(gateway.view().open, count);
    for client in &mut clients {
        assert_eq!(ask(client, "y", 1).await, "y");
    }
    eprintln!("{count} connections, all ends in one process: {} MiB", peak_mib());
    drop(clients);
    until_open(&gateway, 0).await;
}

#[tokio::test]
async fn a_lack_of_descriptors_is_survived_and_told() {
    if !is_alone("hostile::a_lack_of_descriptors_is_survived_and_told") {
        return;
    }
    let echo = Fake::echo("").await;
    let (gateway, _listed) = before(from_ref(&echo.url), |_| {}).await;
    assert_eq!(ask(&mut connect(&gateway).await, "hello", 5).await, "hello");
    setrlimit(Resource::RLIMIT_NOFILE, 100, 100).unwrap();
    let mut clients = Vec::new();
    while let Ok(client) = TcpStream::connect(gateway.addresses()[0]).await {
        clients.push(client);
    }
    until("the trouble to be told", PATIENCE, || async { gateway.view().trouble }).await;
    let before = processor_time();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let used = processor_time() - before;
    assert!(used < Duration::from_millis(250), "{used:?} of 500 ms: the door spins");
    drop(clients);
    let mut client = until("a client to be served again", PATIENCE, || async {
        TcpStream::connect(gateway.addresses()[0]).await.ok()
    })
    .await;
    assert_eq!(ask(&mut client, "hello", 5).await, "hello");
    until("the trouble to be over", PATIENCE, || async {
        gateway.view().trouble.is_none().then_some(())
    })
    .await;
}

/// What this process has used of a processor. No file is opened for it.
fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let micros = |time: TimeVal| u64::try_from(time.num_microseconds()).unwrap();
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}

/// As many clients as may be are served, and the next one when there is a place.
#[tokio::test]
async fn more_clients_than_may_be_wait_before_the_door() {
    let echo = Fake::echo("").await;
    let (gateway, _listed) = before(from_ref(&echo.url), |settings| settings.open_max = 2).await;
    let (mut one, mut two) = (connect(&gateway).await, connect(&gateway).await);
    assert_eq!(ask(&mut one, "1", 1).await, "1");
    assert_eq!(ask(&mut two, "2", 1).await, "2");
    let mut three = connect(&gateway).await;
    three.write_all(b"3").await.unwrap();
    until("the trouble to be told", PATIENCE, || async { gateway.view().trouble }).await;
    assert_eq!(gateway.view().accepted, 2);
    drop(one);
    assert_eq!(ask(&mut three, "", 1).await, "3");
    // Looks come and go besides.
    assert!(echo.accepted.load(Relaxed) >= 3);
}
