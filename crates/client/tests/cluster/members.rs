//! Members that fail in other ways.

use std::time::{Duration, Instant};

use etcd_mesos_client::{CallError, Cluster, Options};
use nix::sys::signal::Signal;

use crate::double::Listed;
use crate::load::told;
use crate::rig::{Rig, urls, wait};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_frozen_member_costs_a_call_no_more_than_one_request() {
    let rig = Rig::new(2);
    let members = rig.cluster("frozen", &[1, 2, 3]).await;
    let cluster = Cluster::follow(Listed::of(&urls(&members)), Options::default());
    let serving = || format!("{cluster:?}").matches("serves").count();
    wait("all members are joined", async || serving() == 3).await;
    members[0].process().signal(Signal::SIGSTOP);
    let mut longest = Duration::ZERO;
    for number in 0..40 {
        let began = Instant::now();
        let put = cluster.idempotent(|mut etcd| async move {
            etcd.put(format!("key{number}"), "value", None).await
        });
        put.await.unwrap();
        longest = longest.max(began.elapsed());
    }
    eprintln!("one member frozen: the longest of 40 puts took {longest:?}");
    // Two requests, of which one may also wait for another leader.
    assert!(longest < 8 * SECOND, "{longest:?}");
    assert!(format!("{cluster:?}").contains(&format!("{}: ", members[0].url)), "{cluster:?}");
    members[0].process().signal(Signal::SIGCONT);
    wait("it is used again", async || {
        format!("{cluster:?}").contains(&format!("{} serves", members[0].url))
    })
    .await;
}

#[tokio::test]
async fn what_was_not_sent_is_repeated_even_where_it_must_not_be_done_twice() {
    let rig = Rig::new(3);
    let mut members = rig.cluster("single", &[1]).await;
    let cluster = Cluster::follow(Listed::of(&urls(&members)), Options::default());
    let put = async |value: &'static str| {
        cluster.write(|mut etcd| async move { etcd.put("key", value, None).await }).await
    };
    put("before").await.unwrap();
    // A client of its own, so that the connection is known to be lost.
    let mut lost = cluster.client().await.unwrap();
    members[0].kill();
    wait("the connection is lost", async || lost.clone().status().await.is_err()).await;
    let error = lost.put("key", "lost", None).await.unwrap_err();
    assert!(error.to_string().contains("the connection was lost before"), "{error}");
    let (written, ()) = tokio::join!(put("after"), async { members[0].run() });
    written.unwrap();
    let read = cluster.read(|mut etcd| async move { etcd.get("key", None).await }).await.unwrap();
    let kv = &read.kvs()[0];
    assert_eq!((kv.value(), kv.version()), (&b"after"[..], 2));
}

#[tokio::test]
async fn where_nobody_serves_a_call_says_who_and_why_when_its_time_is_over() {
    let rig = Rig::new(4);
    let nobody = rig.member("nobody", 1).url;
    let options = Options::default().with_deadline(SECOND);
    let cluster = Cluster::follow(Listed::of(std::slice::from_ref(&nobody)), options.clone());
    let began = Instant::now();
    let error = cluster.client().await.map(drop).unwrap_err();
    assert!(matches!(error, CallError::NobodyServes { .. }) && !error.is_maybe_applied());
    let words = told(&error);
    assert!(words.contains(&nobody) && words.contains("refused"), "{words}");
    assert!(began.elapsed() >= SECOND && began.elapsed() < 5 * SECOND);
    let unknown = Cluster::follow(Listed::of(&[]), options).client().await.map(drop).unwrap_err();
    let words = told(&unknown);
    assert!(words.contains("no member is known; a list knows no member"), "{words}");
}

#[tokio::test]
async fn a_member_that_leaves_keeps_its_running_calls_and_gets_no_new_ones() {
    let rig = Rig::new(12);
    let members = rig.cluster("leaves", &[1, 2, 3]).await;
    let list = Listed::of(&urls(&members[..1]));
    let cluster = Cluster::follow(list.clone(), Options::default());
    let mut first = cluster.client().await.unwrap();
    list.becomes(&urls(&members[1..]));
    wait("it is left", async || !format!("{cluster:?}").contains(&members[0].url)).await;
    let answered = first.status().await.unwrap().header().unwrap().member_id();
    assert_eq!(answered, members[0].id().await, "who has its client may use it");
    for _ in 0..20 {
        let status = cluster.read(|mut etcd| async move { etcd.status().await }).await.unwrap();
        assert_ne!(status.header().unwrap().member_id(), answered);
    }
    drop(cluster);
    // The test's own is the last one.
    wait("nobody follows any more", async || std::sync::Arc::strong_count(&list) == 1).await;
}

#[tokio::test]
async fn what_etcd_answers_is_not_repeated() {
    let rig = Rig::new(5);
    let members = rig.cluster("answers", &[1]).await;
    let cluster = Cluster::follow(Listed::of(&urls(&members)), Options::default());
    let error = cluster.idempotent(|mut etcd| async move { etcd.put("", "value", None).await });
    let error = error.await.map(drop).unwrap_err();
    assert!(told(&error).contains("key is not provided"), "{}", told(&error));
    assert!(matches!(error, CallError::Failed { attempts: 1, .. }) && !error.is_maybe_applied());
}
