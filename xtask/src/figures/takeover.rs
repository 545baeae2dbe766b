//! `kill -9` of the scheduler: the next one takes the cluster over, and etcd does not notice.

use super::figure::Sample;
use super::scene::{Scene, time_until};
use crate::failure::{Outcome, ensure};
use crate::flags::SIZE;

/// Kills the scheduler, starts another on the same state file, and measures until it knows everything again.
pub fn measure(scene: &mut Scene<'_>) -> Outcome<Vec<Sample>> {
    let before = scene.etcd_pids()?;
    scene.deployment.scheduler()?.kill();
    let begun = scene.deployment.start_scheduler()?;
    let (listed, ()) =
        time_until("/members as before", begun, || scene.has_same_list().then_some(()))?;
    let admin = scene.deployment.admin();
    let is_known = || admin.report().is_ok_and(|report| report.is_complete(SIZE)).then_some(());
    let (known, ()) = time_until("a complete report", begun, is_known)?;
    scene.settle()?;
    let now = scene.etcd_pids()?;
    ensure(now == before, || format!("the etcd processes were {before:?} and are {now:?}"))?;
    Ok(vec![
        Sample::seconds("scheduler restart: /members complete", listed, Some(1.0), "1.37 s"),
        Sample::seconds("scheduler restart: all reconciled and probed", known, Some(1.0), ""),
    ])
}
