//! Which etcd the children are.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcd_mesos_etcd::version::{EtcdVersion, VersionError};

use super::process;

/// How long `etcd --version` may take; the first run of a binary has to be read from disk.
const LIMIT: Duration = Duration::from_secs(20);

/// A binary that cannot be used as etcd.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// It is not there, or cannot be read or run.
    #[error("{} cannot be used; proxy.etcd (--etcd-bin) names the etcd that this mode runs", .file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no Linux program at all.
    #[error("{} is no Linux program (no ELF file); proxy.etcd (--etcd-bin) must name etcd itself", .file.display())]
    NotElf {
        /// The file.
        file: PathBuf,
    },
    /// It is not an etcd that can be run.
    #[error("{} is not an etcd that can be run (proxy.etcd, --etcd-bin)", .file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: VersionError,
    },
}

/// Asks the binary for its version.
///
/// # Errors
/// When it is not there, cannot be executed, takes too long, or is no etcd that is known.
pub async fn ask(file: &Path) -> Result<EtcdVersion, BinaryError> {
    let unusable = |source| BinaryError::Unusable { file: file.to_owned(), source };
    let mut magic = [0; 4];
    let read = File::open(file).map_err(unusable)?.read_exact(&mut magic);
    // A script between us and etcd would take the signals.
    if read.is_err() || magic != *b"\x7fELF" {
        return Err(BinaryError::NotElf { file: file.to_owned() });
    }
    let said = process::ask(file, "--version", LIMIT).await.map_err(unusable)?;
    EtcdVersion::parse(&said)
        .map_err(|source| BinaryError::Version { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn what_is_no_etcd_is_refused_with_the_flag() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("etcd");
        std::fs::write(&script, "#!/bin/sh\n").unwrap();
        for (file, words) in [
            (Path::new("/nowhere/etcd"), "cannot be used"),
            (&script, "no ELF file"),
            (Path::new("/bin/true"), "not an etcd that can be run"),
        ] {
            let said = ask(file).await.unwrap_err().to_string();
            assert!(said.contains(words) && said.contains("--etcd-bin"), "{said}");
        }
        let etcd = etcd_mesos_testkit::etcd::find().unwrap().etcd;
        assert!(ask(&etcd).await.is_ok());
    }
}
