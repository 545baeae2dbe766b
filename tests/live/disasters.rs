//! What ends a scheduler, and what must not end a cluster.

use std::time::Duration;

use etcd_mesos_testkit::mesos::Cluster;
use etcd_mesos_testkit::processes::{find_program_inside, send_signal};
use nix::sys::signal::Signal;

use crate::client_tasks;
use crate::rig::{Rig, SOON, Stage};

/// Mesos removes a framework for good: the scheduler says so, names the way out, and forms no
/// second cluster on its own.
#[test]
fn a_removed_framework_is_explained() {
    let mut rig = Rig::with_scheduler(Cluster::builder());
    rig.wait_formed();
    let removed = rig.framework_id();
    rig.mesos.teardown(&removed).unwrap();
    for _ in 0..2 {
        let status = rig.scheduler().wait_exit(SOON).unwrap();
        assert_eq!(status.code(), Some(76), "{}", rig.scheduler().log_tail());
        let log = rig.scheduler().log();
        for words in ["has removed the framework", "--new-framework", "copy them away"] {
            assert!(log.contains(words), "{words:?} is not in {log}");
        }
        rig.start_scheduler(&[]);
    }
    rig.scheduler().wait_exit(SOON).unwrap();
    rig.start_scheduler(&[&format!("--new-framework={removed}")]);
    rig.wait("the new subscription", || {
        let id = rig.framework_id();
        (!id.is_empty() && id != removed).then_some(())
    });
    rig.wait("the report of the lost members", || {
        rig.get("/report").1.contains("etcd-1-0").then_some(())
    });
    assert_eq!(rig.stats("launched_servers"), 0, "no second, empty cluster");
    assert_eq!(rig.json("/report?format=json")["phase"]["name"], "formed");
}

/// A scheduler is killed at moments all over its first second and a half; whatever it had stored
/// or sent by then, its successor ends up with one cluster, and nothing else runs.
#[test]
fn a_scheduler_killed_during_the_formation_leaves_one_cluster() {
    for after_ms in [15, 40, 80, 250, 500, 700, 900, 1200] {
        let mut rig = Rig::with_scheduler(Cluster::builder());
        // Not a wait for anything: the moment of death is what is tried.
        std::thread::sleep(Duration::from_millis(after_ms));
        rig.scheduler().kill();
        rig.start_scheduler(&[]);
        let members = rig.wait_formed();
        rig.wait("nothing but the members", || (rig.etcd_pids().len() == 3).then_some(()));
        let names: Vec<String> = rig.etcd_pids().into_keys().collect();
        let told: Vec<String> = members.into_iter().map(|member| member.name).collect();
        assert_eq!(names, told, "killed after {after_ms} ms");
    }
}

/// Two schedulers of one framework, as a store without a lock would allow: the newer one leads,
/// and the older one, which was paused meanwhile, does nothing more and says why.
#[test]
fn a_paused_scheduler_finds_itself_deposed() {
    let mut rig = Rig::with_scheduler(Cluster::builder());
    let members = rig.wait_formed();
    let pids = rig.etcd_pids();
    let old = rig.scheduler.take().unwrap();
    old.signal(Signal::SIGSTOP);
    let copy = rig.dir().join("copy.state");
    std::fs::copy(rig.dir().join("test.state"), &copy).unwrap();
    // The paused one still holds its ports.
    rig.address = rig.mesos.scheduler_ip(2);
    rig.start_scheduler(&[&format!("-state-file={}", copy.display())]);
    rig.wait("the new scheduler's members", || (rig.members() == members).then_some(()));
    rig.wait("the tasks to be known", || (rig.stats("running_servers") == 3).then_some(()));
    old.signal(Signal::SIGCONT);
    let status = old.wait_exit(SOON).unwrap();
    assert_eq!(status.code(), Some(75), "{}", old.log_tail());
    assert!(old.log().contains("another scheduler has subscribed"), "{}", old.log_tail());
    assert_eq!(rig.etcd_pids(), pids);
    assert_eq!(rig.stats("launched_servers"), 0);
    assert!(rig.scheduler().exit_status().is_none(), "the new one leads on");
}

/// An executor that is killed takes its etcd with it; the cluster serves on, and the report says
/// what is missing.
#[test]
fn an_executor_that_is_killed_leaves_no_orphan() {
    let rig = Rig::with_scheduler(Cluster::builder());
    let members = rig.wait_formed();
    let executors = find_program_inside("etcd-mesos-executor", rig.mesos.dir());
    let etcds: Vec<u32> = rig.etcd_pids().into_values().collect();
    send_signal(executors[0].pid, Signal::SIGKILL);
    rig.wait("its etcd to end", || (rig.etcd_pids().len() == 2).then_some(()));
    assert!(rig.etcd_pids().values().all(|pid| etcds.contains(pid)), "no other was started");
    rig.wait("the report to name the task that ended", || {
        let report = rig.get("/report").1;
        let words = ["TROUBLE  member", "its task has ended", "needs a replacement"];
        words.iter().all(|word| report.contains(word)).then_some(())
    });
    client_tasks::both_ended(&rig, 1, 1);
    rig.wait("health by the other two", || {
        let (status, text) = rig.get("/healthz?cluster");
        (status == 200 && text.contains("degraded")).then_some(())
    });
    assert_eq!(rig.members(), members, "told of until it is removed");
    assert_eq!((rig.stats("running_servers"), rig.stats("failed_servers")), (2, 1));
}
