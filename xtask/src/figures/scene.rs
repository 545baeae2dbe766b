//! A cluster that is complete, between two scenarios.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use etcd_mesos_testkit::wait::wait_for;
use serde_json::Value;

use crate::admin::{Member, Report};
use crate::deployment::Deployment;
use crate::failure::{Failure, Outcome, ensure};
use crate::flags::SIZE;
use crate::gateway::{self, Answer};
use crate::sandbox::etcd_in;

/// The key that every run writes, and that every member must still have after whatever happens to it.
pub const KEY: &str = "figures/before";
const SOON: Duration = Duration::from_secs(30);
/// For what may be a matter of milliseconds.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A complete cluster, and what must stay as it is.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Mesos and the scheduler.
    pub deployment: &'a mut Deployment,
    /// Since when it is complete.
    pub formed: Instant,
    members: Value,
    sandboxes: BTreeMap<String, PathBuf>,
    answers: BTreeMap<String, Answer>,
}

impl<'a> Scene<'a> {
    /// Waits until the cluster is complete, writes the key, and notes how things are.
    pub fn open(deployment: &'a mut Deployment) -> Outcome<Self> {
        let report = wait_complete(deployment)?;
        let url = |member: &Member| member.client_url.clone();
        gateway::put(&url(&report.members[0]), KEY, &report.framework_id)?;
        let mut sandboxes = BTreeMap::new();
        let mut answers = BTreeMap::new();
        for member in &report.members {
            sandboxes.insert(member.name.clone(), deployment.sandbox_of(member)?);
            answers.insert(member.name.clone(), gateway::wait_served(&url(member), KEY, SOON)?);
        }
        let members = deployment.admin().members()?;
        Ok(Self { deployment, formed: Instant::now(), members, sandboxes, answers })
    }

    /// Waits until the cluster is complete again, and for everybody to be as before.
    pub fn settle(&self) -> Outcome<Report> {
        let report = wait_complete(self.deployment)?;
        for member in &report.members {
            self.ensure_same(member, &gateway::wait_served(&member.client_url, KEY, SOON)?)?;
        }
        self.ensure_same_list()?;
        Ok(report)
    }

    /// The process of each member's etcd.
    pub fn etcd_pids(&self) -> Outcome<BTreeMap<String, u32>> {
        self.sandboxes.keys().map(|name| Ok((name.clone(), self.etcd_pid(name)?))).collect()
    }

    /// The process of one member's etcd.
    pub fn etcd_pid(&self, name: &str) -> Outcome<u32> {
        etcd_in(self.sandbox(name)?).ok_or_else(|| Failure::new(format!("{name} has no etcd")))
    }

    /// The sandbox that a member has had since it was formed.
    pub fn sandbox(&self, name: &str) -> Outcome<&PathBuf> {
        let unknown = || Failure::new(format!("{name} was not there when the cluster was formed"));
        self.sandboxes.get(name).ok_or_else(unknown)
    }

    /// Refuses another member, another cluster or other data than before.
    pub fn ensure_same(&self, member: &Member, now: &Answer) -> Outcome<()> {
        let before = self.answers.get(&member.name);
        ensure(before == Some(now), || format!("{} was {before:?} and is {now:?}", member.name))
    }

    /// Refuses another member list.
    pub fn ensure_same_list(&self) -> Outcome<()> {
        let (before, now) = (&self.members, self.deployment.admin().members()?);
        ensure(before == &now, || format!("/members was {before} and is {now}"))
    }

    /// Whether the scheduler's member list is what it was; not while the scheduler does not answer.
    pub fn has_same_list(&self) -> bool {
        self.deployment.admin().members().is_ok_and(|now| now == self.members)
    }
}

/// Waits until all members run and serve.
fn wait_complete(deployment: &Deployment) -> Outcome<Report> {
    let complete = || deployment.admin().report().ok().filter(|report| report.is_complete(SIZE));
    Ok(wait_for("a complete cluster", SOON, complete)?)
}

/// Looks again and again, and says how long after `begun` the answer came, and which.
pub fn time_until<T>(
    what: &str,
    begun: Instant,
    mut probe: impl FnMut() -> Option<T>,
) -> Outcome<(Duration, T)> {
    loop {
        if let Some(answer) = probe() {
            return Ok((begun.elapsed(), answer));
        }
        ensure(begun.elapsed() < SOON, || format!("waited {SOON:?} in vain for {what}"))?;
        thread::sleep(LOOK_EVERY);
    }
}
