//! SIGTERM to the scheduler: it goes, and the cluster stays.

use std::thread;
use std::time::{Duration, Instant};

use super::figure::Sample;
use super::scene::{KEY, Scene};
use crate::failure::{Outcome, ensure};
use crate::gateway;

const DEADLINE: Duration = Duration::from_secs(10);
/// Had it torn its framework down, Mesos would have killed the members by then.
const AFTERMATH: Duration = Duration::from_secs(2);

/// Ends the scheduler, and looks at what it leaves.
pub fn measure(scene: &mut Scene<'_>) -> Outcome<Vec<Sample>> {
    let report = scene.settle()?;
    let before = scene.etcd_pids()?;
    let asked = Instant::now();
    scene.deployment.terminate_scheduler()?;
    let status = scene.deployment.scheduler()?.wait_exit(DEADLINE)?;
    let took = asked.elapsed();
    ensure(status.success(), || format!("the scheduler was asked to end, and ended: {status}"))?;
    thread::sleep(AFTERMATH);
    for member in &report.members {
        scene.ensure_same(member, &gateway::wait_served(&member.client_url, KEY, DEADLINE)?)?;
    }
    let now = scene.etcd_pids()?;
    let lost = before.iter().filter(|(name, pid)| now.get(*name) != Some(pid)).count() as u64;
    Ok(vec![
        Sample::seconds("scheduler asked to end: its end", took, None, ""),
        Sample::none_of("scheduler asked to end: other etcd processes", lost, ""),
    ])
}
