//! A cluster with nothing to do: how much memory it holds, and whether Mesos still sends offers.

use std::thread;
use std::time::Duration;

use etcd_mesos_testkit::processes::rss_kib;

use super::figure::{Sample, Unit};
use super::scene::Scene;
use crate::failure::{Failure, Outcome, ensure};
use crate::sandbox::executor_in;

const REST: Duration = Duration::from_secs(10);
/// Mesos would make some 200 rounds of offers in this time.
const WATCH: Duration = Duration::from_secs(20);

/// The resident memory of the scheduler, and of the executor that holds most.
pub fn measure_memory(scene: &mut Scene<'_>) -> Outcome<Vec<Sample>> {
    thread::sleep(REST);
    let scheduler = megabytes(scene.deployment.scheduler()?.pid())?;
    let mut executors = Vec::new();
    for name in scene.etcd_pids()?.keys() {
        let pid = executor_in(scene.sandbox(name)?);
        executors
            .push(megabytes(pid.ok_or_else(|| Failure::new(format!("{name} has no executor")))?)?);
    }
    let most = executors.into_iter().fold(0.0, f64::max);
    Ok(vec![
        memory("scheduler idle: resident memory", scheduler, 20.0, "15-21 MB"),
        memory("executor idle: resident memory", most, 8.0, "11.3 MB"),
    ])
}

fn memory(name: &str, value: f64, must: f64, go: &'static str) -> Sample {
    Sample { name: name.to_owned(), value, unit: Unit::Megabytes, must: Some(must), go }
}

fn megabytes(pid: u32) -> Outcome<f64> {
    let kib = rss_kib(pid).ok_or_else(|| Failure::new(format!("process {pid} has ended")))?;
    Ok(kib as f64 * 1024.0 / 1e6)
}

/// The messages with offers that the master sends while nothing happens.
pub fn measure_offers(scene: &mut Scene<'_>) -> Outcome<Vec<Sample>> {
    let report = scene.settle()?;
    let sent = || scene.deployment.framework_metric(&report.framework_id, "events/offers");
    let before = sent()?;
    thread::sleep(WATCH);
    let sent = sent()?.saturating_sub(before);
    let held = scene.deployment.mesos.offers()?.len();
    ensure(held == 0, || format!("the framework holds {held} offers"))?;
    Ok(vec![Sample::none_of("offers in 20 idle seconds", sent, "held 5 s, declined, for ever")])
}
