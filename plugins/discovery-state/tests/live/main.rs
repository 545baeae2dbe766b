//! The discovery on a genuine Mesos, with a framework whose task is shaped like a member's.

#![allow(clippy::unwrap_used)]

mod executor;

use std::time::Duration;

use etcd_mesos_core::discovery::{Discovery, DiscoveryError, Found};
use etcd_mesos_core::setting::Span;
use etcd_mesos_discovery_state::{Gates, MasterAddress, MesosStateSection, StateDiscovery};
use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::zookeeper::Server;
use mesos_v1::proto::{
    DiscoveryInfo, FrameworkInfo, Offer, Operation, Port, Ports, TaskInfo, Visibility,
};
use mesos_v1::resource::scalar;
use mesos_v1::scheduler::{Call, Event, SchedulerClient, SchedulerConfig, Subscription};
use mesos_v1::{Endpoint, Masters};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(60);

fn discovery(master: &str) -> StateDiscovery {
    let section = MesosStateSection {
        master: MasterAddress::new(master),
        interval: Span(Duration::from_millis(50)),
        ..MesosStateSection::default()
    };
    StateDiscovery::new(section, &"etcd".parse().unwrap(), &Gates::default())
}

/// Asks until the answer is this one.
async fn wait_for<T>(
    what: &str,
    discovery: &StateDiscovery,
    accept: impl Fn(Result<Vec<Found>, DiscoveryError>) -> Option<T>,
) -> T {
    let wait = async {
        loop {
            if let Some(it) = accept(discovery.members().await.map(|members| members.found)) {
                return it;
            }
        }
    };
    timeout(SOON, wait).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Waits until nobody is found, for this reason.
async fn wait_nobody(discovery: &StateDiscovery, why: &str) {
    let is_it = |answer| match answer {
        Err(DiscoveryError::NobodyFound { found, .. }) => found.contains(why).then_some(()),
        _ => None,
    };
    wait_for(why, discovery, is_it).await;
}

async fn subscribe(cluster: &Cluster) -> Subscription {
    let leader: Endpoint = cluster.leading_master().unwrap().parse().unwrap();
    let mut client = SchedulerClient::new(SchedulerConfig::new(Masters::from(leader)));
    let framework = FrameworkInfo {
        user: "root".to_owned(),
        name: "etcd".to_owned(),
        roles: vec!["*".to_owned()],
        failover_timeout: Some(60.0),
        capabilities: vec![mesos_v1::proto::framework_capability::Type::MultiRole.into()],
        ..FrameworkInfo::default()
    };
    client.subscribe(&framework, &[]).await.unwrap()
}

async fn first_offer(subscription: &mut Subscription) -> Offer {
    loop {
        if let Event::Offers(mut offers) = subscription.next().await.unwrap() {
            return offers.remove(0);
        }
    }
}

/// A task that says of itself what a member's task does.
fn task(offer: &Offer) -> TaskInfo {
    let port = |number, protocol: &str| Port {
        number,
        protocol: Some(protocol.to_owned()),
        ..Port::default()
    };
    TaskInfo {
        name: "etcd-server".to_owned(),
        task_id: "etcd.etcd.0.etcd-1-0.1".into(),
        agent_id: offer.agent_id.clone(),
        resources: vec![scalar("cpus", 0.1, Some("*")), scalar("mem", 32.0, Some("*"))],
        executor: Some(executor::info()),
        discovery: Some(DiscoveryInfo {
            visibility: Visibility::External.into(),
            name: Some("etcd-server".to_owned()),
            ports: Some(Ports { ports: vec![port(31000, "tcp"), port(31001, "client")] }),
            ..DiscoveryInfo::default()
        }),
        ..TaskInfo::default()
    }
}

#[tokio::test]
async fn a_member_is_found_by_election_and_by_redirection_for_as_long_as_it_runs() {
    let zookeeper = Server::start().unwrap();
    let builder = Cluster::builder().agents(1).masters(2).zookeeper(&zookeeper.place("/mesos"));
    let cluster = builder.start().unwrap();
    // Of the list, one master at least has to redirect.
    let by_list: Vec<StateDiscovery> = cluster.masters().iter().map(|one| discovery(one)).collect();
    let by_election = discovery(&zookeeper.url("/mesos"));
    let all = || by_list.iter().chain([&by_election]);
    for discovery in all() {
        wait_nobody(discovery, "no framework has that name").await;
    }

    let mut subscription = subscribe(&cluster).await;
    let id = subscription.framework_id.clone().unwrap().value;
    for discovery in all() {
        wait_nobody(discovery, &format!("the framework {id} has no member")).await;
    }

    let offer = timeout(SOON, first_offer(&mut subscription)).await.unwrap();
    let launch = Operation::launch(vec![task(&offer)]);
    subscription.calls().send(Call::accept(vec![offer.id], vec![launch], None)).await.unwrap();
    let expected = Found::at(format!("http://{}:31001", cluster.agent_ip(1))).named("etcd-1-0");
    for discovery in all() {
        wait_for("the member", discovery, |answer| {
            answer.ok().filter(|all| all[..] == [expected.clone()])
        })
        .await;
    }

    drop(subscription);
    let is_still_there = by_election.members().await.unwrap();
    assert_eq!(is_still_there.found, [expected], "without its scheduler");
    cluster.teardown(&id).unwrap();
    for discovery in all() {
        wait_nobody(discovery, "no framework has that name").await;
    }
}

#[tokio::test]
async fn masters_with_tls_are_asked_over_it() {
    let cluster = Cluster::builder().agents(0).tls().start().unwrap();
    let section = MesosStateSection {
        master: MasterAddress::new(&format!("https://{}", cluster.master_addr())),
        ca_file: Some(cluster.authority().unwrap().ca_file().to_owned()),
        ..MesosStateSection::default()
    };
    let discovery = StateDiscovery::new(section, &"etcd".parse().unwrap(), &Gates::default());
    let error = discovery.members().await.unwrap_err();
    assert!(matches!(error, DiscoveryError::NobodyFound { .. }), "{error:?}");
}
