//! What becomes of bytes, of ends and of breaks, and how long clients are held.

use std::io::ErrorKind;
use std::slice::from_ref;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use etcd_mesos_proxy::gateway::{self, Gateway, Settings, Standing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::fake::Fake;
use crate::listed::Listed;
use crate::until;

pub const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway before these members, with settings that are changed.
pub async fn before(urls: &[String], change: impl FnOnce(&mut Settings)) -> (Gateway, Arc<Listed>) {
    let (listed, following) = Listed::follow(urls);
    let mut settings = Settings::on(vec!["127.0.0.1:0".parse().unwrap()]);
    change(&mut settings);
    (gateway::start(settings, following).await.unwrap(), listed)
}

pub async fn connect(gateway: &Gateway) -> TcpStream {
    TcpStream::connect(gateway.addresses()[0]).await.unwrap()
}

/// Says something, and returns what comes back.
pub async fn ask(stream: &mut TcpStream, words: &str, answer: usize) -> String {
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut bytes = vec![0; answer];
    timeout(PATIENCE, stream.read_exact(&mut bytes)).await.unwrap().unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn until_open(gateway: &Gateway, count: usize) {
    until(&format!("{count} open connections"), PATIENCE, || async {
        (gateway.view().open == count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_byte_arrives_in_order_both_ways_at_once() {
    let echo = Fake::echo("").await;
    let (gateway, _listed) = before(from_ref(&echo.url), |_| {}).await;
    let (mut from, mut to) = connect(&gateway).await.into_split();
    let sent: Vec<u8> = (0..8_000_000u32).map(|n| (n * 7 + n / 251) as u8).collect();
    let expected = sent.clone();
    let writing = tokio::spawn(async move {
        to.write_all(&sent).await.unwrap();
        to.shutdown().await.unwrap();
    });
    let mut got = Vec::new();
    timeout(PATIENCE, from.read_to_end(&mut got)).await.unwrap().unwrap();
    writing.await.unwrap();
    assert!(got == expected, "{} of {} bytes", got.len(), expected.len());
    until_open(&gateway, 0).await;
    let view = gateway.view();
    let member = &view.members[0];
    assert_eq!((member.bytes_to_member, member.bytes_from_member), (8_000_000, 8_000_000));
    assert_eq!(view.held_bytes, 0);
}

/// The member answers only when it has seen the end of the question.
#[tokio::test]
async fn an_end_of_one_direction_is_passed_on_and_the_other_one_goes_on() {
    let counter = Fake::that(|mut stream| async move {
        let mut question = Vec::new();
        if stream.read_to_end(&mut question).await.is_ok() {
            let _ = stream.write_all(format!("{} bytes", question.len()).as_bytes()).await;
        }
    })
    .await;
    let (gateway, _listed) = before(from_ref(&counter.url), |_| {}).await;
    let mut client = connect(&gateway).await;
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, client.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, "8 bytes");
}

/// Whoever got a part of an answer shall not take it for the whole.
#[tokio::test]
async fn a_break_is_passed_on_as_a_break() {
    let breaker = Fake::that(|mut stream| async move {
        let mut byte = [0];
        if stream.read_exact(&mut byte).await.is_ok() {
            let _ = stream.write_all(b"a part").await;
            let _ = stream.set_zero_linger();
        }
    })
    .await;
    let (gateway, _listed) = before(from_ref(&breaker.url), |_| {}).await;
    let mut client = connect(&gateway).await;
    client.write_all(b"?").await.unwrap();
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, client.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_client_that_breaks_off_breaks_the_connection_to_the_member() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let listener = Fake::that(move |mut stream| {
        let tell = tell.clone();
        async move {
            let mut bytes = [0; 16];
            if let Ok(1..) = stream.read(&mut bytes).await {
                let _ = tell.send(stream.read(&mut bytes).await.map_err(|error| error.kind()));
            }
        }
    })
    .await;
    let (gateway, _listed) = before(from_ref(&listener.url), |_| {}).await;
    let mut client = connect(&gateway).await;
    client.write_all(b"hello").await.unwrap();
    until_bytes(&gateway, 5).await;
    client.set_zero_linger().unwrap();
    drop(client);
    let end = timeout(PATIENCE, told.recv()).await.unwrap().unwrap();
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
}

async fn until_bytes(gateway: &Gateway, count: u64) {
    until("the bytes to arrive", PATIENCE, || async {
        (gateway.view().members.first()?.bytes_to_member == count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_client_waits_for_a_member_and_is_served_as_soon_as_there_is_one() {
    let (gateway, listed) = before(&[], |_| {}).await;
    let mut client = connect(&gateway).await;
    client.write_all(b"early").await.unwrap();
    until("the client to wait", PATIENCE, || async { (gateway.view().waiting == 1).then_some(()) })
        .await;
    let echo = Fake::echo("at last ").await;
    listed.say(from_ref(&echo.url));
    assert_eq!(ask(&mut client, "", 13).await, "at last early");
    assert_eq!(gateway.view().waiting, 0);
}

#[tokio::test]
async fn a_client_does_not_wait_for_ever_and_not_everybody_waits() {
    let shorter = |settings: &mut Settings| {
        settings.wait_max = Duration::from_millis(700);
        settings.waiting_max = 1;
    };
    let (gateway, _listed) = before(&[], shorter).await;
    let began = Instant::now();
    let mut first = connect(&gateway).await;
    until("the client to wait", PATIENCE, || async { (gateway.view().waiting == 1).then_some(()) })
        .await;
    let mut second = connect(&gateway).await;
    let mut bytes = [0];
    assert_eq!(timeout(PATIENCE, second.read(&mut bytes)).await.unwrap().unwrap(), 0);
    let second_after = began.elapsed();
    assert_eq!(timeout(PATIENCE, first.read(&mut bytes)).await.unwrap().unwrap(), 0);
    assert!(second_after < Duration::from_millis(700), "{second_after:?}");
    assert!(began.elapsed() >= Duration::from_millis(700));
    assert_eq!(gateway.view().closed_unserved, 2);
}

#[tokio::test]
async fn a_member_that_refuses_is_passed_over_before_the_client_hears_of_it() {
    let (one, two) = (Fake::echo("one ").await, Fake::echo("two ").await);
    let urls = [one.url.clone(), two.url.clone()];
    let (gateway, _listed) = before(&urls, |_| {}).await;
    for url in &urls {
        until_stands(&gateway, url, Standing::Serves).await;
    }
    // Its door is closed from one moment to the next, and the gateway knows nothing of that.
    drop(one);
    tokio::task::yield_now().await;
    for _ in 0..4 {
        assert_eq!(ask(&mut connect(&gateway).await, "hello", 9).await, "two hello");
    }
    until_stands(&gateway, &urls[0], Standing::Refuses).await;
    assert!(two.accepted.load(Relaxed) >= 4);
}

async fn until_stands(gateway: &Gateway, url: &str, standing: Standing) {
    until(&format!("{url} to be {standing:?}"), PATIENCE, || async {
        let view = gateway.view();
        let member = view.members.into_iter().find(|member| member.client_url == url)?;
        (member.standing == standing).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_quiet_connection_of_a_member_that_left_is_closed_soon_and_a_busy_one_at_last() {
    let (old, new) = (Fake::echo("").await, Fake::echo("new ").await);
    let quick = |settings: &mut Settings| {
        settings.drain_max = Duration::from_millis(2_000);
        settings.quiet = Duration::from_millis(400);
    };
    let (gateway, listed) = before(from_ref(&old.url), quick).await;
    let (mut quiet, mut busy) = (connect(&gateway).await, connect(&gateway).await);
    assert_eq!(ask(&mut quiet, "hello", 5).await, "hello");
    assert_eq!(ask(&mut busy, "hello", 5).await, "hello");
    listed.say(from_ref(&new.url));
    let is_left = || gateway.view().members.iter().any(|member| !member.is_found);
    until("the member to have left", PATIENCE, || async { is_left().then_some(()) }).await;
    let began = Instant::now();
    let mut closed_after = None;
    let mut byte = [0];
    while busy.write_all(b"x").await.is_ok() && busy.read_exact(&mut byte).await.is_ok() {
        if closed_after.is_none()
            && let Ok(end) = timeout(Duration::from_millis(5), quiet.read(&mut byte)).await
        {
            assert_eq!(end.unwrap(), 0, "closed, and not broken");
            closed_after = Some(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let broken_after = began.elapsed();
    assert!(closed_after.unwrap() < Duration::from_millis(1_500), "{closed_after:?}");
    assert!(broken_after >= Duration::from_millis(1_800), "{broken_after:?}");
    assert_eq!(ask(&mut connect(&gateway).await, "hello", 9).await, "new hello");
    until("it to be forgotten", PATIENCE, || async {
        (gateway.view().members.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stop_lets_what_is_under_way_come_to_its_end_and_accepts_nobody() {
    let echo = Fake::echo("").await;
    let (gateway, _listed) = before(from_ref(&echo.url), |_| {}).await;
    let address = gateway.addresses()[0];
    let mut client = connect(&gateway).await;
    assert_eq!(ask(&mut client, "hello", 5).await, "hello");
    let began = Instant::now();
    let stop = tokio::spawn(gateway.stop(Duration::from_secs(8)));
    until("the door to be closed", PATIENCE, || async {
        TcpStream::connect(address).await.is_err().then_some(())
    })
    .await;
    assert_eq!(ask(&mut client, "still", 5).await, "still");
    let mut byte = [0];
    assert_eq!(timeout(PATIENCE, client.read(&mut byte)).await.unwrap().unwrap(), 0);
    timeout(PATIENCE, stop).await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(6), "it went when it was quiet");
}

/// A gateway that is among the members that it finds is none: it would answer for each of the others.
#[tokio::test]
async fn a_gateway_is_no_member_of_its_own() {
    for door in ["127.0.0.1:0", "0.0.0.0:0"] {
        let echo = Fake::echo("").await;
        let doors = |settings: &mut Settings| settings.listen = vec![door.parse().unwrap()];
        let (gateway, listed) = before(from_ref(&echo.url), doors).await;
        let port = gateway.addresses()[0].port();
        let own = format!("http://127.0.0.1:{port}");
        listed.say(&[own.clone(), echo.url.clone()]);
        until("it to know itself", PATIENCE, || async {
            let view = gateway.view();
            let member = view.members.iter().find(|member| member.client_url == own)?;
            member.because.contains("own address").then_some(())
        })
        .await;
        for _ in 0..20 {
            let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            assert_eq!(ask(&mut client, "hello", 5).await, "hello");
        }
        let view = gateway.view();
        let member = view.members.iter().find(|member| member.client_url == own).unwrap();
        assert_eq!(member.opened, 0, "{member:?}");
    }
}
