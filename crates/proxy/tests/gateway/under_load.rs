//! Everything that befalls members, under load: no error that a retry on another connection would not
//! have avoided, and nothing that was acknowledged is lost.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use etcd_mesos_proxy::gateway::{self, Gateway, MemberView, Settings, Standing};
use nix::sys::signal::Signal;

use crate::cluster::Cluster;
use crate::listed::Listed;
use crate::load::{Load, held};
use crate::until;

const PATIENCE: Duration = Duration::from_secs(20);

async fn until_member(gateway: &Gateway, what: &str, url: &str, is: impl Fn(&MemberView) -> bool) {
    until(&format!("{url} to be {what}"), PATIENCE, || async {
        gateway.view().members.iter().find(|m| m.client_url == url).filter(|m| is(m)).map(|_| ())
    })
    .await;
}

async fn until_all_serve(gateway: &Gateway, urls: &[String]) {
    for url in urls {
        let serves = |m: &MemberView| m.standing == Standing::Serves && m.is_found;
        until_member(gateway, "serving", url, serves).await;
    }
}

#[tokio::test]
async fn every_member_may_be_killed_replaced_or_frozen_under_load() {
    let mut cluster = Cluster::start(3, "under-load").await;
    let (listed, following) = Listed::follow(&cluster.urls());
    let settings = Settings::on(vec!["127.0.0.1:0".parse().unwrap()]);
    let gateway = gateway::start(settings, following).await.unwrap();
    let load = Load::start(&format!("http://{}", gateway.addresses()[0]), 4, 2);
    load.until_further(50).await;
    let began = Instant::now();
    let tell = |what: &str| eprintln!("{:>6.1} s  {what}", began.elapsed().as_secs_f64());

    for name in cluster.leader_last().await {
        let index = cluster.index(&name);
        cluster.kill_and_start(index).await;
        until_all_serve(&gateway, &cluster.urls()).await;
        load.until_further(50).await;
        tell(&format!("{name} was killed and started again"));
    }
    for name in cluster.leader_last().await {
        let index = cluster.index(&name);
        let old = cluster.members[index].client_url.clone();
        cluster.replace(index, |urls| listed.say(urls)).await;
        until_all_serve(&gateway, &cluster.urls()).await;
        let is_forgotten = || gateway.view().members.iter().all(|m| m.client_url != old);
        until("the member that left to be forgotten", PATIENCE, || async {
            is_forgotten().then_some(())
        })
        .await;
        load.until_further(50).await;
        tell(&format!("{name} was replaced"));
    }
    for name in cluster.leader_last().await.into_iter().rev().take(2) {
        let index = cluster.index(&name);
        let url = &cluster.members[index].client_url;
        cluster.process(index).signal(Signal::SIGSTOP);
        tell(&format!("{name} is frozen"));
        until_member(&gateway, "dead", url, |m| m.standing == Standing::Dead && m.open == 0).await;
        tell(&format!("{name} is dead"));
        load.until_further(50).await;
        cluster.process(index).signal(Signal::SIGCONT);
        until_all_serve(&gateway, &cluster.urls()).await;
        tell(&format!("{name} was frozen"));
    }

    let view = gateway.view();
    let ledger = load.end().await;
    tell("the load has ended");
    let acknowledged = ledger.acknowledged.lock().unwrap().clone();
    for m in &view.members {
        eprintln!(
            "{} {:?}: {} connections, {} drained, {} cut",
            m.client_url, m.standing, m.opened, m.drained, m.cut
        );
    }
    let (reads, retried) = (ledger.reads.load(Relaxed), ledger.retried.load(Relaxed));
    eprintln!("{} puts, {reads} reads, {retried} attempts made again", acknowledged.len());
    assert_eq!(*ledger.broken.lock().unwrap(), Vec::<String>::new());
    assert!(ledger.retried.load(Relaxed) > 0, "nothing of all this was felt: was there load?");
    let held = held(&mut cluster.members[0].client().await).await;
    let lost: Vec<_> =
        acknowledged.iter().filter(|(key, value)| held.get(*key) != Some(value)).collect();
    assert_eq!(lost, Vec::<(&String, &String)>::new());
    let watched = ledger.watched.lock().unwrap().clone();
    assert!(acknowledged.iter().all(|(key, value)| watched.get(key) == Some(value)));
    gateway.stop(Duration::from_secs(1)).await;
}
