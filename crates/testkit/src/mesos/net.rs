//! A share of the loopback network and of the ports for each cluster of this machine.
//!
//! Clusters of several test processes run side by side without knowing each other: each holds the lock of one
//! number, and the number alone decides its addresses and ports. The lock file names the cluster's directory, so
//! that whoever finds the file unlocked can clear away what a killed owner left there.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::leftovers;
use crate::HarnessError;
use crate::error::Doing;

/// The second byte of a cluster's addresses; small ones are left to people who start clusters by hand.
const NUMBERS: RangeInclusive<u8> = 64..=111;
/// The ports of a cluster begin here and end below Linux's ephemeral range, which begins at 32768.
const FIRST_PORT: u16 = 6000;
const PORTS_PER_CLUSTER: u16 = 400;
const PORTS_PER_AGENT: u16 = 32;
/// As many agents as have ports.
pub(super) const AGENTS_MAX: usize = (PORTS_PER_CLUSTER / PORTS_PER_AGENT) as usize;
/// As many masters as have addresses below those of the agents.
pub(super) const MASTERS_MAX: usize = 9;

/// The numbers' lock is held as long as this value lives.
#[derive(Debug)]
pub(crate) struct Net {
    number: u8,
    lock: File,
}

impl Net {
    /// Clears away what killed owners left, and takes a number that nobody holds.
    pub fn claim() -> Result<Self, HarnessError> {
        let dir = lock_dir()?;
        for number in NUMBERS {
            sweep(&lock_path(&dir, number))?;
        }
        for number in rotated() {
            if let Some(lock) = try_lock(&lock_path(&dir, number), true)? {
                return Ok(Self { number, lock });
            }
        }
        Err(HarnessError::Usage(format!(
            "{} clusters run on this machine already, and there are addresses for no more; their locks are in {}",
            NUMBERS.count(),
            dir.display()
        )))
    }

    /// Notes the directory whose content has to go when this process is killed.
    pub fn set_dir(&mut self, dir: &Path) -> Result<(), HarnessError> {
        let text = dir.as_os_str().as_encoded_bytes();
        self.lock.write_all(text).doing(|| format!("note {} in its lock", dir.display()))
    }

    /// There is nothing left that the next cluster should clear away.
    pub fn forget_dir(&mut self) {
        // If this fails the next cluster clears away what is no longer there.
        let _ = self.lock.set_len(0);
    }

    pub fn master_ip(&self, n: usize) -> String {
        self.ip(n)
    }

    pub fn agent_ip(&self, n: usize) -> String {
        self.ip(10 + n)
    }

    pub fn scheduler_ip(&self, n: usize) -> String {
        self.ip(200 + n)
    }

    /// The address of a ZooKeeper that has this share for itself.
    pub fn zookeeper_ip(&self) -> String {
        self.ip(251)
    }

    /// The ports that agent `n` offers: nobody else's on this machine.
    pub fn agent_ports(&self, n: usize) -> RangeInclusive<u16> {
        let agent = u16::try_from(n - 1).expect("there are few agents");
        let first = self.first_port() + agent * PORTS_PER_AGENT;
        first..=first + PORTS_PER_AGENT - 1
    }

    /// The port of every master: no well-known one, which some other program may hold on all addresses.
    pub fn master_port(&self) -> u16 {
        self.first_port() + AGENTS_MAX as u16 * PORTS_PER_AGENT
    }

    /// The port of every agent's daemon.
    pub fn agent_port(&self) -> u16 {
        self.master_port() + 1
    }

    /// A port of this cluster's share that nothing of it uses; `n` counts from 1 to 8.
    pub fn spare_port(&self, n: u16) -> u16 {
        assert!((1..=8).contains(&n), "there are 8 spare ports");
        self.agent_port() + n
    }

    fn first_port(&self) -> u16 {
        FIRST_PORT + u16::from(self.number - NUMBERS.start()) * PORTS_PER_CLUSTER
    }

    fn ip(&self, last: usize) -> String {
        format!("127.{}.0.{last}", self.number)
    }
}

/// All numbers, in an order of this process's own: one who still calls the last cluster of a number by its
/// addresses should not soon meet another there.
fn rotated() -> impl Iterator<Item = u8> {
    let numbers: Vec<u8> = NUMBERS.collect();
    let start = std::process::id() as usize * 7 % numbers.len();
    let count = numbers.len();
    (0..count).map(move |i| numbers[(start + i) % count])
}

fn lock_dir() -> Result<PathBuf, HarnessError> {
    let dir = std::env::temp_dir().join("etcd-mesos-rig");
    fs::create_dir_all(&dir).doing(|| format!("make {}", dir.display()))?;
    // Several users of a machine share the numbers; this fails for those who did not make the directory.
    let _ = fs::set_permissions(&dir, Permissions::from_mode(0o1777));
    Ok(dir)
}

fn lock_path(dir: &Path, number: u8) -> PathBuf {
    dir.join(format!("net-{number}.lock"))
}

/// `None` when somebody holds the lock, when it is another user's, or when it is not there and need not be made.
fn try_lock(path: &Path, create: bool) -> Result<Option<File>, HarnessError> {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    let doing = || format!("lock {}", path.display());
    let file = match File::options().read(true).append(true).create(create).open(path) {
        Err(error) if matches!(error.kind(), NotFound | PermissionDenied) => return Ok(None),
        other => other.doing(doing)?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).doing(doing),
    }
}

fn sweep(path: &Path) -> Result<(), HarnessError> {
    let Some(mut lock) = try_lock(path, false)? else { return Ok(()) };
    let mut dir = String::new();
    lock.rewind()
        .and_then(|()| lock.read_to_string(&mut dir))
        .doing(|| format!("read {}", path.display()))?;
    if !dir.is_empty() {
        leftovers::clear(Path::new(&dir))?;
        lock.set_len(0).doing(|| format!("empty {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_is_below_the_ephemeral_range_and_nobody_elses() {
        let mut last = 1023;
        for number in NUMBERS {
            let net = Net { number, lock: tempfile::tempfile().unwrap() };
            for n in 1..=AGENTS_MAX {
                let ports = net.agent_ports(n);
                assert!(*ports.start() > last);
                last = *ports.end();
            }
        }
        assert!(last < 32768);
    }

    #[test]
    fn a_number_is_claimed_once() {
        let (one, other) = (Net::claim().unwrap(), Net::claim().unwrap());
        assert_ne!(one.number, other.number);
    }

    #[test]
    fn what_a_killed_owner_left_is_cleared_away() {
        let locks = tempfile::tempdir().unwrap();
        let left = tempfile::tempdir().unwrap().keep();
        let mut sleeper =
            std::process::Command::new("sleep").arg("1000").current_dir(&left).spawn().unwrap();
        let path = lock_path(locks.path(), 64);
        fs::write(&path, left.to_str().unwrap()).unwrap();
        sweep(&path).unwrap();
        assert!(!left.exists());
        assert!(!sleeper.wait().unwrap().success());
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }
}
