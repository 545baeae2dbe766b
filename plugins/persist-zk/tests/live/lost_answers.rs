//! The connection breaks in the middle of one request, before or after it was done.

use super::wire::{Fate, Wire};
use super::*;

#[tokio::test]
async fn a_connection_that_breaks_at_a_write_is_made_good_for_within_the_operation() {
    let server = Server::start().unwrap();
    let wire = Wire::start(&server.addr());
    let ours = store(&format!("{}/etcd", wire.addr()));
    let mut version = Version(0);
    for (epoch, fate) in (1..).zip([Fate::Swallowed, Fate::Unanswered].repeat(5)) {
        wire.next_write(fate, false);
        version = saved(&ours, &record(epoch), version).await;
        let stored = Stored { bytes: record(epoch), version };
        assert_eq!(loaded(&server, "/etcd").await, Some(stored), "{fate:?}");
    }
    wire.wait_struck(10).await;
    for fate in [Fate::Swallowed, Fate::Unanswered] {
        wire.next_write(fate, false);
        ours.remove(version).await.unwrap();
        assert_eq!(loaded(&server, "/etcd").await, None, "{fate:?}");
        version = saved(&ours, &record(1), Version(0)).await;
    }
    wire.wait_struck(12).await;
}

/// A save of `tried` whose answer never comes; the store says that it is unavailable.
async fn lose(wire: &Wire, ours: &ZkStore, fate: Fate, tried: &[u8], expected: Version) {
    wire.next_write(fate, true);
    let error = unavailable(ours.save(tried, expected).await);
    assert!(error.contains("cannot save zk://"), "{error}");
    wire.open();
}

#[tokio::test]
async fn after_a_lost_answer_the_next_save_goes_on_whether_or_not_it_was_written() {
    let server = Server::start().unwrap();
    let wire = Wire::start(&server.addr());
    let ours = store(&format!("{}/etcd", wire.addr()));
    let mut expected = Version(0);
    for epoch in 0..3 {
        for (fate, is_written) in [(Fate::Swallowed, false), (Fate::Unanswered, true)] {
            let before = loaded(&server, "/etcd").await;
            let (tried, next) = (record(10 * epoch + 1), record(10 * epoch + 2));
            lose(&wire, &ours, fate, &tried, expected).await;
            let between = loaded(&server, "/etcd").await;
            assert_eq!(between != before, is_written, "{fate:?}");
            assert_eq!(between.is_some_and(|stored| stored.bytes == tried), is_written);
            // Lost twice in a row, with other bytes.
            lose(&wire, &ours, Fate::Unanswered, &next, expected).await;
            lose(&wire, &ours, fate, &tried, expected).await;
            expected = saved(&ours, &next, expected).await;
            let stored = Stored { bytes: next, version: expected };
            assert_eq!(loaded(&server, "/etcd").await, Some(stored), "{fate:?}");
        }
    }
    assert_conflict(ours.save(&record(9), Version(0)).await);
}

#[tokio::test]
async fn after_a_lost_answer_a_load_tells_and_the_versions_before_it_are_stale() {
    let server = Server::start().unwrap();
    let wire = Wire::start(&server.addr());
    let ours = store(&format!("{}/etcd", wire.addr()));
    let first = saved(&ours, &record(1), Version(0)).await;
    lose(&wire, &ours, Fate::Unanswered, &record(2), first).await;
    let told = ours.load().await.unwrap().unwrap();
    assert_eq!(told.bytes, record(2));
    let third = saved(&ours, &record(3), told.version).await;
    assert_conflict(ours.save(&record(4), first).await);
    assert_conflict(ours.save(&record(4), told.version).await);

    wire.next_write(Fate::Unanswered, true);
    unavailable(ours.remove(third).await);
    wire.open();
    assert_eq!(loaded(&server, "/etcd").await, None);
    ours.remove(third).await.unwrap();
    assert_conflict(ours.remove(third).await);
}

#[tokio::test]
async fn after_a_lost_answer_nobody_elses_record_is_taken_for_our_own() {
    let server = Server::start().unwrap();
    let wire = Wire::start(&server.addr());
    let ours = store(&format!("{}/etcd", wire.addr()));
    let other = store(&server.place("/etcd"));
    let person = by_hand(&server.place("/etcd")).await;
    let mut expected = saved(&ours, &record(1), Version(0)).await;

    // The other one writes the very same bytes, and ours never arrived.
    lose(&wire, &ours, Fate::Swallowed, &record(2), expected).await;
    let theirs = saved(&other, &record(2), expected).await;
    assert_conflict(ours.save(&record(2), expected).await);
    assert_conflict(ours.save(&record(3), expected).await);

    // Ours was written, and somebody wrote on top of it: another store, or a person.
    expected = ours.load().await.unwrap().unwrap().version;
    assert_eq!(expected, theirs);
    lose(&wire, &ours, Fate::Unanswered, &record(3), expected).await;
    let seen = other.load().await.unwrap().unwrap();
    saved(&other, &record(4), seen.version).await;
    assert_conflict(ours.save(&record(5), expected).await);

    expected = ours.load().await.unwrap().unwrap().version;
    lose(&wire, &ours, Fate::Unanswered, &record(5), expected).await;
    person.set(STATE, &record(5), None).await.unwrap();
    assert_conflict(ours.save(&record(6), expected).await);
    assert_eq!(loaded(&server, "/etcd").await.unwrap().bytes, record(5));
}
