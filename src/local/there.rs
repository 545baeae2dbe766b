//! The Mesos inside this program, where the configuration asks for one.

use std::net::SocketAddr;
use std::path::PathBuf;

use etcd_mesos_local::{Local, Network, Settings};
use serde_json::json;

use crate::config::Configuration;
use crate::config::address::MasterPlace;
use crate::config::local::LoopbackNetwork;
use crate::exit::{Failure, UNAVAILABLE};

/// What is written into the work directory, for whoever started this.
const ANNOUNCEMENT: &str = "local.json";

/// A local Mesos, or none.
pub(crate) struct Running {
    local: Option<Local>,
    work_dir: PathBuf,
}

/// Starts one, if it is asked for.
pub(crate) fn start(configuration: &Configuration) -> Result<Running, Failure> {
    let section = &configuration.tree.local;
    let work_dir = section.work_dir.clone().unwrap_or_default();
    let MasterPlace::Local { agents } = configuration.tree.mesos.master.place else {
        return Ok(Running { local: None, work_dir });
    };
    let LoopbackNetwork(a, b) = section.network.unwrap_or(LoopbackNetwork(0, 0));
    let settings = Settings::new(agents, Network::new(a, b), work_dir.clone());
    let local = Local::start(settings).map_err(|error| Failure::new(UNAVAILABLE, error))?;
    tracing::info!(
        master = %local.master(),
        agents,
        work_dir = %work_dir.display(),
        "a local Mesos runs inside this program, and ends with it"
    );
    Ok(Running { local: Some(local), work_dir })
}

impl Running {
    /// Writes down where everything listens, once it does. The file appears as a whole.
    pub(crate) fn announce(&self, admin: SocketAddr) {
        let Some(local) = &self.local else { return };
        let master = local.master().to_string();
        let text =
            json!({ "master": master, "admin": admin.to_string(), "pid": std::process::id() });
        let file = self.work_dir.join(ANNOUNCEMENT);
        let part = file.with_added_extension("part");
        let written =
            std::fs::write(&part, text.to_string()).and_then(|()| std::fs::rename(&part, &file));
        if let Err(error) = written {
            tracing::warn!(%error, "{} cannot be written", file.display());
        }
        tracing::info!("report: http://{admin}/report, Mesos: http://{master}/local");
    }

    /// What becomes of the etcd cluster when this program ends.
    pub(crate) fn at_end(&self) -> &'static str {
        match self.local {
            Some(_) => "the local Mesos ends, and the etcd cluster with it",
            None => "the etcd cluster runs on",
        }
    }
}
