//! What the demo plays on: a Mesos with our scheduler, started and stopped by handle.

mod child;
mod folder;
#[cfg(feature = "all")]
mod genuine;
mod local;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::admin::{Admin, Member, Report};
use crate::demo::deed::Deed;
use crate::demo::scene::Agent;
use crate::failure::Outcome;

#[cfg(feature = "all")]
pub use genuine::Genuine;
pub use local::Local;

/// The name of the demo's framework.
pub const NAME: &str = "demo";

/// A Mesos with our scheduler on it. Dropping it leaves no process and no file.
pub trait Stage {
    /// What kind of Mesos this is.
    fn mesos(&self) -> &'static str;

    /// Where one looks at Mesos.
    fn master_url(&self) -> String;

    /// The scheduler's process.
    fn scheduler_pid(&self) -> u32;

    /// The scheduler's admin server.
    fn admin(&self) -> Admin;

    /// The directory of everything.
    fn dir(&self) -> &Path;

    /// `etcdctl`, as it has to be called here.
    fn etcdctl(&self) -> &Path;

    /// Why it is over, in words, if somebody has ended what cannot be started again.
    fn is_over(&mut self) -> Option<String>;

    /// Looks after what a supervisor would look after, and says what it did and saw. `report` is given when it
    /// is new.
    fn tend(&mut self, report: Option<&Report>) -> Outcome<Vec<String>>;

    /// The agents, as they were found by the last look.
    fn agents(&self) -> Vec<Agent>;

    /// Where a member's newest executor is, once that is known.
    fn place(&self, member: &Member) -> Option<Place>;

    /// What can be done to Mesos and to the scheduler, and to an agent that runs a member.
    fn deeds(&self, victim: Option<&Victim>) -> Vec<Deed>;

    /// What explains a failure: the report, and the ends of logs.
    fn evidence(&self) -> String;
}

/// An agent to be hurt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Victim {
    /// Its name.
    pub agent: String,
    /// Whether the cluster does without its member.
    pub may_be_lost: bool,
}

/// Where a member's executor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The executor's process.
    pub executor: Option<u32>,
    /// Its sandbox.
    pub sandbox: PathBuf,
}

/// A short name of a sandbox, whose own path has 200 characters.
pub fn shorten(dir: &Path, name: &str, sandbox: &Path) -> io::Result<PathBuf> {
    let link = dir.join(name);
    if fs::read_link(&link).is_ok_and(|target| target == sandbox) {
        return Ok(link);
    }
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::os::unix::fs::symlink(sandbox, &link)?;
    Ok(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_follows_the_newest_sandbox() {
        let dir = folder::Folder::make().unwrap();
        for sandbox in ["/one", "/one", "/two"] {
            let link = shorten(dir.path(), "etcd-1-0", Path::new(sandbox)).unwrap();
            assert_eq!(fs::read_link(link).unwrap(), Path::new(sandbox));
        }
    }
}
