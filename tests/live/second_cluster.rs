//! No second cluster: whatever becomes of the state file, a cluster that lives stays the only one.

use etcd_mesos_testkit::mesos::Cluster;

use crate::other_scheduler::Scheduler;
use crate::rig::{Rig, SOON, Stage};

fn state(rig: &Rig) -> std::path::PathBuf {
    rig.dir().join("test.state")
}

/// Waits for words in the report, and for the time in which a cluster would have been formed.
fn refuses(rig: &Rig, words: &[&str]) {
    rig.wait("the report to say why nothing is formed", || {
        let report = rig.get("/report").1;
        words.iter().all(|word| report.contains(word)).then_some(())
    });
    assert_eq!(rig.stats("launched_servers"), 0);
    assert!(rig.members().is_empty());
}

#[test]
fn a_state_file_that_is_deleted_forms_no_second_cluster() {
    let mut rig = Rig::with_scheduler(Cluster::builder().agents(5));
    let (members, pids) = (rig.wait_formed(), rig.etcd_pids());
    let framework = rig.framework_id();
    rig.scheduler().kill();
    let kept = rig.dir().join("kept.state");
    std::fs::rename(state(&rig), &kept).unwrap();
    rig.start_scheduler(&[]);
    refuses(&rig, &["TROUBLE", &framework, "a cluster exists already", "--state-file"]);
    assert_eq!(rig.etcd_pids(), pids);
    rig.scheduler().kill();
    std::fs::rename(&kept, state(&rig)).unwrap();
    rig.start_scheduler(&[]);
    rig.wait("the members, with the state file back", || {
        (rig.members() == members && rig.stats("running_servers") == 3).then_some(())
    });
    assert_eq!(rig.etcd_pids(), pids);
}

#[test]
fn a_state_file_that_is_rolled_back_forms_no_second_cluster() {
    let mut rig = Rig::new(Cluster::builder().agents(5));
    for n in 3..=5 {
        rig.mesos.kill_agent(n).unwrap();
    }
    rig.mesos.wait_agents(2, SOON).unwrap();
    rig.start_scheduler(&[]);
    rig.wait("the lack of agents to be reported", || {
        rig.get("/report").1.contains("the offers of 2 serve").then_some(())
    });
    let old = rig.dir().join("old.state");
    std::fs::copy(state(&rig), &old).unwrap();
    for n in 3..=5 {
        rig.mesos.start_agent(n).unwrap();
    }
    rig.wait_formed();
    let pids = rig.etcd_pids();
    rig.scheduler().kill();
    std::fs::copy(&old, state(&rig)).unwrap();
    rig.start_scheduler(&[]);
    refuses(&rig, &["TROUBLE", "rolled back", "--state-file"]);
    assert_eq!(rig.etcd_pids(), pids, "nothing was started and nothing was ended");
}

#[test]
fn a_cluster_of_the_predecessors_is_left_alone() {
    let mut rig = Rig::new(Cluster::builder().agents(5));
    let predecessor = Scheduler::subscribe(&rig.mesos, "test");
    predecessor.launch(&rig.mesos, "etcd-1447 127.0.0.1 31000 31001 31002", "sleep 1000", &[]);
    rig.wait("the predecessor's task", || {
        let tasks = rig.mesos.tasks(predecessor.framework_id()).ok()?;
        (tasks.len() == 1).then_some(())
    });
    rig.start_scheduler(&[]);
    refuses(&rig, &["TROUBLE", predecessor.framework_id(), "predecessor", "--framework-name"]);
    assert_eq!(rig.mesos.tasks(predecessor.framework_id()).unwrap().len(), 1, "nothing is killed");
}
