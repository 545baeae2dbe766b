use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::builder::{Builder, Env};
use super::daemon::Daemon;
use super::janitor::Janitor;
use super::net::Net;
use super::tls::Tls;
use super::{install, leftovers};
use crate::error::Doing;
use crate::tls::{Authority, Client};
use crate::{HarnessError, wait};

/// One second is usual; two busy cores may need more.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// A running Mesos cluster. Dropping it ends every daemon and every container, and removes its directory.
///
/// Its directory with the logs and the sandboxes stays, and is named on standard error, when the test panics or
/// when `ETCD_MESOS_KEEP` is set.
#[derive(Debug)]
pub struct Cluster {
    net: Net,
    dir: PathBuf,
    masters: Vec<Daemon>,
    agents: Vec<Daemon>,
    tls: Option<Tls>,
    /// Is dropped, and so dismissed, after the cluster has been ended.
    _janitor: Janitor,
}

impl Cluster {
    /// Three agents and one master, unless told otherwise.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn start(wanted: &Builder) -> Result<Self, HarnessError> {
        let libexec = install::libexec()?;
        let mut net = Net::claim()?;
        let dir = make_dir()?;
        net.set_dir(&dir)?;
        let _janitor = Janitor::hire(&dir)?;
        let tls = wanted.tls.then(|| Tls::new(wanted, &net, &dir)).transpose()?;
        let secured = |daemon: Daemon, env: fn(&Tls) -> Env| match &tls {
            Some(tls) => daemon.with(&env(tls)),
            None => daemon,
        };
        let master = |n| secured(Daemon::master(wanted, &net, &libexec, &dir, n), Tls::of_master);
        let agent = |n| secured(Daemon::agent(wanted, &net, &libexec, &dir, n), Tls::of_agent);
        let masters = (1..=wanted.masters).map(master).collect();
        let agents = (1..=wanted.agents).map(agent).collect();
        let cluster = Self { net, dir, masters, agents, tls, _janitor };
        for daemon in cluster.daemons() {
            daemon.start()?;
        }
        cluster.wait_agents(wanted.agents, START_DEADLINE)?;
        Ok(cluster)
    }

    /// Waits until this many agents are registered and active.
    pub fn wait_agents(&self, count: usize, deadline: Duration) -> Result<(), HarnessError> {
        let what = format!("{count} active agents");
        let is_there = || (self.active_agents().ok()? == count).then_some(());
        self.wait_for(&what, deadline, is_there)
    }

    /// Waits for `probe` to answer as long as all daemons run that the test has not killed.
    ///
    /// The error names `what`, and shows the ends of the logs.
    pub fn wait_for<T>(
        &self,
        what: &str,
        deadline: Duration,
        mut probe: impl FnMut() -> Option<T>,
    ) -> Result<T, HarnessError> {
        let answer = || match probe() {
            Some(answer) => Some(Ok(answer)),
            None => self.daemons().find_map(|daemon| daemon.check().err()).map(Err),
        };
        wait::wait_or(what, deadline, answer, || self.daemons().map(Daemon::evidence).collect())?
    }

    /// The directory of everything; the logs are `master-N.log` and `agent-N.log` in it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `http://ip:port` or, with TLS, `https://ip:port` of the first master.
    pub fn master_url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.master_addr())
    }

    /// The authority of a cluster with TLS.
    pub fn authority(&self) -> Result<&Authority, HarnessError> {
        let none = || HarnessError::Usage("this cluster speaks no TLS; say `.tls()`".to_owned());
        Ok(&self.tls.as_ref().ok_or_else(none)?.authority)
    }

    pub(super) fn tls_client(&self) -> Option<&Client> {
        self.tls.as_ref().map(|tls| &tls.client)
    }

    /// `ip:port` of the first master.
    pub fn master_addr(&self) -> String {
        address(&self.masters[0])
    }

    /// `ip:port` of each master.
    pub fn masters(&self) -> Vec<String> {
        self.masters.iter().map(address).collect()
    }

    /// How many agents were asked for, running or not.
    pub fn agent_count(&self) -> usize {
        self.agents.len()
    }

    /// The address of agent `n`, which is its hostname too.
    pub fn agent_ip(&self, n: usize) -> String {
        self.net.agent_ip(n)
    }

    /// The ports that agent `n` offers if the builder named no others.
    pub fn agent_ports(&self, n: usize) -> RangeInclusive<u16> {
        self.net.agent_ports(n)
    }

    /// A port that nothing on this machine uses but who asks for it here; `n` counts from 1 to 8.
    pub fn spare_port(&self, n: u16) -> u16 {
        self.net.spare_port(n)
    }

    /// An address of the cluster's network for scheduler `n`, 1 to 50: every port is free there.
    pub fn scheduler_ip(&self, n: usize) -> String {
        self.net.scheduler_ip(n)
    }

    /// Kills agent `n` at once. What its containers run goes on.
    pub fn kill_agent(&self, n: usize) -> Result<(), HarnessError> {
        self.agent_daemon(n)?.kill()
    }

    /// Starts agent `n` again with the state it had.
    pub fn start_agent(&self, n: usize) -> Result<(), HarnessError> {
        self.agent_daemon(n)?.start()
    }

    /// Stops agent `n` in its tracks (SIGSTOP): to the others it is a machine that has gone silent.
    pub fn stop_agent(&self, n: usize) -> Result<(), HarnessError> {
        self.agent_daemon(n)?.signal(Signal::SIGSTOP)
    }

    /// Lets agent `n` go on (SIGCONT).
    pub fn cont_agent(&self, n: usize) -> Result<(), HarnessError> {
        self.agent_daemon(n)?.signal(Signal::SIGCONT)
    }

    /// The process id of agent `n`; the first processes of its containers are its children.
    pub fn agent_pid(&self, n: usize) -> Result<u32, HarnessError> {
        self.agent_daemon(n)?.pid()
    }

    /// Kills all that the containers of agent `n` run, and the agent: the machine is gone.
    pub fn kill_machine(&self, n: usize) -> Result<(), HarnessError> {
        let agent = self.agent_daemon(n)?;
        agent.end();
        crate::processes::kill_inside(&agent.home)
    }

    /// Starts agent `n` again as a new one, without the state it had.
    pub fn start_agent_anew(&self, n: usize) -> Result<(), HarnessError> {
        let agent = self.agent_daemon(n)?;
        agent.end();
        leftovers::clear(&agent.home)?;
        agent.start()
    }

    /// Kills master `n` at once.
    pub fn kill_master(&self, n: usize) -> Result<(), HarnessError> {
        self.master_daemon(n)?.kill()
    }

    /// Waits until master `n` has ended by itself, as one does that has lost its leadership.
    pub fn wait_master_end(&self, n: usize, deadline: Duration) -> Result<(), HarnessError> {
        let master = self.master_daemon(n)?;
        let has_ended = || master.has_ended().then_some(());
        wait::wait_or(&format!("master {n} to end"), deadline, has_ended, || master.evidence())
    }

    /// Starts master `n` again. Its registry is in memory, so it knows nobody until they come back.
    ///
    /// Without ZooKeeper an agent notices a new master only by the lack of pings: 75 s after the last, or
    /// `MESOS_AGENT_PING_TIMEOUT` times `MESOS_MAX_AGENT_PING_TIMEOUTS`.
    pub fn start_master(&self, n: usize) -> Result<(), HarnessError> {
        self.master_daemon(n)?.start()
    }

    /// Stops master `n` in its tracks (SIGSTOP).
    pub fn stop_master(&self, n: usize) -> Result<(), HarnessError> {
        self.master_daemon(n)?.signal(Signal::SIGSTOP)
    }

    /// Lets master `n` go on (SIGCONT).
    pub fn cont_master(&self, n: usize) -> Result<(), HarnessError> {
        self.master_daemon(n)?.signal(Signal::SIGCONT)
    }

    /// The log of agent `n`.
    pub fn agent_log(&self, n: usize) -> Result<String, HarnessError> {
        Ok(self.agent_daemon(n)?.log())
    }

    /// The log of master `n`.
    pub fn master_log(&self, n: usize) -> Result<String, HarnessError> {
        Ok(self.master_daemon(n)?.log())
    }

    /// Makes agent `n` wait this long before it fetches each URI of the executors that it starts from now on.
    pub fn set_fetch_delay(&self, n: usize, delay: Duration) -> Result<(), HarnessError> {
        let file = self.agent_work_dir(n)?.join("fetch-delay-ms");
        fs::write(&file, delay.as_millis().to_string())
            .doing(|| format!("write {}", file.display()))
    }

    pub(super) fn agent_work_dir(&self, n: usize) -> Result<PathBuf, HarnessError> {
        Ok(self.agent_daemon(n)?.agent_work_dir())
    }

    fn agent_daemon(&self, n: usize) -> Result<&Daemon, HarnessError> {
        nth(&self.agents, n, "agent")
    }

    fn master_daemon(&self, n: usize) -> Result<&Daemon, HarnessError> {
        nth(&self.masters, n, "master")
    }

    fn daemons(&self) -> impl Iterator<Item = &Daemon> {
        self.masters.iter().chain(&self.agents)
    }

    fn end(&mut self) -> Result<(), HarnessError> {
        // Agents first, lest they see the master go and log about it; then what their containers left running.
        for daemon in self.agents.iter().chain(&self.masters) {
            daemon.end();
        }
        if thread::panicking() || leftovers::are_kept() {
            crate::processes::kill_inside(&self.dir)?;
            eprintln!("the logs and sandboxes of this Mesos cluster are in {}", self.dir.display());
        } else {
            leftovers::clear(&self.dir)?;
        }
        self.net.forget_dir();
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        match self.end() {
            Err(error) if !thread::panicking() => {
                panic!("a Mesos cluster could not be ended: {error:?}")
            }
            Err(error) => eprintln!("a Mesos cluster could not be ended: {error:?}"),
            Ok(()) => {}
        }
    }
}

fn nth<'a>(daemons: &'a [Daemon], n: usize, kind: &str) -> Result<&'a Daemon, HarnessError> {
    let there = daemons.len();
    n.checked_sub(1)
        .and_then(|i| daemons.get(i))
        .ok_or_else(|| HarnessError::Usage(format!("there is no {kind} {n}, only 1 to {there}")))
}

fn address(master: &Daemon) -> String {
    format!("{}:{}", master.ip, master.port)
}

/// The real path, since it is compared with the working directories in `/proc`.
fn make_dir() -> Result<PathBuf, HarnessError> {
    let doing = || "make a directory for a Mesos cluster".to_owned();
    let dir = tempfile::Builder::new().prefix("etcd-mesos-cluster-").tempdir().doing(doing)?;
    dir.keep().canonicalize().doing(doing)
}
