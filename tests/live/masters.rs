//! Masters that are elected in a ZooKeeper: found, lost, and found again.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use etcd_mesos_testkit::http;
use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::zookeeper::Server;
use etcd_mesos_zk::{Lifetime, ZkConfig, ZkSession};
use serde_json::Value;

use crate::rig::{Member, Rig, SOON, Stage, read, write};

/// A dead master's successor is elected after this time; ZooKeeper itself is back sooner.
pub const MASTERS_SESSION: Duration = Duration::from_secs(4);
/// From a master's election to the subscription with it 2 s are promised, and printed is what it took; this is
/// where a busy machine is no excuse any more.
const SUBSCRIBED_WITHIN: Duration = Duration::from_secs(10);
/// What a master logs as soon as it has an entry among those that would lead (1.11).
const CONTENDS: &str = "has entered the contest for leadership";

/// One cluster, because forming is dear.
#[test]
fn a_cluster_outlives_its_zookeeper_and_its_leading_masters() {
    let zookeeper = Server::builder().session_timeout_max(MASTERS_SESSION).start().unwrap();
    let builder = Cluster::builder().masters(2).zookeeper(&zookeeper.place("/any/depth"));
    let mut rig = Rig::new(builder);
    rig.start_scheduler(&[&format!("-master={}", zookeeper.url("/any/depth"))]);
    let members = rig.wait_formed();
    write(&members[0].client, "YmFy");
    a_zookeeper_that_is_killed_and_comes_back_changes_nothing(&rig, &zookeeper, &members);
    let kill = |n| rig.mesos.kill_master(n).unwrap();
    let killed = a_leading_master_that_falls_is_succeeded(&rig, &members, "killed", kill);
    start_master_again(&rig, killed);
    // Its connections stay.
    let stop = |n| rig.mesos.stop_master(n).unwrap();
    a_leading_master_that_falls_is_succeeded(&rig, &members, "stopped", stop);
}

/// Starts a master that has fallen, and waits until it would lead.
pub fn start_master_again(rig: &Rig, number: usize) {
    let contended = || rig.mesos.master_log(number).unwrap_or_default().matches(CONTENDS).count();
    let before = contended();
    rig.mesos.start_master(number).unwrap();
    rig.wait("the master to contend again", || (contended() > before).then_some(()));
}

fn a_zookeeper_that_is_killed_and_comes_back_changes_nothing(
    rig: &Rig,
    zookeeper: &Server,
    members: &[Member],
) {
    let (pids, framework) = (rig.etcd_pids(), rig.framework_id());
    let leader = rig.mesos.leading_master().unwrap();
    let (since, clients) = (subscribed(&leader).unwrap(), clients(zookeeper).unwrap());
    zookeeper.kill();
    zookeeper.start_again().unwrap();
    rig.wait("everybody to be back", || (self::clients(zookeeper)? >= clients).then_some(()));
    assert_eq!((rig.etcd_pids(), rig.framework_id()), (pids, framework));
    assert_eq!(subscribed(&leader), Some(since), "neither election nor subscription is new");
    assert_eq!(rig.members(), members);
}

/// Lets the leading master fall, and says which it was.
pub fn a_leading_master_that_falls_is_succeeded(
    rig: &Rig,
    members: &[Member],
    how: &str,
    fall: impl FnOnce(usize),
) -> usize {
    let (pids, framework) = (rig.etcd_pids(), rig.framework_id());
    let (number, fell) = (leading_master(rig), Instant::now());
    fall(number);
    let since =
        rig.wait("a subscription with the next master", || subscribed_with_another(rig, number));
    let (took, all) = (since.subscription - since.election, fell.elapsed());
    println!(
        "leading master {how}: subscribed {:.0} ms after the next one's election, seen {all:.1?} after the fall",
        took * 1000.0
    );
    assert!(took <= SUBSCRIBED_WITHIN.as_secs_f64(), "{took} s");
    // One that was stopped would keep questions waiting; one that has ended need not be killed.
    let _ = rig.mesos.kill_master(number);
    nothing_but_reconciliation(rig, members);
    assert_eq!((rig.etcd_pids(), rig.framework_id()), (pids, framework));
    number
}

/// The number of the master that leads.
pub fn leading_master(rig: &Rig) -> usize {
    let leader = rig.mesos.leading_master().unwrap();
    rig.mesos.masters().iter().position(|addr| *addr == leader).unwrap() + 1
}

/// A subscription with any master but that one.
pub fn subscribed_with_another(rig: &Rig, number: usize) -> Option<Since> {
    let masters = rig.mesos.masters().into_iter().enumerate();
    masters.filter(|(i, _)| i + 1 != number).find_map(|(_, addr)| subscribed(&addr))
}

