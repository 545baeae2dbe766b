//! ZooKeeper is away, for a while.

use std::time::Instant;

use etcd_mesos_testkit::proxy::{Mode, Proxy};
use etcd_mesos_testkit::wait::wait_for;

use super::wire::{Fate, Wire};
use super::*;

/// Beyond its time an operation may only be late by what a busy machine makes of it.
const SLACK: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn killed_and_restarted_it_has_what_was_saved_and_takes_what_comes() {
    let server = Server::start().unwrap();
    let wire = Wire::start(&server.addr());
    let ours = store(&format!("{}/etcd", wire.addr()));
    let first = saved(&ours, &record(1), Version(0)).await;

    wire.next_write(Fate::Held, false);
    let kill = async {
        wire.wait_struck(1).await;
        server.kill();
        wire.release();
    };
    let bytes = record(2);
    let (outcome, ()) = tokio::join!(ours.save(&bytes, first), kill);
    let error = unavailable(outcome);
    assert!(error.contains("cannot save") && error.contains("no server opens"), "{error}");
    let direct = store(&server.place("/etcd"));
    let error = unavailable(direct.load().await);
    assert!(error.contains(&format!("{} refuses connections", server.addr())), "{error}");

    server.start_again().unwrap();
    let stored = Stored { bytes: record(1), version: first };
    assert_eq!(direct.load().await.unwrap(), Some(stored), "what was acknowledged is there");
    let second = saved(&ours, &record(3), first).await;
    let stored = Stored { bytes: record(3), version: second };
    assert_eq!(loaded(&server, "/etcd").await, Some(stored));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_session_has_expired_the_store_takes_another_one() {
    let server = Server::start().unwrap();
    let proxy = Proxy::start(&server.addr()).unwrap();
    let ours = store_within(&format!("{}/etcd", proxy.addr()), Duration::from_secs(2));
    let sessions = || {
        let told = server.ask("mntr")?;
        let line = told.lines().find_map(|line| line.strip_prefix("zk_global_sessions"))?;
        line.trim().parse::<u32>().ok()
    };
    let mut version = saved(&ours, &record(1), Version(0)).await;
    assert_eq!(sessions(), Some(1), "one session for all that was asked");
    for (epoch, mode) in [(2, Mode::Hole), (3, Mode::Cut)] {
        proxy.set(mode);
        let expired = || (sessions() == Some(0)).then_some(());
        wait_for("the session to expire", SOON, expired).unwrap();
        proxy.set(Mode::Pass);
        version = saved(&ours, &record(epoch), version).await;
        assert_eq!(sessions(), Some(1), "one at a time");
    }
    let stored = Stored { bytes: record(3), version };
    assert_eq!(loaded(&server, "/etcd").await, Some(stored));
}

#[tokio::test]
async fn in_a_black_hole_the_deadline_holds_and_the_words_say_where_it_got_to() {
    let server = Server::start().unwrap();
    let proxy = Proxy::start(&server.addr()).unwrap();
    let place = format!("etcd:secret@{}/etcd", proxy.addr());
    let limit = Duration::from_secs(2);
    let ours = store_within(&place, limit);
    let first = saved(&ours, &record(1), Version(0)).await;
    proxy.set(Mode::Hole);
    for store in [&ours, &store_within(&place, limit)] {
        let started = Instant::now();
        let outcomes = [
            unavailable(store.save(&record(2), first).await),
            unavailable(store.load().await),
            unavailable(store.remove(first).await),
            unavailable(store.known_framework_id().await),
        ];
        let took = started.elapsed();
        assert!(took < 4 * limit + SLACK, "{took:?}");
        for words in outcomes {
            assert!(words.contains(&format!("zk://{}/etcd/prod_", proxy.addr())), "{words}");
            let is_told = words.contains("not done within 2s; it was about to")
                || words.contains("takes connections but does not serve");
            assert!(is_told && !words.contains("secret"), "{words}");
        }
    }
    // Whoever waits for another operation has no more time for it.
    let ours = std::sync::Arc::new(ours);
    let started = Instant::now();
    let loads = [(); 12].map(|()| {
        let ours = ours.clone();
        tokio::spawn(async move { unavailable(ours.load().await) })
    });
    let mut waited = 0;
    for load in loads {
        let words = load.await.unwrap();
        waited += u32::from(words.contains("another operation of this store took that long"));
    }
    assert!(started.elapsed() < limit + SLACK, "{:?}", started.elapsed());
    assert!(waited > 0);

    proxy.set(Mode::Pass);
    let second = saved(&ours, &record(2), first).await;
    assert_eq!(ours.load().await.unwrap().unwrap().version, second);
}

#[tokio::test]
async fn servers_that_are_dead_or_silent_cost_a_moment_and_no_operation() {
    let server = Server::start().unwrap();
    let closed = |host: &str| {
        let listener = std::net::TcpListener::bind((host, 0)).unwrap();
        format!("{host}:{}", listener.local_addr().unwrap().port())
    };
    let (one, other) = (closed("127.0.0.1"), closed("127.0.0.2"));
    let hole = Proxy::start(&server.addr()).unwrap();
    hole.set(Mode::Hole);
    let mut version = Version(0);
    // The client tries the servers in any order.
    for epoch in 0..8 {
        let place = format!("{one},{other},{},{}/etcd", hole.addr(), server.addr());
        version = saved(&store(&place), &record(epoch), version).await;
    }
    let place = format!("{one},{other}/etcd");
    let words = unavailable(store(&place).load().await);
    for part in [format!("{one} refuses"), format!("{other} refuses"), "load zk://".to_owned()] {
        assert!(words.contains(&part), "{part:?} is not in {words}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_within_the_operation() {
    let server = Server::start().unwrap();
    let proxies = [0, 1].map(|_| Proxy::start(&server.addr()).unwrap());
    let ours = store(&format!("{},{}/etcd", proxies[0].addr(), proxies[1].addr()));
    let mut version = saved(&ours, &record(1), Version(0)).await;
    for (epoch, mode) in [(2, Mode::Hole), (3, Mode::Cut)] {
        let used = proxies.iter().max_by_key(|proxy| proxy.accepted()).unwrap();
        let before = used.accepted();
        used.set(mode);
        version = saved(&ours, &record(epoch), version).await;
        assert!(before > 0 && proxies.iter().all(|proxy| proxy.accepted() > 0), "{mode:?}");
        used.set(Mode::Pass);
    }
    let stored = Stored { bytes: record(3), version };
    assert_eq!(loaded(&server, "/etcd").await, Some(stored));
}
