//! The demo's directory, which is gone when the demo is, or else when the next one starts.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

const PREFIX: &str = "etcd-mesos-demo-";
/// Is locked for as long as the owner lives, however it ends.
const LOCK: &str = "lock";

/// A directory below the temporary one. Dropping it removes it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Clears away what killed demos left, and makes a new one.
    pub fn make() -> Outcome<Self> {
        let parent = std::env::temp_dir().canonicalize()?;
        sweep(&parent)?;
        let path = make_dir(&parent)?;
        // Under its name the lock is always held: who sweeps must not find it before.
        let part = path.join("lock.part");
        let lock = File::create(&part)?;
        lock.try_lock()?;
        fs::rename(&part, path.join(LOCK))?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("{} stays: {error}", self.path.display());
        }
    }
}

/// Its name has the process ID, and a number if one such is there already.
fn make_dir(parent: &Path) -> Outcome<PathBuf> {
    let own = std::process::id();
    let names = (1..100).map(|n| match n {
        1 => format!("{PREFIX}{own}"),
        n => format!("{PREFIX}{own}-{n}"),
    });
    for path in names.map(|name| parent.join(name)) {
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return Ok(made.map(|()| path)?),
        }
    }
    Err(Failure::new(format!("{} has a hundred such directories", parent.display())))
}

fn sweep(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)?.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_ours && is_abandoned(&entry.path()) {
            // Another user's stays, and disturbs nobody.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

fn is_abandoned(dir: &Path) -> bool {
    let Ok(lock) = File::open(dir.join(LOCK)) else { return false };
    match lock.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_owners_directory_stays_and_a_dead_ones_goes() {
        let parent = Folder::make().unwrap();
        let dead = parent.path().join("etcd-mesos-demo-dead");
        let living = parent.path().join("etcd-mesos-demo-living");
        for dir in [&dead, &living] {
            fs::create_dir(dir).unwrap();
            File::create(dir.join(LOCK)).unwrap();
        }
        let lock = File::open(living.join(LOCK)).unwrap();
        lock.lock().unwrap();
        sweep(parent.path()).unwrap();
        assert!(living.exists() && !dead.exists());
    }

    #[test]
    fn a_directory_is_made_once_and_goes() {
        let (one, other) = (Folder::make().unwrap(), Folder::make().unwrap());
        assert_ne!(one.path(), other.path());
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && other.path().exists());
    }
}
