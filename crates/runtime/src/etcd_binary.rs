//! Asks the etcd binary what it is, before any agent is given it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use etcd_mesos_etcd::EtcdVersion;
use etcd_mesos_etcd::version::VersionError;
use tokio::process::Command;

/// A file that is no etcd which this program can run.
#[derive(Debug, thiserror::Error)]
pub enum EtcdBinaryError {
    /// It cannot be run.
    #[error("cannot run {} --version, which --etcd-bin names", path.display())]
    Run {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is something else, or too old.
    #[error("{}, which --etcd-bin names, cannot be used", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// What it is.
        source: VersionError,
    },
}

const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Runs `etcd --version`, with an empty environment, because etcd obeys `ETCD_*` variables.
///
/// # Errors
/// When it cannot be run, does not answer in time, or is no etcd of a supported version.
pub async fn version_of(path: &Path) -> Result<EtcdVersion, EtcdBinaryError> {
    let failed = |source| EtcdBinaryError::Run { path: path.to_owned(), source };
    let mut command = Command::new(path);
    command.arg("--version").env_clear().stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(ANSWER_MAX, command.output())
        .await
        .map_err(|_| failed(io::Error::new(io::ErrorKind::TimedOut, "no answer within 10 s")))?
        .map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout);
    EtcdVersion::parse(&said)
        .map_err(|source| EtcdBinaryError::Version { path: path.to_owned(), source })
}
