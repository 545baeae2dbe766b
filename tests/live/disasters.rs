//! What ends a scheduler, and what must not end a cluster.

use etcd_mesos_testkit::mesos::Cluster;

use crate::rig::{Rig, SOON};

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
    rig.start_scheduler(&["--new-framework"]);
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
