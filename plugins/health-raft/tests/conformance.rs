//! The policy holds to the contract of `HealthPolicy`.

use etcd_mesos_health_raft::RaftPolicy;
use etcd_mesos_testkit::conformance;

#[test]
fn the_policy_conforms() {
    conformance::health::suite(&RaftPolicy::default()).assert();
}
