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
        let resolv = Self { dir };
        resolv.check()?;
        Ok(resolv)
    }

    /// Who lacks the right to it is told so, and not by whatever fails later.
    fn check(&self) -> Result<(), HarnessError> {
        let output = self.command("true").output().doing(|| "run unshare".to_owned())?;
        if output.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(HarnessError::Usage(format!(
            "no program can be shown another /etc/resolv.conf: {why}; that is root's to do, with CAP_SYS_ADMIN"
        )))
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
