//! Transcripts of genuine runs: each is replayed at its end, and decides the same.
//!
//! With `ETCD_MESOS_RECORD` set to anything they become the recordings of `crates/sim`, which its tests replay.

use std::path::{Path, PathBuf};
use std::time::Duration;

use etcd_mesos_sim::replay::{Replay, replay};
use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::processes::{find_program_inside, send_signal};
use etcd_mesos_testkit::zookeeper::Server;
use nix::sys::signal::Signal;

use crate::masters::{leading_master, subscribed_with_another};
use crate::rig::{Member, Rig, SOON, Stage};

/// Both are given to the scheduler, and must be in no transcript.
const SECRETS: [&str; 2] = ["the-secret-of-zookeeper", "the-secret-of-mesos"];

/// One cluster with a scheduler after the other, each with a transcript of its own; one test, because forming is
/// dear.
#[test]
fn transcripts_of_genuine_runs_are_replayed_without_a_difference() {
    let zookeeper = Server::builder().session_timeout_max(Duration::from_secs(2)).start().unwrap();
    let builder = Cluster::builder().masters(2).zookeeper(&zookeeper.place("/mesos"));
    // An agent is lost after three seconds.
    let builder = builder.env("MESOS_AGENT_PING_TIMEOUT", "1secs");
    let mut rig = Rig::new(builder.env("MESOS_MAX_AGENT_PING_TIMEOUTS", "2"));
    with_secrets(&mut rig, &zookeeper);
    let (members, pids) = a_formation(&mut rig);
    a_restart(&mut rig);
    a_deposed_scheduler(&mut rig);
    an_agent_that_is_lost_and_comes_back(&mut rig, &members);
    a_failover_of_masters(&mut rig);
    assert_eq!(rig.etcd_pids(), pids);
    an_executor_that_is_killed(&mut rig, &members);
}

fn with_secrets(rig: &mut Rig, zookeeper: &Server) {
    let [zookeepers, mesoss] = SECRETS;
    let file = rig.dir().join("secret");
    std::fs::write(&file, mesoss).unwrap();
    rig.keep_flags(&[
        &format!("-master=zk://somebody:{zookeepers}@{}", zookeeper.place("/mesos")),
        "-mesos-authentication-principal=somebody",
        &format!("-mesos-authentication-secret-file={}", file.display()),
    ]);
}

fn a_formation(rig: &mut Rig) -> (Vec<Member>, std::collections::BTreeMap<String, u32>) {
    begin(rig, "formation");
    let members = rig.wait_formed();
    rig.wait("a healthy cluster", || (rig.stats("healthy") == 1).then_some(()));
    let replayed = end(rig, "formation");
    assert!(replayed.scheduler.record().is_formed());
    (members, rig.etcd_pids())
}

fn a_restart(rig: &mut Rig) {
    begin(rig, "restart");
    wait_known(rig);
    end(rig, "restart");
}

/// It is paused while another takes over with a copy of the state, as a store without a lock would allow.
fn a_deposed_scheduler(rig: &mut Rig) {
    begin(rig, "deposed");
    wait_known(rig);
    let old = rig.scheduler.take().unwrap();
    old.signal(Signal::SIGSTOP);
    let copy = rig.dir().join("copy.state");
    std::fs::copy(rig.dir().join("test.state"), &copy).unwrap();
    rig.address = rig.mesos.scheduler_ip(2);
    rig.keep_flags(&[&format!("-state-file={}", copy.display())]);
    begin(rig, "successor");
    wait_known(rig);
    old.signal(Signal::SIGCONT);
    assert_eq!(old.wait_exit(SOON).unwrap().code(), Some(75), "{}", old.log_tail());
    read_back(rig, "deposed");
    end(rig, "successor");
}

fn an_agent_that_is_lost_and_comes_back(rig: &mut Rig, members: &[Member]) {
    begin(rig, "agent-lost");
    wait_known(rig);
    let agent = rig.agent_of(&members[1]);
    rig.mesos.kill_agent(agent).unwrap();
    rig.wait_report(&["its agent does not answer the master; its etcd may well run"]);
    rig.mesos.start_agent(agent).unwrap();
    wait_known(rig);
    end(rig, "agent-lost");
}

fn a_failover_of_masters(rig: &mut Rig) {
    begin(rig, "master-failover");
    wait_known(rig);
    let number = leading_master(rig);
    rig.mesos.kill_master(number).unwrap();
    rig.wait("a subscription with the next master", || subscribed_with_another(rig, number));
    wait_known(rig);
    end(rig, "master-failover");
}

fn an_executor_that_is_killed(rig: &mut Rig, members: &[Member]) {
    begin(rig, "executor-killed");
    wait_known(rig);
    assert_eq!(rig.members(), members, "after all that");
    let executors = find_program_inside("etcd-mesos-executor", rig.mesos.dir());
    send_signal(executors[0].pid, Signal::SIGKILL);
    rig.wait_report(&["its task has ended", "needs a replacement"]);
    end(rig, "executor-killed");
}

fn wait_known(rig: &Rig) {
    rig.wait("the tasks to be known", || (rig.stats("running_servers") == 3).then_some(()));
    rig.wait("health", || (rig.stats("healthy") == 1).then_some(()));
}

fn path(rig: &Rig, name: &str) -> PathBuf {
    rig.dir().join(format!("{name}.jsonl"))
}

fn begin(rig: &mut Rig, name: &str) {
    let file = path(rig, name);
    rig.start_scheduler(&[&format!("--transcript={}", file.display())]);
}

/// Asks the scheduler to end, and replays what it was told and did.
fn end(rig: &mut Rig, name: &str) -> Replay {
    rig.scheduler().signal(Signal::SIGTERM);
    assert_eq!(rig.scheduler().wait_exit(SOON).unwrap().code(), Some(0));
    read_back(rig, name)
}

fn read_back(rig: &Rig, name: &str) -> Replay {
    let text = std::fs::read_to_string(path(rig, name)).unwrap();
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{name} holds a secret");
    let replayed = replay(&text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    assert!(replayed.difference.is_none() && replayed.broken.is_empty(), "{name}: {replayed}");
    assert_eq!(replayed.blessed, text, "{name}");
    assert_eq!(replayed.end, "the program has ended", "{name} is whole");
    assert!(replayed.steps > 10, "{name}: {replayed}");
    if std::env::var_os("ETCD_MESOS_RECORD").is_some() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/sim/recordings");
        std::fs::write(kept.join(format!("{name}.jsonl")), &text).unwrap();
    }
    replayed
}
