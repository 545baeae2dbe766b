//! Every member is replaced, and every member dies, while the load goes on.

use std::time::Instant;

use etcd_mesos_client::{Cluster, Options};

use crate::double::Listed;
use crate::load::Load;
use crate::rig::{Member, Rig, initial_cluster, insist, urls};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_every_member_is_replaced_and_then_killed() {
    let rig = Rig::new(1);
    let mut members = rig.cluster("moving", &[1, 2, 3]).await;
    let list = Listed::of(&urls(&members));
    let cluster = Cluster::follow(list.clone(), Options::default());
    let load = Load::start(&cluster).await;
    let began = Instant::now();
    for host in 11..=13 {
        replace(&rig, &mut members, host, &list).await;
        load.goes_on().await;
    }
    eprintln!("three members were replaced within {:?}", began.elapsed());
    let began = Instant::now();
    for member in &mut members {
        member.kill();
        load.goes_on().await;
        member.run();
        member.serves().await;
        load.goes_on().await;
    }
    eprintln!("three members were killed and started again within {:?}", began.elapsed());
    load.ends().await;
}

/// The first member goes, and a new one comes in its place, at another address.
async fn replace(rig: &Rig, members: &mut Vec<Member>, host: u8, list: &Listed) {
    let mut leaving = members.remove(0);
    let id = leaving.id().await;
    let staying = &members[0];
    insist("remove", async || staying.client().await.member_remove(id).await).await;
    list.becomes(&urls(members));
    leaving.kill();
    let mut coming = rig.member("moving", host);
    let peer_url = coming.peer_url.clone();
    insist("add", async || staying.client().await.member_add([peer_url.clone()], None).await).await;
    let mut all: Vec<(String, String)> = members.iter().map(Member::named).collect();
    all.push(coming.named());
    coming.start(&initial_cluster(&all), "existing");
    coming.serves().await;
    members.push(coming);
    list.becomes(&urls(members));
}
