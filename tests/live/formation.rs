//! Formation against odds: ports in pieces, agents that fail, an agent's own environment.

use std::time::Duration;

use etcd_mesos_testkit::mesos::Cluster;

use crate::client_tasks;
use crate::rig::{Rig, SOON, Stage, ask, identity};

#[test]
fn ports_are_taken_from_the_offered_ranges_whatever_their_shape() {
    let ranges = "[1026-1028],[1038-2180]";
    let builder = (1..=3).fold(Cluster::builder(), |b, n| b.agent_ports(n, ranges));
    let rig = Rig::with_scheduler(builder);
    rig.wait_formed();
    for entry in rig.json("/members").as_array().unwrap() {
        let ports = [&entry["rpcPort"], &entry["clientPort"]].map(|p| p.as_u64().unwrap());
        let is_offered = |p: &u64| (1026..=1028).contains(p) || (1038..=2180).contains(p);
        assert!(ports.iter().all(is_offered), "{ports:?}");
    }
}

/// Where a fetch is too slow the launch fails, with words, and another agent gets the member.
#[test]
fn a_launch_that_fails_is_made_elsewhere() {
    let slow = 1;
    let builder = Cluster::builder().agents(4);
    let mut rig = Rig::new(builder.agent_env(slow, "MESOS_EXECUTOR_REGISTRATION_TIMEOUT", "2secs"));
    rig.mesos.set_fetch_delay(slow, Duration::from_secs(20)).unwrap();
    // While the fourth is away, the slow one is one of three, and gets a member for certain.
    rig.mesos.kill_agent(4).unwrap();
    rig.mesos.wait_agents(3, SOON).unwrap();
    rig.start_scheduler(&[]);
    rig.scheduler().wait_log("fetch too slow", SOON).unwrap();
    rig.mesos.start_agent(4).unwrap();
    let members = rig.wait_formed();
    assert!(members.iter().all(|member| rig.agent_of(member) != slow), "{members:?}");
    assert!(rig.stats("failed_servers") >= 1);
    client_tasks::both_ended(&rig, 1, 3);
}

/// etcd obeys `ETCD_*`; an executor must hand down none of it.
#[test]
fn an_agents_environment_does_not_reach_etcd() {
    let evil = r#"{"ETCD_FORCE_NEW_CLUSTER":"true","ETCD_NAME":"evil","PATH":"/usr/bin:/bin"}"#;
    let builder = (1..=3).fold(Cluster::builder(), |b, n| {
        b.agent_env(n, "MESOS_EXECUTOR_ENVIRONMENT_VARIABLES", evil)
            .agent_env(n, "ETCD_FORCE_NEW_CLUSTER", "true")
            .agent_env(n, "ETCD_NAME", "evil")
    });
    let rig = Rig::with_scheduler(builder);
    let members = rig.wait_formed();
    let executor = rig.wait("an executor's environment", || {
        let found = etcd_mesos_testkit::processes::find_program_inside(
            "etcd-mesos-executor",
            rig.mesos.dir(),
        );
        std::fs::read_to_string(format!("/proc/{}/environ", found.first()?.pid)).ok()
    });
    assert!(executor.contains("ETCD_FORCE_NEW_CLUSTER=true"), "the agent did hand it down");
    let list = ask(&members[0].client, "/v3/cluster/member/list", &serde_json::json!({})).unwrap();
    let mut names: Vec<&str> =
        list["members"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>());
    let ids: std::collections::BTreeSet<String> =
        members.iter().map(|m| identity(&m.client).unwrap().1).collect();
    assert_eq!(ids.len(), 1, "one leader for all");
}

/// What agents get is not what was announced: no executor runs it, and the words say so.
#[test]
fn a_corrupted_etcd_is_never_run() {
    let mut rig = Rig::new(Cluster::builder());
    let copy = rig.dir().join("etcd-copy");
    std::fs::copy(&rig.etcd.etcd, &copy).unwrap();
    // The agents cannot launch while they are stopped, so the file changes after its digest was taken.
    for n in 1..=3 {
        rig.mesos.set_fetch_delay(n, Duration::from_secs(1)).unwrap();
    }
    rig.start_scheduler(&[&format!("-etcd-bin={}", copy.display())]);
    rig.scheduler().wait_log("launching", SOON).unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // Written in place: the scheduler serves the file that it opened.
    std::fs::write(&copy, &bytes).unwrap();
    rig.wait("the digest to be refused", || {
        let log = rig.scheduler().log();
        (log.contains("SHA-256") && log.contains("etcd")).then_some(())
    });
    assert!(rig.etcd_pids().is_empty(), "no etcd was started");
    assert!(rig.members().is_empty());
    bytes[middle] ^= 1;
    std::fs::write(&copy, &bytes).unwrap();
    rig.wait_formed();
}
