//! The harness itself, on genuine Mesos: what it starts it can kill, restart and end without a trace.
#![allow(clippy::unwrap_used)]

mod scheduler;

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use etcd_mesos_testkit::mesos::{Builder, Cluster};
use etcd_mesos_testkit::process::Proc;
use etcd_mesos_testkit::processes::{find_inside, find_program_inside, is_alive};
use etcd_mesos_testkit::wait::wait_for;

use scheduler::Scheduler;

const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_killed_agent_comes_back_with_its_id_and_nothing_survives_the_handle() {
    let cluster = Cluster::builder().agents(2).start().unwrap();
    let agent = cluster.agent(1).unwrap().unwrap();
    let dir = cluster.dir().to_owned();
    let daemons = find_inside(&dir);
    assert_eq!(daemons.len(), 3, "a master and two agents: {daemons:?}");

    cluster.kill_agent(1).unwrap();
    cluster.wait_agents(1, SOON).unwrap();
    cluster.start_agent(1).unwrap();
    cluster.wait_agents(2, SOON).unwrap();
    assert_eq!(cluster.agent(1).unwrap().unwrap()["id"], agent["id"]);

    drop(cluster);
    assert_eq!(find_inside(&dir), []);
    assert!(!dir.exists());
}

#[test]
fn a_container_outlives_its_agent_and_ends_with_the_cluster() {
    let cluster = Cluster::builder().agents(1).start().unwrap();
    let scheduler = Scheduler::subscribe(&cluster, "outlives");
    // A shell that starts another process and waits: both have to go in the end.
    scheduler.launch(&cluster, "keeper", "sleep 1000 & exec sleep 1000", &[]);
    let sandbox =
        cluster.wait_for("a sandbox", SOON, || cluster.sandbox(1, "keeper").ok()?).unwrap();
    let sleepers = || find_program_inside("sleep", &sandbox);
    let two = || Some(sleepers()).filter(|found| found.len() == 2);
    let before = cluster.wait_for("two processes", SOON, two).unwrap();

    cluster.kill_agent(1).unwrap();
    cluster.wait_agents(0, SOON).unwrap();
    assert_eq!(sleepers(), before);

    drop(cluster);
    assert_eq!(sleepers(), []);
    assert!(before.iter().all(|process| !is_alive(process.pid)));
}

#[test]
fn a_file_is_fetched_by_its_new_name_after_the_delay_that_the_test_asked_for() {
    let cluster = Cluster::builder().agents(1).start().unwrap();
    let scheduler = Scheduler::subscribe(&cluster, "fetches");
    let program = cluster.dir().join("program");
    std::fs::write(&program, "#!/bin/sh\necho it runs; sleep 1000\n").unwrap();
    let delay = Duration::from_millis(400);
    cluster.set_fetch_delay(1, delay).unwrap();

    let launched = Instant::now();
    scheduler.launch(&cluster, "fetched", "./renamed", &[(program.to_str().unwrap(), "renamed")]);
    let says_so = || {
        let stdout = cluster.sandbox(1, "fetched").ok()??.join("stdout");
        std::fs::read_to_string(stdout).ok()?.contains("it runs").then_some(())
    };
    cluster.wait_for("the fetched program to run", SOON, says_so).unwrap();
    assert!(launched.elapsed() >= delay);
}

#[test]
fn a_framework_is_torn_down_and_its_containers_end() {
    let cluster = Cluster::builder().agents(1).start().unwrap();
    let scheduler = Scheduler::subscribe(&cluster, "torn");
    scheduler.launch(&cluster, "keeper", "exec sleep 1000", &[]);
    let sleeper = || find_program_inside("sleep", cluster.dir()).pop();
    cluster.wait_for("a process", SOON, sleeper).unwrap();
    cluster.teardown(scheduler.framework_id()).unwrap();
    assert!(cluster.framework("torn").unwrap().is_none());
    cluster
        .wait_for("the end of its processes", SOON, || sleeper().is_none().then_some(()))
        .unwrap();
}

/// The name of the variable by which this test, run in another process, knows that it is to be killed.
const VICTIM: &str = "ETCD_MESOS_TESTKIT_VICTIM";

#[test]
fn what_a_killed_test_started_ends_without_its_help() {
    if env::var_os(VICTIM).is_some() {
        wait_to_be_killed();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    let test = "what_a_killed_test_started_ends_without_its_help";
    command.args(["--exact", test, "--nocapture"]).env(VICTIM, "yes");
    let logs = tempfile::tempdir().unwrap();
    let victim = Proc::start(command, logs.path().join("victim.log")).unwrap();
    victim.wait_log("ready to be killed", SOON).unwrap();
    let log = victim.log();
    let line = log.lines().find_map(|line| line.split_once("cluster in ")).unwrap();
    let dir = PathBuf::from(line.1);
    assert!(find_inside(&dir).len() >= 3, "a master, an agent and what its container runs");

    victim.kill();
    wait_for("the last process to end", SOON, || find_inside(&dir).is_empty().then_some(()))
        .unwrap();
    wait_for("the directory to go", SOON, || (!dir.exists()).then_some(())).unwrap();
}

#[allow(clippy::print_stdout)]
fn wait_to_be_killed() -> ! {
    let cluster = Cluster::builder().agents(1).start().unwrap();
    let scheduler = Scheduler::subscribe(&cluster, "victim");
    scheduler.launch(&cluster, "keeper", "exec sleep 1000", &[]);
    let sleeper = || find_program_inside("sleep", cluster.dir()).pop();
    cluster.wait_for("a process", SOON, sleeper).unwrap();
    println!("\ncluster in {}\nready to be killed", cluster.dir().display());
    loop {
        std::thread::park();
    }
}

#[test]
fn an_agent_that_is_stopped_is_lost_in_time_and_a_machine_can_come_back_anew() {
    let cluster = with_quick_pings(Cluster::builder().agents(2)).start().unwrap();
    let id = |n| cluster.agent(n).unwrap().map(|agent| agent["id"].clone());
    let first = id(1);

    cluster.stop_agent(1).unwrap();
    cluster.wait_for("agent 1 to be lost", SOON, || id(1).is_none().then_some(())).unwrap();
    cluster.cont_agent(1).unwrap();
    cluster.wait_agents(2, SOON).unwrap();
    assert_eq!(id(1), first);

    cluster.kill_machine(2).unwrap();
    cluster.wait_agents(1, SOON).unwrap();
    let second = id(2);
    cluster.start_agent_anew(2).unwrap();
    cluster
        .wait_for("another agent 2", SOON, || id(2).filter(|new| Some(new) != second.as_ref()))
        .unwrap();
}

#[test]
fn a_restarted_master_gets_its_agents_back() {
    let cluster = with_quick_pings(Cluster::builder().agents(1)).start().unwrap();
    let before = cluster.agent(1).unwrap().unwrap();
    cluster.kill_master(1).unwrap();
    assert!(cluster.state().is_err());
    cluster.start_master(1).unwrap();
    cluster.wait_agents(1, SOON).unwrap();
    assert_eq!(cluster.agent(1).unwrap().unwrap()["id"], before["id"]);
}

fn with_quick_pings(builder: Builder) -> Builder {
    builder.env("MESOS_AGENT_PING_TIMEOUT", "1secs").env("MESOS_MAX_AGENT_PING_TIMEOUTS", "2")
}
