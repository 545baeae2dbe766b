//! Credentials and access lists.

use etcd_mesos_zk::Lifetime;

use super::*;

#[track_caller]
fn assert_not_allowed<T: std::fmt::Debug>(outcome: Result<T, ZkError>) {
    assert!(matches!(outcome, Err(ZkError::NotAllowed { .. })), "{outcome:?}");
}

#[tokio::test]
async fn what_was_stored_with_credentials_is_for_them_alone() {
    let server = Server::start().unwrap();
    let as_user = |login: &str| format!("{login}@{}", server.place("/any/depth"));
    let ours = store(&as_user("etcd:secret"));
    let bytes = record_of("F-0000", 1);
    let version = saved(&ours, &bytes, Version(0)).await;

    let root = by_hand(&server.addr()).await;
    let save = by_hand(&as_user("etcd:secret")).await.children(STATE).await.unwrap().remove(0);
    for path in ["/any", "/any/depth", "/any/depth/prod_state", "/any/depth/prod_framework_id"] {
        assert_not_allowed(root.get(path).await);
        assert_not_allowed(root.set(path, b"{}", None).await);
        assert_not_allowed(root.children(path).await);
        assert_not_allowed(root.create(&format!("{path}/x"), b"", Lifetime::Persistent).await);
    }
    assert_not_allowed(root.get(&format!("/any/depth/prod_state/{save}")).await);
    assert_not_allowed(root.delete("/any/depth/prod_framework_id", None).await);

    for (place, who) in [
        (server.place("/any/depth"), "anybody without credentials"),
        (as_user("etcd:wrong"), "the user etcd with this password"),
    ] {
        let stranger = store(&place);
        let outcomes = [
            unavailable(stranger.load().await),
            unavailable(stranger.save(&record(2), version).await),
            unavailable(stranger.remove(version).await),
            unavailable(stranger.known_framework_id().await),
        ];
        for words in outcomes {
            for part in [&format!("(ACL) does not let {who} in"), "setAcl", "/any/depth/prod_"] {
                assert!(words.contains(part), "{part:?} is not in {words}");
            }
            assert!(!words.contains("secret") && !words.contains("wrong"), "{words}");
        }
    }
    let stored = Some(Stored { bytes, version });
    assert_eq!(store(&as_user("etcd:secret")).load().await.unwrap(), stored);
    let second = saved(&ours, &record(2), version).await;
    ours.remove(second).await.unwrap();
}

#[tokio::test]
async fn without_credentials_everything_is_everybodys() {
    let server = Server::start().unwrap();
    let version = saved(&store(&server.place("/open")), &record(1), Version(0)).await;
    let known = store(&format!("etcd:secret@{}", server.place("/open")));
    let second = saved(&known, &record(2), version).await;
    let stored = Stored { bytes: record(2), version: second };
    assert_eq!(loaded(&server, "/open").await, Some(stored), "what was open stays open");
}

#[tokio::test]
async fn a_chroot_that_is_there_needs_no_right_to_create_it() {
    let server = Server::start().unwrap();
    let owner = by_hand(&format!("admin:a@{}", server.addr())).await;
    let anybody = by_hand(&server.addr()).await;
    anybody.create("/a", b"", Lifetime::Persistent).await.unwrap();
    owner.create("/a/owned", b"", Lifetime::Persistent).await.unwrap();
    let place = format!("etcd:secret@{}", server.place("/a/owned/etcd"));
    let words = unavailable(store(&place).save(&record(1), Version(0)).await);
    // Not even whether the chroot is there is said to a stranger; what is missing is the right to create it.
    assert!(words.contains("create /a/owned/etcd: not allowed"), "{words}");

    // The same parent, and the chroot is there: it is used, and its parent is not asked for.
    let (chroot, place) = ("/a/etcd", format!("etcd:secret@{}", server.place("/a/etcd")));
    by_hand(&format!("etcd:secret@{}", server.addr()))
        .await
        .create(chroot, b"kept", Lifetime::Persistent)
        .await
        .unwrap();
    saved(&store(&place), &record(1), Version(0)).await;
    let known = by_hand(&format!("etcd:secret@{}", server.addr())).await;
    assert_eq!(known.get(chroot).await.unwrap().data, b"kept", "nothing that is there is touched");
}
