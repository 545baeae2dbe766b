//! Clears away the containers of a test process that is killed.
//!
//! Daemons die with the process, but what their containers run does not, and a killed process cannot see to it.
//! A shell waits for it: the pipe that it reads ends when the process does.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use std::os::unix::process::CommandExt;

use super::leftovers;
use crate::HarnessError;
use crate::error::Doing;

/// The same as [`leftovers::clear`], which the next cluster does if even the janitor was killed.
const SCRIPT: &str = r#"
read -r _
left=yes
while [ -n "$left" ]; do
  left=
  for process in /proc/[0-9]*; do
    case $(readlink "$process/cwd")/ in "$1"/*) kill -9 "${process#/proc/}" && left=yes ;; esac
  done
done
[ -n "$2" ] || rm -rf "$1"
"#;

#[derive(Debug)]
pub(super) struct Janitor(Child);

impl Janitor {
    /// Will clear `dir` away, unless it is dropped before this process ends.
    pub fn hire(dir: &Path) -> Result<Self, HarnessError> {
        let keep = if leftovers::are_kept() { "keep" } else { "" };
        Command::new("sh")
            .args(["-c", SCRIPT, "janitor"])
            .arg(dir)
            .arg(keep)
            .current_dir("/")
            // Whoever kills this process by its group must not meet the janitor.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
            .doing(|| "start sh".to_owned())
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        // The pipe, a part of the child, is closed after this; by then nobody reads it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
