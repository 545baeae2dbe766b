//! The local Mesos: this project's own master and agents, on a thread of their own.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use etcd_mesos_core::offer::Milli;
use etcd_mesos_local::{Local, Network, Settings};
use etcd_mesos_model::Holding;
use etcd_mesos_testkit::{http, wait};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::place::{AGENTS, CPUS, DISK, MEM, PING, PINGS, PORTS, Place, SOON};

type Done = Result<(), String>;

/// Something to do, and who waits for it.
type Deed = (Box<dyn FnOnce(&Local) -> Done + Send>, mpsc::Sender<Done>);

pub struct LocalMesos {
    deeds: Option<UnboundedSender<Deed>>,
    thread: Option<JoinHandle<()>>,
    master: String,
    work_dir: PathBuf,
    agents: Vec<(String, String)>,
    _dir: TempDir,
}

impl Drop for LocalMesos {
    fn drop(&mut self) {
        self.deeds = None;
        // If it panicked, the test has failed already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl LocalMesos {
    pub fn start() -> LocalMesos {
        let dir = tempfile::tempdir().unwrap();
        let work_dir = dir.path().canonicalize().unwrap().join("mesos");
        let (to, from) = unbounded_channel();
        let (ready, is_ready) = mpsc::channel();
        let of = work_dir.clone();
        let thread = thread::spawn(move || run(of, from, &ready));
        let master = is_ready.recv().unwrap();
        let (deeds, thread) = (Some(to), Some(thread));
        let mut local =
            LocalMesos { deeds, thread, master, work_dir, agents: Vec::new(), _dir: dir };
        local.wait_for(AGENTS).unwrap();
        let text = |agent: &Value, key: &str| agent[key].as_str().unwrap().to_owned();
        let agent =
            |agent: &Value| (format!("{}:{}", text(agent, "ip"), agent["port"]), text(agent, "id"));
        local.agents = local.look().iter().map(agent).collect();
        local
    }

    fn look(&self) -> Vec<Value> {
        let (_, body) = http::get(&self.master, "/local").unwrap();
        let seen: Value = serde_json::from_str(&body).unwrap();
        seen["agents"].as_array().unwrap().clone()
    }

    fn count(&self, states: &[&str]) -> usize {
        let is_so = |agent: &&Value| states.iter().any(|state| agent["state"] == *state);
        self.look().iter().filter(is_so).count()
    }

    fn wait_for(&self, agents: usize) -> Done {
        let what = format!("{agents} agents");
        let are_up = || (self.count(&["up"]) == agents).then_some(());
        wait::wait_for(&what, SOON, are_up).map_err(|error| error.to_string())
    }

    fn perform(&self, deed: impl FnOnce(&Local) -> Done + Send + 'static) -> Done {
        let (answer, outcome) = mpsc::channel();
        self.deeds.as_ref().unwrap().send((Box::new(deed), answer)).unwrap();
        outcome.recv().unwrap()
    }
}

/// The networks below it are other clusters' of the testkit.
const NETWORKS: std::ops::RangeInclusive<u8> = 112..=126;

fn run(work_dir: PathBuf, mut deeds: UnboundedReceiver<Deed>, ready: &mpsc::Sender<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let local = NETWORKS.into_iter().find_map(|n| start(n, &work_dir)).unwrap();
        ready.send(local.master().to_string()).unwrap();
        while let Some((deed, answer)) = deeds.recv().await {
            let _ = answer.send(deed(&local));
        }
    });
}

/// Nothing where the network is somebody else's.
fn start(network: u8, work_dir: &std::path::Path) -> Option<Local> {
    let mut settings = Settings::new(AGENTS, Network::new(network, 5), work_dir.to_owned());
    let whole = Milli::whole;
    settings.resources = Holding::new(whole(CPUS), whole(MEM), whole(DISK), &[PORTS]);
    settings.patience = patience();
    Local::start(settings).ok()
}

fn patience() -> Duration {
    PING * PINGS
}

impl Place for LocalMesos {
    fn master(&self) -> String {
        self.master.clone()
    }

    fn agent(&self, n: usize) -> String {
        self.agents[n - 1].0.clone()
    }

    fn agent_id(&self, n: usize) -> String {
        self.agents[n - 1].1.clone()
    }

    fn work_dir(&self, n: usize) -> PathBuf {
        self.work_dir.join(format!("a{n}"))
    }

    fn kill_agent(&mut self, n: usize) -> Done {
        self.perform(move |local| {
            local.kill_agent(n - 1);
            Ok(())
        })
    }

    fn start_agent(&mut self, n: usize) -> Done {
        self.perform(move |local| local.start_agent(n - 1).map_err(|error| error.to_string()))
    }

    fn fail_over(&mut self) -> Done {
        let running = self.count(&["up", "away"]);
        self.perform(|local| {
            local.fail_over();
            Ok(())
        })?;
        self.wait_for(running)
    }

    fn mend(&mut self) -> Done {
        for n in 1..=AGENTS {
            self.start_agent(n)?;
        }
        self.wait_for(AGENTS)
    }
}
