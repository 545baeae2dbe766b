//! How often masters are asked.

use std::time::Duration;

use etcd_mesos_core::discovery::Discovery;
use etcd_mesos_core::setting::Span;
use etcd_mesos_discovery_state::{Gates, MesosStateSection, StateDiscovery};

use super::ground::{body, discovery, failure, know, section, state, task};
use super::master::{Answer, Master};

/// What passes between questions.
fn pauses(master: &Master) -> Vec<Duration> {
    let seen = master.seen();
    seen.windows(2).map(|two| two[1].at - two[0].at).collect()
}

#[tokio::test]
async fn a_master_that_refuses_is_asked_at_most_once_a_second() {
    for line in ["404 Not Found", "503 Service Unavailable"] {
        let master = Master::start().await;
        master.answer_all(&Answer::Status(line, ""));
        let usual = MesosStateSection::default();
        let discovery =
            discovery(MesosStateSection { interval: usual.interval, ..section(&master.address) });
        failure(&discovery).await;
        failure(&discovery).await;
        let pauses = pauses(&master);
        assert!(pauses.len() == 1 && pauses[0] >= Duration::from_secs(1), "{pauses:?}");
    }
}

#[tokio::test]
async fn all_discoveries_of_a_process_share_the_interval() {
    let master = Master::start().await;
    know(&master, &[task(1)]);
    let (gates, interval) = (Gates::default(), Duration::from_millis(150));
    let section = MesosStateSection { interval: Span(interval), ..section(&master.address) };
    let cluster = "etcd".parse().unwrap();
    let one = StateDiscovery::new(section.clone(), &cluster, &gates);
    let other = StateDiscovery::new(section, &cluster, &gates);
    let (a, b) = tokio::join!(one.members(), other.members());
    assert_eq!(a.unwrap(), b.unwrap());
    one.members().await.unwrap();
    let pauses = pauses(&master);
    assert!(pauses.len() == 2 && pauses.iter().all(|pause| *pause >= interval), "{pauses:?}");
}

#[tokio::test]
async fn a_state_that_is_read_in_vain_is_not_read_again_before_an_interval() {
    let interval = Duration::from_millis(150);
    for answer in [body(&state(&[])), Answer::Body(b"<html>".to_vec()), Answer::Cut(b"{".to_vec())]
    {
        let master = Master::start().await;
        master.answer_all(&answer);
        let discovery =
            discovery(MesosStateSection { interval: Span(interval), ..section(&master.address) });
        for _ in 0..3 {
            failure(&discovery).await;
        }
        let pauses = pauses(&master);
        assert!(pauses.len() == 2 && pauses.iter().all(|pause| *pause >= interval), "{pauses:?}");
    }
}
