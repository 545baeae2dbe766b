//! What etcd's v2 proxy keeps in its data directory, and takes for truer than its command line.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A data directory with which the v2 proxy would not be one.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// etcd would start as that member, whatever it is told (tried with 3.4.23).
    #[error(
        "{} is the data directory of an etcd member, and etcd --proxy=on would start as that member: name \
         another one by proxy.data_dir (--data-dir)",
        .path.display()
    )]
    Member {
        /// The directory.
        path: PathBuf,
    },
    /// The list of peers of an earlier run cannot be removed.
    #[error("{} cannot be removed; it holds the peers of an earlier run, which etcd would use", .path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Refuses a member's data directory.
///
/// # Errors
/// When it is one.
pub(super) fn check(path: &Path) -> Result<(), DataDirError> {
    match path.join("member").exists() {
        true => Err(DataDirError::Member { path: path.to_owned() }),
        false => Ok(()),
    }
}

/// Forgets the peers of an earlier run: etcd reads them instead of `--initial-cluster`, and would never find
/// a cluster that has moved since.
///
/// # Errors
/// When the directory is a member's, or the file cannot be removed.
pub(super) fn forget_peers(path: &Path) -> Result<(), DataDirError> {
    check(path)?;
    let path = path.join("proxy").join("cluster");
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(DataDirError::Kept { path, source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn old_peers_are_forgotten_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        forget_peers(&path).unwrap();
        assert!(!path.exists());
        std::fs::create_dir_all(path.join("proxy")).unwrap();
        std::fs::write(path.join("proxy/cluster"), "{}").unwrap();
        std::fs::write(path.join("proxy/other"), "").unwrap();
        forget_peers(&path).unwrap();
        assert!(!path.join("proxy/cluster").exists() && path.join("proxy/other").exists());
    }

    #[test]
    fn a_member_s_directory_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("member/wal")).unwrap();
        let said = forget_peers(dir.path()).unwrap_err().to_string();
        assert!(
            said.contains("data directory of an etcd member") && said.contains("--data-dir"),
            "{said}"
        );
        assert!(dir.path().join("member/wal").exists());
    }
}
