//! Another cluster where a member was.

use std::time::Duration;

use etcd_mesos_client::{CallError, Cluster, Options};

use crate::double::Listed;
use crate::load::told;
use crate::rig::{Member, Rig, initial_cluster, urls, wait};

async fn keys_of(member: &Member) -> i64 {
    let all = etcd_client::GetOptions::new().with_all_keys();
    member.client().await.get("", Some(all)).await.unwrap().count()
}

#[tokio::test]
async fn who_takes_over_the_address_of_a_member_is_never_written_to() {
    let rig = Rig::new(6);
    let mut ours = rig.cluster("ours", &[1]).await;
    let options = Options::default().with_deadline(Duration::from_secs(2));
    let cluster = Cluster::follow(Listed::of(&urls(&ours)), options);
    let put = async || {
        cluster.idempotent(|mut etcd| async move { etcd.put("key", "value", None).await }).await
    };
    put().await.unwrap();
    let mut client = cluster.client().await.unwrap();
    let id = cluster.cluster_id().unwrap();

    ours[0].kill();
    let mut other = rig.member("other", 1);
    let alone = initial_cluster(&[other.named()]);
    other.start(&alone, "new");
    other.serves().await;

    let error = put().await.map(drop).unwrap_err();
    assert!(matches!(error, CallError::NobodyServes { .. }), "{}", told(&error));
    assert!(told(&error).contains(&format!("and not of {id:x}")), "{}", told(&error));
    client.put("key", "value", None).await.map(drop).expect_err("its connection was another one");
    assert_eq!(keys_of(&other).await, 0, "nothing was written to another cluster");

    other.kill();
    ours[0].run();
    wait("our member is used again", async || put().await.is_ok()).await;
}

#[tokio::test]
async fn a_member_of_another_cluster_is_never_used_beside_ours() {
    let rig = Rig::new(7);
    let (ours, other) = (rig.cluster("ours", &[1]).await, rig.cluster("other", &[2]).await);
    let id = ours[0].client().await.status().await.unwrap().header().unwrap().cluster_id();
    let both = [urls(&ours), urls(&other)].concat();
    let cluster = Cluster::follow(Listed::of(&both), Options::default().with_cluster_id(id));
    wait("the other one is known for what it is", async || {
        format!("{cluster:?}").contains("of cluster")
    })
    .await;
    for number in 0..50 {
        let key = format!("key{number}");
        let put = cluster.write(|mut etcd| {
            let key = key.clone();
            async move { etcd.put(key, "value", None).await }
        });
        put.await.unwrap();
    }
    assert_eq!((keys_of(&ours[0]).await, keys_of(&other[0]).await), (50, 0));
}
