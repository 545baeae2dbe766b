//! The contract of `StateStore`, line by line.

use std::future::poll_fn;
use std::task::Poll;

use etcd_mesos_core::store::RECORD_BYTES_MAX;

use super::*;

#[tokio::test]
async fn the_contract_holds_below_chroots_of_any_depth() {
    let server = Server::start().unwrap();
    for path in ["", "/etcd", "/a/b/c/d/e"] {
        let ours = store(&server.place(path));
        assert_eq!(ours.place(), format!("zk://{}{path}/prod_state", server.addr()));
        assert_eq!(ours.load().await.unwrap(), None);
        assert_eq!(ours.known_framework_id().await.unwrap(), None);
        ours.remove(Version(0)).await.unwrap();
        assert_conflict(ours.save(&record(1), Version(1)).await);
        assert_eq!(ours.load().await.unwrap(), None, "nothing was written");

        let first = saved(&ours, &record(1), Version(0)).await;
        let second = saved(&ours, &record(2), first).await;
        assert!(second > first && first > Version(0));
        let stored = Stored { bytes: record(2), version: second };
        assert_eq!(loaded(&server, path).await, Some(stored.clone()), "also by another process");
        for stale in [Version(0), first, Version(second.0 + 1)] {
            assert_conflict(ours.save(&record(3), stale).await);
            assert_conflict(ours.remove(stale).await);
        }
        assert_eq!(ours.load().await.unwrap(), Some(stored), "nothing was written");
        let person = by_hand(&server.place(path)).await;
        assert_eq!(found(&person, STATE).await.unwrap(), record(2), "as it is, for people");
        assert_eq!(person.children(STATE).await.unwrap().len(), 1, "the last save");

        ours.remove(second).await.unwrap();
        assert_eq!((ours.load().await.unwrap(), found(&person, STATE).await), (None, None));
        assert_conflict(ours.remove(second).await);
        assert_conflict(ours.save(&record(3), second).await);
        let again = saved(&ours, &record(3), Version(0)).await;
        assert!(again > second, "no version comes back");
    }
}

#[tokio::test]
async fn a_record_of_64_kib_fits_and_nothing_larger_is_sent() {
    let server = Server::start().unwrap();
    let ours = store(&server.place("/etcd"));
    let sized = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8)).into_bytes();
    let largest = sized(RECORD_BYTES_MAX);
    assert_eq!(largest.len(), RECORD_BYTES_MAX);
    let first = saved(&ours, &largest, Version(0)).await;
    let second = saved(&ours, &largest, first).await;
    assert_eq!(loaded(&server, "/etcd").await.unwrap().bytes, largest);

    let error = unavailable(ours.save(&sized(RECORD_BYTES_MAX + 1), second).await);
    assert!(error.contains("has 65537 bytes, and may have 65536; nothing was sent"), "{error}");
    for garbage in [&b""[..], b"1", b"\xff", b"{"] {
        let error = unavailable(ours.save(garbage, second).await);
        assert!(error.contains("this is no record"), "{error}");
    }
    assert_eq!(loaded(&server, "/etcd").await.unwrap().version, second);
}