/// Under the leading master all is known again, and no agent sent an update, and nothing was launched.
pub fn nothing_but_reconciliation(rig: &Rig, members: &[Member]) {
    let framework = rig.framework_id();
    rig.mesos.wait_agents(3, SOON).unwrap();
    rig.wait("the tasks to be known again", || {
        let tasks = rig.mesos.tasks(&framework).ok()?;
        let running = tasks.iter().filter(|task| task["state"] == "TASK_RUNNING").count();
        (running == 6 && rig.stats("running_servers") == 3).then_some(())
    });
    let counted = |name: &str| rig.mesos.metrics().unwrap()[name].as_f64();
    rig.wait("a reconciliation", || {
        (counted("master/messages_reconcile_tasks") >= Some(1.0)).then_some(())
    });
    assert_eq!(counted("master/messages_status_update"), Some(0.0), "no update by an agent");
    assert_eq!(counted("master/messages_launch_tasks"), Some(0.0), "nothing was launched");
    assert_eq!((rig.stats("launched_servers"), rig.members()), (3, members.to_vec()));
    for member in members {
        assert_eq!(read(&member.client).unwrap().as_deref(), Some("YmFy"));
    }
}

/// By the leading master's clock, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Since {
    pub election: f64,
    pub subscription: f64,
}

/// Since when this master leads, and the framework is subscribed with it; none while it does not or is not.
pub fn subscribed(master: &str) -> Option<Since> {
    let (200, body) = http::get(master, "/master/state").ok()? else { return None };
    let state: Value = serde_json::from_str(&body).ok()?;
    let all = state["frameworks"].as_array()?;
    let framework = all.iter().find(|f| f["connected"] == true && f["active"] == true)?;
    let last = framework["reregistered_time"].as_f64().or(framework["registered_time"].as_f64());
    Some(Since { election: state["elected_time"].as_f64()?, subscription: last? })
}

/// How many are connected to a ZooKeeper, this question included.
fn clients(zookeeper: &Server) -> Option<u64> {
    let answer = zookeeper.ask("mntr")?;
    let line = answer.lines().find_map(|line| line.strip_prefix("zk_num_alive_connections"))?;
    line.trim().parse().ok()
}

/// What cannot be seen is said, and what works goes on. The master needs no ZooKeeper here, and outlives its
/// absence, however long it is.
#[test]
fn the_report_says_who_is_not_there() {
    // A short session, so that its end is seen soon.
    let zookeeper = Server::builder().session_timeout_max(Duration::from_secs(2)).start().unwrap();
    let mut rig = Rig::new(Cluster::builder());
    rig.start_scheduler(&[&format!("-master={}", zookeeper.url("/mesos"))]);
    rig.wait_report(&["no Mesos master is elected at", "/mesos", "does not exist"]);

    elect(&zookeeper, &rig.mesos.master_addr());
    rig.wait_formed();
    rig.wait("an end of the trouble", || {
        (!rig.get("/report").1.contains("masters ")).then_some(())
    });
    let master = rig.mesos.master_addr();
    let (pids, since) = (rig.etcd_pids(), subscribed(&master).unwrap());

    zookeeper.kill();
    rig.wait_report(&["ZooKeeper", "refuses connections", "still leads Mesos"]);
    assert_eq!((rig.etcd_pids(), subscribed(&master)), (pids.clone(), Some(since)));
    rig.scheduler().kill();
    rig.start_scheduler(&[]);
    rig.wait_report(&["subscribing again", "refuses connections", "who leads Mesos is not known"]);

    zookeeper.start_again().unwrap();
    rig.wait("the tasks to be known again", || (rig.stats("running_servers") == 3).then_some(()));
    assert_eq!((rig.etcd_pids(), rig.stats("launched_servers")), (pids, 0));
}

impl Rig {
    pub fn wait_report(&self, parts: &[&str]) {
        self.wait(&format!("a report with {parts:?}"), || {
            let report = self.get("/report").1;
            parts.iter().all(|part| report.contains(part)).then_some(())
        });
    }
}

/// Writes what a leading master at this address would write.
fn elect(zookeeper: &Server, addr: &str) {
    elect_as(zookeeper, addr, 1, None);
}

/// The same for the winner of that election, and withdraws the entry of a former one.
pub fn elect_as(zookeeper: &Server, addr: &str, number: u32, former: Option<u32>) {
    let (ip, port) = addr.split_once(':').unwrap();
    let port = port.parse::<u16>().unwrap();
    let info: Value = serde_json::json!({"address": {"ip": ip, "port": port}});
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = ZkConfig::new(zookeeper.url("/").parse().unwrap());
        let session = ZkSession::open(&config).await.unwrap();
        let entry = |number: u32| format!("/mesos/json.info_{number:010}");
        if former.is_none() {
            session.create("/mesos", b"", Lifetime::Persistent).await.unwrap();
        }
        let (path, info) = (entry(number), info.to_string());
        session.create(&path, info.as_bytes(), Lifetime::Persistent).await.unwrap();
        if let Some(former) = former {
            session.delete(&entry(former), None).await.unwrap();
        }
    });
}
