//! The framework ID in the znode where the predecessor keeps it.

use etcd_mesos_zk::Lifetime;

use super::*;

const ID: &str = "6a1b0f4e-6f5c-4b56-9d2a-0f2c3b1a7d11-0000";

async fn known(store: &ZkStore) -> Option<String> {
    store.known_framework_id().await.unwrap().map(|id| id.as_str().to_owned())
}

#[tokio::test]
async fn what_the_predecessor_stored_is_read_and_garbage_is_named() {
    let server = Server::start().unwrap();
    let ours = store(&server.place("/etcd"));
    assert_eq!(known(&ours).await, None, "not even the chroot is there");
    let predecessor = by_hand(&server.place("/etcd")).await;
    predecessor.create("/", b"", Lifetime::Persistent).await.unwrap();
    assert_eq!(known(&ours).await, None);
    predecessor.create(FRAMEWORK_ID, ID.as_bytes(), Lifetime::Persistent).await.unwrap();
    assert_eq!((known(&ours).await.as_deref(), ours.load().await.unwrap()), (Some(ID), None));

    predecessor.set(FRAMEWORK_ID, format!("{ID}\n").as_bytes(), None).await.unwrap();
    assert_eq!(known(&ours).await.as_deref(), Some(ID), "as a person leaves it");
    for garbage in [&b""[..], b"\xca\xfe", b"two words", &[b'x'; 300]] {
        predecessor.set(FRAMEWORK_ID, garbage, None).await.unwrap();
        let error = ours.known_framework_id().await.unwrap_err();
        let is_named = words(&error).contains(&server.url("/etcd/prod_framework_id"));
        assert!(is_named && matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn it_stays_what_the_record_says() {
    let server = Server::start().unwrap();
    let ours = store(&server.place("/etcd"));
    let person = by_hand(&server.place("/etcd")).await;
    person.create("/", b"", Lifetime::Persistent).await.unwrap();
    person.create(FRAMEWORK_ID, ID.as_bytes(), Lifetime::Persistent).await.unwrap();
    let mut version = saved(&ours, &record(1), Version(0)).await;
    assert_eq!(known(&ours).await.as_deref(), Some(ID), "a record without one says nothing of it");

    for id in [ID, "F-0001", "F-0001", "F-0002"] {
        version = saved(&ours, &record_of(id, 2), version).await;
        assert_eq!(found(&person, FRAMEWORK_ID).await.unwrap(), id.as_bytes());
    }
    let changes = person.get(FRAMEWORK_ID).await.unwrap().version.0;
    assert_eq!(changes, 2, "written only when it changed");

    version = saved(&ours, &record(3), version).await;
    assert_eq!(known(&ours).await, None, "a framework that is forgotten is forgotten there too");
    version = saved(&ours, &record_of("F-0003", 4), version).await;
    person.set(FRAMEWORK_ID, b"F-9999", None).await.unwrap();
    version = saved(&ours, &record(5), version).await;
    assert_eq!(known(&ours).await.as_deref(), Some("F-9999"), "somebody else's is left alone");

    person.delete(FRAMEWORK_ID, None).await.unwrap();
    version = saved(&ours, &record_of(ID, 6), version).await;
    assert_eq!(known(&ours).await.as_deref(), Some(ID));
    ours.remove(version).await.unwrap();
    assert_eq!(known(&ours).await, None, "it goes with the record");
    version = saved(&ours, &record_of(ID, 7), Version(0)).await;
    person.set(FRAMEWORK_ID, b"F-9999", None).await.unwrap();
    ours.remove(version).await.unwrap();
    assert_eq!(known(&ours).await.as_deref(), Some("F-9999"), "unless it is another one");
}

#[tokio::test]
async fn what_keeps_it_from_being_written_fails_no_save_and_is_tried_again() {
    let server = Server::start().unwrap();
    let ours = store(&server.place("/etcd"));
    let owner = by_hand(&format!("somebody:else@{}", server.place("/etcd"))).await;
    let mut version = saved(&ours, &record(1), Version(0)).await;
    owner.create(FRAMEWORK_ID, b"F-9999", Lifetime::Persistent).await.unwrap();
    for epoch in 2..4 {
        version = saved(&ours, &record_of(ID, epoch), version).await;
        assert_eq!(ours.load().await.unwrap().unwrap().version, version, "the record is there");
        assert_eq!(owner.get(FRAMEWORK_ID).await.unwrap().data, b"F-9999");
    }
    owner.delete(FRAMEWORK_ID, None).await.unwrap();
    saved(&ours, &record_of(ID, 4), version).await;
    assert_eq!(known(&ours).await.as_deref(), Some(ID), "with the next save");
}
