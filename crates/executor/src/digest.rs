//! Is each fetched file the one that the scheduler meant? Mesos's fetcher checks nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use etcd_mesos_core::wire::{Binary, BinaryRole};
use sha2::{Digest, Sha256};

/// How much is read and hashed before others get their turn: about half a millisecond.
const CHUNK_BYTES: usize = 256 * 1024;
/// The file of this very program, whatever it was called and whatever lies there by now.
const OWN_FILE: &str = "/proc/self/exe";

/// A file that must not be run.
#[derive(Debug, thiserror::Error)]
pub enum DigestError {
    /// Its name leads out of the sandbox.
    #[error("binary {file:?} is not the name of a file in the sandbox")]
    Name {
        /// The name.
        file: String,
    },
    /// It cannot be read.
    #[error("binary {} cannot be read; does the launch have a URI that fetches it?", .file.display())]
    Read {
        /// Its path.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is another file.
    #[error(
        "binary {} has the SHA-256 {found}, and {expected} was expected: what the agent fetched is \
         not what the scheduler serves; check the artifact's URI, and clear the agent's fetcher cache",
        .file.display()
    )]
    Mismatch {
        /// Its path.
        file: PathBuf,
        /// The digest that the scheduler gave.
        expected: String,
        /// The digest of the file.
        found: String,
    },
}

/// Checks every binary.
///
/// # Errors
/// With the first file that is missing, misnamed, or another.
pub async fn check_binaries(binaries: &[Binary], sandbox: &Path) -> Result<(), DigestError> {
    for binary in binaries {
        let file = path_of(binary, sandbox)?;
        let found = sha256(&file)
            .await
            .map_err(|source| DigestError::Read { file: file.clone(), source })?;
        if found != binary.sha256 {
            let expected = binary.sha256.clone();
            return Err(DigestError::Mismatch { file, expected, found });
        }
    }
    Ok(())
}

/// Where a binary is.
///
/// # Errors
/// When its name is not that of a file in the sandbox.
pub fn path_of(binary: &Binary, sandbox: &Path) -> Result<PathBuf, DigestError> {
    if binary.role == BinaryRole::Executor {
        return Ok(PathBuf::from(OWN_FILE));
    }
    let is_plain = !binary.file.contains('/') && !matches!(binary.file.as_str(), "" | "." | "..");
    if !is_plain {
        return Err(DigestError::Name { file: binary.file.clone() });
    }
    Ok(sandbox.join(&binary.file))
}

/// It runs beside the event stream on one thread, and lets others run after each chunk; a thread
/// of its own would cost more memory than it saves time.
async fn sha256(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            n => hasher.update(&chunk[..n]),
        }
        tokio::task::yield_now().await;
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn binary(file: &str, sha256: &str) -> Binary {
        Binary { file: file.into(), sha256: sha256.into(), role: BinaryRole::Etcd }
    }

    #[tokio::test]
    async fn a_file_is_taken_only_with_its_own_digest() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("etcd"), "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        check_binaries(&[binary("etcd", right)], dir.path()).await.unwrap();
        let error =
            check_binaries(&[binary("etcd", "00")], dir.path()).await.unwrap_err().to_string();
        assert!(
            error.contains("etcd has the SHA-256 ba78") && error.contains("00 was expected"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn missing_and_misnamed_files_are_named() {
        let dir = tempfile::tempdir().unwrap();
        for (file, words) in [
            ("etcd", "cannot be read"),
            ("../etcd", "not the name of a file"),
            ("..", "not the name"),
        ] {
            let error = check_binaries(&[binary(file, "00")], dir.path()).await.unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[tokio::test]
    async fn the_executor_checks_the_file_that_it_runs_from() {
        let own =
            Binary { file: "anything".into(), sha256: "00".into(), role: BinaryRole::Executor };
        let error = check_binaries(&[own], Path::new("/nonexistent")).await.unwrap_err();
        assert!(error.to_string().contains("/proc/self/exe has the SHA-256"), "{error}");
    }
}
