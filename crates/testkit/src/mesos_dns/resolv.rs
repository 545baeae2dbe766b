//! Programs that find one DNS server and no other.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::HarnessError;
use crate::error::Doing;

/// The two steps after which the program takes the shell's place, so that its process is the one that was started.
const SCRIPT: &str = r#"mount --bind "$0" /etc/resolv.conf && exec "$@""#;

/// An `/etc/resolv.conf` that only the programs started with it see: each is in a mount namespace of its own.
///
/// That is root's to do.
#[derive(Debug)]
pub struct Resolv {
    dir: TempDir,
}

impl Resolv {
    /// Port 53 of `ip` is asked, with patience for a busy machine.
    pub fn asking(ip: &str) -> Result<Self, HarnessError> {
        let doing = || "write a resolv.conf".to_owned();
        let dir = tempfile::tempdir().doing(doing)?;
        let text = format!("nameserver {ip}\noptions timeout:10 attempts:2\n");
        fs::write(dir.path().join("resolv.conf"), text).doing(doing)?;
        Ok(Self { dir })
    }

    /// A program that will see it; arguments can be added as to any other command.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation=private", "sh", "-c", SCRIPT]);
        command.arg(self.dir.path().join("resolv.conf")).arg(program);
        // Go may leave names to the C library, and that may ask whomever nsswitch.conf names.
        command.env("GODEBUG", "netdns=go");
        command
    }
}
