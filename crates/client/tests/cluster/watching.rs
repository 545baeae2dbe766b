//! Watches and their ends.

use etcd_client::WatchOptions;
use etcd_mesos_client::{Cluster, Options, WatchError};
use tokio::time::timeout;

use crate::double::Listed;
use crate::rig::{PATIENCE, Rig, urls, wait};

async fn put(cluster: &Cluster, value: &'static str) -> i64 {
    let put = cluster.write(|mut etcd| async move { etcd.put("key", value, None).await });
    put.await.unwrap().header().unwrap().revision()
}

#[tokio::test]
async fn a_watch_without_a_revision_begins_now_and_goes_on_from_there() {
    let rig = Rig::new(8);
    let mut members = rig.cluster("now", &[1]).await;
    let cluster = Cluster::follow(Listed::of(&urls(&members)), Options::default());
    put(&cluster, "before").await;
    let mut watch = cluster.watch("key", WatchOptions::new(), None);
    // It begins with the first call, which has nothing to tell yet.
    let nothing = timeout(std::time::Duration::from_millis(500), watch.next()).await;
    nothing.map(drop).expect_err("nothing was written");
    let from = watch.next_revision().expect("it has begun");
    // What is written while its member is started again is not missed.
    members[0].kill();
    members[0].run();
    members[0].serves().await;
    let revision = members[0].client().await.put("key", "after", None).await.unwrap();
    let revision = revision.header().unwrap().revision();
    let response = timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
    assert_eq!(response.events()[0].kv().unwrap().value(), b"after");
    assert_eq!((from, watch.next_revision()), (revision, Some(revision + 1)));
}

#[tokio::test]
async fn revisions_that_are_compacted_away_are_an_error_with_the_oldest_that_is_kept() {
    let rig = Rig::new(9);
    let members = rig.cluster("compacted", &[1]).await;
    let cluster = Cluster::follow(Listed::of(&urls(&members)), Options::default());
    for _ in 0..5 {
        put(&cluster, "value").await;
    }
    members[0].client().await.compact(4, None).await.unwrap();
    let mut watch = cluster.watch("key", WatchOptions::new(), Some(2));
    for _ in 0..2 {
        let error = timeout(PATIENCE, watch.next()).await.unwrap().map(drop).unwrap_err();
        assert!(matches!(error, WatchError::Compacted { asked: 2, oldest: 4 }), "{error}");
    }
    let mut watch = cluster.watch("key", WatchOptions::new(), Some(4));
    let response = timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
    assert_eq!(response.events().len(), 3);
}

#[tokio::test]
async fn a_watch_waits_for_members_and_can_be_asked_again() {
    let rig = Rig::new(10);
    let mut members = rig.cluster("waits", &[1]).await;
    let options = Options::default().with_deadline(std::time::Duration::from_millis(500));
    let cluster = Cluster::follow(Listed::of(&urls(&members)), options);
    let revision = put(&cluster, "one").await;
    let mut watch = cluster.watch("key", WatchOptions::new(), Some(revision));
    watch.next().await.unwrap();
    members[0].kill();
    let error = watch.next().await.map(drop).unwrap_err();
    assert!(matches!(error, WatchError::NobodyServes { .. }), "{error}");
    members[0].run();
    members[0].serves().await;
    wait("it is joined again", async || cluster.client().await.is_ok()).await;
    put(&cluster, "two").await;
    let response = timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
    assert_eq!(response.events()[0].kv().unwrap().value(), b"two");
}
