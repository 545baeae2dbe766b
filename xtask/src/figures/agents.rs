//! An agent's daemon is killed and comes back: etcd runs on, and nobody launches anything.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use super::figure::Sample;
use super::scene::{KEY, Scene};
use crate::failure::{Failure, Outcome};
use crate::flags::AGENTS;
use crate::gateway;

/// An agent that is back destroys the containers of executors that do not register with it within 2 s.
const AFTERMATH: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_secs(30);

/// Keeps the leader's agent away for so long.
pub fn measure(scene: &mut Scene<'_>, away: Duration) -> Outcome<Vec<Sample>> {
    let report = scene.settle()?;
    let member = report.leader().ok_or_else(|| Failure::new("there is no leader"))?;
    let n = scene.deployment.agent_of(member)?;
    let (pids, before) = (scene.etcd_pids()?, launches(scene, &report.framework_id)?);

    let mesos = &scene.deployment.mesos;
    mesos.kill_agent(n)?;
    thread::sleep(away);
    scene.ensure_same(member, &gateway::wait_served(&member.client_url, KEY, SOON)?)?;
    mesos.start_agent(n)?;
    mesos.wait_agents(AGENTS, SOON)?;
    thread::sleep(AFTERMATH);

    scene.settle()?;
    let changed = changes(&pids, &scene.etcd_pids()?);
    let launched = launches(scene, &report.framework_id)?.abs_diff(before);
    let name = |what: &str| format!("agent away {} s: {what}", away.as_secs());
    Ok(vec![
        Sample::none_of(&name("other etcd processes"), changed, "same etcd"),
        Sample::none_of(&name("tasks launched"), launched, ""),
    ])
}

/// The scheduler's count of launches, and the master's, which hears of them.
fn launches(scene: &Scene<'_>, framework_id: &str) -> Outcome<u64> {
    let heard = scene.deployment.framework_metric(framework_id, "operations/launch")?;
    Ok(heard + scene.deployment.admin().stat("launched_servers")?)
}

fn changes(before: &BTreeMap<String, u32>, now: &BTreeMap<String, u32>) -> u64 {
    before.iter().filter(|(name, pid)| now.get(*name) != Some(pid)).count() as u64
}
