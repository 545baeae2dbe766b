//! Two schedulers that write the same record, and a record that is deleted and comes back.

use std::collections::BTreeSet;

use etcd_mesos_zk::Lifetime;

use super::wire::{Fate, Wire};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_exactly_one_wins_each_round() {
    const ROUNDS: u64 = 250;
    let server = Server::start().unwrap();
    let writers = [(); 2].map(|()| std::sync::Arc::new(store(&server.place("/etcd"))));
    let mut version = Version(0);
    let mut versions = BTreeSet::from([version]);
    let mut wins = [0; 2];
    for round in 0..ROUNDS {
        let started: Vec<_> = writers
            .iter()
            .map(|writer| {
                let writer = writer.clone();
                // The same bytes from both, as two schedulers write them that raise the same epoch.
                tokio::spawn(async move { writer.save(&record(round), version).await })
            })
            .collect();
        let mut won = Vec::new();
        for (number, save) in started.into_iter().enumerate() {
            match save.await.unwrap() {
                Ok(new) => won.push((number, new)),
                lost => assert_conflict(lost),
            }
        }
        let [(winner, new)] = won[..] else { panic!("round {round}: {won:?}") };
        wins[winner] += 1;
        assert!(versions.insert(new), "round {round}: version {new:?} came back");
        let stored = Stored { bytes: record(round), version: new };
        assert_eq!(writers[1 - winner].load().await.unwrap(), Some(stored));
        version = new;
    }
    assert!(wins.iter().all(|&won| won > 0), "{wins:?}");
}

#[tokio::test]
async fn a_record_that_was_deleted_and_came_back_to_the_same_version_is_another_one() {
    let server = Server::start().unwrap();
    let (ours, other) = (store(&server.place("/etcd")), store(&server.place("/etcd")));
    let person = by_hand(&server.place("/etcd")).await;
    let first = saved(&ours, &record(1), Version(0)).await;
    let expected = saved(&ours, &record(2), first).await;
    let znode = person.get(STATE).await.unwrap().version;

    delete_by_hand(&person).await;
    let first = saved(&other, &record(1), Version(0)).await;
    let now = saved(&other, &record(2), first).await;
    assert_eq!(person.get(STATE).await.unwrap().version, znode, "the znode looks the same");
    assert_conflict(ours.save(&record(3), expected).await);
    assert_conflict(ours.remove(expected).await);

    delete_by_hand(&person).await;
    person.create(STATE, &record(2), Lifetime::Persistent).await.unwrap();
    for _ in 0..znode.0 {
        person.set(STATE, &record(2), None).await.unwrap();
    }
    assert_eq!(person.get(STATE).await.unwrap().version, znode, "by hand too");
    assert_conflict(ours.save(&record(3), expected).await);
    assert_conflict(other.save(&record(3), now).await);
    let by_hand = ours.load().await.unwrap().unwrap();
    saved(&ours, &record(3), by_hand.version).await;
}

#[tokio::test]
async fn a_save_that_is_already_on_its_way_does_not_hit_another_incarnation() {
    let server = Server::start().unwrap();
    let wire = Wire::start(&server.addr());
    let ours = store(&format!("{}/etcd", wire.addr()));
    let other = store(&server.place("/etcd"));
    let person = by_hand(&server.place("/etcd")).await;
    let expected = saved(&ours, &record(1), Version(0)).await;
    let znode = person.get(STATE).await.unwrap().version;

    wire.next_write(Fate::Held, false);
    let overtake = async {
        wire.wait_struck(1).await;
        delete_by_hand(&person).await;
        let version = saved(&other, &record(5), Version(0)).await;
        assert_eq!(person.get(STATE).await.unwrap().version, znode, "the znode looks the same");
        wire.release();
        version
    };
    let bytes = record(2);
    let (outcome, version) = tokio::join!(ours.save(&bytes, expected), overtake);
    assert_conflict(outcome);
    assert_eq!(loaded(&server, "/etcd").await, Some(Stored { bytes: record(5), version }));
}

#[tokio::test]
async fn a_save_that_is_already_on_its_way_does_not_hit_what_a_person_wrote() {
    let server = Server::start().unwrap();
    let wire = Wire::start(&server.addr());
    let ours = store(&format!("{}/etcd", wire.addr()));
    let person = by_hand(&server.place("/etcd")).await;
    let expected = saved(&ours, &record(1), Version(0)).await;

    wire.next_write(Fate::Held, false);
    let overtake = async {
        wire.wait_struck(1).await;
        person.set(STATE, &record(5), None).await.unwrap();
        wire.release();
    };
    let bytes = record(2);
    let (outcome, ()) = tokio::join!(ours.save(&bytes, expected), overtake);
    assert_conflict(outcome);
    assert_eq!(loaded(&server, "/etcd").await.unwrap().bytes, record(5));
}

#[tokio::test]
async fn a_save_that_was_given_up_and_arrives_late_changes_nothing() {
    let server = Server::start().unwrap();
    let wire = Wire::start(&server.addr());
    let ours = store(&format!("{}/etcd", wire.addr()));
    let first = saved(&ours, &record(1), Version(0)).await;

    wire.next_write(Fate::Held, false);
    let second = saved(&ours, &record(2), first).await;
    wire.wait_struck(1).await;
    let third = saved(&ours, &record(3), second).await;
    wire.release();
    wire.wait_held_ended().await;
    let stored = Stored { bytes: record(3), version: third };
    assert_eq!(loaded(&server, "/etcd").await, Some(stored));
}
