//! One master or agent, and how it is started again with the state it had.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;

use super::builder::{Builder, Env};
use super::net::Net;
use crate::HarnessError;
use crate::error::Doing;
use crate::process::Proc;

#[derive(Debug)]
pub(super) struct Daemon {
    pub name: String,
    pub ip: String,
    pub port: u16,
    /// All that it has on disk.
    pub home: PathBuf,
    program: PathBuf,
    env: Env,
    log: PathBuf,
    process: Mutex<Option<Proc>>,
}

impl Daemon {
    pub fn master(wanted: &Builder, net: &Net, libexec: &Path, dir: &Path, n: usize) -> Self {
        let at = (net.master_ip(n), net.master_port());
        // Offers follow quickly on what makes them possible; Mesos's own default is a second.
        let mut own = vec![var("MESOS_ALLOCATION_INTERVAL", "100ms")];
        let zookeeper = wanted.master_zookeeper.get(&n).or(wanted.zookeeper.as_ref());
        own.extend(zookeeper.map(|place| var("RIG_MASTER", format!("zk://{place}"))));
        Self::new(format!("master-{n}"), at, libexec.join("mesos-master"), dir, own)
            .with(&wanted.env)
    }

    pub fn agent(wanted: &Builder, net: &Net, libexec: &Path, dir: &Path, n: usize) -> Self {
        let at = (net.agent_ip(n), net.agent_port());
        let leading = match &wanted.zookeeper {
            Some(place) => format!("zk://{place}"),
            None => format!("{}:{}", net.master_ip(1), net.master_port()),
        };
        let own = vec![
            var("RIG_MASTER", leading),
            var("MESOS_LAUNCHER", "posix"),
            var("MESOS_LAUNCHER_DIR", libexec.display()),
            var("MESOS_CONTAINERIZERS", "mesos"),
            var("MESOS_ISOLATION", "posix/cpu,posix/mem,disk/du"),
            var("MESOS_RESOURCES", format!("{};ports:{}", wanted.resources, ports(wanted, net, n))),
            var("MESOS_ATTRIBUTES", format!("rack:r{}", n % 3)),
            // An agent waits a random time up to this before it registers; Mesos's own default is a second.
            var("MESOS_REGISTRATION_BACKOFF_FACTOR", "50ms"),
        ];
        let extra = wanted.agent_env.get(&n).map(Vec::as_slice).unwrap_or_default();
        Self::new(format!("agent-{n}"), at, libexec.join("mesos-agent"), dir, own)
            .with(&wanted.env)
            .with(extra)
    }

    fn new(name: String, at: (String, u16), program: PathBuf, dir: &Path, own: Env) -> Self {
        let (ip, port) = at;
        let home = dir.join(&name);
        let mut env = vec![
            var("PATH", std::env::var("PATH").unwrap_or_default()),
            var("LANG", "C.UTF-8"),
            var("LIBPROCESS_IP", &ip),
            var("LIBPROCESS_PORT", port),
            var("MESOS_HOSTNAME", &ip),
            var("MESOS_WORK_DIR", home.display()),
            var("MESOS_SYSTEMD_ENABLE_SUPPORT", "false"),
        ];
        env.extend(own);
        let log = dir.join(format!("{name}.log"));
        Self { name, ip, port, home, program, env, log, process: Mutex::new(None) }
    }

    /// Later variables win over earlier ones of the same name.
    pub fn with(mut self, more: &[(String, String)]) -> Self {
        self.env.extend_from_slice(more);
        self
    }

    /// Starts it, for the first time or again.
    pub fn start(&self) -> Result<(), HarnessError> {
        let mut process = self.process();
        if process.as_ref().is_some_and(|process| process.exit_status().is_none()) {
            return Err(HarnessError::Usage(format!("{} runs already", self.name)));
        }
        fs::create_dir_all(&self.home).doing(|| format!("make {}", self.home.display()))?;
        // The test's own environment (Cargo's and nextest's variables) is nothing that an executor should see.
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.env.iter().cloned()).current_dir(&self.home);
        *process = Some(Proc::start(command, &self.log)?);
        Ok(())
    }

    /// An agent's work directory, with `slaves` in it: the library gives its n-th agent a part of MESOS_WORK_DIR.
    pub fn agent_work_dir(&self) -> PathBuf {
        self.home.join("agents/0/work")
    }

    pub fn kill(&self) -> Result<(), HarnessError> {
        self.running(|process| {
            process.kill();
        })?;
        *self.process() = None;
        Ok(())
    }

    /// Whether it has ended by itself; then it counts as one that is not to run.
    pub fn has_ended(&self) -> bool {
        let mut process = self.process();
        let is_over = process.as_ref().is_some_and(|process| process.exit_status().is_some());
        if is_over {
            *process = None;
        }
        is_over
    }

    pub fn signal(&self, signal: Signal) -> Result<(), HarnessError> {
        self.running(|process| process.signal(signal))
    }

    pub fn pid(&self) -> Result<u32, HarnessError> {
        let mut pid = 0;
        self.running(|process| pid = process.pid())?;
        Ok(pid)
    }

    /// An error if it ended without being killed by the test.
    pub fn check(&self) -> Result<(), HarnessError> {
        match self.process().as_ref() {
            Some(process) => {
                process.exit_status().map_or(Ok(()), |status| Err(process.ended(status)))
            }
            None => Ok(()),
        }
    }

    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// The end of its log, for an error message.
    pub fn evidence(&self) -> String {
        self.process()
            .as_ref()
            .map_or_else(|| format!("\n--- {} is not running", self.name), Proc::evidence)
    }

    /// Ends it without asking whether it runs.
    pub fn end(&self) {
        *self.process() = None;
    }

    fn running(&self, act: impl FnOnce(&Proc)) -> Result<(), HarnessError> {
        match self.process().as_ref() {
            Some(process) => {
                act(process);
                Ok(())
            }
            None => Err(HarnessError::Usage(format!("{} does not run", self.name))),
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<Proc>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ports(wanted: &Builder, net: &Net, n: usize) -> String {
    let own = net.agent_ports(n);
    wanted.ports.get(&n).cloned().unwrap_or_else(|| format!("[{}-{}]", own.start(), own.end()))
}

fn var(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}
