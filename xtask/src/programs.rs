//! The programs that are shown and measured.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use etcd_mesos_testkit::etcd::{self, Etcd};

use crate::failure::{Outcome, ensure};

/// Our program that schedules.
pub const SCHEDULER: &str = "etcd-mesos-scheduler";
const EXECUTOR: &str = "etcd-mesos-executor";

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Ours, built in release.
    pub scheduler: PathBuf,
    /// Ours, built in release.
    pub executor: PathBuf,
    /// etcd's.
    pub etcd: Etcd,
}

impl Programs {
    /// Builds ours, unless they are up to date, and finds etcd's.
    pub fn build() -> Outcome<Self> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--release", "--quiet", "--package", "etcd-mesos"]);
        cargo.args(["--bin", SCHEDULER, "--bin", EXECUTOR]).current_dir(top());
        let status = cargo.status()?;
        ensure(status.success(), || "the programs do not build".to_owned())?;
        Self::in_dir(&release_dir()?)
    }

    /// Takes ours from a directory as they are, for example those of another version, and finds etcd's.
    pub fn in_dir(dir: &Path) -> Outcome<Self> {
        let etcd = etcd::find()?;
        Ok(Self { scheduler: dir.join(SCHEDULER), executor: dir.join(EXECUTOR), etcd })
    }

    /// Ours as they are now, in `dir`: a build in the meantime must not change what a restart starts.
    pub fn copy_into(&self, dir: &Path) -> Outcome<Self> {
        let copy = Self {
            scheduler: dir.join(SCHEDULER),
            executor: dir.join(EXECUTOR),
            etcd: self.etcd.clone(),
        };
        fs::copy(&self.scheduler, &copy.scheduler)?;
        fs::copy(&self.executor, &copy.executor)?;
        Ok(copy)
    }
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
