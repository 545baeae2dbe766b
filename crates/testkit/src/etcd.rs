//! Where etcd is.

use std::env;
use std::ffi::OsStr;
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
    match env::var_os("ETCD_MESOS_ETCD") {
        Some(dir) => find_in(&format!("{} (ETCD_MESOS_ETCD)", dir.display()), &dir),
        None => find_in("PATH", &env::var_os("PATH").unwrap_or_default()),
    }
}

/// Finds the etcd 3.5 that `scripts/etcd/setup` put beside Debian's own, or that of the directory that
/// `ETCD_MESOS_ETCD35` names.
pub fn find_3_5() -> Result<Etcd, HarnessError> {
    match env::var_os("ETCD_MESOS_ETCD35") {
        Some(dir) => find_in(&format!("{} (ETCD_MESOS_ETCD35)", dir.display()), &dir),
        None => {
            let user_home = env::var_os("HOME").unwrap_or_else(|| "/root".into());
            let dir = Path::new(&user_home).join(".cache/etcd-mesos/etcd-3.5.16");
            find_in(&dir.display().to_string(), dir.as_os_str())
        }
    }
}

fn find_in(place: &str, path: &OsStr) -> Result<Etcd, HarnessError> {
    Ok(Etcd {
        etcd: find_program("etcd", place, path)?,
        etcdctl: find_program("etcdctl", place, path)?,
    })
}

fn find_program(name: &str, place: &str, path: &OsStr) -> Result<PathBuf, HarnessError> {
    let place = place.to_owned();
    env::split_paths(path)
        .map(|dir| dir.join(name))
        .find(|program| is_executable(program))
        .ok_or_else(|| HarnessError::Missing { what: name.to_owned(), place })
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
