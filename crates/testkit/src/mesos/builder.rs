use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::net::{AGENTS_MAX, MASTERS_MAX};
use crate::HarnessError;

pub(super) type Env = Vec<(String, String)>;

/// What a [`Cluster`] consists of. Agents and masters are numbered from 1.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    pub(super) agents: usize,
    pub(super) masters: usize,
    pub(super) zookeeper: Option<String>,
    pub(super) master_zookeeper: BTreeMap<usize, String>,
    pub(super) tls: bool,
    pub(super) resources: String,
    pub(super) ports: BTreeMap<usize, String>,
    pub(super) env: Env,
    pub(super) agent_env: BTreeMap<usize, Env>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            agents: 3,
            masters: 1,
            zookeeper: None,
            master_zookeeper: BTreeMap::new(),
            tls: false,
            resources: "cpus:4;mem:4096;disk:8192".to_owned(),
            ports: BTreeMap::new(),
            env: Env::new(),
            agent_env: BTreeMap::new(),
        }
    }

    /// How many agents; 3 if not said.
    pub fn agents(mut self, count: usize) -> Self {
        self.agents = count;
        self
    }

    /// How many masters; 1 if not said. More than one need [`Builder::zookeeper`].
    pub fn masters(mut self, count: usize) -> Self {
        self.masters = count;
        self
    }

    /// The running ZooKeeper, as `host:port/path`, by which masters are elected and found.
    pub fn zookeeper(mut self, place: &str) -> Self {
        self.zookeeper = Some(place.to_owned());
        self
    }

    /// Where master `n` finds that ZooKeeper: through a proxy, for example, by which it can be cut off from it.
    pub fn master_zookeeper(mut self, n: usize, place: &str) -> Self {
        self.master_zookeeper.insert(n, place.to_owned());
        self
    }

    /// Masters and agents speak TLS, with certificates for their addresses; masters take nothing in plain.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// A variable for every master and agent, in Mesos's own words, such as `MESOS_ALLOCATION_INTERVAL`.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable for agent `n` alone, also seen by its executors if it is none of Mesos's.
    ///
    /// `MESOS_EXECUTOR_REGISTRATION_TIMEOUT=5secs` makes it give up early on executors that do not register,
    /// `MESOS_RESOURCES` and `MESOS_ATTRIBUTES` replace what it has.
    pub fn agent_env(mut self, n: usize, name: &str, value: &str) -> Self {
        self.agent_env.entry(n).or_default().push((name.to_owned(), value.to_owned()));
        self
    }

    /// What each agent has beside its ports; `cpus:4;mem:4096;disk:8192` if not said.
    pub fn agent_resources(mut self, resources: &str) -> Self {
        self.resources = resources.to_owned();
        self
    }

    /// The ports of agent `n`, such as `[1026-1028],[1038-2180]`, in place of its own 32.
    ///
    /// Other clusters may offer the same ones, and then only the agents' different addresses part them.
    pub fn agent_ports(mut self, n: usize, ranges: &str) -> Self {
        self.ports.insert(n, ranges.to_owned());
        self
    }

    /// Starts everything and waits until a master leads and every agent is registered with it.
    pub fn start(self) -> Result<Cluster, HarnessError> {
        self.check()?;
        Cluster::start(&self)
    }

    fn check(&self) -> Result<(), HarnessError> {
        let usage = |text: String| Err(HarnessError::Usage(text));
        if self.agents > AGENTS_MAX {
            return usage(format!("{} agents: at most {AGENTS_MAX} have ports", self.agents));
        }
        if !(1..=MASTERS_MAX).contains(&self.masters) {
            return usage(format!("{} masters: 1 to {MASTERS_MAX} are possible", self.masters));
        }
        if self.masters > 1 && self.zookeeper.is_none() {
            return usage("several masters need a ZooKeeper; say `.zookeeper(…)`".to_owned());
        }
        match self
            .ports
            .keys()
            .chain(self.agent_env.keys())
            .find(|n| !(1..=self.agents).contains(n))
        {
            Some(n) => usage(format!("there is no agent {n}, only 1 to {}", self.agents)),
            None => Ok(()),
        }
    }
}
