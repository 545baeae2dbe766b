//! Gathers what the screen shows.

use crate::demo::deed;
use crate::demo::scene::{Role, Scene};
use crate::demo::stage::{NAME, Stage, Victim};
use crate::demo::watch::Watch;
use crate::teller::Teller;

/// Everything as it is now.
pub fn scene(stage: &dyn Stage, watch: &Watch, teller: &Teller) -> Scene {
    let members = watch.members(stage);
    let report = watch.report();
    // Where a follower runs there is something to see, and the least to lose.
    let victim = members.iter().find(|member| member.role == Some(Role::Follower));
    let victim = victim.map(|member| Victim {
        agent: member.agent.clone(),
        may_be_lost: deed::may_lose_one(&members),
    });
    let mut deeds = deed::to_members(&members);
    deeds.extend(stage.deeds(victim.as_ref()));
    Scene {
        framework: NAME.to_owned(),
        elapsed: teller.elapsed(),
        mesos: stage.mesos(),
        master_url: stage.master_url(),
        scheduler_pid: stage.scheduler_pid(),
        report_url: stage.admin().url("/report"),
        verdict: report.map(|report| report.verdict.clone()).unwrap_or_default(),
        because: report.map(|report| report.because.clone()).unwrap_or_default(),
        concerns: report.map(|report| report.concerns.clone()).unwrap_or_default(),
        agents: stage.agents(),
        etcdctl: etcdctl(stage),
        members,
        deeds,
        events: Default::default(),
    }
}

/// By its name where that is enough.
pub fn etcdctl(stage: &dyn Stage) -> String {
    let found = stage.etcdctl();
    let is_on_path = std::env::var_os("ETCD_MESOS_ETCD").is_none();
    let name = found.file_name().filter(|_| is_on_path).map_or(found, |name| name.as_ref());
    name.display().to_string()
}
