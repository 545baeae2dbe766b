//! What a local Mesos is given, and where its parts listen.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use etcd_mesos_core::offer::Milli;
use etcd_mesos_model::{AGENT_PATIENCE, AgentSettings, Holding};

/// A share of the loopback network: 127.A.B.0/24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(u8, u8);

/// As many agents as have addresses.
pub const AGENTS_MAX: usize = 200;
const MASTER_PORT: u16 = 5050;
const AGENT_PORT: u16 = 5051;
/// Agents' addresses come after this one's last number.
const BEFORE_AGENTS: usize = 10;

impl Network {
    /// 127.A.B.0/24 of these two numbers.
    pub const fn new(a: u8, b: u8) -> Network {
        Network(a, b)
    }

    /// Where the master listens.
    pub fn master(self) -> SocketAddr {
        SocketAddr::new(self.address(1), MASTER_PORT)
    }

    pub(crate) fn agent(self, agent: usize) -> SocketAddr {
        SocketAddr::new(self.address(BEFORE_AGENTS + 1 + agent), AGENT_PORT)
    }

    fn address(self, last: usize) -> IpAddr {
        let last = u8::try_from(last).unwrap_or(u8::MAX);
        IpAddr::V4(Ipv4Addr::new(127, self.0, self.1, last))
    }
}

/// What a local Mesos is given.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many agents there are, at most [`AGENTS_MAX`].
    pub agents: usize,
    /// Where they listen.
    pub network: Network,
    /// The directory of sandboxes. Where it is not there before, it is removed at the end.
    pub work_dir: PathBuf,
    /// What each agent has.
    pub resources: Holding,
    /// How long the master waits for an agent that does not answer.
    pub patience: Duration,
}

impl Settings {
    /// So many agents, each with what a member of the default size and its executor need.
    pub fn new(agents: usize, network: Network, work_dir: PathBuf) -> Settings {
        let whole = Milli::whole;
        let resources = Holding::new(whole(4), whole(8192), whole(16_384), &[(31_000, 32_000)]);
        Settings { agents, network, work_dir, resources, patience: AGENT_PATIENCE }
    }

    pub(crate) fn agent_settings(&self) -> Vec<AgentSettings> {
        let agent = |n| {
            let ip = self.network.agent(n).ip();
            AgentSettings { hostname: ip.to_string(), ip, resources: self.resources.clone() }
        };
        (0..self.agents).map(agent).collect()
    }
}
