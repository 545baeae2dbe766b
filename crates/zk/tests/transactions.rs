//! Transactions, snapshots and roots on a genuine ZooKeeper 3.8.
#![allow(clippy::unwrap_used)]

use etcd_mesos_testkit::zookeeper::Server;
use etcd_mesos_zk::{Change, Lifetime, Version, ZkConfig, ZkError, ZkSession, Zxid};

async fn open(place: &str) -> ZkSession {
    let url = format!("zk://{place}").parse().unwrap();
    ZkSession::open(&ZkConfig::new(url)).await.unwrap()
}

#[tokio::test]
async fn a_transaction_is_done_as_a_whole_or_not_at_all() {
    let server = Server::start().unwrap();
    let session = open(&server.place("/deep/root")).await;
    session.create_root().await.unwrap();
    assert_eq!(session.snapshot("/a").await.unwrap(), None);
    let changes = [
        Change::Create { path: "/a", data: b"" },
        Change::Create { path: "/a/child", data: b"" },
        Change::Set { path: "/a", data: b"1", expected: Some(Version(0)) },
    ];
    let first = session.commit(&changes).await.unwrap().unwrap();
    let seen = session.snapshot("/a").await.unwrap().unwrap();
    assert_eq!((seen.data.as_slice(), seen.version), (&b"1"[..], Version(1)));
    assert_eq!((seen.written, seen.bred, seen.children), (first, first, vec!["child".to_owned()]));

    let refused = [
        Change::Delete { path: "/a/child", expected: None },
        Change::Set { path: "/a", data: b"2", expected: Some(Version(0)) },
        Change::Delete { path: "/none", expected: None },
    ];
    let error = session.commit(&refused).await.unwrap_err();
    assert!(
        matches!(error, ZkError::WrongVersion { .. }),
        "the first that cannot be made: {error}"
    );
    assert!(error.to_string().contains("set /deep/root/a: "), "{error}");
    let error = session.commit(&refused[2..]).await.unwrap_err();
    assert!(matches!(error, ZkError::NoNode { .. }), "{error}");
    let error = session.commit(&changes[..1]).await.unwrap_err();
    assert!(matches!(error, ZkError::NodeExists { .. }), "{error}");
    let full = Change::Delete { path: "/a", expected: None };
    let error = session.commit(&[full]).await.unwrap_err();
    assert!(matches!(error, ZkError::NotEmpty { .. }), "{error}");
    assert_eq!(session.snapshot("/a").await.unwrap().unwrap().written, first, "nothing was done");

    session.set("/a", b"3", None).await.unwrap();
    let seen = session.snapshot("/a").await.unwrap().unwrap();
    assert!(seen.written > first && seen.bred == first, "{seen:?}");
    let gone = [Change::Delete { path: "/a/child", expected: Some(Version(0)) }, full];
    assert_eq!(session.commit(&gone).await.unwrap(), None::<Zxid>, "nothing was set");
    assert_eq!(session.snapshot("/a").await.unwrap(), None);
}

#[tokio::test]
async fn a_root_is_made_with_its_parents_and_what_is_there_is_left_alone() {
    let server = Server::start().unwrap();
    let root = open(&server.addr()).await;
    root.create_root().await.unwrap();
    root.create("/a", b"kept", Lifetime::Persistent).await.unwrap();
    let ours = open(&format!("etcd:secret@{}", server.place("/a/b/c"))).await;
    for _ in 0..2 {
        ours.create_root().await.unwrap();
        ours.catch_up().await.unwrap();
    }
    assert_eq!(root.get("/a").await.unwrap().data, b"kept");
    assert_eq!(ours.get("/").await.unwrap().data, b"");
    for path in ["/a/b", "/a/b/c"] {
        let error = root.get(path).await.unwrap_err();
        assert!(matches!(error, ZkError::NotAllowed { .. }), "{path}: {error}");
    }
    let nodes = [Change::Create { path: "/n", data: b"" }];
    ours.commit(&nodes).await.unwrap();
    let error = root.snapshot("/a/b/c/n").await.unwrap_err();
    assert!(matches!(error, ZkError::NotAllowed { .. }), "also in a transaction: {error}");
    let inside = Change::Set { path: "/a/b/c/n", data: b"", expected: None };
    let error = root.commit(&[inside]).await.unwrap_err();
    assert!(matches!(error, ZkError::NotAllowed { .. }), "{error}");
}
