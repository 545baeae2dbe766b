//! Where etcd is.

use std::env;
use std::path::{Path, PathBuf};

use crate::HarnessError;

/// The programs of one etcd installation.
#[derive(Debug, Clone)]
pub struct Etcd {
    /// The server.
    pub etcd: PathBuf,
    /// The client.
    pub etcdctl: PathBuf,
}

/// Finds `etcd` and `etcdctl` in the directory that `ETCD_MESOS_ETCD` names, or else on `PATH`.
pub fn find() -> Result<Etcd, HarnessError> {
    Ok(Etcd { etcd: find_program("etcd")?, etcdctl: find_program("etcdctl")? })
}

fn find_program(name: &str) -> Result<PathBuf, HarnessError> {
    let (place, path) = match env::var_os("ETCD_MESOS_ETCD") {
        Some(dir) => (format!("{} (ETCD_MESOS_ETCD)", dir.display()), dir),
        None => ("PATH".to_owned(), env::var_os("PATH").unwrap_or_default()),
    };
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|program| is_executable(program))
        .ok_or_else(|| HarnessError::Missing { what: name.to_owned(), place })
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
