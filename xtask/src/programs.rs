//! The programs that are shown and measured.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome, ensure};

/// Our program that schedules.
pub const SCHEDULER: &str = "etcd-mesos-scheduler";
const EXECUTOR: &str = "etcd-mesos-executor";
/// Our program that serves clients.
pub const PROXY: &str = "etcd-mesos-proxy";

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Ours.
    pub scheduler: PathBuf,
    /// Ours.
    pub executor: PathBuf,
    /// Ours.
    pub proxy: PathBuf,
    /// etcd itself.
    pub etcd: PathBuf,
    /// etcd's client.
    pub etcdctl: PathBuf,
}

impl Programs {
    /// Builds ours in release, unless they are up to date, and finds etcd's.
    pub fn build() -> Outcome<Self> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--release", "--quiet", "--package", "etcd-mesos"]);
        cargo.args(["--bin", SCHEDULER, "--bin", EXECUTOR, "--bin", PROXY]).current_dir(top());
        let status = cargo.status()?;
        ensure(status.success(), || "the programs do not build".to_owned())?;
        Self::in_dir(&release_dir()?)
    }

    /// Takes ours from a directory as they are, for example those of another version, and finds etcd's.
    pub fn in_dir(dir: &Path) -> Outcome<Self> {
        let [scheduler, executor, proxy] = [SCHEDULER, EXECUTOR, PROXY].map(|name| dir.join(name));
        Ok(Self { scheduler, executor, proxy, etcd: find("etcd")?, etcdctl: find("etcdctl")? })
    }

    /// Ours as they are now, in `dir`: a build in the meantime must not change what a restart starts.
    pub fn copy_into(&self, dir: &Path) -> Outcome<Self> {
        let copy =
            Self { scheduler: dir.join(SCHEDULER), executor: dir.join(EXECUTOR), ..self.clone() };
        fs::copy(&self.scheduler, &copy.scheduler)?;
        fs::copy(&self.executor, &copy.executor)?;
        Ok(copy)
    }
}

/// In the directory that `ETCD_MESOS_ETCD` names, or else on `PATH`.
fn find(program: &str) -> Outcome<PathBuf> {
    let path = env::var_os("ETCD_MESOS_ETCD").or_else(|| env::var_os("PATH")).unwrap_or_default();
    let missing = || Failure::new(format!("{program} is not there; scripts/setup installs it"));
    env::split_paths(&path).map(|dir| dir.join(program)).find(|p| p.is_file()).ok_or_else(missing)
}

/// The top of the project.
pub fn top() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn release_dir() -> Outcome<PathBuf> {
    Ok(target_dir()?.join("release"))
}

/// Cargo put this program into `TARGET/PROFILE`, wherever that is.
pub fn target_dir() -> Outcome<PathBuf> {
    let own = env::current_exe()?;
    Ok(own.ancestors().nth(2).unwrap_or(&own).to_owned())
}
