//! Genuine Mesos: a master with a registry on disk, and two agents.

use std::path::PathBuf;

use etcd_mesos_testkit::HarnessError;
use etcd_mesos_testkit::mesos::Cluster;

use crate::place::{AGENTS, CPUS, DISK, MEM, PING, PINGS, PORTS, Place, SOON};

pub struct Genuine {
    cluster: Cluster,
    agents: Vec<(String, String)>,
}

impl Genuine {
    pub fn start() -> Genuine {
        let (begin, end) = PORTS;
        let mut builder = Cluster::builder()
            .agents(AGENTS)
            .agent_resources(&format!("cpus:{CPUS};mem:{MEM};disk:{DISK}"))
            // A registry in memory would not know, after a failover, which agents there were.
            .env("MESOS_REGISTRY", "replicated_log")
            .env("MESOS_AGENT_PING_TIMEOUT", &format!("{}secs", PING.as_secs()))
            .env("MESOS_MAX_AGENT_PING_TIMEOUTS", &PINGS.to_string());
        for n in 1..=AGENTS {
            // The local one has no attributes.
            builder = builder.agent_ports(n, &format!("[{begin}-{end}]"));
            builder = builder.agent_env(n, "MESOS_ATTRIBUTES", "");
        }
        let cluster = builder.start().unwrap();
        let agent = |n| {
            let agent = cluster.agent(n).unwrap().unwrap();
            let at = format!("{}:{}", cluster.agent_ip(n), agent["port"]);
            (at, agent["id"].as_str().unwrap().to_owned())
        };
        let agents = (1..=AGENTS).map(agent).collect();
        Genuine { cluster, agents }
    }

    fn running(&self) -> usize {
        (1..=AGENTS).filter(|n| self.cluster.agent_pid(*n).is_ok()).count()
    }
}

fn words(error: HarnessError) -> String {
    error.to_string()
}

impl Place for Genuine {
    fn master(&self) -> String {
        self.cluster.master_addr()
    }

    fn agent(&self, n: usize) -> String {
        self.agents[n - 1].0.clone()
    }

    fn agent_id(&self, n: usize) -> String {
        self.agents[n - 1].1.clone()
    }

    fn work_dir(&self, n: usize) -> PathBuf {
        self.cluster.dir().join(format!("agent-{n}/agents/0/work"))
    }

    fn kill_agent(&mut self, n: usize) -> Result<(), String> {
        self.cluster.kill_agent(n).map_err(words)
    }

    fn start_agent(&mut self, n: usize) -> Result<(), String> {
        self.cluster.start_agent(n).map_err(words)
    }

    fn fail_over(&mut self) -> Result<(), String> {
        self.cluster.kill_master(1).map_err(words)?;
        self.cluster.start_master(1).map_err(words)?;
        // Agents notice only by the lack of pings.
        self.cluster.wait_agents(self.running(), SOON).map_err(words)
    }

    fn mend(&mut self) -> Result<(), String> {
        for n in 1..=AGENTS {
            if self.cluster.agent_pid(n).is_err() {
                self.start_agent(n)?;
            }
        }
        self.cluster.wait_agents(AGENTS, SOON).map_err(words)
    }
}
