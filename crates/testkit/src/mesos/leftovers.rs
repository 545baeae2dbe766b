//! What is there when nobody runs the cluster any more.

use std::env;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::Doing;
use crate::{HarnessError, processes};

/// Whether the user asked to keep the logs and sandboxes of every cluster.
pub(crate) fn are_kept() -> bool {
    env::var_os("ETCD_MESOS_KEEP").is_some()
}

/// Ends every process inside a cluster's directory and removes it, unless it is to be kept.
pub(crate) fn clear(dir: &Path) -> Result<(), HarnessError> {
    processes::kill_inside(dir)?;
    if are_kept() {
        return Ok(());
    }
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.doing(|| format!("remove {}", dir.display())),
    }
}
