//! Our own admin server, as the scheduler runs it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use etcd_mesos_core::health::{Health, Verdict};
use etcd_mesos_core::id::MemberName;
use etcd_mesos_core::record::Phase;
use etcd_mesos_core::view::{FullReport, MemberEntry, Stats};
use etcd_mesos_discovery_scheduler::SchedulerSection;
use etcd_mesos_runtime::admin::{Snapshot, StoreReport, router};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::ground::{PATIENCE, failure, made, url, urls};

fn entry(number: u8) -> MemberEntry {
    MemberEntry {
        name: MemberName::of(1, number.into()),
        host: format!("10.0.0.{number}"),
        rpc_port: 31000,
        client_port: 31001,
        http_port: 0,
        kind: "new",
        agent_id: "S".into(),
    }
}

fn snapshot(members: &[u8]) -> Arc<Snapshot> {
    let stats = Stats {
        running_servers: 0,
        launched_servers: 0,
        failed_servers: 0,
        cluster_livelocks: 0,
        cluster_reseeds: 0,
        healthy: 0,
    };
    let report = FullReport {
        cluster: "etcd".to_owned(),
        epoch: 1,
        framework_id: None,
        phase: Phase::None,
        health: Health::new(Verdict::Unknown, "a test"),
        members: Vec::new(),
        report: Default::default(),
    };
    let store = StoreReport { place: "nowhere".to_owned(), calls: Default::default() };
    let members = members.iter().map(|number| entry(*number)).collect();
    Arc::new(Snapshot { at: Instant::now(), members, stats, report, store })
}

async fn serve(
    listener: TcpListener,
    members: &[u8],
) -> (watch::Sender<Arc<Snapshot>>, tokio::task::JoinHandle<()>) {
    let (show, shown) = watch::channel(snapshot(members));
    let serving = tokio::spawn(async move { axum::serve(listener, router(shown)).await.unwrap() });
    (show, serving)
}

#[tokio::test]
async fn our_scheduler_tells_of_changes_and_another_one_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (show, serving) = serve(listener, &[]).await;
    let discovery = made(SchedulerSection::of(&format!("http://{address}")));
    let (kind, words) = failure(discovery.members().await);
    assert_eq!(kind, "nobody", "{words}");

    show.send_replace(snapshot(&[1, 2]));
    let known = discovery.members().await.unwrap();
    assert_eq!(urls(&known), [url(1), url(2)]);
    assert_eq!(known.found[0].name.as_deref(), Some("etcd-1-1"));

    let asking = tokio::spawn({
        let (discovery, known) = (discovery.clone(), known.clone());
        async move { discovery.next(&known).await }
    });
    // One receiver of the server's, one of the answer that is held back.
    let held = async {
        while show.receiver_count() < 3 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, held).await.expect("the answer is held back");
    show.send_replace(snapshot(&[1, 2]));
    assert!(!asking.is_finished());
    show.send_replace(snapshot(&[2, 3]));
    let changed = timeout(PATIENCE, asking).await.expect("a change").unwrap().unwrap();
    assert_eq!(urls(&changed), [url(2), url(3)]);

    // Its successor says the same, and by its tag that nothing changed.
    serving.abort();
    serving.await.unwrap_err();
    let (show, _serving) = serve(TcpListener::bind(address).await.unwrap(), &[2, 3]).await;
    let asking = tokio::spawn(async move { discovery.next(&changed).await });
    let asked = async {
        while show.receiver_count() < 3 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("the answer is held back again");
    show.send_replace(snapshot(&[3]));
    let last = timeout(PATIENCE, asking).await.expect("a change").unwrap().unwrap();
    assert_eq!(urls(&last), [url(3)]);
}
