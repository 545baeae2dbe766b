//! A look at the data directory; and its creation. Nothing else is ever done with it here.

use std::fs::{create_dir, read_dir};
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::safety::DataDirectory;

/// Where etcd keeps its WAL below the data directory, in every version.
const WAL: &str = "member/wal";

/// Looks whether the directory is there, and has a WAL file.
pub fn inspect(directory: &Path) -> DataDirectory {
    match (has_wal(&directory.join(WAL)), directory.try_exists()) {
        (Ok(true), _) => DataDirectory::Wal,
        (Ok(false), Ok(true)) => DataDirectory::NoWal,
        (Ok(false), Ok(false)) => DataDirectory::Missing,
        (Err(error), _) | (_, Err(error)) => DataDirectory::Unreadable(error.to_string()),
    }
}

fn has_wal(directory: &Path) -> io::Result<bool> {
    let entries = match read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    for entry in entries {
        if Path::new(&entry?.file_name()).extension().is_some_and(|end| end == "wal") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Creates the directory, for this user alone (etcd warns of any other mode).
///
/// # Errors
/// When it is there already, or the system refuses.
pub fn create(directory: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(0o700);
    create_dir(directory).and_then(|()| std::fs::set_permissions(directory, mode)).map_err(
        |error| format!("data directory {} cannot be created: {error}", directory.display()),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_wal_file_is_a_wal() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("etcd_data");
        assert_eq!(inspect(&data), DataDirectory::Missing);
        create(&data).unwrap();
        assert_eq!(inspect(&data), DataDirectory::NoWal);
        std::fs::create_dir_all(data.join(WAL)).unwrap();
        std::fs::write(data.join(WAL).join("0.tmp"), "").unwrap();
        assert_eq!(inspect(&data), DataDirectory::NoWal);
        std::fs::write(data.join(WAL).join("0000000000000000-0000000000000000.wal"), "").unwrap();
        assert_eq!(inspect(&data), DataDirectory::Wal);
        assert!(create(&data).unwrap_err().contains("cannot be created"));
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_empty() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("member")).unwrap();
        std::fs::write(dir.path().join(WAL), "a file").unwrap();
        assert!(matches!(inspect(dir.path()), DataDirectory::Unreadable(_)));
    }
}