#[tokio::test]
async fn what_is_no_record_is_corrupt_and_never_overwritten() {
    let server = Server::start().unwrap();
    let ours = store(&server.place("/etcd"));
    let version = saved(&ours, &record(1), Version(0)).await;
    let person = by_hand(&server.place("/etcd")).await;
    let large = vec![b' '; RECORD_BYTES_MAX + 1];
    for (garbage, part) in [
        (&b""[..], "it is empty"),
        (b"\x00\xff", "it is no text"),
        (b"6a1b0f4e-0000", "it begins with \"6a1b0f4e-0000\""),
        (b"[1]", "no JSON object"),
        (&large, "it has 65537 bytes"),
    ] {
        person.set(STATE, garbage, None).await.unwrap();
        let outcomes = [
            ours.load().await.map(drop),
            ours.save(&record(2), version).await.map(drop),
            ours.save(&record(2), Version(0)).await.map(drop),
            ours.remove(version).await,
        ];
        for outcome in outcomes {
            let Err(error @ StoreError::Corrupt { .. }) = outcome else { panic!("{outcome:?}") };
            let words = words(&error);
            assert!(words.contains(part) && words.contains("/etcd/prod_state"), "{words}");
        }
        assert_eq!(found(&person, STATE).await.unwrap(), garbage);
    }
    person.set(STATE, &record(7), None).await.unwrap();
    let mended = ours.load().await.unwrap().unwrap();
    assert_eq!(mended.bytes, record(7), "a copy that was put back");
    saved(&ours, &record(8), mended.version).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_saves_at_once_one_succeeds_and_the_others_wait_for_it() {
    let server = Server::start().unwrap();
    let ours = std::sync::Arc::new(store(&server.place("/etcd")));
    let mut version = Version(0);
    for round in 0..10 {
        let saves: Vec<_> = (0..8)
            .map(|writer| {
                let ours = ours.clone();
                let bytes = record(round * 10 + writer);
                tokio::spawn(async move { (ours.save(&bytes, version).await, bytes) })
            })
            .collect();
        let mut won = Vec::new();
        for save in saves {
            match save.await.unwrap() {
                (Ok(version), bytes) => won.push(Stored { bytes, version }),
                (outcome, _) => assert_conflict(outcome),
            }
        }
        assert_eq!(won.len(), 1, "round {round}: {won:?}");
        assert_eq!(ours.load().await.unwrap(), won.pop());
        version = ours.load().await.unwrap().unwrap().version;
    }
}

/// When an operation is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dropped {
    /// What it asked is on its way.
    BeforeAnswer,
    /// What it asked is answered, and it does not hear that any more.
    AfterAnswer,
}

/// Nothing, if the operation was dropped at its `turn`-th wait.
async fn drop_at<T>(operation: impl Future<Output = T>, turn: usize, when: Dropped) -> Option<T> {
    let (mut operation, mut waits) = (Box::pin(operation), 0);
    poll_fn(|context| {
        if waits == turn && when == Dropped::AfterAnswer {
            return Poll::Ready(None);
        }
        let polled = operation.as_mut().poll(context).map(Some);
        waits += 1;
        let is_dropped = waits == turn && when == Dropped::BeforeAnswer;
        if polled.is_pending() && is_dropped { Poll::Ready(None) } else { polled }
    })
    .await
}

#[tokio::test]
async fn an_operation_that_is_dropped_at_any_point_leaves_nothing_broken() {
    let server = Server::start().unwrap();
    let ours = store(&server.place("/etcd"));
    let mut version = saved(&ours, &record_of("F-0000", 0), Version(0)).await;
    for when in [Dropped::BeforeAnswer, Dropped::AfterAnswer] {
        let mut turn = 0;
        loop {
            turn += 1;
            // Each changes the framework ID too, so that there is more to do after the record.
            let tried = record_of(&format!("F-{turn}"), 1);
            let next = record_of(&format!("G-{turn}"), 2);
            let outcome = drop_at(ours.save(&tried, version), turn, when).await;
            let is_over = outcome.is_some();
            version = outcome.unwrap_or(Ok(version)).unwrap();
            version = saved(&ours, &next, version).await;
            assert_eq!(ours.load().await.unwrap(), Some(Stored { bytes: next, version }));
            let id = ours.known_framework_id().await.unwrap().unwrap();
            assert_eq!(id.as_str(), format!("G-{turn}"));
            if is_over {
                break;
            }
        }
        // Catching up, the record, its children, the transaction, the framework ID read and written.
        assert!(turn > 6, "{when:?}: only {turn} waits");
    }
    assert_eq!(by_hand(&server.place("/etcd")).await.children(STATE).await.unwrap().len(), 1);
    ours.remove(version).await.unwrap();
}
